//===- Outline.cpp - clusters become calls of shared bodies
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Outline.h"
#include "PrepareEntry.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"
#include <queue>

using namespace hfc;
using namespace hfc::fusion;

namespace {

/// Collects what the body of a cluster holds.
class Planner {
public:
  Planner(const FusionGraph &graph, const Clustering &clustering) : graph(graph), clustering(clustering) {}

  BodyPlan plan(ArrayRef<Operation *> nodes) {
    BodyPlan plan;
    own.insert(nodes.begin(), nodes.end());
    plan.kind = "loop";
    for (Operation *node : nodes) {
      if (isa<hf::ReduceOp>(node))
        plan.kind = graph.getSpace(node)->hasRows() ? "row" : "column";
      addOperands(node, plan);
      plan.ops.push_back(node);
      if (clustering.isResult(node))
        llvm::append_range(plan.results, node->getResults());
    }
    return plan;
  }

  static BodyPlan planSpecial(Operation *op) {
    BodyPlan plan;
    plan.kind = op->getName().stripDialect();
    llvm::append_range(plan.arguments, op->getOperands());
    plan.ops.push_back(op);
    llvm::append_range(plan.results, op->getResults());
    return plan;
  }

private:
  /// Whether `value` is computed in the body, and not passed to it.
  bool isInside(Value value) const {
    Operation *def = value.getDefiningOp();
    if (!def)
      return false;
    switch (graph.getRole(def)) {
    case Role::view:
      return isInside(def->getOperand(0));
    case Role::inlined:
      return true;
    default:
      return own.contains(def);
    }
  }

  void addOperands(Operation *op, BodyPlan &plan) {
    for (Value operand : op->getOperands()) {
      if (!isInside(operand)) {
        if (seen.insert(operand).second)
          plan.arguments.push_back(operand);
        continue;
      }
      Operation *def = operand.getDefiningOp();
      if (own.contains(def) || !seen.insert(operand).second)
        continue;
      addOperands(def, plan);
      plan.ops.push_back(def);
    }
  }

  const FusionGraph &graph;
  const Clustering &clustering;
  llvm::DenseSet<Operation *> own;
  llvm::DenseSet<Value> seen;
};

/// Rewrites one entry. A unit is what is issued together: a cluster, a library op or a special op.
class Outliner {
public:
  Outliner(func::FuncOp entry, const FusionGraph &graph, const Clustering &clustering, BodyTable &bodies)
      : entry(entry), graph(graph), clustering(clustering), bodies(bodies), builder(entry.getContext()) {}

  OutlineCounts run() {
    collectUnits();
    collectDependences();
    builder.setInsertionPoint(entry.getBody().front().getTerminator());
    for (Operation *op : graph.getOps())
      if (graph.getRole(op) == Role::source)
        op->moveBefore(builder.getInsertionBlock(), builder.getInsertionPoint());
    for (unsigned unit : topologicalOrder())
      emit(units[unit]);
    placeOperands(builder.getInsertionBlock()->getTerminator());
    eraseFused();
    return counts;
  }

private:
  struct Unit {
    SmallVector<Operation *> ops;
    llvm::SmallSetVector<unsigned, 4> users;
    unsigned pending = 0;
    /// Units are issued in program order of their last op where dependences allow.
    unsigned order = 0;
  };

  void collectUnits() {
    DenseMap<unsigned, unsigned> unitOfCluster;
    for (Operation *op : graph.getOps()) {
      Role role = graph.getRole(op);
      if (role != Role::fusable && role != Role::library && role != Role::special)
        continue;
      unsigned unit = units.size();
      if (role == Role::fusable)
        unit = unitOfCluster.try_emplace(clustering.getClusterOf(op), unit).first->second;
      if (unit == units.size())
        units.emplace_back();
      units[unit].ops.push_back(op);
      units[unit].order = graph.getOrder(op);
      unitOf[op] = unit;
    }
  }

  void collectDependences() {
    for (unsigned unit : llvm::seq<unsigned>(0, units.size()))
      for (Operation *op : units[unit].ops)
        for (const Use &use : graph.getUses(op))
          if (auto user = unitOf.find(use.user); user != unitOf.end())
            addDependence(unit, user->second);
    std::optional<unsigned> lastMeeting;
    for (Operation *op : graph.getOps()) {
      if (!isMeeting(op))
        continue;
      if (lastMeeting)
        addDependence(*lastMeeting, unitOf[op]);
      lastMeeting = unitOf[op];
    }
  }

