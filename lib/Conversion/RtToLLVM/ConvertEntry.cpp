//===- ConvertEntry.cpp - an entry as a function of the LLVM dialect
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConvertEntry.h"

#include "EntryWriter.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;

static LogicalResult convertGemm(rt::GemmOp op, EntryWriter &writer, TargetCalls &target) {
  FailureOr<Value> product = writer.describeGemm(op);
  if (failed(product))
    return failure();
  target.gemm(writer, op, *product);
  return success();
}

static LogicalResult convertCopy(rt::CopyOp op, EntryWriter &writer, TargetCalls &calls) {
  auto type = cast<MemRefType>(op.getSource().getType());
  if (!type.getElementType().isIntOrFloat())
    return op.emitOpError("copies numbers, not ") << type.getElementType();
  FailureOr<Value> target = writer.address(op.getTarget()), source = writer.address(op.getSource());
  if (failed(target) || failed(source))
    return failure();
  int64_t bytes = type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  calls.copy(writer, op, *target, *source, bytes);
  return success();
}

static LogicalResult convert(Operation &op, EntryWriter &writer, TargetCalls &target) {
  writer.setLocation(op.getLoc());
  return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
      .Case([&](rt::LaunchOp op) { return target.launch(writer, op); })
      .Case([&](rt::GemmOp op) { return convertGemm(op, writer, target); })
      .Case([&](rt::CopyOp op) { return convertCopy(op, writer, target); })
      .Case([&](rt::CollectiveOp op) { return target.collective(writer, op); })
      .Case([&](rt::RecordOp op) { return target.record(writer, op), success(); })
      .Case([&](rt::WaitOp op) { return target.wait(writer, op), success(); })
      // Buffers are addressed where they are used.
      .Case<rt::ArenaOp, rt::InputOp, rt::OutputOp, rt::ParameterOp, rt::StateOp, rt::ConstantOp, rt::CoordinateOp,
            rt::ViewOp, rt::JoinOp>([](Operation *) { return success(); })
      .Default([](Operation *op) { return op->emitOpError("cannot stand in an rt.entry"); });
}

LogicalResult hfc::convertEntry(rt::EntryOp entry, ProgramSymbols &program, TargetCalls &target, unsigned &calls) {
  EntryWriter writer(entry, program, target);
  if (failed(writer.begin()))
    return failure();
  for (Operation &op : entry.getBody().front())
    if (failed(convert(op, writer, target)))
      return failure();
  writer.end();
  calls += writer.numCalls();
  return success();
}
