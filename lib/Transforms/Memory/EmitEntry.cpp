//===- EmitEntry.cpp - an rt.entry from its plan
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EntryPlan.h"

#include "dialects/rt/Rt.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::memory;

static MemRefType memRefOf(RankedTensorType type) { return MemRefType::get(type.getShape(), type.getElementType()); }

namespace {
/// A collective's kind, and the numbers that it takes.
struct CollectiveForm {
  rt::CollectiveKind kind = rt::CollectiveKind::agree;
  dist::ReductionKindAttr reduction;
  IntegerAttr dim, concat, place;
};
} // namespace

static CollectiveForm formOf(Operation *op) {
  using Kind = rt::CollectiveKind;
  return llvm::TypeSwitch<Operation *, CollectiveForm>(op)
      .Case([](dist::AllReduceOp op) { return CollectiveForm{Kind::all_reduce, op.getKindAttr(), {}, {}, {}}; })
      .Case([](dist::AgreeOp) { return CollectiveForm{Kind::agree, {}, {}, {}, {}}; })
      .Case([](dist::AllGatherOp op) { return CollectiveForm{Kind::all_gather, {}, op.getDimAttr(), {}, {}}; })
      .Case([](dist::ReduceScatterOp op) {
        return CollectiveForm{Kind::reduce_scatter, op.getKindAttr(), op.getDimAttr(), {}, {}};
      })
      .Case([](dist::AllToAllOp op) {
        return CollectiveForm{Kind::all_to_all, {}, op.getSplitAttr(), op.getConcatAttr(), {}};
      })
      .Case([](dist::BroadcastOp op) { return CollectiveForm{Kind::broadcast, {}, {}, {}, op.getRootAttr()}; })
      .Case([](dist::SendReceiveOp op) { return CollectiveForm{Kind::send_receive, {}, {}, {}, op.getByAttr()}; })
      .Case([](dist::ReduceScatterBucketOp op) {
        return CollectiveForm{Kind::reduce_scatter_bucket, op.getKindAttr(), {}, {}, {}};
      })
      .Case([](dist::AllGatherBucketOp) { return CollectiveForm{Kind::all_gather_bucket, {}, {}, {}, {}}; });
}

namespace {
class Emitter {
public:
  explicit Emitter(EntryPlan &plan)
      : plan(plan), builder(plan.entry), used(plan.buffers.size()), written(plan.buffers.size()) {
    for (const Work &work : plan.works)
      for (const View &view : llvm::concat<const View>(work.ins, work.outs))
        forEachBuffer(view, [&](unsigned number) { used.set(number); });
    for (const Version &version : plan.versions)
      if (version.writer != none)
        written.set(version.buffer);
  }

  void run() {
    auto entry = rt::EntryOp::create(builder, plan.entry.getLoc(), plan.entry.getName(), plan.arena);
    entry->setDiscardableAttrs(plan.entry->getDiscardableAttrDictionary());
    entry->setAttr("rt.live_bytes", builder.getI64IntegerAttr(plan.lowerBound));
    builder.createBlock(&entry.getBody());
    // Those of the caller and the model first; then the temporary ones, each under its name for the first time.
    for (Buffer::Kind kind : {Buffer::Kind::parameter, Buffer::Kind::state, Buffer::Kind::constant,
                              Buffer::Kind::coordinate, Buffer::Kind::input, Buffer::Kind::output, Buffer::Kind::arena})
      for (auto [number, buffer] : llvm::enumerate(plan.buffers))
        if (buffer.kind == kind && isUsed(number))
          name(number);
    for (unsigned work : plan.order)
      emit(work);
    keepShardings(plan.entry, entry);
    plan.entry.erase();
  }

private:
  bool isUsed(unsigned number) { return used.test(number) || plan.buffers[number].kind == Buffer::Kind::input; }

  void name(unsigned number) {
    const Buffer &buffer = plan.buffers[number];
    MemRefType type = memRefOf(buffer.type);
    Operation *op = nullptr;
    switch (buffer.kind) {
    case Buffer::Kind::arena:
      op = rt::ArenaOp::create(builder, buffer.loc, type, buffer.offset);
      break;
    case Buffer::Kind::input:
      op = rt::InputOp::create(builder, buffer.loc, type, cast<StringAttr>(buffer.what).getValue(), buffer.offset);
      break;
    case Buffer::Kind::output:
      op = rt::OutputOp::create(builder, buffer.loc, type, cast<StringAttr>(buffer.what).getValue(), buffer.offset);
      break;
    case Buffer::Kind::parameter:
      op = rt::ParameterOp::create(builder, buffer.loc, type, cast<FlatSymbolRefAttr>(buffer.what),
                                   written.test(number) ? builder.getUnitAttr() : UnitAttr());
      break;
    case Buffer::Kind::state:
      op = rt::StateOp::create(builder, buffer.loc, type, cast<FlatSymbolRefAttr>(buffer.what));
      break;
    case Buffer::Kind::constant:
      op = rt::ConstantOp::create(builder, buffer.loc, type, cast<ElementsAttr>(buffer.what));
      break;
    case Buffer::Kind::coordinate:
      op = rt::CoordinateOp::create(builder, buffer.loc, type, cast<dist::AxisListAttr>(buffer.what));
      break;
    }
    if (buffer.attributes)
      // Here it tells the host how to cut and join; a buffer has no other place than its own.
      for (NamedAttribute attribute : buffer.attributes)
        op->setDiscardableAttr(attribute.getName() == "dist.sharding" ? StringRef("rt.sharding")
                                                                      : attribute.getName().getValue(),
                               attribute.getValue());
    values[{number, type}] = op->getResult(0);
    bases[number] = op->getResult(0);
  }

