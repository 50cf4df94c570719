//===- FlattenOptimizer.cpp - --hfc-flatten-optimizer
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Collective/Passes.h"

#include "FlatOptimizer.h"
#include "Neighbours.h"

#include "dialects/dist/BucketLayout.h"

#include "llvm/ADT/MapVector.h"

namespace hfc {
#define GEN_PASS_DEF_FLATTENOPTIMIZER
#include "hfc/Transforms/Collective/Passes.h.inc"
} // namespace hfc

using namespace hfc;
using namespace hfc::collective;

namespace {
/// Gradients that lie one behind the other: those of one bucket, those of neighbours, or one alone.
using Unit = SmallVector<Gradient, 1>;

class OptimizerFlattener {
public:
  OptimizerFlattener(ModuleOp module, const TrainingProgram &program, int64_t bytes)
      : module(module), program(program), bytes(bytes), names(module), optimizer(module, names) {}

  FailureOr<unsigned> run();

private:
  void findKeys();
  bool fits(const Gradient &gradient);
  std::vector<Unit> findUnits();
  std::vector<FlatUpdate> group(ArrayRef<Unit> units);
  bool canFlatten(hf::StateOp gradient);
  bool areAlike(const Gradient &a, const Gradient &b);
  void dropBuckets(ArrayRef<FlatUpdate> flats);
  void place(FlatUpdate &flat);
  void placeWhole(hf::StateOp state, hf::BucketOp bucket);

  ModuleOp module;
  const TrainingProgram &program;
  int64_t bytes;
  BucketNames names;
  FlatOptimizer optimizer;
  /// The unit to which a gradient's state belongs; null if it stays alone.
  llvm::DenseMap<Operation *, Attribute> keys;
};
} // namespace

static RankedTensorType typeOf(const Gradient &gradient) {
  hf::StateOp state = gradient.state;
  return cast<RankedTensorType>(state.getType());
}

/// Whether the update takes and gives what the entry does.
bool OptimizerFlattener::canFlatten(hf::StateOp gradient) {
  hf::AdamWOp update = optimizer.updateOf(gradient);
  return update && llvm::all_of(ValueRange{update.getParameter(), update.getMoment1(), update.getMoment2()},
                                llvm::IsaPred<BlockArgument>);
}

/// Constants, such as the decay of what does not decay, may be made for each update.
static bool isSameNumber(Value a, Value b) {
  Operation *first = a.getDefiningOp(), *second = b.getDefiningOp();
  return a == b || (first && second && first->getNumOperands() == 0 && isMemoryEffectFree(first) &&
                    OperationEquivalence::isEquivalentTo(first, second, OperationEquivalence::IgnoreLocations));
}

bool OptimizerFlattener::areAlike(const Gradient &a, const Gradient &b) {
  hf::AdamWOp first = optimizer.updateOf(a.state), second = optimizer.updateOf(b.state);
  auto elements = [](hf::AdamWOp update) {
    return llvm::map_to_vector(update->getOperands().take_front(4),
                               [](Value operand) { return getElementTypeOrSelf(operand.getType()); });
  };
  return elements(first) == elements(second) && optimizerKeyOf(a.parameter) == optimizerKeyOf(b.parameter) &&
         llvm::equal(first->getOperands().drop_front(4), second->getOperands().drop_front(4), isSameNumber);
}

/// Places in buckets are counted in elements, and sizes in bytes: no device holds as many.
static constexpr int64_t kMostElements = int64_t(1) << 40;

bool OptimizerFlattener::fits(const Gradient &gradient) {
  hf::ParameterOp parameter = gradient.parameter;
  if (!gradient || parameter->hasAttr("hf.bucket"))
    return false;
  RankedTensorType type = typeOf(gradient);
  return type.getShape() == cast<RankedTensorType>(parameter.getType()).getShape() &&
         type.getNumElements() <= kMostElements && canFlatten(gradient.state);
}

static hf::PlaceAttr placeOf(hf::StateOp state) { return state->getAttrOfType<hf::PlaceAttr>("hf.bucket"); }

/// What a collective has put into a bucket stays together; so do neighbours that no collective has placed. Where not
/// all of these can be in one flat tensor, none is: one product for all is worth more in every micro-step than an
/// update for all once a step.
void OptimizerFlattener::findKeys() {
  llvm::DenseMap<StringAttr, Gradient> gradients;
  for (auto state : module.getOps<hf::StateOp>()) {
    auto symbol = FlatSymbolRefAttr::get(state.getSymNameAttr());
    if (Gradient gradient = program.gradientOf(symbol)) {
      gradients[gradient.parameter.getSymNameAttr()] = gradient;
      hf::PlaceAttr place = placeOf(state);
      keys[state] = place ? place.getBucket() : symbol;
    }
  }
  for (const Neighbours &neighbours : findNeighbours(module)) {
    auto members = llvm::map_to_vector(neighbours, [&](StringAttr name) { return gradients.lookup(name); });
    if (llvm::any_of(members, [](const Gradient &member) { return member && placeOf(member.state); }))
      continue;
    bool areTogether = llvm::all_of(
        members, [&](const Gradient &member) { return fits(member) && areAlike(members.front(), member); });
    Attribute key = areTogether ? keys[members.front().state] : Attribute();
    for (const Gradient &member : members)
      if (member)
        keys[member.state] = key;
  }
}

