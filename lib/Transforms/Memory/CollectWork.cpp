//===- CollectWork.cpp - buffers and work of a fused entry
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Destinations.h"
#include "dialects/dist/Dist.h"
#include "dialects/dist/Sharding.h"
#include "dialects/hf/OrderedOperand.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"

using namespace hfc;
using namespace hfc::memory;

static RankedTensorType tensorTypeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// A buffer has a shape, and elements of some bits.
static LogicalResult checkTypes(func::FuncOp entry) {
  auto check = [&](Location loc, Type type) -> LogicalResult {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (tensor && tensor.hasStaticShape() && tensor.getElementType().isIntOrFloat())
      return success();
    return emitError(loc) << type << " in entry @" << entry.getName()
                          << " has no buffer; values must be tensors of numbers with static shapes";
  };
  for (BlockArgument argument : entry.getArguments())
    if (failed(check(argument.getLoc(), argument.getType())))
      return failure();
  for (Operation &op : entry.getBody().front())
    for (Type type : op.getResultTypes())
      if (failed(check(op.getLoc(), type)))
        return failure();
  return success();
}

namespace {
class Collector {
public:
  Collector(EntryPlan &plan, Bodies &bodies)
      : plan(plan), bodies(bodies), destinations(plan.entry, bodies),
        terminator(plan.entry.getBody().front().getTerminator()) {}

  LogicalResult run() {
    if (failed(checkTypes(plan.entry)) || failed(addArguments()) || failed(destinations.choose()) ||
        failed(addUpdated()))
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
        versionOf[argument] = plan.addVersion(plan.addBuffer(Buffer::Kind::input, tensorTypeOf(argument), name,
                                                             argument.getLoc(), without(attributes, "hf.input")));
      else
        return plan.entry.emitOpError("argument ")
               << number << " is marked neither hf.parameter, nor hf.state, nor hf.input";
    }
    return success();
  }

  /// The first version of a parameter's or state's buffer.
  unsigned declared(Buffer::Kind kind, FlatSymbolRefAttr symbol, Value value) {
    auto [found, isNew] = firstVersions.try_emplace(symbol, 0);
    if (isNew)
      found->second = plan.addVersion(plan.addBuffer(kind, tensorTypeOf(value), symbol, value.getLoc()));
    return found->second;
  }

  static DictionaryAttr without(DictionaryAttr attributes, StringRef name) {
    SmallVector<NamedAttribute> kept;
    llvm::copy_if(attributes, std::back_inserter(kept),
                  [&](NamedAttribute attribute) { return attribute.getName() != name; });
    return DictionaryAttr::get(attributes.getContext(), kept);
  }

  /// Checks what the entry returns next values of.
  LogicalResult addUpdated() {
    for (OpOperand &returned : terminator->getOpOperands()) {
      unsigned number = returned.getOperandNumber();
      FlatSymbolRefAttr state = destinations.stateOf(number);
      if (!state)
        continue;
      if (!firstVersions.contains(state))
        declared(plan.entry.getResultAttr(number, "hf.state") ? Buffer::Kind::state : Buffer::Kind::parameter, state,
                 returned.get());
      if (plan.bufferOf(firstVersions[state]).type != returned.get().getType())
        return plan.entry.emitOpError("returns ") << returned.get().getType() << " as the next value of " << state
                                                  << ", which is " << plan.bufferOf(firstVersions[state]).type;
    }
    return success();
  }

  StringAttr outputName(unsigned number) { return plan.entry.getResultAttrOfType<StringAttr>(number, "hf.output"); }
  //===--- Building blocks ------------------------------------------------===//

  void read(unsigned work, Value value, RankedTensorType type) {
    auto join = value.getDefiningOp<hf::ConcatOp>();
    if (!join)
      return plan.read(work, versionOf.at(value), type);
    plan.read(work, versionOf.at(join.getInputs().front()), type);
    for (Value part : join.getInputs().drop_front()) {
      plan.works[work].ins.back().joined.push_back(versionOf.at(part));
      plan.versions[versionOf.at(part)].readers.push_back(work);
    }
  }
  /// The buffer into which `value` is computed.
  unsigned freshBuffer(Value value) {
    std::optional<unsigned> number = destinations.outputFor(value);
    if (!number)
      return plan.addBuffer(Buffer::Kind::arena, tensorTypeOf(value), {}, value.getLoc());
    return plan.addBuffer(Buffer::Kind::output, tensorTypeOf(terminator->getOperand(*number)), outputName(*number),
                          value.getLoc(), outputAttributes(*number));
  }
  DictionaryAttr outputAttributes(unsigned number) {
    return without(plan.entry.getResultAttrDict(number), "hf.output");
  }

