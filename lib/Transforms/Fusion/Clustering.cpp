//===- Clustering.cpp - which nodes share a kernel
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Clustering.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"

using namespace hfc;
using namespace hfc::fusion;

/// Larger kernels gain nothing and cost registers and compile time.
static constexpr size_t maxNodes = 128;
/// How often an expensive element may be computed (a rotary table has each cosine twice); and how many cheap elements,
/// for each element of the largest node of the cluster.
static constexpr double maxExpensiveRedundancy = 2.0, maxCheapRedundancy = 8.0;
/// A search for a path between clusters gives up after this many.
static constexpr size_t maxVisited = 32;

static double elementsOf(Operation *node) {
  double elements = 0;
  for (Value result : node->getResults())
    elements = std::max(elements, static_cast<double>(ShapedType::getNumElements(shapeOf(result))));
  return elements;
}

/// A unique address for each shape.
static const void *shapeSpace(Operation *node) {
  return RankedTensorType::get(shapeOf(node->getResult(0)), IntegerType::get(node->getContext(), 1))
      .getAsOpaquePointer();
}

void Clustering::run() {
  for (Operation *op : llvm::reverse(graph.getOps()))
    if (graph.isFusable(op))
      place(op);
}

bool Clustering::isResult(Operation *node) const {
  unsigned own = getClusterOf(node);
  return llvm::any_of(graph.getUses(node),
                      [&](const Use &use) { return !graph.isFusable(use.user) || getClusterOf(use.user) != own; });
}

void Clustering::place(Operation *node) {
  SmallVector<Use> uses = graph.getUses(node);
  SiblingClusters candidates;
  bool outside = false;
  for (const Use &use : uses) {
    if (!graph.isFusable(use.user))
      outside = true;
    else
      candidates.insert(getClusterOf(use.user));
  }
  if (!outside && candidates.size() > 1)
    candidates = joinSiblings(node, uses, candidates.takeVector());
  if (!outside && candidates.size() == 1) {
    if (Placement placement = tryJoin(node, uses, candidates.front(), /*asResult=*/false); placement.legal)
      return join(node, placement);
    return begin(node);
  }
  // As a result it only joins what runs at the same time, so that its operands need not live longer.
  candidates.remove_if([&](unsigned cluster) { return clusters[cluster].phase != graph.getPhase(node); });
  if (!joinAmong(node, uses, candidates.getArrayRef()))
    begin(node);
}

/// Merges what can be merged of `clusters`, which all read `node`.
SiblingClusters Clustering::joinSiblings(Operation *node, ArrayRef<Use> uses, SmallVector<unsigned> clusters) {
  // Program order, so that the same layers give the same clusters.
  llvm::sort(clusters, std::greater<unsigned>());
  SiblingClusters left;
  for (unsigned cluster : clusters)
    if (left.empty() || !mergeSiblings(node, uses, left.front(), cluster))
      left.insert(cluster);
  return left;
}

bool Clustering::joinAmong(Operation *node, ArrayRef<Use> uses, ArrayRef<unsigned> candidates) {
  for (unsigned cluster : joinSiblings(node, uses, SmallVector<unsigned>(candidates))) {
    SmallVector<unsigned> others;
    bool asResult = false;
    for (const Use &use : uses) {
      if (graph.isFusable(use.user) && getClusterOf(use.user) == cluster)
        continue;
      asResult = true;
      if (graph.isFusable(use.user))
        others.push_back(getClusterOf(use.user));
    }
    Placement placement = tryJoin(node, uses, cluster, asResult);
    if (!placement.legal || reaches(others, cluster))
      continue;
    join(node, placement);
    return true;
  }
  return false;
}

void Clustering::begin(Operation *node) {
  Cluster &cluster = clusters.emplace_back();
  cluster.nodes.push_back(node);
  cluster.phase = graph.getPhase(node);
  cluster.volume = elementsOf(node);
  cluster.mergedInto = clusters.size() - 1;
  if (isa<hf::ReduceOp>(node))
    cluster.space = graph.getSpace(node);
  states[node] = {static_cast<unsigned>(clusters.size() - 1), shapeSpace(node), elementsOf(node),
                  graph.getSpace(node).has_value()};
  addUsers(node);
}

/// Notes who reads the results of the node's cluster.
void Clustering::addUsers(Operation *node) {
  unsigned own = getClusterOf(node);
  for (const Use &use : graph.getUses(node))
    if (graph.isFusable(use.user) && getClusterOf(use.user) != own)
      clusters[own].users.insert(getClusterOf(use.user));
}

unsigned Clustering::resolve(unsigned cluster) const {
  while (clusters[cluster].mergedInto != cluster)
    cluster = clusters[cluster].mergedInto;
  return cluster;
}

void Clustering::join(Operation *node, const Placement &placement) {
  states[node] = placement.state;
  Cluster &cluster = clusters[placement.state.cluster];
  cluster.nodes.push_back(node);
  cluster.phase = std::max(cluster.phase, graph.getPhase(node));
  cluster.volume = std::max(cluster.volume, elementsOf(node));
  if (isa<hf::ReduceOp>(node))
    cluster.space = graph.getSpace(node);
  addUsers(node);
}

