//===- hfc-mutate.cpp - makes faults, and sees whether they are found
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "hfc/Plugin/Load.h"
#include "hfc/Support/Register.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

#include <random>

using namespace hfc;
using verify::FaultKind;
using verify::FaultSite;

/// How the tool ends, as docs/architecture.md has it.
enum Status { Done = 0, NotFound = 1, WrongInput = 2 };

static int complain(StringRef message) {
  llvm::errs() << "hfc-mutate: " << message << '\n';
  return WrongInput;
}

//===----------------------------------------------------------------------===//
// Which faults
//===----------------------------------------------------------------------===//

static std::vector<std::vector<FaultSite>> findSites(Programs &programs, const MutateOptions &options) {
  std::vector<std::vector<FaultSite>> sites;
  for (const FaultKind &kind : verify::getFaultKinds())
    if (options.kinds.empty() || llvm::is_contained(options.kinds, kind.name))
      sites.push_back(verify::findFaultSites(programs.at(kind.level), kind));
  return sites;
}

/// As many of each kind as there are, or as many as of the others, until there are `most`.
static std::vector<size_t> shares(const std::vector<std::vector<FaultSite>> &sites, int64_t most) {
  std::vector<size_t> shares(sites.size(), 0);
  for (bool grows = true; grows && most > 0;) {
    grows = false;
    for (auto [share, all] : llvm::zip_equal(shares, sites))
      if (share < all.size() && most > 0) {
        ++share;
        --most;
        grows = true;
      }
  }
  return shares;
}

/// Evenly over the sites of each kind: a random one of as many equal stretches.
static std::vector<FaultSite> choose(const std::vector<std::vector<FaultSite>> &sites, const MutateOptions &options) {
  std::vector<FaultSite> chosen;
  std::mt19937_64 random(options.seed);
  std::vector<size_t> counts = shares(sites, options.most.value_or(std::numeric_limits<int64_t>::max()));
  for (auto [all, count] : llvm::zip_equal(sites, counts)) {
    for (size_t i = 0; i < count; ++i) {
      size_t begin = i * all.size() / count, end = (i + 1) * all.size() / count;
      chosen.push_back(all[begin + random() % (end - begin)]);
    }
  }
  return chosen;
}

static void list(Programs *programs) {
  for (const FaultKind &kind : verify::getFaultKinds()) {
    llvm::outs() << llvm::left_justify(kind.name, 24);
    if (programs)
      llvm::outs() << llvm::right_justify(std::to_string(verify::findFaultSites(programs->at(kind.level), kind).size()),
                                          6);
    llvm::outs() << "  " << kind.summary << '\n';
  }
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

static int writeCSV(const Report &report, const MutateOptions &options, StringRef program) {
  std::error_code error;
  llvm::raw_fd_ostream os(options.csv, error);
  if (!error)
    report.writeCSV(os, program);
  os.flush();
  if (!error)
    error = os.error();
  os.clear_error();
  return error ? complain("cannot write '" + options.csv + "': " + error.message()) : Done;
}

static int work(Programs &programs, const MutateOptions &options, StringRef program) {
  Judge judge(programs, options.seed);
  std::string wrong = judge.checkClean();
  if (!wrong.empty()) {
    llvm::outs() << "false alarm without any fault: " << wrong << '\n';
    return NotFound;
  }
  std::vector<FaultSite> sites = choose(findSites(programs, options), options);
  Report report;
  bool isWatched = llvm::sys::Process::StandardErrIsDisplayed();
  for (auto [number, site] : llvm::enumerate(sites)) {
    if (isWatched)
      llvm::errs() << "\r" << number << " of " << sites.size() << ' ' << llvm::left_justify(site.kind->name, 24);
    report.add(site, judge.judge(site));
  }
  if (isWatched)
    llvm::errs() << "\r" << std::string(48, ' ') << "\r";
  report.print(llvm::outs());
  int status = options.csv.empty() ? Done : writeCSV(report, options, program);
  return status != Done ? status : report.isGood() ? Done : NotFound;
}

int main(int argc, char **argv) {
  MutateOptions options;
  std::string error;
  ArrayRef<const char *> arguments(argv + 1, argc - 1);
  if (failed(parseOptions(arguments, options, error)))
    return complain(error);
  if (options.help) {
    printHelp(llvm::outs());
    return Done;
  }
  DialectRegistry registry;
  registerAllDialects(registry);
  if (failed(loadPlugins(options.plugins, registry, error)))
    return complain(error);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  if (options.model.empty()) {
    list(nullptr);
    return Done;
  }
  Programs programs;
  if (failed(makePrograms(context, options, programs, error)))
    return complain(error);
  if (options.list) {
    list(&programs);
    return Done;
  }
  std::string program;
  for (StringRef argument : arguments)
    if (!argument.starts_with("--csv"))
      program += (program.empty() ? "" : " ") + argument.str();
  return work(programs, options, program);
}