/// Units come where their first member does.
std::vector<Unit> OptimizerFlattener::findUnits() {
  llvm::MapVector<Attribute, Unit> units;
  llvm::DenseSet<Attribute> kept;
  for (auto state : module.getOps<hf::StateOp>()) {
    Gradient gradient = program.gradientOf(FlatSymbolRefAttr::get(state.getSymNameAttr()));
    hf::PlaceAttr place = placeOf(state);
    Attribute key = gradient ? keys.lookup(state) : place ? Attribute(place.getBucket()) : Attribute();
    if (!key)
      continue;
    if (fits(gradient) && (units[key].empty() || areAlike(units[key].front(), gradient)))
      units[key].push_back(gradient);
    else
      kept.insert(key);
  }
  std::vector<Unit> found;
  for (auto &[key, unit] : units) {
    if (unit.empty() || kept.contains(key))
      continue;
    // What no collective has placed is in order.
    if (placeOf(unit.front().state))
      llvm::sort(unit, [](const Gradient &a, const Gradient &b) {
        return placeOf(a.state).getOffset() < placeOf(b.state).getOffset();
      });
    found.push_back(std::move(unit));
  }
  return found;
}

/// Fills buckets with units that are alike. One tensor is its own bucket.
std::vector<FlatUpdate> OptimizerFlattener::group(ArrayRef<Unit> units) {
  struct Filling {
    FlatUpdate flat;
    int64_t bytes = 0;
  };
  std::vector<Filling> all;
  SmallVector<size_t> open;
  for (const Unit &unit : units) {
    int64_t size = 0;
    for (const Gradient &gradient : unit)
      size += typeOf(gradient).getNumElements() * llvm::divideCeil(typeOf(gradient).getElementTypeBitWidth(), 8);
    auto *fits = llvm::find_if(open, [&](size_t i) { return areAlike(all[i].flat.members.front(), unit.front()); });
    if (fits == open.end() || all[*fits].bytes + size > bytes) {
      all.emplace_back();
      fits = fits == open.end() ? open.insert(fits, 0) : fits;
      *fits = all.size() - 1;
    }
    llvm::append_range(all[*fits].flat.members, unit);
    all[*fits].bytes += size;
  }
  std::vector<FlatUpdate> flats;
  for (Filling &filling : all)
    if (filling.flat.members.size() > 1)
      flats.push_back(std::move(filling.flat));
  return flats;
}

/// The buckets that collectives have had: a larger one takes each in as it is.
void OptimizerFlattener::dropBuckets(ArrayRef<FlatUpdate> flats) {
  llvm::SetVector<Attribute> dropped;
  for (const FlatUpdate &flat : flats)
    for (const Gradient &member : flat.members) {
      hf::StateOp state = member.state;
      if (auto place = dyn_cast_or_null<hf::PlaceAttr>(state->removeAttr("hf.bucket")))
        dropped.insert(place.getBucket());
    }
  for (Attribute bucket : dropped)
    if (auto op = module.lookupSymbol<hf::BucketOp>(cast<FlatSymbolRefAttr>(bucket).getAttr()))
      names.erase(op);
}

void OptimizerFlattener::placeWhole(hf::StateOp state, hf::BucketOp bucket) {
  state->setAttr("hf.bucket", hf::PlaceAttr::get(module.getContext(), symbolOf(bucket), 0));
}

void OptimizerFlattener::place(FlatUpdate &flat) {
  dist::BucketLayout layout;
  SmallVector<int64_t> offsets;
  for (const Gradient &member : flat.members)
    offsets.push_back(layout.place(typeOf(member).getNumElements()));
  const Gradient &first = flat.members.front();
  flat.elements = flatSizeFor(layout.size());
  flat.sharding = optimizer.shardingOf(first.parameter, dist::AxisListAttr(), flat.elements);
  hf::BucketOp gradients = names.declare("grads", first.state, flat.elements, typeOf(first).getElementType());
  for (auto [member, offset] : llvm::zip_equal(flat.members, offsets)) {
    hf::StateOp state = member.state;
    state->setAttr("hf.bucket", hf::PlaceAttr::get(module.getContext(), symbolOf(gradients), offset));
  }
  optimizer.declare(flat, flat.elements);
  placeWhole(flat.gradient, gradients);
  hf::BucketOp parameters = flat.parameters;
  auto updated = cast<BlockArgument>(optimizer.updateOf(first.state).getParameter());
  if (optimizer.entry().getArgAttr(updated.getArgNumber(), "hf.parameter"))
    flat.values = flat.master;
  else
    flat.values = optimizer.declareState(flat, "values", cast<RankedTensorType>(parameters.getType()).getElementType());
  placeWhole(flat.values, parameters);
}

FailureOr<unsigned> OptimizerFlattener::run() {
  if (optimizer.find())
    return 0;
  findKeys();
  std::vector<FlatUpdate> flats = group(findUnits());
  if (flats.empty())
    return 0;
  dropBuckets(flats);
  for (FlatUpdate &flat : flats) {
    place(flat);
    optimizer.takeStates(flat);
  }
  optimizer.replaceNorm(flats);
  for (const FlatUpdate &flat : flats) {
    Value updated = optimizer.update(flat);
    if (flat.values != flat.master)
      FlatOptimizer::addResult(optimizer.entry(), updated, flat.values, flat.sharding);
  }
  if (failed(optimizer.dropReplaced(flats)))
    return failure();
  return flats.size();
}

namespace {
class FlattenOptimizerPass : public hfc::impl::FlattenOptimizerBase<FlattenOptimizerPass> {
public:
  using FlattenOptimizerBase::FlattenOptimizerBase;

  void runOnOperation() override {
    if (flatBytes <= 0) {
      getOperation().emitError("flat-bytes must be positive, got ") << flatBytes.getValue();
      return signalPassFailure();
    }
    FailureOr<TrainingProgram> program = TrainingProgram::get(getOperation());
    if (failed(program))
      return signalPassFailure();
    FailureOr<unsigned> made = OptimizerFlattener(getOperation(), *program, flatBytes).run();
    if (failed(made))
      return signalPassFailure();
    numFlat += *made;
  }
};
} // namespace
