//===- CollectWork.cpp - buffers and work of a fused entry
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EntryPlan.h"
#include "dialects/dist/Dist.h"
#include "dialects/hf/OrderedOperand.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"

using namespace hfc;
using namespace hfc::memory;

/// Whether an op of an entry only says how another value is read.
static bool isView(Operation *op) { return isa<hf::ReshapeOp>(op) || hf::isMove(op); }

/// The value of which `value` is a view, or which it waits for.
static Value rootOf(Value value) {
  while (true) {
    if (Operation *op = value.getDefiningOp(); op && isView(op))
      value = op->getOperand(0);
    else if (auto done = value.getDefiningOp<dist::DoneOp>())
      value = done.getOperand(cast<OpResult>(value).getResultNumber());
    else
      return value;
  }
}

static RankedTensorType tensorTypeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

bool memory::isInPlaceCollective(Operation *op) {
  return isa_and_nonnull<dist::AllReduceOp, dist::AgreeOp, dist::BroadcastOp, dist::SendReceiveOp>(op);
}

namespace {
class Collector {
public:
  Collector(EntryPlan &plan, Bodies &bodies)
      : plan(plan), bodies(bodies), terminator(plan.entry.getBody().front().getTerminator()) {}

  LogicalResult run() {
    if (failed(checkTypes()) || failed(addArguments()) || failed(chooseDestinations()))
      return failure();
    for (Operation &op : plan.entry.getBody().front().without_terminator())
      if (failed(addOp(op)))
        return failure();
    for (OpOperand &returned : terminator->getOpOperands())
      finish(returned.getOperandNumber());
    return success();
  }

private:
  //===--- Arguments and results ------------------------------------------===//

  /// A buffer has a shape, and elements of some bits.
  LogicalResult checkTypes() {
    auto check = [&](Location loc, Type type) -> LogicalResult {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (tensor && tensor.hasStaticShape() && tensor.getElementType().isIntOrFloat())
        return success();
      return emitError(loc) << type << " in entry @" << plan.entry.getName()
                            << " has no buffer; values must be tensors of numbers with static shapes";
    };
    for (BlockArgument argument : plan.entry.getArguments())
      if (failed(check(argument.getLoc(), argument.getType())))
        return failure();
    for (Operation &op : plan.entry.getBody().front())
      for (Type type : op.getResultTypes())
        if (failed(check(op.getLoc(), type)))
          return failure();
    return success();
  }

  LogicalResult addArguments() {
    for (BlockArgument argument : plan.entry.getArguments()) {
      unsigned number = argument.getArgNumber();
      DictionaryAttr attributes = DictionaryAttr::get(plan.entry.getContext());
      if (DictionaryAttr given = plan.entry.getArgAttrDict(number))
        attributes = given;
      if (auto symbol = attributes.getAs<FlatSymbolRefAttr>("hf.parameter"))
        versionOf[argument] = declared(Buffer::Kind::parameter, symbol, argument);
      else if (auto symbol = attributes.getAs<FlatSymbolRefAttr>("hf.state"))
        versionOf[argument] = declared(Buffer::Kind::state, symbol, argument);
      else if (auto name = attributes.getAs<StringAttr>("hf.input"))
        versionOf[argument] = newVersion(newBuffer(Buffer::Kind::input, tensorTypeOf(argument), name, argument.getLoc(),
                                                   without(attributes, "hf.input")));
      else
        return plan.entry.emitOpError("argument ")
               << number << " is marked neither hf.parameter, nor hf.state, nor hf.input";
    }
    return success();
  }

  /// The parameter or state whose next value a result is; null if it is none.
  FlatSymbolRefAttr persistent(unsigned result) {
    if (auto state = plan.entry.getResultAttrOfType<FlatSymbolRefAttr>(result, "hf.state"))
      return state;
    return plan.entry.getResultAttrOfType<FlatSymbolRefAttr>(result, "hf.parameter");
  }

  /// The first version of a parameter's or state's buffer.
  unsigned declared(Buffer::Kind kind, FlatSymbolRefAttr symbol, Value value) {
    auto [found, isNew] = firstVersions.try_emplace(symbol, 0);
    if (isNew)
      found->second = newVersion(newBuffer(kind, tensorTypeOf(value), symbol, value.getLoc()));
    return found->second;
  }

