//===- TargetCalls.h - what a target's programs call ---------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_TARGETCALLS_H
#define HFC_CONVERSION_RTTOLLVM_TARGETCALLS_H

#include "dialects/rt/Rt.h"

#include <memory>

namespace llvm::json {
class OStream;
} // namespace llvm::json

namespace hfc {

class EntryWriter;
class ProgramSymbols;

/// How the work of entries becomes calls, and constants become memory: what differs between targets. One object serves
/// all entries of a program.
class TargetCalls {
public:
  virtual ~TargetCalls() = default;

  virtual FailureOr<Value> constantAddress(EntryWriter &writer, rt::ConstantOp op, DenseElementsAttr value) = 0;

  virtual LogicalResult launch(EntryWriter &writer, rt::LaunchOp op) = 0;
  /// `product` is the address of the op's hfc_gemm.
  virtual void gemm(EntryWriter &writer, rt::GemmOp op, Value product) = 0;
  virtual void copy(EntryWriter &writer, rt::CopyOp op, Value target, Value source, int64_t bytes) = 0;
  virtual LogicalResult collective(EntryWriter &writer, rt::CollectiveOp op) = 0;
  virtual void record(EntryWriter &writer, rt::RecordOp op) = 0;
  virtual void wait(EntryWriter &writer, rt::WaitOp op) = 0;

  /// What the metadata says of the target alone.
  virtual void describe(llvm::json::OStream &metadata) = 0;
  /// Adds the symbols that only this target's programs have, when all entries are written.
  virtual void finish() = 0;
};

std::unique_ptr<TargetCalls> createCPUCalls(ProgramSymbols &program);
std::unique_ptr<TargetCalls> createCUDACalls(ProgramSymbols &program);

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_TARGETCALLS_H
