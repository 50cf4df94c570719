//===- ir-fuzzer.cpp - libFuzzer target of textual IR
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whatever text is handed to hfc-compile as IR, it is parsed, verified and lowered, or refused with diagnostics. Most
// mutations are of whole numbers and lines, since random bytes hardly ever get past the parser.
//
//===----------------------------------------------------------------------===//

#include "hfc/Pipelines/Pipelines.h"
#include "hfc/Support/ParseIR.h"
#include "hfc/Support/Register.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/ADT/StringExtras.h"

#include <cstdint>
#include <cstring>
#include <random>

using namespace hfc;

static const DialectRegistry &dialects() {
  static const DialectRegistry *registry = [] {
    auto *all = new DialectRegistry;
    registerAllDialects(*all);
    return all;
  }();
  return *registry;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A context keeps every attribute it ever saw; a new one each time keeps memory flat.
  MLIRContext context(dialects(), MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  context.getDiagEngine().registerHandler([](Diagnostic &) {});
  std::string error;
  OwningOpRef<ModuleOp> module =
      parseIR(&context, StringRef(reinterpret_cast<const char *>(data), size), "fuzz", error);
  if (!module)
    return 0;
  PassManager manager(&context);
  buildCPUPipeline(manager, Phase::LLVM);
  (void)manager.run(*module);
  return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace {
using Random = std::minstd_rand;

size_t below(Random &random, size_t limit) { return random() % limit; }
} // namespace

/// Replaces a number by one at which something may overflow, divide by zero, or no longer fit.
static void mutateNumber(std::string &text, Random &random) {
  static constexpr const char *numbers[] = {"0",
                                            "1",
                                            "2",
                                            "3",
                                            "7",
                                            "31",
                                            "64",
                                            "1000003",
                                            "-1",
                                            "2147483648",
                                            "9223372036854775807",
                                            "18446744073709551616"};
  size_t start = text.find_first_of("0123456789", below(random, text.size()));
  if (start == std::string::npos)
    return;
  size_t end = std::min(text.find_first_not_of("0123456789", start), text.size());
  text.replace(start, end - start, numbers[below(random, std::size(numbers))]);
}

/// Removes a line, or puts it somewhere else as well.
static void mutateLine(std::string &text, Random &random) {
  SmallVector<StringRef> lines;
  StringRef(text).split(lines, '\n');
  size_t chosen = below(random, lines.size());
  if (below(random, 2))
    lines.erase(lines.begin() + chosen);
  else
    lines.insert(lines.begin() + below(random, lines.size()), StringRef(lines[chosen]));
  text = llvm::join(lines, "\n");
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  Random random(seed);
  size_t choice = below(random, 8);
  if (size == 0 || choice == 0)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::string text(reinterpret_cast<const char *>(data), size);
  choice < 5 ? mutateNumber(text, random) : mutateLine(text, random);
  if (text.empty() || text.size() > maxSize)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}