  static DictionaryAttr without(DictionaryAttr attributes, StringRef name) {
    SmallVector<NamedAttribute> kept;
    llvm::copy_if(attributes, std::back_inserter(kept),
                  [&](NamedAttribute attribute) { return attribute.getName() != name; });
    return DictionaryAttr::get(attributes.getContext(), kept);
  }

  /// Decides which values are computed into an output's, a state's or a parameter's buffer.
  LogicalResult chooseDestinations() {
    for (OpOperand &returned : terminator->getOpOperands()) {
      unsigned number = returned.getOperandNumber();
      FlatSymbolRefAttr state = persistent(number);
      if (!state && !plan.entry.getResultAttrOfType<StringAttr>(number, "hf.output"))
        return plan.entry.emitOpError("result ")
               << number << " is marked neither hf.output, nor hf.state, nor hf.parameter";
      if (!state)
        continue;
      if (!updated.insert(state).second)
        return plan.entry.emitOpError("returns the next value of ") << state << " twice";
      if (!firstVersions.contains(state))
        declared(plan.entry.getResultAttr(number, "hf.state") ? Buffer::Kind::state : Buffer::Kind::parameter, state,
                 returned.get());
      if (plan.bufferOf(firstVersions[state]).type != returned.get().getType())
        return plan.entry.emitOpError("returns ") << returned.get().getType() << " as the next value of " << state
                                                  << ", which is " << plan.bufferOf(firstVersions[state]).type;
      // Updates in place may be chained; all of them happen in the state.
      for (Value value = returned.get(); value;) {
        Value root = rootOf(value);
        if (!root.getDefiningOp() || !destinedState.try_emplace(root, state).second)
          break;
        value = updatedOperand(cast<OpResult>(root));
      }
    }
    for (OpOperand &returned : terminator->getOpOperands()) {
      Value root = rootOf(returned.get());
      if (outputName(returned.getOperandNumber()) && isComputed(root) && !destinedState.contains(root))
        destinedOutput.try_emplace(root, returned.getOperandNumber());
    }
    return success();
  }

  /// The operand in whose buffer a result is made; null if there is none.
  Value updatedOperand(OpResult result) {
    Operation *op = result.getOwner();
    if (isInPlaceCollective(op))
      return op->getOperand(result.getResultNumber());
    return bodies.getUpdated(result);
  }

  StringAttr outputName(unsigned number) { return plan.entry.getResultAttrOfType<StringAttr>(number, "hf.output"); }
  static bool isComputed(Value root) {
    return isa_and_nonnull<func::CallOp, hf::AddOp, dist::CollectiveOpInterface>(root.getDefiningOp()) ||
           isProduct(root.getDefiningOp());
  }
  static bool isProduct(Operation *op) {
    return isa_and_nonnull<hf::LinearOp, hf::LinearDgradOp, hf::LinearWgradOp, hf::MatmulOp>(op);
  }

  //===--- Building blocks ------------------------------------------------===//

  unsigned newBuffer(Buffer::Kind kind, RankedTensorType type, Attribute what, Location loc,
                     DictionaryAttr attributes = {}) {
    plan.buffers.push_back({kind, type, what, attributes, loc});
    return plan.buffers.size() - 1;
  }
  unsigned newVersion(unsigned buffer, unsigned writer = none) {
    plan.versions.push_back({buffer, writer, none, none, {}});
    return plan.versions.size() - 1;
  }
  unsigned newWork(Work::Kind kind, Operation *op, Location loc) {
    plan.works.push_back({kind, op, loc, {}, {}, none});
    return plan.works.size() - 1;
  }
  void read(unsigned work, unsigned version, RankedTensorType type) {
    plan.works[work].ins.push_back({version, type, {}, {}, 0});
    plan.versions[version].readers.push_back(work);
  }
  unsigned write(unsigned work, unsigned buffer, RankedTensorType type) {
    unsigned version = newVersion(buffer, work);
    plan.works[work].outs.push_back({version, type, {}, {}, 0});
    return version;
  }
  unsigned overwrite(unsigned work, unsigned version, RankedTensorType type) {
    unsigned next = write(work, plan.versions[version].buffer, type);
    plan.versions[version].overwriter = work;
    plan.versions[version].next = next;
    return next;
  }
  unsigned copy(unsigned source, unsigned buffer, RankedTensorType type, Location loc) {
    unsigned work = newWork(Work::Kind::copy, nullptr, loc);
    read(work, source, type);
    return write(work, buffer, type);
  }
  /// The buffer into which `value` is computed.
  unsigned freshBuffer(Value value) {
    auto output = destinedOutput.find(value);
    if (output == destinedOutput.end())
      return newBuffer(Buffer::Kind::arena, tensorTypeOf(value), {}, value.getLoc());
    unsigned number = output->second;
    return newBuffer(Buffer::Kind::output, tensorTypeOf(terminator->getOperand(number)), outputName(number),
                     value.getLoc(), outputAttributes(number));
  }
  DictionaryAttr outputAttributes(unsigned number) {
    return without(plan.entry.getResultAttrDict(number), "hf.output");
  }