  void forEachBuffer(const View &view, function_ref<void(unsigned)> visit) const {
    visit(plan.versions[view.version].buffer);
    for (unsigned version : view.joined)
      visit(plan.versions[version].buffer);
  }

  Value valueOf(const View &view, Location loc) {
    unsigned number = plan.versions[view.version].buffer;
    if (!view.joined.empty()) {
      Value &value = joins[{number, memRefOf(view.type)}];
      SmallVector<Value> parts;
      forEachBuffer(view, [&](unsigned part) { parts.push_back(bases.at(part)); });
      if (!value)
        value = rt::JoinOp::create(builder, loc, memRefOf(view.type), parts);
      return value;
    }
    if (!view.sizes.empty())
      return rt::ViewOp::create(builder, loc, memRefOf(view.type), bases.at(number),
                                builder.getDenseI64ArrayAttr(view.sizes), builder.getDenseI64ArrayAttr(view.strides),
                                view.offset);
    Value &value = values[{number, memRefOf(view.type)}];
    if (!value)
      value = rt::ViewOp::create(builder, loc, memRefOf(view.type), bases.at(number));
    return value;
  }

  void emit(unsigned number) {
    const Work &work = plan.works[number];
    if (work.kind == Work::Kind::done) {
      if (work.partner == none)
        return;
      rt::WaitOp::create(builder, work.loc, ended.lookup(work.partner), mainStream);
      --inFlight;
      return;
    }
    SmallVector<Value> ins, outs;
    for (const View &view : work.ins)
      ins.push_back(valueOf(view, work.loc));
    for (const View &view : work.outs)
      outs.push_back(valueOf(view, work.loc));
    if (work.kind == Work::Kind::copy)
      rt::CopyOp::create(builder, work.loc, ins[0], outs[0]);
    else if (work.kind == Work::Kind::launch)
      keepAttributes(work, rt::LaunchOp::create(builder, work.loc, cast<func::CallOp>(work.op).getCallee(), ins, outs));
    else if (work.kind == Work::Kind::gemm)
      keepAttributes(work, product(work, ins, outs[0]));
    else
      communicate(number, ins, outs);
  }

  /// Where an op stands in the model; not where its values lived, which is said by types and collectives now.
  static void keepAttributes(const Work &work, Operation *op) {
    for (NamedAttribute attribute : work.op->getDiscardableAttrs())
      if (attribute.getName() != "dist.shardings")
        op->setDiscardableAttr(attribute.getName(), attribute.getValue());
  }

  //===--- Collectives ----------------------------------------------------===//

  static constexpr int32_t mainStream = 0, communicationStream = 1;

  int32_t record(int32_t stream, Location loc) {
    rt::RecordOp::create(builder, loc, nextEvent, stream);
    return nextEvent++;
  }

  /// A collective on the main stream, unless it is only begun, or one that was begun is still under way: all
  /// collectives are ordered.
  void communicate(unsigned number, ArrayRef<Value> ins, ArrayRef<Value> outs) {
    const Work &work = plan.works[number];
    bool isBegun = work.partner != none;
    if (!isBegun && inFlight == 0) {
      collective(work, ins, outs, mainStream);
      return;
    }
    rt::WaitOp::create(builder, work.loc, record(mainStream, work.loc), communicationStream);
    collective(work, ins, outs, communicationStream);
    ended[number] = record(communicationStream, work.loc);
    if (isBegun)
      ++inFlight;
    else
      rt::WaitOp::create(builder, work.loc, ended[number], mainStream);
  }

  void collective(const Work &work, ArrayRef<Value> ins, ArrayRef<Value> outs, int32_t stream) {
    CollectiveForm form = formOf(work.op);
    auto interface = cast<dist::CollectiveOpInterface>(work.op);
    StringAttr cause;
    if (std::optional<StringRef> given = interface.getCause())
      cause = builder.getStringAttr(*given);
    keepAttributes(work, rt::CollectiveOp::create(builder, work.loc,
                                                  rt::CollectiveKindAttr::get(builder.getContext(), form.kind),
                                                  form.reduction, ins, outs, /*scratch=*/Value(), interface.getAxes(),
                                                  work.op->getAttrOfType<IntegerAttr>("id"), form.dim, form.concat,
                                                  form.place, cause, builder.getI32IntegerAttr(stream)));
  }

  Operation *product(const Work &work, ArrayRef<Value> ins, Value out) {
    bool transposeA = false, transposeB = true;
    if (auto matmul = dyn_cast<hf::MatmulOp>(work.op)) {
      transposeA = matmul.getTransposeLhs();
      transposeB = matmul.getTransposeRhs();
    }
    if (isa<hf::LinearDgradOp, hf::LinearWgradOp>(work.op)) {
      transposeA = isa<hf::LinearWgradOp>(work.op);
      transposeB = false;
    }
    Value bias = ins.size() > 2 ? ins[2] : Value();
    return rt::GemmOp::create(builder, work.loc, ins[0], ins[1], out, bias, transposeA, transposeB, work.accumulates);
  }

  EntryPlan &plan;
  OpBuilder builder;
  /// The buffers that some work uses, and those that some work writes.
  llvm::BitVector used, written;
  DenseMap<std::pair<unsigned, Type>, Value> values;
  /// Those of several buffers, by the first of them.
  DenseMap<std::pair<unsigned, Type>, Value> joins;
  DenseMap<unsigned, Value> bases;
  int32_t nextEvent = 0;
  unsigned inFlight = 0;
  /// The event at the end of each collective of the communication stream.
  DenseMap<unsigned, int32_t> ended;
};
} // namespace

void memory::emitEntry(EntryPlan &plan) { Emitter(plan).run(); }
