//===- config-fuzzer.cpp - libFuzzer target of the front end
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whatever text a config holds, the front end gives a program that verifies or one message; it never crashes, hangs,
// or calls the fault its own.
//
//===----------------------------------------------------------------------===//

#include "hfc/Frontend/Import.h"

#include "mlir/IR/MLIRContext.h"

#include <cstdint>
#include <cstdlib>

using namespace hfc;

/// The last byte of an input chooses options, so that the bytes before it stay a whole config.
static ImportOptions optionsOf(uint8_t choice) {
  ImportOptions options;
  options.task = choice & 1 ? Task::generate : choice & 64 ? Task::train : Task::forward;
  options.inputs = choice & 2 ? InputKind::inputsEmbeds : InputKind::inputIds;
  options.layout = choice & 4 ? BoundaryLayout::sequenceFirst : BoundaryLayout::batchFirst;
  if (choice & 8)
    options.dtype = ProgramType::bfloat16;
  if (choice & 16)
    options.sequence = 40;
  return options;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  StringRef text(reinterpret_cast<const char *>(data), size - 1);
  // A context keeps every attribute it ever saw; a new one each time keeps memory flat.
  MLIRContext context(MLIRContext::Threading::DISABLED);
  ImportMessages messages;
  // The text serves as generation_config.json as well.
  std::optional<StringRef> generation = data[size - 1] & 32 ? std::optional<StringRef>(text) : std::nullopt;
  FailureOr<OwningOpRef<ModuleOp>> module =
      importConfig(&context, text, generation, "fuzz", optionsOf(data[size - 1]), messages);
  if (succeeded(module) ? !messages.error.empty() : messages.error.empty() || messages.internal)
    std::abort();
  return 0;
}
