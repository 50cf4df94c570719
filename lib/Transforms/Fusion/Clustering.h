//===- Clustering.h - which nodes share a kernel ----------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Groups the fusable nodes of an entry into clusters, each of which becomes one kernel. Nodes are visited from the last
// to the first, so a node meets the clusters of all its users:
//
// - used by one cluster only, or by several that can be one: it joins that cluster, which can make no cycle;
// - used elsewhere too: it joins a cluster of its own phase if nothing leads from the other users back into it, and
//   becomes a result;
// - otherwise it begins a cluster.
//
// Phases (library and special ops on the longest path) make most questions about cycles trivial: an edge between
// clusters never leads to a lower phase. The rest are answered by a bounded search.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_FUSION_CLUSTERING_H
#define HFC_LIB_TRANSFORMS_FUSION_CLUSTERING_H

#include "FusionGraph.h"
#include "llvm/ADT/SetVector.h"

namespace hfc::fusion {

/// Nodes that become one kernel.
struct Cluster {
  SmallVector<Operation *> nodes;
  unsigned phase = 0;
  /// The elements of its largest node.
  double volume = 0;
  /// The space of the reductions inside, if there are any.
  std::optional<ReductionSpace> space;
  /// The clusters that read its results, by the numbers they had at that time.
  llvm::SmallSetVector<unsigned, 4> users;
  /// The cluster that has taken its nodes; otherwise its own number.
  unsigned mergedInto = 0;
};

using SiblingClusters = llvm::SmallSetVector<unsigned, 4>;

class Clustering {
public:
  explicit Clustering(const FusionGraph &graph) : graph(graph) {}

  void run();

  /// The cluster of a fusable node.
  unsigned getClusterOf(Operation *node) const { return resolve(states.lookup(node).cluster); }
  /// Clusters by number; those without nodes were merged into others.
  ArrayRef<Cluster> getClusters() const { return clusters; }
  /// Whether a value of `node` is read outside its cluster.
  bool isResult(Operation *node) const;

private:
  /// At which index a node is evaluated, and how often. Nodes with the same index space in a cluster share evaluations:
  /// a shape's own space is the one in which results of that shape are computed; a node's is private.
  struct State {
    unsigned cluster = ~0u;
    const void *space = nullptr;
    double evaluations = 0;
    /// Everything that depends on this node in the cluster is elementwise in its reduction's space.
    bool inSpace = false;
  };
  struct Placement {
    State state;
    bool legal = false;
  };

  void place(Operation *node);
  void begin(Operation *node);
  void join(Operation *node, const Placement &placement);
  SiblingClusters joinSiblings(Operation *node, ArrayRef<Use> uses, SmallVector<unsigned> clusters);
  bool joinAmong(Operation *node, ArrayRef<Use> uses, ArrayRef<unsigned> candidates);
  Placement tryJoin(Operation *node, ArrayRef<Use> uses, unsigned cluster, bool asResult) const;
  void evaluate(Operation *node, ArrayRef<const Use *> inside, bool asResult, State &state) const;
  bool staysInSpace(Operation *node, ArrayRef<const Use *> inside) const;
  bool readsEarlier(Operation *node, const Cluster &cluster) const;
  bool fitsSpace(Operation *node, const State &state, const Cluster &cluster, bool asResult) const;
  bool resultsFit(const Cluster &cluster, const ReductionSpace &space) const;
  bool mergeSiblings(Operation *node, ArrayRef<Use> uses, unsigned into, unsigned from);
  bool areCompatible(const Cluster &a, const Cluster &b) const;
  bool reaches(ArrayRef<unsigned> from, unsigned target) const;
  void addUsers(Operation *node);
  unsigned resolve(unsigned cluster) const;

  const FusionGraph &graph;
  SmallVector<Cluster> clusters;
  DenseMap<Operation *, State> states;
};

} // namespace hfc::fusion

#endif // HFC_LIB_TRANSFORMS_FUSION_CLUSTERING_H