  //===--- Ops ------------------------------------------------------------===//

  LogicalResult addOp(Operation &op) {
    if (isView(&op))
      return addView(op);
    if (auto constant = dyn_cast<hf::ConstantOp>(op)) {
      versionOf[constant.getResult()] = newVersion(
          newBuffer(Buffer::Kind::constant, tensorTypeOf(constant.getResult()), constant.getValueAttr(), op.getLoc()));
      return success();
    }
    if (isProduct(&op)) {
      if (!isAdded(op))
        addProduct(op);
      return success();
    }
    if (auto add = dyn_cast<hf::AddOp>(op); add && getAddedProduct(add)) {
      addAccumulation(add);
      return success();
    }
    if (auto index = dyn_cast<dist::AxisIndexOp>(op)) {
      addCoordinate(index);
      return success();
    }
    if (auto done = dyn_cast<dist::DoneOp>(op))
      return addDone(done);
    if (auto collective = dyn_cast<dist::CollectiveOpInterface>(op))
      return addCollective(collective);
    auto call = dyn_cast<func::CallOp>(op);
    if (!call)
      return op.emitOpError("cannot be scheduled; run --hfc-fuse first, which turns it into a kernel body");
    func::FuncOp body = bodies.lookup(call);
    if (!body || !body->hasAttr("kernel.kind"))
      return op.emitOpError("calls @") << call.getCallee()
                                       << ", which is no kernel body: it has no attribute kernel.kind";
    addLaunch(call, body);
    return success();
  }

  LogicalResult addView(Operation &op) {
    versionOf[op.getResult(0)] = versionOf.at(op.getOperand(0));
    if (isa<hf::ReshapeOp>(op))
      return success();
    for (OpOperand &use : op.getUses())
      if (!isView(use.getOwner()) && !(hf::isFactor(use) && hf::getOrderedOperand(op.getResult(0))))
        return op.emitOpError("moves elements for what is no product; run --hfc-fuse first, which turns it into a "
                              "kernel body");
    return success();
  }

  /// One buffer for all that ask for the place along the same axes.
  void addCoordinate(dist::AxisIndexOp op) {
    auto [found, isNew] = coordinates.try_emplace(op.getAxes(), 0);
    if (isNew)
      found->second =
          newVersion(newBuffer(Buffer::Kind::coordinate, tensorTypeOf(op.getResult()), op.getAxes(), op.getLoc()));
    versionOf[op.getResult()] = found->second;
  }

  LogicalResult addCollective(dist::CollectiveOpInterface op) {
    if (!op->hasAttr("id"))
      return op->emitOpError("has no number; run --hfc-schedule-collectives first");
    unsigned work = newWork(Work::Kind::collective, op, op->getLoc());
    for (Value operand : op->getOperands())
      read(work, versionOf.at(operand), tensorTypeOf(operand));
    for (OpResult result : op->getResults()) {
      if (isInPlaceCollective(op) && updatesState(work, result))
        versionOf[result] =
            overwrite(work, plan.works[work].ins[result.getResultNumber()].version, tensorTypeOf(result));
      else
        addResult(work, result, {});
    }
    startedAs[op] = work;
    return success();
  }

