//===- hfc-check-partition.cpp - whether a way to partition is right, and what it costs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "hfc/Workbench/Processes.h"
#include "hfc/Workbench/Suite.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Threading.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;
using namespace hfc::workbench;

enum { ExitDone = 0, ExitWrong = 1, ExitUserError = 2 };

static int fail(const Twine &message) {
  llvm::errs() << "hfc-check-partition: error: " << message << '\n';
  return ExitUserError;
}

/// What comes with hfc lies beside the folder of its binaries.
static std::string findShared(StringRef name) {
  SmallString<256> path(llvm::sys::fs::getMainExecutable(nullptr, nullptr));
  path = llvm::sys::path::parent_path(llvm::sys::path::parent_path(path));
  llvm::sys::path::append(path, "share", "hfc", name);
  return path.str().str();
}

static void print(ArrayRef<Row> rows, const CheckOptions &options, const ledger::Machine &machine) {
  if (options.format == RowFormat::JSON)
    printJSON(rows, machine, llvm::outs());
  else if (options.format == RowFormat::CSV)
    printCSV(rows, llvm::outs());
  else
    for (const Row &row : rows)
      printText(row, machine, llvm::outs());
}

static int statusOf(ArrayRef<Row> rows) {
  return llvm::any_of(rows, [](const Row &row) { return row.own.verification == Verification::Failed; }) ? ExitWrong
                                                                                                         : ExitDone;
}

static int checkOne(const CheckOptions &options, const ledger::Machine &machine, unsigned jobs) {
  Question question{llvm::sys::path::filename(options.trial.model).str(), "", options.trial,
                    baselineOf(options.trial, options.baseline)};
  std::vector<Row> rows = answer(question, machine, jobs, [](const Row &) {});
  print(rows, options, machine);
  return rows.front().own.refusal.empty() ? statusOf(rows) : ExitUserError;
}

static llvm::Error write(const std::string &name, llvm::function_ref<void(llvm::raw_ostream &)> print) {
  std::error_code code;
  llvm::raw_fd_ostream os(name, code);
  if (!code) {
    print(os);
    os.close();
    code = os.error();
    os.clear_error();
  }
  return code ? llvm::createStringError(code, "cannot write '" + name + "': " + code.message())
              : llvm::Error::success();
}

static int checkAll(const CheckOptions &options, const ledger::Machine &machine, unsigned jobs,
                    ArrayRef<std::string> axes) {
  llvm::Expected<Suite> suite = Suite::read(options.suite->empty() ? findShared("configs") : *options.suite);
  if (!suite)
    return fail("--suite: " + llvm::toString(suite.takeError()));
  if (options.trial.import.mesh)
    suite->meshes = {{*options.trial.import.mesh, ""}};
  std::vector<Question> questions = questionsOf(*suite, options.trial, options.baseline, axes);
  size_t done = 0;
  std::vector<Row> rows = answer(questions, machine, jobs, [&](const Row &row) {
    llvm::errs() << '[' << ++done << '/' << questions.size() << "] " << summaryOf(row) << '\n';
  });
  if (llvm::Error error = write(options.output + ".csv", [&](llvm::raw_ostream &os) { printCSV(rows, os); }))
    return fail(llvm::toString(std::move(error)));
  if (llvm::Error error = write(options.output + ".svg", [&](llvm::raw_ostream &os) { plot(rows, machine, os); }))
    return fail(llvm::toString(std::move(error)));
  if (options.format != RowFormat::Text)
    print(rows, options, machine);
  llvm::errs() << conclusionOf(rows) << "wrote " << options.output << ".csv and " << options.output << ".svg\n";
  return statusOf(rows);
}

int main(int argc, char **argv) {
  CheckOptions options;
  ImportOptions &import = options.trial.import;
  import.fallbackTask = Task::train;
  import.fallbackSequence = 4096;
  ArrayRef<const char *> arguments(argv, argc);
  if (std::string problem = parseOptions(arguments.drop_front(argc > 0), options); !problem.empty())
    return fail(problem);
  if (options.help) {
    printHelp(llvm::outs());
    return ExitDone;
  }
  if (!import.dtype) // Parameters as they are trained, and the same for every model of the suite.
    import.dtype = ProgramType::bfloat16;
  for (const MeshAxis &axis : import.mesh.value_or(std::vector<MeshAxis>()))
    if (axis.name == "dp")
      import.fallbackBatch = axis.size;
  llvm::Expected<ledger::Machine> machine =
      ledger::Machine::read(options.machine.empty() ? findShared("machines/h200x4.json") : options.machine);
  if (!machine)
    return fail("--machine: " + llvm::toString(machine.takeError()));
  // What is wrong with every row alike is said once.
  llvm::Expected<std::vector<std::string>> axes =
      axesOf(import.partitioner.value_or("megatron"), options.trial.plugins);
  if (!axes)
    return fail(llvm::toString(axes.takeError()));
  if (llvm::Expected<std::vector<std::string>> baseline = axesOf(options.baseline, {}); !baseline)
    return fail("--baseline: " + llvm::toString(baseline.takeError()));
  unsigned jobs = options.jobs ? options.jobs : llvm::hardware_concurrency().compute_thread_count();
  return options.suite ? checkAll(options, *machine, jobs, *axes) : checkOne(options, *machine, jobs);
}
