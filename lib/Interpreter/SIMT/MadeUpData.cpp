//===- MadeUpData.cpp - arguments for kernels in tests
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MadeUpData.h"

#include "Memory.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace hfc;
using namespace hfc::simt;

static std::vector<char> makeUp(MemRefType type, int64_t argument, int64_t integers) {
  Type element = type.getElementType();
  int64_t size = elementBytes(element);
  std::vector<char> bytes(type.getNumElements() * size);
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    if (isa<FloatType>(element))
      storeFloat(bytes.data() + i * size, element, ((37 * i + 11 * argument) % 101 - 50) / 50.0);
    else
      storeInteger(bytes.data() + i * size, element, (7 * i + argument) % integers);
  return bytes;
}

MadeUpData::MadeUpData(gpu::GPUFuncOp kernel, int64_t integers) {
  for (auto [number, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    auto alias = kernel.getArgAttrOfType<IntegerAttr>(number, "kernel.alias");
    if (alias && alias.getValue().ult(number)) {
      buffers.push_back(buffers[alias.getInt()]);
      continue;
    }
    std::vector<char> &bytes = storage.emplace_back(makeUp(cast<MemRefType>(type), number, integers));
    buffers.push_back({bytes.data(), static_cast<int64_t>(bytes.size())});
  }
}