  //===--- Ops ------------------------------------------------------------===//

  LogicalResult addOp(Operation &op) {
    if (isPart(&op))
      return checkPart(op);
    if (isView(&op))
      return addView(op);
    if (auto concat = dyn_cast<hf::ConcatOp>(op); concat && bodies.isJoin(concat))
      return checkJoin(concat);
    if (auto constant = dyn_cast<hf::ConstantOp>(op)) {
      versionOf[constant.getResult()] = plan.addVersion(plan.addBuffer(
          Buffer::Kind::constant, tensorTypeOf(constant.getResult()), constant.getValueAttr(), op.getLoc()));
      return success();
    }
    if (isProduct(&op)) {
      if (!isAdded(op))
        addProduct(op);
      return success();
    }
    if (auto add = dyn_cast<hf::AddOp>(op); add && getAddedProduct(add)) {
      return addAccumulation(add);
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

  /// Only products read what parameters are together, and only sums of products what states are.
  LogicalResult checkJoin(hf::ConcatOp op) {
    for (OpOperand &use : op->getUses()) {
      auto add = dyn_cast<hf::AddOp>(use.getOwner());
      if (!isProduct(use.getOwner()) && !(add && getAddedProduct(add)))
        return op.emitOpError("joins what lies one behind the other for what is no product; run --hfc-fuse first");
    }
    return success();
  }

  LogicalResult checkPart(Operation &op) {
    if (versionOf.contains(op.getResult(0)))
      return success();
    return op.emitOpError("is a part of a product, but not the next value of a state that lies one behind the other "
                          "with those of the other parts; run --hfc-fuse first");
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
      found->second = plan.addVersion(
          plan.addBuffer(Buffer::Kind::coordinate, tensorTypeOf(op.getResult()), op.getAxes(), op.getLoc()));
    versionOf[op.getResult()] = found->second;
  }

  LogicalResult addCollective(dist::CollectiveOpInterface op) {
    if (!op->hasAttr("id"))
      return op->emitOpError("has no number; run --hfc-schedule-collectives first");
    unsigned work = plan.addWork(Work::Kind::collective, op, op->getLoc());
    for (Value operand : op->getOperands())
      read(work, operand, tensorTypeOf(operand));
    for (OpResult result : op->getResults()) {
      if (isInPlaceCollective(op) && updatesState(work, result))
        versionOf[result] =
            plan.overwrite(work, plan.works[work].ins[result.getResultNumber()].version, tensorTypeOf(result));
      else
        addResult(work, result, {});
    }
    startedAs[op] = work;
    return success();
  }

  /// Whether an operand of a collective stands in the state that is to hold the result, and nothing reads it later.
  bool updatesState(unsigned work, OpResult result) {
    FlatSymbolRefAttr state = destinations.stateFor(result);
    if (!state)
      return false;
    Operation *op = result.getOwner();
    Value operand = rootOf(op->getOperand(result.getResultNumber()));
    unsigned version = plan.works[work].ins[result.getResultNumber()].version;
    return plan.bufferOf(version).what == state && plan.versions[version].overwriter == none &&
           llvm::count(plan.versions[version].readers, work) == 1 && !readsAfter(operand, op);
  }

  LogicalResult addDone(dist::DoneOp op) {
    auto started = startedAs.find(op.getNumOperands() ? op.getOperand(0).getDefiningOp() : nullptr);
    if (started == startedAs.end())
      return op.emitOpError("waits for what no collective of this entry has begun");
    unsigned work = plan.addWork(Work::Kind::done, op, op.getLoc());
    plan.works[work].partner = started->second;
    plan.works[started->second].partner = work;
    for (auto [operand, result] : llvm::zip_equal(op.getOperands(), op.getResults()))
      versionOf[result] = plan.overwrite(work, versionOf.at(operand), tensorTypeOf(result));
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
      read(work, operand, type);
      if (std::optional<hf::OrderedOperand> order = hf::isFactor(use) ? hf::getOrderedOperand(operand) : std::nullopt) {
        plan.works[work].ins.back().sizes = std::move(order->sizes);
        plan.works[work].ins.back().strides = std::move(order->strides);
        plan.works[work].ins.back().offset = order->offset;
      }
    }
  }

  void addProduct(Operation &op) {
    if (SmallVector<FlatSymbolRefAttr> states = statesOfParts(op.getResult(0)); !states.empty())
      return addProductOfParts(op, op.getResult(0), states, /*accumulates=*/false);
    unsigned work = plan.addWork(Work::Kind::gemm, &op, op.getLoc());
    readFactors(work, op);
    addResult(work, op.getResult(0), {});
    plan.works[work].outs[0].type = atLeastMatrix(plan.works[work].outs[0].type);
  }

  /// The states, one behind the other, of which the parts of `whole` are the next values; none if they are not, or if
  /// something else uses the old ones.
  SmallVector<FlatSymbolRefAttr> statesOfParts(Value whole) {
    SmallVector<FlatSymbolRefAttr> states;
    Operation *op = whole.getDefiningOp();
    for (hf::SliceOp part : hf::dividingSlices(whole)) {
      FlatSymbolRefAttr state = destinations.stateFor(part.getResult());
      auto isRead = [&](BlockArgument argument) {
        return versionOf.lookup(argument) == firstVersions[state] && readsAfter(argument, op);
      };
      if (!state || plan.versions[firstVersions[state]].overwriter != none ||
          llvm::any_of(plan.entry.getArguments(), isRead))
        return {};
      states.push_back(state);
    }
    return bodies.areConsecutive(states) ? states : SmallVector<FlatSymbolRefAttr>();
  }

  /// A product whose value, or whose sum with what is there, is several states' next values. Those that a collective
  /// could be hidden behind alone are computed alone, where there are collectives.
  void addProductOfParts(Operation &op, Value whole, ArrayRef<FlatSymbolRefAttr> states, bool accumulates) {
    SmallVector<hf::SliceOp> parts = hf::dividingSlices(whole);
    if (!dist::findMesh(&op) || !areLarge(op, parts, plan.aloneFlops)) {
      unsigned work = plan.addWork(Work::Kind::gemm, &op, op.getLoc());
      plan.works[work].accumulates = accumulates;
      readFactors(work, op);
      return writeParts(work, whole, states);
    }
    for (auto [part, state] : llvm::zip_equal(parts, states)) {
      unsigned work = plan.addWork(Work::Kind::gemm, &op, op.getLoc());
      plan.works[work].accumulates = accumulates;
      readFactors(work, op);
      plan.works[work].ins[0].takeColumns(part.getOffsets()[0], tensorTypeOf(part.getResult()).getDimSize(0));
      versionOf[part.getResult()] = plan.overwrite(work, firstVersions[state], tensorTypeOf(part.getResult()));
    }
  }

  /// Makes `work` write the states' next values, which are the parts of `whole`.
  void writeParts(unsigned work, Value whole, ArrayRef<FlatSymbolRefAttr> states) {
    View out{none, tensorTypeOf(whole), {}, {}, 0, {}};
    for (auto [part, state] : llvm::zip_equal(hf::dividingSlices(whole), states)) {
      unsigned next = plan.overwrite(work, firstVersions[state], tensorTypeOf(part.getResult()));
      plan.works[work].outs.pop_back();
      versionOf[part.getResult()] = next;
      if (out.version == none)
        out.version = next;
      else
        out.joined.push_back(next);
    }
    plan.works[work].outs.push_back(std::move(out));
  }

  /// What is updated in place is read as the version that the update overwrites.
  void addLaunch(func::CallOp call, func::FuncOp body) {
    llvm::SmallDenseMap<unsigned, unsigned> overwritten;
    for (OpResult result : call.getResults())
      if (std::optional<unsigned> argument = Bodies::getUpdatedArgument(body, result.getResultNumber()))
        overwritten[*argument] = updatedVersion(result);
    unsigned work = plan.addWork(Work::Kind::launch, call, call.getLoc());
    for (OpOperand &operand : call->getOpOperands()) {
      RankedTensorType type = tensorTypeOf(operand.get());
      if (auto old = overwritten.find(operand.getOperandNumber()); old != overwritten.end())
        plan.works[work].ins.push_back({old->second, type, {}, {}, 0, {}});
      else
        read(work, operand.get(), type);
    }
    for (OpResult result : call.getResults()) {
      if (std::optional<unsigned> argument = Bodies::getUpdatedArgument(body, result.getResultNumber()))
        versionOf[result] = plan.overwrite(work, overwritten[*argument], tensorTypeOf(result));
      else
        addResult(work, result, body);
    }
  }

  void addResult(unsigned work, Value result, func::FuncOp body) {
    FlatSymbolRefAttr state = destinations.stateFor(result);
    if (state && canOverwrite(state, work, cast<OpResult>(result), body)) {
      versionOf[result] = plan.overwrite(work, firstVersions[state], tensorTypeOf(result));
      return;
    }
    versionOf[result] = plan.write(work, freshBuffer(result), tensorTypeOf(result));
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
      if (isView(user) || isa<hf::ConcatOp>(user))
        return readsAfter(user->getResult(0), op);
      return op->isBeforeInBlock(user);
    });
  }

  /// The version that an update overwrites: the state's where the state's next value is what it computes, else a copy.
  unsigned updatedVersion(OpResult result) {
    unsigned old = versionOf.at(bodies.getUpdated(result));
    FlatSymbolRefAttr state = destinations.stateFor(result);
    bool inState = state && plan.bufferOf(old).what == state && plan.versions[old].overwriter == none;
    return inState ? old : plan.copy(old, freshBuffer(result), tensorTypeOf(result), result.getLoc());
  }

  LogicalResult addAccumulation(hf::AddOp add) {
    hf::LinearWgradOp product = getAddedProduct(add);
    auto sum = cast<OpResult>(add.getResult());
    if (auto join = bodies.getUpdated(sum).getDefiningOp<hf::ConcatOp>()) {
      SmallVector<FlatSymbolRefAttr> states = statesOfParts(add.getResult());
      if (states.empty() || states != llvm::map_to_vector(join.getInputs(), hf::symbolOf))
        return add.emitOpError("adds to states that lie one behind the other, but does not give their next values");
      addProductOfParts(*product, add.getResult(), states, /*accumulates=*/true);
      return success();
    }
    unsigned old = updatedVersion(sum), work = plan.addWork(Work::Kind::gemm, product, product.getLoc());
    plan.works[work].accumulates = true;
    readFactors(work, *product);
    versionOf[add.getResult()] = plan.overwrite(work, old, tensorTypeOf(add.getResult()));
    return success();
  }

  /// Brings a returned value to its place, where it has not been computed there.
  void finish(unsigned number) {
    Value value = terminator->getOperand(number);
    unsigned version = versionOf.at(value);
    auto type = tensorTypeOf(value);
    FlatSymbolRefAttr state = destinations.stateOf(number);
    if (!state) {
      if (destinations.outputFor(rootOf(value)) != number)
        plan.copy(
            version,
            plan.addBuffer(Buffer::Kind::output, type, outputName(number), value.getLoc(), outputAttributes(number)),
            type, value.getLoc());
      return;
    }
    if (plan.bufferOf(version).what == state)
      return;
    // Another state's old value is saved before that state changes.
    if (auto source = dyn_cast_or_null<FlatSymbolRefAttr>(plan.bufferOf(version).what);
        source && destinations.isUpdated(source))
      version = plan.copy(version, plan.addBuffer(Buffer::Kind::arena, type, {}, value.getLoc()), type, value.getLoc());
    unsigned work = plan.addWork(Work::Kind::copy, nullptr, value.getLoc());
    plan.read(work, version, type);
    plan.overwrite(work, latestVersion(state), type);
  }

  unsigned latestVersion(FlatSymbolRefAttr state) {
    unsigned version = firstVersions[state];
    while (plan.versions[version].next != none)
      version = plan.versions[version].next;
    return version;
  }

  EntryPlan &plan;
  Bodies &bodies;
  Destinations destinations;
  Operation *terminator;
  DenseMap<Value, unsigned> versionOf;
  DenseMap<Attribute, unsigned> firstVersions;
  DenseMap<Attribute, unsigned> coordinates;
  /// The work of each collective.
  DenseMap<Operation *, unsigned> startedAs;
};
} // namespace

LogicalResult memory::collectWork(EntryPlan &plan, Bodies &bodies) { return Collector(plan, bodies).run(); }
