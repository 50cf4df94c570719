//===- Driver.h - what hfc-compile does --------------------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_COMPILE_DRIVER_H
#define HFC_TOOLS_HFC_COMPILE_DRIVER_H

#include "Options.h"
#include "OutputFile.h"

#include "hfc/Target/NVPTX.h"

#include "mlir/IR/MLIRContext.h"

#include <chrono>
#include <future>

namespace hfc::verify {
struct PartitionCheck;
} // namespace hfc::verify

namespace hfc {

struct ProgramLibrary;

/// Exit statuses of the tools ("Command line and errors" in docs/architecture.md).
enum ExitStatus { ExitDone = 0, ExitCheckFailed = 1, ExitUserError = 2, ExitInternalError = 3 };

/// Compiles one model as the options say.
class Driver {
public:
  explicit Driver(const Options &options);

  /// Returns the exit status; messages are on standard error by then.
  int run();

  /// What is being compiled, as text that compiles; empty before there is any. Valid after a crash, for the reproducer.
  StringRef source() const { return sourceText; }

private:
  LogicalResult openOutput();
  LogicalResult load();
  LogicalResult loadIR();
  LogicalResult importFromModel();
  LogicalResult checkProgram();
  LogicalResult checkTarget(StringRef wanted, StringRef made);
  LogicalResult prepareCheck();
  LogicalResult annotate();
  LogicalResult lower(Phase phase, StringRef what);
  /// The ledger: prints it, and fails if it is above the budget.
  LogicalResult account();
  void printReport(const ledger::Ledger &ledger, const ledger::Machine *machine);
  /// What the GPUs hold that the program is for, as far as that is known.
  ledger::Budget deviceBudget(const ledger::Machine *machine);
  /// Whether the program is for this machine's GPUs: the user names no other ones.
  bool isForLocalDevice() { return isForCUDA() && !options.emit && options.machine.empty() && !options.budget.memory; }
  LogicalResult emit();
  LogicalResult emitPTX();
  LogicalResult build();
  LogicalResult generateKernels();
  LogicalResult link(ArrayRef<char> object, ArrayRef<ProgramLibrary> libraries);
  LogicalResult writeText(StringRef text);

  LogicalResult fail(const llvm::Twine &message, ExitStatus why = ExitUserError);
  void diagnose(Diagnostic &diagnostic);
  void showProgress(StringRef what);
  StringRef programField(StringRef name);
  bool isForCUDA() { return programField("target") == "cuda"; }
  bool isIR() const { return options.model == "-" || StringRef(options.model).ends_with(".mlir"); }

  const Options &options;
  std::string pluginError; ///< empty if there was none
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  /// How what ranks compute is compared with the model; null: not at all.
  std::shared_ptr<verify::PartitionCheck> check;
  /// What it found, if it ran.
  std::optional<verify::Verdict> verdict;
  /// This machine's GPU; the driver answers while the program is lowered. Invalid where nobody asked.
  std::future<std::optional<LocalDevice>> localDevice;
  OutputFile output;
  std::string sourceText;
  ExitStatus status = ExitDone;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

/// Prints `hfc-compile: error: MESSAGE`.
void printError(const llvm::Twine &message);

/// Runs the driver so that a crash becomes a message with the path of a reproducer, and status 3.
int runDriver(const Options &options);

} // namespace hfc

#endif // HFC_TOOLS_HFC_COMPILE_DRIVER_H