  void addDependence(unsigned unit, unsigned user) {
    if (unit != user && units[unit].users.insert(user))
      ++units[user].pending;
  }

  SmallVector<unsigned> topologicalOrder() {
    using Ready = std::pair<unsigned, unsigned>;
    std::priority_queue<Ready, std::vector<Ready>, std::greater<Ready>> ready;
    for (unsigned unit : llvm::seq<unsigned>(0, units.size()))
      if (units[unit].pending == 0)
        ready.push({units[unit].order, unit});
    SmallVector<unsigned> ordered;
    while (!ready.empty()) {
      unsigned unit = ready.top().second;
      ready.pop();
      ordered.push_back(unit);
      for (unsigned user : units[unit].users)
        if (--units[user].pending == 0)
          ready.push({units[user].order, user});
    }
    assert(ordered.size() == units.size() && "clusters are convex");
    return ordered;
  }

  void emit(Unit &unit) {
    Operation *first = unit.ops.front();
    if (graph.getRole(first) == Role::library) {
      placeOperands(first);
      first->removeDiscardableAttr(originName);
      first->moveBefore(builder.getInsertionBlock(), builder.getInsertionPoint());
      return;
    }
    bool special = graph.getRole(first) == Role::special;
    BodyPlan plan = special ? Planner::planSpecial(first) : Planner(graph, clustering).plan(unit.ops);
    // Results are read through their replacement from now on, except by what is inside the same body.
    llvm::SmallPtrSet<Operation *, 16> inside(plan.ops.begin(), plan.ops.end());
    auto call = createCall(unit, plan);
    placeOperands(call);
    for (auto [old, now] : llvm::zip_equal(plan.results, call.getResults()))
      replacements[old] = now;
    ++counts.calls;
    counts.fused += plan.ops.size();
  }

  func::CallOp createCall(const Unit &unit, const BodyPlan &plan) {
    SmallVector<Location> locs;
    for (Operation *op : unit.ops)
      locs.push_back(op->getLoc());
    auto call = func::CallOp::create(builder, FusedLoc::get(entry.getContext(), locs), bodies.getOrCreate(plan),
                                     plan.arguments);
    for (StringRef name : {"hf.block", "hf.phase"})
      if (Attribute attribute = unit.ops.back()->getDiscardableAttr(name))
        call->setDiscardableAttr(name, attribute);
    return call;
  }

  /// Makes the operands of `op`, which stands in the new order or is about to, refer to calls and views in the new
  /// order.
  void placeOperands(Operation *op) {
    for (OpOperand &operand : op->getOpOperands())
      operand.set(placed(operand.get()));
  }

  Value placed(Value value) {
    if (Value now = replacements.lookup(value))
      return now;
    Operation *def = value.getDefiningOp();
    if (!def || graph.getRole(def) != Role::view)
      return value;
    Value source = placed(def->getOperand(0));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfterValue(source);
    Operation *view = builder.clone(*def);
    view->setOperand(0, source);
    view->setDiscardableAttrs(DictionaryAttr::get(entry.getContext()));
    for (StringRef name : {"hf.block", "hf.phase"})
      if (Attribute attribute = def->getDiscardableAttr(name))
        view->setDiscardableAttr(name, attribute);
    return replacements[value] = view->getResult(0);
  }

  void eraseFused() {
    for (Operation *op : llvm::reverse(graph.getOps()))
      if (graph.getRole(op) != Role::library && graph.getRole(op) != Role::source)
        op->erase();
  }

  func::FuncOp entry;
  const FusionGraph &graph;
  const Clustering &clustering;
  BodyTable &bodies;
  OpBuilder builder;
  SmallVector<Unit> units;
  DenseMap<Operation *, unsigned> unitOf;
  DenseMap<Value, Value> replacements;
  OutlineCounts counts;
};

} // namespace

OutlineCounts fusion::outline(func::FuncOp entry, const FusionGraph &graph, const Clustering &clustering,
                              BodyTable &bodies) {
  return Outliner(entry, graph, clustering, bodies).run();
}
