//===- ConvertCollectiveToNCCL.cpp - collectives as calls of NCCL
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All that a call takes is known here but its addresses, its communicator and, where ranks send to their neighbours,
// this rank's place, which NCCL knows.
//
//===----------------------------------------------------------------------===//

#include "NCCLCalls.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace hfc;

// nccl.h of NCCL 2.10 and later, which keeps these.
namespace nccl {
enum DataType : int32_t { Int32 = 2, Float32 = 7, BFloat16 = 9 };
enum RedOp : int32_t { Sum = 0, Max = 2, Min = 3, Avg = 4 };
} // namespace nccl

static int32_t dataTypeOf(Type element) {
  return element.isF32() ? nccl::Float32 : element.isBF16() ? nccl::BFloat16 : nccl::Int32;
}

static int32_t operationOf(rt::CollectiveOp op) {
  if (op.getKind() == rt::CollectiveKind::agree || op.getReduction() == dist::ReductionKind::mean)
    return nccl::Avg;
  if (op.getReduction() == dist::ReductionKind::max)
    return nccl::Max;
  return op.getReduction() == dist::ReductionKind::min ? nccl::Min : nccl::Sum;
}

namespace {
/// Writes one collective.
class CollectiveWriter {
public:
  CollectiveWriter(EntryWriter &writer, rt::CollectiveOp op)
      : writer(writer), op(op), builder(writer.getBuilder()), i32(builder.getI32Type()) {}

  LogicalResult write(const CollectivePlan &plan) {
    if (failed(findScratch(plan.scratchBytes)))
      return failure();
    Value id = writer.integer(op.getId(), 32);
    writer.call("hfc_cuda_collective_begin", {writer.context(), id, stream()});
    for (const PlannedCopy &copy : plan.before)
      if (failed(writeCopy(copy)))
        return failure();
    if (failed(writeCalls(plan.calls)))
      return failure();
    for (const PlannedCopy &copy : plan.after)
      if (failed(writeCopy(copy)))
        return failure();
    writer.call("hfc_cuda_collective_end", {writer.context(), id, writer.integer(movedBytes()),
                                            result ? result : writer.integer(0, 32), stream()});
    return success();
  }

private:
  LogicalResult findScratch(int64_t bytes) {
    if (!bytes)
      return success();
    Value buffer = op.getScratch();
    int64_t given = buffer ? bytesOf(buffer.getType()) : 0;
    if (given < bytes)
      return op.emitOpError("needs ") << bytes << " bytes of scratch memory, and has " << given
                                      << " (hfc-plan-collective-scratch comes first)";
    FailureOr<Value> address = writer.address(buffer);
    if (succeeded(address))
      scratch = *address;
    return address;
  }

  Value stream() { return writer.integer(op.getStream(), 32); }

  /// As the metadata has it: what this rank puts in or gets out, whichever is more.
  int64_t movedBytes() {
    auto sum = [](ValueRange buffers) {
      int64_t bytes = 0;
      for (Type type : buffers.getTypes())
        bytes += bytesOf(type);
      return bytes;
    };
    return std::max(sum(op.getIns()), sum(op.getOuts()));
  }

  FailureOr<Value> address(const PlannedPlace &place) {
    FailureOr<Value> base = place.buffer ? writer.address(place.buffer) : FailureOr<Value>(scratch);
    return failed(base) ? base : writer.advance(*base, place.offset);
  }

  LogicalResult writeCopy(const PlannedCopy &copy) {
    FailureOr<Value> target = address(copy.target);
    FailureOr<Value> source = copy.source ? address(*copy.source) : FailureOr<Value>(Value());
    if (failed(target) || failed(source))
      return failure();
    Value width = writer.integer(copy.width);
    if (!copy.source)
      writer.call("hfc_cuda_clear", {writer.context(), *target, width, stream()});
    else if (copy.rows == 1)
      writer.call("hfc_cuda_copy", {writer.context(), *target, *source, width, stream()});
    else
      writer.call("hfc_cuda_copy_rows", {writer.context(), *target, writer.integer(copy.targetPitch), *source,
                                         writer.integer(copy.sourcePitch), width, writer.integer(copy.rows), stream()});
    return success();
  }

