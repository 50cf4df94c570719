//===- EntryWriter.h - writes the function of one entry ------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_CONVERSION_RTTOLLVM_ENTRYWRITER_H
#define HFC_CONVERSION_RTTOLLVM_ENTRYWRITER_H

#include "ProgramSymbols.h"
#include "TargetCalls.h"

namespace hfc {

/// The fields of hfc_frame, each a pointer.
enum class FrameField : int32_t { Context, Arena, Parameters, States, Places, Constants, Streams, Communicators };

/// Writes the function of one entry: where its buffers are, and calls with lists of them.
class EntryWriter {
public:
  EntryWriter(rt::EntryOp entry, ProgramSymbols &program, TargetCalls &target);

  /// Creates the function, up to the first work.
  LogicalResult begin();
  /// Ends the function and erases the entry.
  void end();
  /// What follows is the conversion of an op from here.
  void setLocation(Location location) { loc = location; }

  FailureOr<Value> address(Value buffer);
  /// Writes the buffers' addresses into the list that all calls share, from element `first` on; returns the address of
  /// that element.
  FailureOr<Value> storeAddresses(ValueRange buffers, size_t first = 0);
  /// Writes the product's hfc_gemm, which all products share; returns its address.
  FailureOr<Value> describeGemm(rt::GemmOp op);

  Value frame(FrameField field);
  Value context() { return frame(FrameField::Context); }
  /// The pointer that stands at `index` in a list.
  Value loadPointer(Value list, int64_t index);
  /// `bytes` behind `base`.
  Value advance(Value base, int64_t bytes);
  Value integer(int64_t value, unsigned bits = 64);

  void call(StringRef name, ValueRange operands);
  Value callForResult(StringRef name, ValueRange operands, Type result);

  ProgramSymbols &program() { return symbols; }
  OpBuilder &getBuilder() { return builder; }
  Location getLoc() const { return loc; }
  unsigned numCalls() const { return calls; }

private:
  LogicalResult createFunction();
  void reserveArguments();
  FailureOr<Value> tableEntry(Operation *user, FrameField table, std::optional<int64_t> index, StringRef symbol);
  FailureOr<Value> constantAddress(rt::ConstantOp op);
  Value coordinateAddress(rt::CoordinateOp op);
  Value orderAddress(Value factor);

  rt::EntryOp entry;
  ProgramSymbols &symbols;
  TargetCalls &target;
  OpBuilder builder;
  Location loc;
  Type pointer, i64;
  LLVM::LLVMStructType gemmType;
  LLVM::LLVMFuncOp function;
  llvm::DenseMap<int32_t, Value> fields;
  Value arguments, gemm;
  unsigned calls = 0;
};

} // namespace hfc

#endif // HFC_CONVERSION_RTTOLLVM_ENTRYWRITER_H
