//===- Projections.cpp - weights that multiply the same values
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Projections.h"

#include "FusionGraph.h"
#include "dialects/dist/BucketLayout.h"
#include "dialects/dist/Dist.h"
#include "dialects/hf/BucketPlaces.h"

#include "llvm/ADT/MapVector.h"

using namespace hfc;
using namespace hfc::fusion;

static RankedTensorType typeOf(Operation *declaration) {
  if (auto parameter = dyn_cast<hf::ParameterOp>(declaration))
    return dyn_cast<RankedTensorType>(parameter.getType());
  return dyn_cast<RankedTensorType>(cast<hf::StateOp>(declaration).getType());
}

bool fusion::isProjection(hf::LinearOp product, int64_t fewRows) {
  ArrayRef<int64_t> shape = shapeOf(product.getX());
  return llvm::product_of(shape.drop_back()) > fewRows && hf::symbolOf(product.getWeight()) &&
         (!product.getBias() || hf::symbolOf(product.getBias()));
}

/// Whether an op becomes a kernel of its own, or is no kernel, and no product.
static bool standsApart(Operation *op) {
  return isa<func::ReturnOp, hf::AttentionOp, hf::AttentionWithStatisticsOp, hf::AttentionStatisticsOp,
             hf::AttentionBackwardOp, hf::CacheUpdateOp, hf::ScatterAddOp, hf::TopKOp, dist::CollectiveOpInterface,
             dist::DoneOp>(op);
}

bool fusion::isReadInMemory(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    return isa<hf::ReshapeOp>(user) ? isReadInMemory(user->getResult(0)) : standsApart(user);
  });
}

bool fusion::isMadeInMemory(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<hf::ReshapeOp>(op))
    return isMadeInMemory(op->getOperand(0));
  return !op || standsApart(op) || isa<hf::LinearOp, hf::LinearDgradOp, hf::LinearWgradOp, hf::MatmulOp>(op);
}

int64_t fusion::elementsOf(Value value) { return ShapedType::getNumElements(shapeOf(value)); }

namespace {
class Placer {
public:
  Placer(ModuleOp module, int64_t fewRows) : module(module), fewRows(fewRows), symbols(module) {}

  SmallVector<Projections> run();

private:
  using Symbols = SmallVector<FlatSymbolRefAttr, 3>;

  void collect(func::FuncOp entry);
  void collectGradients();
  void add(ArrayRef<hf::LinearOp> products);
  /// The order in which the weights, or else their gradients, lie already; as they are if neither does.
  void order(Projections &projections) const;
  bool sortByPlace(Projections &projections, ArrayRef<FlatSymbolRefAttr> by) const;
  /// Whether these lie one behind the other, or may be placed so: without room between them, where each begins must be
  /// where what lies in a bucket may begin.
  bool fit(ArrayRef<FlatSymbolRefAttr> parts, const hf::BucketPlaces &places) const;
  void place(ArrayRef<FlatSymbolRefAttr> parts);
  Operation *declarationOf(FlatSymbolRefAttr symbol) const { return symbols.lookup(symbol.getValue()); }
  hf::PlaceAttr placeOf(FlatSymbolRefAttr symbol) const {
    return declarationOf(symbol)->getAttrOfType<hf::PlaceAttr>("hf.bucket");
  }

  ModuleOp module;
  int64_t fewRows;
  SymbolTable symbols;
  SmallVector<Projections> found;
  /// By weight: its number in `found`, or `apart` where entries do not agree about its neighbours.
  static constexpr unsigned apart = ~0u;
  DenseMap<Attribute, unsigned> numberOf;
  DenseMap<Attribute, FlatSymbolRefAttr> gradientOf;
};
} // namespace

void Placer::collectGradients() {
  for (auto state : module.getOps<hf::StateOp>()) {
    auto role = state->getAttrOfType<StringAttr>("hf.role");
    auto of = state->getAttrOfType<FlatSymbolRefAttr>("hf.of");
    if (of && role && (role.getValue() == "gradient" || role.getValue() == "accumulator"))
      gradientOf[of] = FlatSymbolRefAttr::get(state.getSymNameAttr());
  }
}

void Placer::collect(func::FuncOp entry) {
  // Products of one value, in one phase, all with a bias or all without.
  using Key = std::pair<Value, std::pair<const void *, unsigned>>;
  llvm::MapVector<Key, SmallVector<hf::LinearOp>> sharing;
  for (auto product : entry.getBody().front().getOps<hf::LinearOp>())
    if (isProjection(product, fewRows))
      sharing[{product.getX(), {product->getAttr("hf.phase").getAsOpaquePointer(), product.getBias() ? 1 : 0}}]
          .push_back(product);
  for (auto &[key, products] : sharing)
    add(products);
}

