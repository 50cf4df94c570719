//===- CUDATables.h - what a CUDA program has by number ------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_CUDATABLES_H
#define HFC_CONVERSION_RTTOLLVM_CUDATABLES_H

#include "dialects/rt/Rt.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

#include <string>

namespace llvm::json {
class OStream;
} // namespace llvm::json

namespace hfc {

/// A kernel as launches need it.
struct CUDAKernel {
  StringAttr name;
  int64_t grid = 0, lanes = 0, arguments = 0;
  /// Bytes of shared memory beside what its code declares.
  int64_t shared = 0;
  /// It may be launched before the one in front of it ends.
  bool isEarly = false;
};

/// What a CUDA program refers to by number: kernels, streams, events, products; and its constants, one behind the
/// other, as they lie on the device.
class CUDATables {
public:
  explicit CUDATables(ModuleOp module);

  /// The kernel's place in the table; none if the module holds no lowered kernel of that name.
  std::optional<int64_t> kernelNumber(StringAttr name) const;
  const CUDAKernel &kernel(int64_t number) const { return kernels[number]; }
  /// Where a constant's values begin, in bytes.
  int64_t constantOffset(DenseElementsAttr value) const { return offsets.lookup(value); }
  StringRef constants() const { return bytes; }
  /// Descriptions of attentions, one behind the other; empty if there are none.
  std::string attentions() const;

  /// Writes the metadata's keys.
  void describe(llvm::json::OStream &stream) const;

private:
  void addKernel(gpu::GPUModuleOp module);
  void addConstant(rt::ConstantOp op);
  void addWork(Operation &op);

  SmallVector<CUDAKernel> kernels;
  llvm::DenseMap<StringAttr, int64_t> numbers;
  llvm::DenseMap<Attribute, int64_t> offsets;
  std::string bytes;
  /// What libraries may do, as the runtime is told of it.
  llvm::SetVector<Attribute> attentionFields;
  int64_t streams = 1, events = 0, products = 0;
};

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_CUDATABLES_H
