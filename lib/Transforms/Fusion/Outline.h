//===- Outline.h - clusters become calls of shared bodies -------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_FUSION_OUTLINE_H
#define HFC_LIB_TRANSFORMS_FUSION_OUTLINE_H

#include "Clustering.h"

#include <map>
#include <vector>

namespace hfc::fusion {

/// What a kernel body will hold, in terms of the entry's ops and values.
struct BodyPlan {
  StringRef kind;
  SmallVector<Value> arguments;
  /// In an order in which they can be computed, with copies of inlined ops and views.
  SmallVector<Operation *> ops;
  SmallVector<Value> results;
};

/// The kernel bodies of a module. Bodies that are the same but for locations are one function.
class BodyTable {
public:
  explicit BodyTable(ModuleOp module);

  /// The function for `plan`, built at the first request.
  func::FuncOp getOrCreate(const BodyPlan &plan);

  unsigned getNumBodies() const { return static_cast<unsigned>(bodies.size()); }

private:
  /// Names, properties, types and data flow of a body, as addresses of uniqued objects and numbers.
  using Key = std::vector<uintptr_t>;
  static Key keyOf(const BodyPlan &plan);
  func::FuncOp create(const BodyPlan &plan);
  std::string nameOf(const BodyPlan &plan);

  ModuleOp module;
  SymbolTable symbols;
  OpBuilder builder;
  std::map<Key, func::FuncOp> bodies;
};

/// Figures for the pass's statistics.
struct OutlineCounts {
  unsigned calls = 0;
  unsigned fused = 0;
};

/// Replaces the clusters and the special ops of `entry` by calls.
OutlineCounts outline(func::FuncOp entry, const FusionGraph &graph, const Clustering &clustering, BodyTable &bodies);

} // namespace hfc::fusion

#endif // HFC_LIB_TRANSFORMS_FUSION_OUTLINE_H