void Placer::add(ArrayRef<hf::LinearOp> products) {
  Projections projections;
  for (hf::LinearOp product : products) {
    projections.weights.push_back(hf::symbolOf(product.getWeight()));
    if (product.getBias())
      projections.biases.push_back(hf::symbolOf(product.getBias()));
  }
  auto known = numberOf.find(projections.weights.front());
  bool isKnown = known != numberOf.end() && known->second != apart &&
                 found[known->second].weights == projections.weights &&
                 found[known->second].biases == projections.biases;
  if (isKnown)
    return;
  bool isNew = llvm::none_of(projections.weights, [&](Attribute weight) { return numberOf.contains(weight); }) &&
               llvm::SmallDenseSet<Attribute>(projections.weights.begin(), projections.weights.end()).size() ==
                   projections.weights.size();
  unsigned number = isNew ? found.size() : apart;
  for (FlatSymbolRefAttr weight : projections.weights) {
    if (auto other = numberOf.find(weight); other != numberOf.end() && other->second != apart)
      for (FlatSymbolRefAttr sibling : found[other->second].weights)
        numberOf[sibling] = apart;
    numberOf[weight] = number;
  }
  if (isNew)
    found.push_back(std::move(projections));
}

bool Placer::sortByPlace(Projections &projections, ArrayRef<FlatSymbolRefAttr> by) const {
  if (by.empty() || !llvm::all_of(by, [&](FlatSymbolRefAttr symbol) { return bool(placeOf(symbol)); }))
    return false;
  SmallVector<unsigned> numbers = llvm::to_vector(llvm::seq<unsigned>(0, by.size()));
  llvm::sort(numbers, [&](unsigned a, unsigned b) { return placeOf(by[a]).getOffset() < placeOf(by[b]).getOffset(); });
  Projections sorted;
  for (unsigned number : numbers) {
    sorted.weights.push_back(projections.weights[number]);
    if (!projections.biases.empty())
      sorted.biases.push_back(projections.biases[number]);
    if (!projections.gradients.empty())
      sorted.gradients.push_back(projections.gradients[number]);
  }
  projections = std::move(sorted);
  return true;
}

void Placer::order(Projections &projections) const {
  Symbols weights = projections.weights, gradients = projections.gradients;
  if (!sortByPlace(projections, weights))
    sortByPlace(projections, gradients);
}

bool Placer::fit(ArrayRef<FlatSymbolRefAttr> parts, const hf::BucketPlaces &places) const {
  RankedTensorType first = typeOf(declarationOf(parts.front()));
  for (FlatSymbolRefAttr part : parts) {
    RankedTensorType type = typeOf(declarationOf(part));
    if (!type || type.getElementType() != first.getElementType() ||
        type.getShape().drop_front() != first.getShape().drop_front() || type.getNumElements() % dist::bucketAlignment)
      return false;
  }
  return places.areConsecutive(parts) ||
         llvm::none_of(parts, [&](FlatSymbolRefAttr part) { return bool(places.placeOf(part)); });
}

/// A bucket of their own, unless they lie in one.
void Placer::place(ArrayRef<FlatSymbolRefAttr> parts) {
  Operation *first = declarationOf(parts.front());
  if (placeOf(parts.front()))
    return;
  int64_t elements = 0;
  for (FlatSymbolRefAttr part : parts)
    elements += typeOf(declarationOf(part)).getNumElements();
  OpBuilder builder(first);
  auto bucket = hf::BucketOp::create(builder, first->getLoc(), ("side_by_side." + parts.front().getValue()).str(),
                                     RankedTensorType::get({elements}, typeOf(first).getElementType()));
  auto symbol = FlatSymbolRefAttr::get(symbols.insert(bucket));
  int64_t offset = 0;
  for (FlatSymbolRefAttr part : parts) {
    Operation *declaration = declarationOf(part);
    declaration->setAttr("hf.bucket", hf::PlaceAttr::get(module.getContext(), symbol, offset));
    offset += typeOf(declaration).getNumElements();
  }
}

SmallVector<Projections> Placer::run() {
  collectGradients();
  for (auto entry : module.getOps<func::FuncOp>())
    if (entry.isPublic() && !entry.isDeclaration() && entry.getBody().hasOneBlock())
      collect(entry);
  hf::BucketPlaces places(module);
  SmallVector<Projections> placed;
  for (Projections &projections : found) {
    if (projections.weights.size() < 2 || numberOf.lookup(projections.weights.front()) == apart)
      continue;
    auto gradients =
        llvm::map_to_vector(projections.weights, [&](Attribute weight) { return gradientOf.lookup(weight); });
    if (llvm::all_of(gradients, [](FlatSymbolRefAttr gradient) { return bool(gradient); }))
      projections.gradients.assign(gradients);
    order(projections);
    if (!fit(projections.weights, places) || (!projections.biases.empty() && !fit(projections.biases, places)))
      continue;
    if (!projections.gradients.empty() && !fit(projections.gradients, places))
      projections.gradients.clear();
    for (ArrayRef<FlatSymbolRefAttr> parts :
         {ArrayRef(projections.weights), ArrayRef(projections.biases), ArrayRef(projections.gradients)})
      if (!parts.empty())
        place(parts);
    placed.push_back(std::move(projections));
  }
  return placed;
}

SmallVector<Projections> fusion::placeProjections(ModuleOp module, int64_t fewRows) {
  return Placer(module, fewRows).run();
}
