//===- VerifySchedule.cpp - --hfc-verify-schedule
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Memory/Passes.h"

#include "AccessLog.h"
#include "BucketSlices.h"
#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/rt/Rt.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

namespace hfc {
#define GEN_PASS_DEF_VERIFYSCHEDULE
#include "hfc/Transforms/Memory/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::memory;

/// The op that names the buffer of which `value` is a view.
static Operation *baseOf(Value value) {
  while (auto view = value.getDefiningOp<rt::ViewOp>())
    value = view.getSource();
  return value.getDefiningOp();
}

static int64_t bytesOf(Operation *buffer) {
  auto type = cast<MemRefType>(buffer->getResult(0).getType());
  return type.getNumElements() * static_cast<int64_t>(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
}

static std::optional<int64_t> offsetOf(Operation *buffer) {
  return llvm::TypeSwitch<Operation *, std::optional<int64_t>>(buffer)
      .Case<rt::ArenaOp, rt::InputOp, rt::OutputOp>([](auto op) { return op.getOffset(); })
      .Default(std::nullopt);
}

static std::string nameOf(Operation *buffer) {
  std::string name;
  llvm::raw_string_ostream os(name);
  llvm::TypeSwitch<Operation *>(buffer)
      .Case([&](rt::InputOp op) { os << "input '" << op.getName() << "' at " << op.getOffset(); })
      .Case([&](rt::OutputOp op) { os << "output '" << op.getName() << "' at " << op.getOffset(); })
      .Case([&](rt::ArenaOp op) { os << "the temporary buffer at " << op.getOffset(); })
      .Case([&](rt::ParameterOp op) { os << "parameter " << op.getParameterAttr(); })
      .Case([&](rt::StateOp op) { os << "state " << op.getStateAttr(); })
      .Case([&](rt::CoordinateOp op) { os << "the place along {" << dist::toString(op.getAxes().getAxes()) << "}"; })
      .Case([&](rt::JoinOp op) { os << nameOf(op.getParts().front().getDefiningOp()) << " and what lies behind it"; })
      .Default([&](Operation *) { os << "a constant"; });
  os << " (" << buffer->getResult(0).getType() << ")";
  return name;
}

namespace {
/// For every stream, how many of its ops are known to be done.
using Clock = DenseMap<int64_t, int64_t>;

class EntryChecker {
public:
  EntryChecker(rt::EntryOp entry, SymbolTableCollection &symbols) : entry(entry), symbols(symbols) {}

  LogicalResult run() {
    if (failed(callerWrites()))
      return failure();
    for (Operation &op : entry.getBody().front())
      if (failed(check(op)))
        return failure();
    return failed(checkOutputs()) ? failure() : checkEnd();
  }

private:
  //===--- Order ----------------------------------------------------------===//

  static int64_t streamOf(Operation *op) {
    auto stream = op->getAttrOfType<IntegerAttr>("stream");
    return stream ? stream.getInt() : 0;
  }

  static void join(Clock &clock, const Clock &other) {
    for (auto [stream, count] : other)
      clock[stream] = std::max(clock.lookup(stream), count);
  }

  /// Whether what `earlier` did is done when the next op of `stream` begins.
  bool isDone(const Access &earlier, int64_t stream) {
    return !earlier.op || clocks[stream].lookup(streamOf(earlier.op)) > positions.lookup(earlier.op);
  }

  LogicalResult check(Operation &op) {
    return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
        .Case([&](rt::RecordOp record) {
          events[record.getEvent()] = clocks[streamOf(record)];
          return success();
        })
        .Case([&](rt::WaitOp wait) {
          join(clocks[streamOf(wait)], events.lookup(wait.getEvent()));
          return success();
        })
        .Case([&](rt::LaunchOp launch) { return checkWork(launch, launch.getIns(), launch.getOuts()); })
        .Case([&](rt::CollectiveOp collective) { return checkCollective(collective); })
        .Case([&](rt::CopyOp copy) { return checkWork(copy, copy.getSource(), copy.getTarget()); })
        .Case([&](rt::GemmOp gemm) {
          SmallVector<Value> ins{gemm.getA(), gemm.getB()};
          if (gemm.getBias())
            ins.push_back(gemm.getBias());
          if (gemm.getAccumulate() && failed(read(gemm, baseOf(gemm.getC()))))
            return failure();
          return checkWork(gemm, ins, gemm.getC());
        })
        .Default(success());
  }

  /// Collectives are begun in one order on all ranks, and done in it: each waits for the one before.
  LogicalResult checkCollective(rt::CollectiveOp op) {
    if (lastCollective && lastCollective.getId() >= op.getId())
      return op.emitOpError("has number ") << op.getId() << ", but stands behind number " << lastCollective.getId()
                                           << "; collectives run in their order";
    if (lastCollective && !isDone({lastCollective, nullptr}, streamOf(op))) {
      auto diagnostic =
          op.emitOpError("does not wait for the collective before it; ranks could run them in different orders");
      diagnostic.attachNote(lastCollective.getLoc()) << "number " << lastCollective.getId() << " is here";
      return diagnostic;
    }
    lastCollective = op;
    SmallVector<Value> written(op.getOuts());
    if (op.getScratch())
      written.push_back(op.getScratch());
    return checkWork(op, op.getIns(), written);
  }

  LogicalResult checkWork(Operation *op, ValueRange ins, ValueRange outs) {
    if (failed(checkOverlaps(op, ins, outs)))
      return failure();
    for (Value in : ins)
      if (failed(read(op, baseOf(in))))
        return failure();
    for (Value out : outs)
      if (failed(write(op, baseOf(out))))
        return failure();
    int64_t stream = streamOf(op);
    positions[op] = clocks[stream].lookup(stream);
    ++clocks[stream][stream];
    return success();
  }

  //===--- Inside one op --------------------------------------------------===//

  bool overlap(Operation *a, Operation *b) {
    auto [region, from] = placeOf(a);
    auto [other, to] = placeOf(b);
    return region == other && from < to + bytesOf(b) && to < from + bytesOf(a);
  }

  LogicalResult checkOverlaps(Operation *op, ValueRange ins, ValueRange outs) {
    for (auto [number, out] : llvm::enumerate(outs)) {
      Operation *target = baseOf(out);
      for (Value other : outs.take_front(number))
        if (overlap(baseOf(other), target))
          return op->emitOpError("writes ")
                 << nameOf(target) << ", which overlaps its other output, " << nameOf(baseOf(other));
      for (auto [argument, in] : llvm::enumerate(ins))
        if (overlap(baseOf(in), target) && !(in == out && mayUpdate(op, argument, number)))
          return op->emitOpError("writes ") << nameOf(target) << " while it reads " << nameOf(baseOf(in))
                                            << ", and it does not allow an update in place";
    }
    return success();
  }

  /// Whether the callee of a launch may have its output `result` in the buffer of `argument`.
  bool mayUpdate(Operation *op, unsigned argument, unsigned result) {
    if (auto collective = dyn_cast<rt::CollectiveOp>(op))
      return argument == result && collective.mayBeInPlace();
    auto launch = dyn_cast<rt::LaunchOp>(op);
    if (!launch)
      return false;
    Operation *callee = symbols.lookupNearestSymbolFrom(op, launch.getCalleeAttr());
    IntegerAttr alias;
    if (auto body = dyn_cast_or_null<func::FuncOp>(callee)) {
      auto kind = body->getAttrOfType<StringAttr>("kernel.kind");
      if (kind && (kind.getValue() == "cache_update" || kind.getValue() == "scatter_add"))
        return argument == 0 && result == 0;
      alias = body.getResultAttrOfType<IntegerAttr>(result, "kernel.alias");
    } else if (auto kernel = dyn_cast_or_null<kernel::FuncOp>(callee)) {
      alias =
          kernel.getArgAttrOfType<IntegerAttr>(kernel.getNumArguments() - kernel.getOutputs() + result, "kernel.alias");
    } else if (auto module = dyn_cast_or_null<gpu::GPUModuleOp>(callee)) {
      if (auto kernel = module.lookupSymbol<gpu::GPUFuncOp>(launch.getCallee()))
        alias = kernel.getArgAttrOfType<IntegerAttr>(launch.getIns().size() + result, "kernel.alias");
    }
    return alias && alias.getInt() == argument;
  }

  //===--- Bytes ----------------------------------------------------------===//

  /// A region of memory, and where in it a buffer begins, in bytes. All buffers of the arena share one region; a
  /// parameter or state is one wherever it is named, or part of its bucket.
  std::pair<Attribute, int64_t> placeOf(Operation *buffer) {
    return llvm::TypeSwitch<Operation *, std::pair<Attribute, int64_t>>(buffer)
        .Case([&](rt::ParameterOp op) { return placeOf(op, op.getParameterAttr()); })
        .Case([&](rt::StateOp op) { return placeOf(op, op.getStateAttr()); })
        .Case([&](rt::JoinOp op) { return placeOf(op.getParts().front().getDefiningOp()); })
        .Case([](rt::ConstantOp op) { return std::pair<Attribute, int64_t>(op.getValueAttr(), 0); })
        .Case([](rt::CoordinateOp op) { return std::pair<Attribute, int64_t>(op.getAxesAttr(), 0); })
        .Default([](Operation *op) { return std::pair<Attribute, int64_t>(Attribute(), offsetOf(op).value_or(0)); });
  }

  std::pair<Attribute, int64_t> placeOf(Operation *buffer, FlatSymbolRefAttr symbol) {
    Operation *declaration = symbols.lookupNearestSymbolFrom(buffer, symbol);
    auto place = declaration ? declaration->getAttrOfType<hf::PlaceAttr>("hf.bucket") : hf::PlaceAttr();
    if (!place)
      return {symbol, 0};
    auto type = cast<MemRefType>(buffer->getResult(0).getType());
    return {place.getBucket(),
            place.getOffset() * static_cast<int64_t>(llvm::divideCeil(type.getElementTypeBitWidth(), 8))};
  }

  SmallVector<AccessLog::Segment *> segmentsOf(Operation *buffer) {
    auto [region, begin] = placeOf(buffer);
    return logs[region].cut(begin, begin + bytesOf(buffer));
  }

  LogicalResult callerWrites() {
    for (Operation &op : entry.getBody().front()) {
      if (isa<rt::InputOp>(op))
        for (AccessLog::Segment *segment : segmentsOf(&op)) {
          if (segment->writer)
            return op.emitOpError("overlaps ") << nameOf(segment->writer->buffer);
          segment->writer = Access{nullptr, &op};
        }
    }
    return success();
  }

  /// Whether bytes last written as `writer` may be read as `buffer`. What lies in a bucket does not overlap, so that
  /// two that share bytes are one, or one of them is joined of others.
  bool isSame(Operation *writer, Operation *buffer) {
    Attribute region = placeOf(buffer).first;
    return writer == buffer || (region && placeOf(writer).first == region);
  }

  LogicalResult read(Operation *op, Operation *buffer) {
    bool given = isa<rt::ParameterOp, rt::StateOp, rt::ConstantOp, rt::CoordinateOp, rt::JoinOp>(buffer);
    int64_t stream = streamOf(op);
    for (AccessLog::Segment *segment : segmentsOf(buffer)) {
      if (!segment->writer && !given)
        return op->emitOpError("reads ") << nameOf(buffer) << ", which nothing has written";
      if (segment->writer && !isSame(segment->writer->buffer, buffer))
        return conflict(op, *segment->writer, "reads " + nameOf(buffer) + ", which has been overwritten by", "wrote");
      if (segment->writer && !isDone(*segment->writer, stream))
        return conflict(op, *segment->writer, "reads " + nameOf(buffer) + " without waiting for", "writes");
      segment->readers[stream] = {op, buffer};
    }
    return success();
  }

  static bool isWritable(Operation *buffer) {
    if (auto join = dyn_cast<rt::JoinOp>(buffer))
      return llvm::all_of(join.getParts(), [](Value part) { return isWritable(part.getDefiningOp()); });
    auto parameter = dyn_cast<rt::ParameterOp>(buffer);
    return parameter ? parameter.getUpdated() : !isa<rt::ConstantOp, rt::CoordinateOp>(buffer);
  }

  LogicalResult write(Operation *op, Operation *buffer) {
    if (!isWritable(buffer))
      return op->emitOpError("writes ") << nameOf(buffer) << ", which is only to be read";
    int64_t stream = streamOf(op);
    for (AccessLog::Segment *segment : segmentsOf(buffer)) {
      for (auto &[other, reader] : segment->readers)
        if (reader.op != op && !isDone(reader, stream))
          return conflict(op, reader, "writes " + nameOf(buffer) + " without waiting for", "reads");
      if (segment->writer && !isDone(*segment->writer, stream))
        return conflict(op, *segment->writer, "writes " + nameOf(buffer) + " without waiting for", "writes");
      segment->writer = Access{op, buffer};
      segment->readers.clear();
    }
    return success();
  }

  LogicalResult checkOutputs() {
    for (auto output : entry.getOps<rt::OutputOp>())
      for (AccessLog::Segment *segment : segmentsOf(output)) {
        if (!segment->writer)
          return output.emitOpError("is not written: ") << nameOf(output);
        if (segment->writer->buffer != output)
          return conflict(output, *segment->writer, "is overwritten: " + nameOf(output) + " by", "writes");
      }
    return success();
  }

  /// An entry ends with stream 0: what is left in parameters, states and outputs is there for whoever comes next.
  LogicalResult checkEnd() {
    for (Operation &buffer : entry.getBody().front()) {
      if (!isa<rt::ParameterOp, rt::StateOp, rt::OutputOp>(buffer))
        continue;
      for (AccessLog::Segment *segment : segmentsOf(&buffer))
        if (segment->writer && !isDone(*segment->writer, /*stream=*/0))
          return segment->writer->op->emitOpError("writes ")
                 << nameOf(segment->writer->buffer)
                 << ", and stream 0, with which the entry ends, does not wait for it";
    }
    return success();
  }

  static LogicalResult conflict(Operation *op, const Access &earlier, const Twine &what, StringRef how) {
    auto diagnostic = op->emitOpError(what) << ' ' << (earlier.op ? earlier.op->getName().getStringRef() : "the caller")
                                            << ", which " << how << ' ' << nameOf(earlier.buffer);
    if (earlier.op)
      diagnostic.attachNote(earlier.op->getLoc()) << "the other access is here";
    return diagnostic;
  }

  rt::EntryOp entry;
  SymbolTableCollection &symbols;
  DenseMap<Attribute, AccessLog> logs;
  DenseMap<int64_t, Clock> clocks;
  DenseMap<int64_t, Clock> events;
  rt::CollectiveOp lastCollective;
  /// The number of earlier ops on an op's stream.
  DenseMap<Operation *, int64_t> positions;
};

class VerifySchedulePass : public hfc::impl::VerifyScheduleBase<VerifySchedulePass> {
public:
  using VerifyScheduleBase::VerifyScheduleBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    SymbolTableCollection symbols;
    if (failed(verifyBucketSlices(getOperation())))
      return signalPassFailure();
    for (auto entry : getOperation().getOps<rt::EntryOp>())
      if (failed(EntryChecker(entry, symbols).run()))
        return signalPassFailure();
  }
};
} // namespace
