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

using namespace hfc;
using namespace hfc::memory;

static MemRefType memRefOf(RankedTensorType type) { return MemRefType::get(type.getShape(), type.getElementType()); }

namespace {
class Emitter {
public:
  explicit Emitter(EntryPlan &plan) : plan(plan), builder(plan.entry) {}

  void run() {
    auto entry = rt::EntryOp::create(builder, plan.entry.getLoc(), plan.entry.getName(), plan.arena);
    entry->setDiscardableAttrs(plan.entry->getDiscardableAttrDictionary());
    entry->setAttr("rt.live_bytes", builder.getI64IntegerAttr(plan.lowerBound));
    builder.createBlock(&entry.getBody());
    // Those of the caller and the model first; then the temporary ones, each under its name for the first time.
    for (Buffer::Kind kind : {Buffer::Kind::parameter, Buffer::Kind::state, Buffer::Kind::constant, Buffer::Kind::input,
                              Buffer::Kind::output, Buffer::Kind::arena})
      for (auto [number, buffer] : llvm::enumerate(plan.buffers))
        if (buffer.kind == kind && isUsed(number))
          name(number);
    for (unsigned work : plan.order)
      emit(plan.works[work]);
    plan.entry.erase();
  }

private:
  bool isUsed(unsigned number) {
    if (used.empty()) {
      used.resize(plan.buffers.size());
      for (const Work &work : plan.works)
        for (const View &view : llvm::concat<const View>(work.ins, work.outs))
          used.set(plan.versions[view.version].buffer);
    }
    return used.test(number) || plan.buffers[number].kind == Buffer::Kind::input;
  }

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
      op = rt::ParameterOp::create(builder, buffer.loc, type, cast<FlatSymbolRefAttr>(buffer.what));
      break;
    case Buffer::Kind::state:
      op = rt::StateOp::create(builder, buffer.loc, type, cast<FlatSymbolRefAttr>(buffer.what));
      break;
    case Buffer::Kind::constant:
      op = rt::ConstantOp::create(builder, buffer.loc, type, cast<ElementsAttr>(buffer.what));
      break;
    }
    if (buffer.attributes)
      op->setDiscardableAttrs(buffer.attributes);
    values[{number, type}] = op->getResult(0);
    bases[number] = op->getResult(0);
  }

  Value valueOf(const View &view, Location loc) {
    unsigned number = plan.versions[view.version].buffer;
    Value &value = values[{number, memRefOf(view.type)}];
    if (!value)
      value = rt::ViewOp::create(builder, loc, memRefOf(view.type), bases.at(number));
    return value;
  }

  void emit(const Work &work) {
    SmallVector<Value> ins, outs;
    for (const View &view : work.ins)
      ins.push_back(valueOf(view, work.loc));
    for (const View &view : work.outs)
      outs.push_back(valueOf(view, work.loc));
    Operation *op = nullptr;
    if (work.kind == Work::Kind::copy)
      op = rt::CopyOp::create(builder, work.loc, ins[0], outs[0]);
    else if (work.kind == Work::Kind::launch)
      op = rt::LaunchOp::create(builder, work.loc, cast<func::CallOp>(work.op).getCallee(), ins, outs);
    else
      op = product(work, ins, outs[0]);
    if (work.op)
      op->setDiscardableAttrs(work.op->getDiscardableAttrDictionary());
  }

  Operation *product(const Work &work, ArrayRef<Value> ins, Value out) {
    bool transposeA = false, transposeB = true;
    if (auto matmul = dyn_cast<hf::MatmulOp>(work.op)) {
      transposeA = matmul.getTransposeLhs();
      transposeB = matmul.getTransposeRhs();
    }
    Value bias = ins.size() > 2 ? ins[2] : Value();
    return rt::GemmOp::create(builder, work.loc, ins[0], ins[1], out, bias, transposeA, transposeB);
  }

  EntryPlan &plan;
  OpBuilder builder;
  llvm::BitVector used;
  DenseMap<std::pair<unsigned, Type>, Value> values;
  DenseMap<unsigned, Value> bases;
};
} // namespace

void memory::emitEntry(EntryPlan &plan) { Emitter(plan).run(); }