  LogicalResult writeCalls(ArrayRef<PlannedCall> calls) {
    if (calls.empty())
      return success();
    communicator =
        writer.loadPointer(writer.frame(FrameField::Communicators), writer.program().groups().numberOf(op.getAxes()));
    queue = writer.loadPointer(writer.frame(FrameField::Streams), op.getStream());
    bool isGroup = calls.size() > 1;
    if (llvm::any_of(calls, [](const PlannedCall &call) { return call.isRelative; }))
      loadOwnPlace();
    if (isGroup)
      check(writer.callForResult("ncclGroupStart", {}, i32));
    for (const PlannedCall &call : calls)
      if (failed(writeCall(call)))
        return failure();
    if (isGroup)
      check(writer.callForResult("ncclGroupEnd", {}, i32));
    return success();
  }

  LogicalResult writeCall(const PlannedCall &call) {
    using Kind = PlannedCall::Kind;
    bool hasSource = call.kind != Kind::Receive, hasTarget = call.kind != Kind::Send;
    FailureOr<Value> source = hasSource ? address(call.source) : FailureOr<Value>(Value());
    FailureOr<Value> target = hasTarget ? address(call.target) : FailureOr<Value>(Value());
    if (failed(source) || failed(target))
      return failure();
    Value count = writer.integer(call.elements);
    Value type = writer.integer(dataTypeOf(cast<MemRefType>(op.getIns()[0].getType()).getElementType()), 32);
    auto write = [&](StringRef name, std::initializer_list<Value> arguments) {
      SmallVector<Value> all(arguments);
      all.append({communicator, queue});
      check(writer.callForResult(name, all, i32));
    };
    auto operation = [&] { return writer.integer(operationOf(op), 32); };
    switch (call.kind) {
    case Kind::AllReduce:
      write("ncclAllReduce", {*source, *target, count, type, operation()});
      break;
    case Kind::AllGather:
      write("ncclAllGather", {*source, *target, count, type});
      break;
    case Kind::ReduceScatter:
      write("ncclReduceScatter", {*source, *target, count, type, operation()});
      break;
    case Kind::Broadcast:
      write("ncclBroadcast", {*source, *target, count, type, peer(call)});
      break;
    case Kind::Send:
      write("ncclSend", {*source, count, type, peer(call)});
      break;
    case Kind::Receive:
      write("ncclRecv", {*target, count, type, peer(call)});
      break;
    }
    return success();
  }

  void loadOwnPlace() {
    Location loc = writer.getLoc();
    Value slot =
        LLVM::AllocaOp::create(builder, loc, LLVM::LLVMPointerType::get(builder.getContext()), i32, writer.integer(1));
    LLVM::StoreOp::create(builder, loc, writer.integer(0, 32), slot);
    check(writer.callForResult("ncclCommUserRank", {communicator, slot}, i32));
    ownPlace = LLVM::LoadOp::create(builder, loc, i32, slot);
  }

  /// A place in the group: (own + places) mod ranks, of a number that is not negative.
  Value peer(const PlannedCall &call) {
    if (!call.isRelative)
      return writer.integer(call.peer, 32);
    Location loc = writer.getLoc();
    int64_t ranks = dist::sizeOf(op.getAxes().getAxes(), dist::meshOf(op));
    int64_t places = ((call.peer % ranks) + ranks) % ranks;
    Value sum = LLVM::AddOp::create(builder, loc, ownPlace, writer.integer(places, 32));
    return LLVM::SRemOp::create(builder, loc, sum, writer.integer(ranks, 32));
  }

  /// The first result that is not success, which is 0, is that of all.
  void check(Value next) {
    if (!result) {
      result = next;
      return;
    }
    Location loc = writer.getLoc();
    Value failed = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne, result, writer.integer(0, 32));
    result = LLVM::SelectOp::create(builder, loc, failed, result, next);
  }

  EntryWriter &writer;
  rt::CollectiveOp op;
  OpBuilder &builder;
  Type i32;
  Value scratch, communicator, queue, ownPlace, result;
};
} // namespace

LogicalResult hfc::callNCCL(EntryWriter &writer, rt::CollectiveOp op, const BucketTable &buckets) {
  FailureOr<CollectivePlan> plan = planCollective(op, buckets);
  return failed(plan) ? failure() : CollectiveWriter(writer, op).write(*plan);
}
