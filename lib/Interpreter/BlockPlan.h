//===- BlockPlan.h - a block of ops, prepared for execution
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_BLOCKPLAN_H
#define HFC_LIB_INTERPRETER_BLOCKPLAN_H

#include "Primitives.h"

#include <unordered_map>

namespace hfc::interpreter {

/// What there is to do in a block. Its values are numbered; a frame is one rank's values by these numbers.
struct BlockPlan {
  using Frame = std::vector<Tensor>;

  /// How ranks execute an op.
  enum class Kind : uint8_t { Elementwise, Primitive, Composite, Call, Collective, Identity, AxisIndex, Unknown };

  struct Step {
    Operation *op;
    Kind kind;
    SmallVector<unsigned, 4> operands;
    SmallVector<unsigned, 1> results;
    /// Values that nothing needs after this.
    SmallVector<unsigned, 2> dying;
    /// Elementwise: what it does.
    std::optional<Elementwise> elementwise;
    // Found out when the step is first executed.
    /// Primitives of no operands: what they give every rank, every time.
    mutable Results constant;
    /// Composites: their decomposition.
    mutable const BlockPlan *body = nullptr;
  };

  /// `live`: what is needed of the block's values in the end.
  BlockPlan(Block &block, ValueRange live);

  std::vector<Step> steps;
  SmallVector<unsigned> arguments, live;
  unsigned numValues = 0;
};

/// The plans of composites' decompositions. Ops that differ in nothing but their operands and where they stand share
/// one.
class Decompositions {
public:
  llvm::Expected<const BlockPlan *> get(hf::CompositeOpInterface op);

private:
  /// Compares name, properties and types.
  struct ByMeaning {
    size_t operator()(Operation *op) const;
    bool operator()(Operation *a, Operation *b) const;
  };
  struct Entry {
    /// The op, on the block's arguments.
    std::unique_ptr<Block> op;
    std::unique_ptr<Block> decomposition;
    std::unique_ptr<BlockPlan> plan;
  };
  std::unordered_map<Operation *, Entry, ByMeaning, ByMeaning> entries;
};

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_BLOCKPLAN_H
