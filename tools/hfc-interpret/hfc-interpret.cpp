//===- hfc-interpret.cpp - the reference interpreter as a tool
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Print.h"
#include "Session.h"

#include "hfc/Plugin/Load.h"
#include "hfc/Support/Register.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <new>

using namespace hfc;
using namespace hfc::interpreter;

static int complain(const Failure &failure) {
  llvm::errs() << "hfc-interpret: " << failure.message << '\n';
  return static_cast<int>(failure.status);
}

static int complain(Status status, llvm::Error error) { return complain({status, llvm::toString(std::move(error))}); }

/// The module that --compare names: a file, or another phase of the same program.
static OwningOpRef<ModuleOp> loadOther(ModuleOp module, const InterpretOptions &options, Failure &failure) {
  std::optional<Phase> phase = phaseNamed(options.compare);
  if (!phase)
    return readModule(*module.getContext(), options.compare, failure);
  OwningOpRef<ModuleOp> other(module.clone());
  if (failed(bringTo(*phase, *other, options, failure)))
    return nullptr;
  return other;
}

static int compare(ModuleOp module, ModuleOp other, const InterpretOptions &options) {
  SameSemanticsOptions same;
  same.seed = options.execution.seed;
  std::string domain = options.domainGiven ? options.execution.domain : same.execution.domain;
  same.execution = options.execution;
  same.execution.domain = domain;
  if (!options.entry.empty())
    same.entries.push_back(options.entry);
  llvm::Expected<std::vector<OutputDifference>> differences = checkSameSemantics(module, other, same);
  if (!differences)
    return complain(Status::Different, differences.takeError());
  double tolerance = options.tolerance.value_or(1e-6);
  printDifferences(llvm::outs(), *differences, tolerance, options.json);
  bool passed = llvm::all_of(*differences, [&](auto &difference) { return difference.error <= tolerance; });
  return static_cast<int>(passed ? Status::Done : Status::Different);
}

static int run(ModuleOp module, const InterpretOptions &options) {
  llvm::Expected<std::unique_ptr<Session>> session = Session::open(module, options);
  if (!session)
    return complain(Status::WrongInput, session.takeError());
  llvm::Expected<Status> status = (*session)->isGeneration() ? (*session)->generate()
                                  : (*session)->isTraining() ? (*session)->train()
                                                             : (*session)->forward();
  if (!status)
    return complain((*session)->errorStatus(), status.takeError());
  return static_cast<int>(*status);
}

static int interpret(InterpretOptions options) {
  Failure failure;
  if (!isIR(options.model))
    if (llvm::Error error = adoptShapes(options))
      return complain(Status::WrongInput, std::move(error));
  DialectRegistry registry;
  registerAllDialects(registry);
  if (mlir::failed(loadPlugins(options.plugins, registry, failure.message)))
    return complain({Status::WrongInput, failure.message});
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module = loadModule(context, options, failure);
  if (!module)
    return complain(failure);
  OwningOpRef<ModuleOp> other;
  if (!options.compare.empty() && !(other = loadOther(*module, options, failure)))
    return complain(failure);
  if (options.stage && failed(bringTo(*options.stage, *module, options, failure)))
    return complain(failure);
  if (!other)
    return run(*module, options);
  // A later program may have states that an earlier one does not know.
  std::optional<Phase> phase = phaseNamed(options.compare);
  bool isEarlier = phase && options.stage && *phase < *options.stage;
  return isEarlier ? compare(*other, *module, options) : compare(*module, *other, options);
}

/// What the user asked for does not fit this machine.
static void refuseMemory() {
  llvm::errs() << "hfc-interpret: there is not enough memory to interpret this: values take 8 bytes an element\n";
  std::_Exit(static_cast<int>(Status::WrongInput));
}

int main(int argc, char **argv) {
  std::set_new_handler(refuseMemory);
  InterpretOptions options;
  Failure failure;
  if (failed(parseOptions(ArrayRef<const char *>(argv + 1, argc - 1), options, failure.message)))
    return complain(failure);
  if (options.help) {
    printHelp(llvm::outs());
    return 0;
  }
  // The parser recurses as deeply as its text nests.
  constexpr unsigned stackBytes = 256u << 20;
  int status = 0;
  llvm::CrashRecoveryContext::Enable();
  llvm::CrashRecoveryContext recovery;
  if (recovery.RunSafelyOnThread([&] { status = interpret(options); }, stackBytes))
    return status;
  return complain({Status::InternalError, "internal error while interpreting '" + options.model + "'"});
}