  /// Whether an operand of a collective stands in the state that is to hold the result, and nothing reads it later.
  bool updatesState(unsigned work, OpResult result) {
    auto state = destinedState.find(result);
    if (state == destinedState.end())
      return false;
    Operation *op = result.getOwner();
    Value operand = rootOf(op->getOperand(result.getResultNumber()));
    unsigned version = plan.works[work].ins[result.getResultNumber()].version;
    return plan.bufferOf(version).what == state->second && plan.versions[version].overwriter == none &&
           llvm::count(plan.versions[version].readers, work) == 1 && !readsAfter(operand, op);
  }

  LogicalResult addDone(dist::DoneOp op) {
    auto started = startedAs.find(op.getNumOperands() ? op.getOperand(0).getDefiningOp() : nullptr);
    if (started == startedAs.end())
      return op.emitOpError("waits for what no collective of this entry has begun");
    unsigned work = newWork(Work::Kind::done, op, op.getLoc());
    plan.works[work].partner = started->second;
    plan.works[started->second].partner = work;
    for (auto [operand, result] : llvm::zip_equal(op.getOperands(), op.getResults()))
      versionOf[result] = overwrite(work, versionOf.at(operand), tensorTypeOf(result));
    return success();
  }

  /// A rank-1 operand of a product is one row.
  static RankedTensorType atLeastMatrix(RankedTensorType type) {
    return type.getRank() >= 2 ? type : type.clone({1, type.getShape().back()});
  }

  /// All dimensions but the last as rows.
  static RankedTensorType asMatrix(RankedTensorType type) {
    int64_t columns = type.getShape().back();
    return type.clone({columns ? type.getNumElements() / columns : 0, columns});
  }

  /// Whether a product is only computed into the sum that another op makes of it.
  static bool isAdded(Operation &op) {
    auto add = op.hasOneUse() ? dyn_cast<hf::AddOp>(*op.user_begin()) : hf::AddOp();
    return add && getAddedProduct(add) == &op;
  }

  void readFactors(unsigned work, Operation &op) {
    for (OpOperand &use : op.getOpOperands()) {
      Value operand = use.get();
      RankedTensorType type = tensorTypeOf(operand);
      if (isa<hf::LinearWgradOp>(op)) // The contraction is over all rows.
        type = asMatrix(type);
      else if (use.getOperandNumber() == 0)
        type = atLeastMatrix(type);
      read(work, versionOf.at(operand), type);
      if (std::optional<hf::OrderedOperand> order = hf::isFactor(use) ? hf::getOrderedOperand(operand) : std::nullopt) {
        plan.works[work].ins.back().sizes = std::move(order->sizes);
        plan.works[work].ins.back().strides = std::move(order->strides);
        plan.works[work].ins.back().offset = order->offset;
      }
    }
  }

  void addProduct(Operation &op) {
    unsigned work = newWork(Work::Kind::gemm, &op, op.getLoc());
    readFactors(work, op);
    addResult(work, op.getResult(0), {});
    plan.works[work].outs[0].type = atLeastMatrix(plan.works[work].outs[0].type);
  }

  /// What is updated in place is read as the version that the update overwrites.
  void addLaunch(func::CallOp call, func::FuncOp body) {
    llvm::SmallDenseMap<unsigned, unsigned> overwritten;
    for (OpResult result : call.getResults())
      if (std::optional<unsigned> argument = Bodies::getUpdatedArgument(body, result.getResultNumber()))
        overwritten[*argument] = updatedVersion(result);
    unsigned work = newWork(Work::Kind::launch, call, call.getLoc());
    for (OpOperand &operand : call->getOpOperands()) {
      RankedTensorType type = tensorTypeOf(operand.get());
      if (auto old = overwritten.find(operand.getOperandNumber()); old != overwritten.end())
        plan.works[work].ins.push_back({old->second, type, {}, {}, 0});
      else
        read(work, versionOf.at(operand.get()), type);
    }
    for (OpResult result : call.getResults()) {
      if (std::optional<unsigned> argument = Bodies::getUpdatedArgument(body, result.getResultNumber()))
        versionOf[result] = overwrite(work, overwritten[*argument], tensorTypeOf(result));
      else
        addResult(work, result, body);
    }
  }

  void addResult(unsigned work, Value result, func::FuncOp body) {
    auto state = destinedState.find(result);
    if (state != destinedState.end() && canOverwrite(state->second, work, cast<OpResult>(result), body)) {
      versionOf[result] = overwrite(work, firstVersions[state->second], tensorTypeOf(result));
      return;
    }
    versionOf[result] = write(work, freshBuffer(result), tensorTypeOf(result));
  }