Clustering::Placement Clustering::tryJoin(Operation *node, ArrayRef<Use> uses, unsigned number, bool asResult) const {
  const Cluster &cluster = clusters[number];
  Placement placement;
  if (cluster.nodes.size() >= maxNodes)
    return placement;
  SmallVector<const Use *> inside;
  for (const Use &use : uses)
    if (graph.isFusable(use.user) && getClusterOf(use.user) == number)
      inside.push_back(&use);

  State &state = placement.state;
  state.cluster = number;
  state.inSpace = staysInSpace(node, inside);
  evaluate(node, inside, asResult, state);
  if (asResult && state.space != shapeSpace(node))
    return placement;
  double limit = isExpensive(node) ? maxExpensiveRedundancy * elementsOf(node)
                                   : maxCheapRedundancy * std::max(elementsOf(node), cluster.volume);
  placement.legal = state.evaluations <= limit && fitsSpace(node, state, cluster, asResult);
  return placement;
}

/// Determines where and how often `node` would be evaluated for its uses inside the cluster.
void Clustering::evaluate(Operation *node, ArrayRef<const Use *> inside, bool asResult, State &state) const {
  const void *own = shapeSpace(node);
  if (state.inSpace) { // Rows are evaluated once, before the columns; columns are evaluated once.
    state.space = own;
    state.evaluations = elementsOf(node);
    return;
  }
  llvm::SmallDenseSet<const void *> spaces;
  bool mapped = false;
  if (asResult) {
    spaces.insert(own);
    state.evaluations = elementsOf(node);
  }
  for (const Use *use : inside) {
    const State &user = states.at(use->user);
    bool reduced = isa<hf::ReduceOp>(use->user);
    const void *space = reduced ? own : user.space;
    bool shared = use->access == Access::identity && (!reduced || user.inSpace);
    if (shared && !spaces.insert(space).second)
      continue;
    mapped |= !shared;
    state.evaluations += user.evaluations * use->share;
  }
  state.space = !mapped && spaces.size() == 1 ? *spaces.begin() : node;
}

bool Clustering::staysInSpace(Operation *node, ArrayRef<const Use *> inside) const {
  std::optional<ReductionSpace> space = graph.getSpace(node);
  return space && llvm::all_of(inside, [&](const Use *use) {
           return use->access != Access::mapped && graph.getSpace(use->user) == space && states.at(use->user).inSpace;
         });
}

bool Clustering::resultsFit(const Cluster &cluster, const ReductionSpace &space) const {
  return llvm::all_of(cluster.nodes,
                      [&](Operation *node) { return space.contains(shapeOf(node->getResult(0))) || !isResult(node); });
}

/// Whether columns may be reduced of what belongs to rows, because all that the rows' reductions gave it has been
/// computed in front of the cluster.
bool Clustering::readsEarlier(Operation *node, const Cluster &cluster) const {
  return !isa<hf::ReduceOp>(node) && !cluster.space->hasRows() && llvm::all_of(node->getOperands(), [&](Value operand) {
    Operation *def = operand.getDefiningOp();
    while (def && graph.getRole(def) == Role::view)
      def = def->getOperand(0).getDefiningOp();
    return !def || !(graph.isFusable(def) || graph.getRole(def) == Role::inlined) ||
           graph.getPhase(def) < cluster.phase;
  });
}

bool Clustering::fitsSpace(Operation *node, const State &state, const Cluster &cluster, bool asResult) const {
  std::optional<ReductionSpace> space = graph.getSpace(node);
  if (cluster.space && space && !(*space == *cluster.space) && !readsEarlier(node, cluster))
    return false;
  if (isa<hf::ReduceOp>(node) && (!state.inSpace || (!cluster.space && !resultsFit(cluster, *space))))
    return false;
  return !cluster.space || !asResult || cluster.space->contains(shapeOf(node->getResult(0)));
}

bool Clustering::areCompatible(const Cluster &a, const Cluster &b) const {
  if (a.phase != b.phase || a.nodes.size() + b.nodes.size() > maxNodes)
    return false;
  if (a.space && b.space)
    return *a.space == *b.space;
  if (a.space || b.space)
    return resultsFit(a.space ? b : a, a.space ? *a.space : *b.space);
  return shapeOf(a.nodes.front()->getResult(0)) == shapeOf(b.nodes.front()->getResult(0));
}

/// Makes one cluster of two that both read `node`, if it can then be computed inside for both. A single number is no
/// reason: the updates of all parameters share some.
bool Clustering::mergeSiblings(Operation *node, ArrayRef<Use> uses, unsigned into, unsigned from) {
  if (elementsOf(node) == 1)
    return false;
  if (!areCompatible(clusters[into], clusters[from]) || !tryJoin(node, uses, into, false).legal ||
      !tryJoin(node, uses, from, false).legal || reaches({into}, from) || reaches({from}, into))
    return false;
  llvm::append_range(clusters[into].nodes, clusters[from].nodes);
  clusters[into].users.insert_range(clusters[from].users);
  clusters[from].mergedInto = into;
  clusters[into].volume = std::max(clusters[into].volume, clusters[from].volume);
  if (!clusters[into].space)
    clusters[into].space = clusters[from].space;
  clusters[from].nodes.clear();
  return true;
}

/// Whether a path leads from one of the clusters `from` to `target`; answers yes where the search gets long.
bool Clustering::reaches(ArrayRef<unsigned> from, unsigned target) const {
  SmallVector<unsigned> work;
  for (unsigned cluster : from)
    if (clusters[cluster].phase <= clusters[target].phase)
      work.push_back(cluster);
  llvm::SmallDenseSet<unsigned> visited(work.begin(), work.end());
  while (!work.empty()) {
    unsigned cluster = work.pop_back_val();
    if (cluster == target || visited.size() > maxVisited)
      return true;
    for (unsigned user : clusters[cluster].users) {
      // An edge never leads to a lower phase, so a path to the target stays in its phase.
      unsigned next = resolve(user);
      if (clusters[next].phase == clusters[target].phase && visited.insert(next).second)
        work.push_back(next);
    }
  }
  return false;
}
