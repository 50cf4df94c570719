//===- Processes.cpp - trials in processes of their own
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Workbench/Processes.h"

#include "hfc/Partition/Strategy.h"
#include "hfc/Plugin/Load.h"
#include "hfc/Support/Register.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace hfc;
using namespace hfc::workbench;

static llvm::Error makeError(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

namespace {

/// A process that computes a text.
class Child {
public:
  explicit Child(llvm::function_ref<std::string()> work);

  int descriptor() const { return pipe; }
  /// Takes in what it has written; returns whether there may be more.
  bool read();
  /// Its text, once there is no more. Fails with what became of it otherwise.
  llvm::Expected<std::string> wait();

private:
  pid_t process = -1;
  int pipe = -1;
  std::string text, problem;
};

} // namespace

[[noreturn]] static void compute(int output, llvm::function_ref<std::string()> work) {
  alarm(trialLimit); // Nothing handles the signal, so it ends the process.
  std::string text = work();
  for (StringRef rest = text; !rest.empty();) {
    ssize_t written = ::write(output, rest.data(), rest.size());
    if (written < 0 && errno != EINTR)
      _exit(1);
    rest = rest.drop_front(static_cast<size_t>(std::max<ssize_t>(written, 0)));
  }
  _exit(0);
}

Child::Child(llvm::function_ref<std::string()> work) {
  llvm::outs().flush();
  int ends[2];
  if (::pipe(ends) != 0) {
    problem = std::string("no pipe: ") + strerror(errno);
    return;
  }
  process = fork();
  if (process == 0) {
    close(ends[0]);
    compute(ends[1], work);
  }
  if (process < 0)
    problem = std::string("no process: ") + strerror(errno);
  close(ends[1]);
  pipe = ends[0];
}

bool Child::read() {
  char buffer[4096];
  ssize_t size = pipe < 0 ? 0 : ::read(pipe, buffer, sizeof buffer);
  if (size > 0)
    text.append(buffer, static_cast<size_t>(size));
  return size > 0 || (size < 0 && errno == EINTR);
}

llvm::Expected<std::string> Child::wait() {
  if (pipe >= 0)
    close(pipe);
  if (!problem.empty())
    return makeError(problem);
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR)
    ;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    return makeError("it took more than " + Twine(trialLimit) + " s");
  if (WIFSIGNALED(status))
    return makeError("it crashed: " + Twine(strsignal(WTERMSIG(status))));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return makeError("it ended early");
  return std::move(text);
}

//===----------------------------------------------------------------------===//
// Trials
//===----------------------------------------------------------------------===//

static Outcome readOutcome(const Trial &trial, llvm::Expected<std::string> text) {
  Outcome outcome;
  llvm::Error error = text.takeError();
  if (!error) {
    llvm::Expected<llvm::json::Value> value = llvm::json::parse(*text);
    llvm::json::Path::Root root("the outcome");
    if (value && fromJSON(*value, outcome, root))
      return outcome;
    error = value ? root.getError() : value.takeError();
  }
  outcome = describe(trial);
  outcome.refusal = llvm::toString(std::move(error));
  return outcome;
}

namespace {
struct Running {
  size_t number;
  Child child;
};
} // namespace

/// Waits until something is to be read; takes it in. Returns those that have ended.
static std::vector<Running> takeEnded(std::vector<Running> &running) {
  std::vector<pollfd> descriptors;
  for (const Running &one : running)
    descriptors.push_back({one.child.descriptor(), POLLIN, 0});
  while (poll(descriptors.data(), descriptors.size(), /*timeout=*/-1) < 0 && errno == EINTR)
    ;
  std::vector<Running> ended, others;
  for (auto [one, descriptor] : llvm::zip_equal(running, descriptors)) {
    bool isOver = descriptor.fd < 0 || (descriptor.revents && !one.child.read());
    (isOver ? ended : others).push_back(std::move(one));
  }
  running = std::move(others);
  return ended;
}

void workbench::runAll(ArrayRef<Trial> trials, const ledger::Machine &machine, unsigned jobs,
                       llvm::function_ref<void(size_t, Outcome)> done) {
  std::vector<Running> running;
  size_t next = 0;
  while (next < trials.size() || !running.empty()) {
    for (; next < trials.size() && running.size() < std::max(jobs, 1u); ++next)
      running.push_back({next, Child([&] {
                           std::string text;
                           llvm::raw_string_ostream(text) << toJSON(run(trials[next], machine));
                           return text;
                         })});
    if (llvm::none_of(running, [](const Running &one) { return one.child.descriptor() >= 0; })) {
      for (Running &one : running)
        done(one.number, readOutcome(trials[one.number], one.child.wait()));
      running.clear();
      continue;
    }
    for (Running &one : takeEnded(running))
      done(one.number, readOutcome(trials[one.number], one.child.wait()));
  }
}

//===----------------------------------------------------------------------===//
// Partitioners
//===----------------------------------------------------------------------===//

/// "axes: dp tp", or an error.
static std::string describePartitioner(StringRef partitioner, ArrayRef<std::string> plugins) {
  DialectRegistry registry;
  registerAllDialects(registry);
  std::string error;
  if (failed(loadPlugins(plugins, registry, error)))
    return error;
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) { error = diagnostic.str(); });
  auto [name, options] = partitioner.split('{');
  auto strategy = partition::makeStrategy(name, options, UnknownLoc::get(&context));
  return failed(strategy) ? error : "axes: " + llvm::join((*strategy)->axes(), " ");
}

llvm::Expected<std::vector<std::string>> workbench::axesOf(StringRef partitioner, ArrayRef<std::string> plugins) {
  Child child([&] { return describePartitioner(partitioner, plugins); });
  while (child.read())
    ;
  llvm::Expected<std::string> text = child.wait();
  if (!text)
    return makeError("--partitioner=" + partitioner + ": " + llvm::toString(text.takeError()));
  StringRef axes = *text;
  if (!axes.consume_front("axes: "))
    return makeError(axes);
  SmallVector<StringRef> names;
  axes.split(names, ' ', -1, /*KeepEmpty=*/false);
  return std::vector<std::string>(names.begin(), names.end());
}
