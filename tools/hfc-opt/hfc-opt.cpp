//===- hfc-opt.cpp - runs passes of hfc over textual IR
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/SemanticsCheck.h"
#include "hfc/Plugin/Load.h"
#include "hfc/Support/Register.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace hfc;

static llvm::cl::opt<bool> checkSemanticsEach(
    "check-semantics-each",
    llvm::cl::desc("Interpret the module before and after each pass on random values, and fail where they differ"));

/// As MlirOptMain does it from files, with the check around each pass.
static LogicalResult runChecked(StringRef inputName, StringRef outputName, DialectRegistry &registry) {
  MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
  bool isDifferent = false;
  config.setPassPipelineSetupFn([inner = config, &isDifferent](PassManager &manager) {
    manager.addInstrumentation(std::make_unique<interpreter::SemanticsCheck>(isDifferent));
    return inner.setupPassPipeline(manager);
  });
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> input = openInputFile(inputName, &error);
  std::unique_ptr<llvm::ToolOutputFile> output = input ? openOutputFile(outputName, &error) : nullptr;
  if (!output) {
    llvm::errs() << "hfc-opt: " << error << '\n';
    return failure();
  }
  if (failed(MlirOptMain(output->os(), std::move(input), registry, config)) || isDifferent)
    return failure();
  output->keep();
  return success();
}

/// The status for what the user must change ("Command line and errors" in docs/architecture.md).
static constexpr int exitUserError = 2;

int main(int argc, char **argv) {
  llvm::InitLLVM initialize(argc, argv);
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllPasses();
  registerTransformsPasses();
  // Before the other options are read: plugins' passes are some of them.
  std::vector<char *> arguments(argv, argv + argc);
  std::string error;
  if (failed(loadPlugins(takePluginOptions(arguments), registry, error))) {
    llvm::errs() << "hfc-opt: error: " << error << '\n';
    return exitUserError;
  }
  int count = arguments.size();
  auto [input, output] = registerAndParseCLIOptions(count, arguments.data(), "hfc optimizer driver\n", registry);
  return asMainReturnCode(checkSemanticsEach ? runChecked(input, output, registry)
                                             : MlirOptMain(count, arguments.data(), input, output, registry));
}
