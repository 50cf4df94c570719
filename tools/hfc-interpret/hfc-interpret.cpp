//===- hfc-interpret.cpp - the reference interpreter as a tool
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "Print.h"

#include "hfc/Support/Register.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;
using namespace hfc::interpreter;

namespace {

/// How the tool ends, as docs/architecture.md has it.
enum Status { Done = 0, Different = 1, WrongInput = 2, InternalError = 3 };

int complain(Status status, const Twine &message) {
  llvm::errs() << "hfc-interpret: " << message << '\n';
  return status;
}

int complain(llvm::Error error) { return complain(WrongInput, llvm::toString(std::move(error))); }

OwningOpRef<ModuleOp> readModule(MLIRContext &context, StringRef path) {
  return parseSourceFile<ModuleOp>(path, ParserConfig(&context));
}

int compare(ModuleOp module, MLIRContext &context, const InterpretOptions &options) {
  OwningOpRef<ModuleOp> other = readModule(context, options.compare);
  if (!other)
    return WrongInput;
  SameSemanticsOptions same;
  same.seed = options.execution.seed;
  std::string domain = options.domainGiven ? options.execution.domain : same.execution.domain;
  same.execution = options.execution;
  same.execution.domain = domain;
  if (!options.entry.empty())
    same.entries.push_back(options.entry);
  llvm::Expected<std::vector<OutputDifference>> differences = checkSameSemantics(module, *other, same);
  if (!differences)
    return complain(Different, llvm::toString(differences.takeError()));
  double tolerance = options.tolerance.value_or(1e-6);
  printDifferences(llvm::outs(), *differences, tolerance, options.json);
  bool passed = llvm::all_of(*differences, [&](auto &difference) { return difference.error <= tolerance; });
  return passed ? Done : Different;
}

llvm::Expected<std::string> entryOf(const Interpreter &interpreter, const InterpretOptions &options) {
  if (!options.entry.empty())
    return options.entry;
  std::vector<std::string> entries = interpreter.entries();
  if (entries.size() == 1)
    return entries.front();
  if (llvm::is_contained(entries, "forward"))
    return std::string("forward");
  return llvm::createStringError("name one of the module's entries with --entry: " + llvm::join(entries, ", "));
}

int run(ModuleOp module, const InterpretOptions &options) {
  llvm::Expected<std::unique_ptr<Interpreter>> interpreter = Interpreter::create(module, options.execution);
  if (!interpreter)
    return complain(interpreter.takeError());
  llvm::Expected<std::string> entry = entryOf(**interpreter, options);
  if (!entry)
    return complain(entry.takeError());
  llvm::Expected<TensorMap> outputs = (*interpreter)->run(*entry, {});
  if (!outputs)
    return complain(outputs.takeError());
  if (options.print)
    for (const auto &[name, value] : *outputs)
      printTensor(llvm::outs(), (*interpreter)->domain(), name, value);
  return Done;
}

} // namespace

int main(int argc, char **argv) {
  InterpretOptions options;
  std::string error;
  if (failed(parseOptions(ArrayRef<const char *>(argv + 1, argc - 1), options, error)))
    return complain(WrongInput, error);
  if (options.help) {
    printHelp(llvm::outs());
    return Done;
  }
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module = readModule(context, options.model);
  if (!module)
    return WrongInput;
  return options.compare.empty() ? run(*module, options) : compare(*module, context, options);
}
