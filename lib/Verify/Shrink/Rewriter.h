//===- Rewriter.h - gives a program its new sizes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_VERIFY_SHRINK_REWRITER_H
#define HFC_LIB_VERIFY_SHRINK_REWRITER_H

#include "Solver.h"

#include "mlir/IR/AttrTypeSubElements.h"

namespace hfc::verify {

/// Clones a program and substitutes sizes and axes in the clone.
class Rewriter {
public:
  Rewriter(Relations &relations, Solver &solver, const Axes &axes);

  OwningOpRef<ModuleOp> rewrite(ModuleOp module);

private:
  void rewriteOp(Operation *op, Operation *clone);
  void rewriteFunction(func::FuncOp function, func::FuncOp clone);
  void rewriteSymbol(Operation *op, Operation *clone);
  void rewriteConstant(hf::ConstantOp op, hf::ConstantOp clone);
  void rewriteNumbers(Operation *clone, ArrayRef<AttributeSize> numbers);
  void rewriteRule(Operation *op, Operation *clone);
  void rewriteAxes(Operation *clone);
  void rewriteProgram(ModuleOp clone);
  void placeInBuckets(ModuleOp module, ModuleOp clone);

  DictionaryAttr newArgumentAttributes(func::FuncOp function, unsigned index, DictionaryAttr attributes);
  dist::ShardingAttr newSharding(dist::ShardingAttr sharding, ArrayRef<Size> whole);
  dist::ShardingAttr makeSharding(dist::ShardingAttr sharding, ArrayRef<int64_t> whole) const;
  RankedTensorType newType(Type type, ArrayRef<Size> piece);
  std::optional<int64_t> specialToken(Value ids, int64_t token);

  Relations &relations;
  Solver &solver;
  const Axes &axes;
  AttrTypeReplacer axesReplacer;
  llvm::DenseMap<dist::ShardingAttr, SmallVector<std::pair<SmallVector<int64_t>, dist::ShardingAttr>, 1>> shardings;
  /// The numbers in attributes, by op.
  llvm::DenseMap<Operation *, SmallVector<AttributeSize>> numbers;
};

} // namespace hfc::verify

#endif // HFC_LIB_VERIFY_SHRINK_REWRITER_H