  /// Whether `work` may write a state's next value straight into its buffer: all that reads the old value stands before
  /// it, or is it, reading each element before it writes it.
  bool canOverwrite(FlatSymbolRefAttr state, unsigned work, OpResult result, func::FuncOp body) {
    unsigned old = firstVersions[state], number = result.getResultNumber();
    if (plan.versions[old].overwriter != none)
      return false;
    Operation *op = plan.works[work].op;
    for (BlockArgument argument : plan.entry.getArguments())
      if (versionOf.lookup(argument) == old && readsAfter(argument, op))
        return false;
    SmallVector<unsigned, 2> reading;
    for (auto [number, in] : llvm::enumerate(plan.works[work].ins))
      if (in.version == old)
        reading.push_back(number);
    if (reading.empty())
      return true;
    if (!body || reading.size() > 1 || bodies.getAlias(body, number).value_or(reading[0]) != reading[0] ||
        !isPointwise(body, reading[0], number))
      return false;
    bodies.setAlias(body, number, reading[0]);
    return true;
  }

  static bool readsAfter(Value value, Operation *op) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      if (isView(user))
        return readsAfter(user->getResult(0), op);
      return op->isBeforeInBlock(user);
    });
  }

  /// The version that an update overwrites: the state's where the state's next value is what it computes, else a copy.
  unsigned updatedVersion(OpResult result) {
    unsigned old = versionOf.at(bodies.getUpdated(result));
    auto state = destinedState.find(result);
    bool inState = state != destinedState.end() && plan.bufferOf(old).what == state->second &&
                   plan.versions[old].overwriter == none;
    return inState ? old : copy(old, freshBuffer(result), tensorTypeOf(result), result.getLoc());
  }

  void addAccumulation(hf::AddOp add) {
    hf::LinearWgradOp product = getAddedProduct(add);
    unsigned old = updatedVersion(cast<OpResult>(add.getResult())),
             work = newWork(Work::Kind::gemm, product, product.getLoc());
    plan.works[work].accumulates = true;
    readFactors(work, *product);
    versionOf[add.getResult()] = overwrite(work, old, tensorTypeOf(add.getResult()));
  }

  /// Brings a returned value to its place, where it has not been computed there.
  void finish(unsigned number) {
    Value value = terminator->getOperand(number);
    unsigned version = versionOf.at(value);
    auto type = tensorTypeOf(value);
    FlatSymbolRefAttr state = persistent(number);
    if (!state) {
      auto output = destinedOutput.find(rootOf(value));
      if (output == destinedOutput.end() || output->second != number)
        copy(version,
             newBuffer(Buffer::Kind::output, type, outputName(number), value.getLoc(), outputAttributes(number)), type,
             value.getLoc());
      return;
    }
    if (plan.bufferOf(version).what == state)
      return;
    // Another state's old value is saved before that state changes.
    if (auto source = dyn_cast_or_null<FlatSymbolRefAttr>(plan.bufferOf(version).what);
        source && updated.contains(source))
      version = copy(version, newBuffer(Buffer::Kind::arena, type, {}, value.getLoc()), type, value.getLoc());
    unsigned work = newWork(Work::Kind::copy, nullptr, value.getLoc());
    read(work, version, type);
    overwrite(work, latestVersion(state), type);
  }

  unsigned latestVersion(FlatSymbolRefAttr state) {
    unsigned version = firstVersions[state];
    while (plan.versions[version].next != none)
      version = plan.versions[version].next;
    return version;
  }

  EntryPlan &plan;
  Bodies &bodies;
  Operation *terminator;
  DenseMap<Value, unsigned> versionOf;
  DenseMap<Attribute, unsigned> firstVersions;
  /// What the entry returns a next value of.
  llvm::DenseSet<Attribute> updated;
  DenseMap<Attribute, unsigned> coordinates;
  /// The work of each collective.
  DenseMap<Operation *, unsigned> startedAs;
  DenseMap<Value, FlatSymbolRefAttr> destinedState;
  DenseMap<Value, unsigned> destinedOutput;
};
} // namespace

LogicalResult memory::collectWork(EntryPlan &plan, Bodies &bodies) { return Collector(plan, bodies).run(); }
