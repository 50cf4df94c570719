//===- Attention.h - what kernels of attention have in common ----*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The query heads that share a key head, for all queries, are the rows of one problem: row m is query m / group
// of head m mod group. Kernels work on tiles: some rows, in scratch memory, against some keys.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_EMITKERNELS_ATTENTION_H
#define HFC_LIB_CONVERSION_EMITKERNELS_ATTENTION_H

#include "Emitters.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace hfc {

/// The parts of which hf.attention and its companions are composed.
struct AttentionParts {
  template <typename OpTy>
  static AttentionParts of(OpTy op, Value value) {
    AttentionParts parts;
    parts.query = op.getQuery();
    parts.key = op.getKey();
    parts.value = value;
    parts.keyMask = op.getKeyMask();
    parts.querySegments = op.getQuerySegments();
    parts.keySegments = op.getKeySegments();
    parts.past = op.getPast();
    parts.count = op.getCount();
    parts.bias = op.getBias();
    parts.scale = op.getScale().convertToDouble();
    parts.causal = op.getCausal();
    if (op.getWindow())
      parts.window = static_cast<int64_t>(*op.getWindow());
    if (op.getSoftcap())
      parts.softcap = op.getSoftcap()->convertToDouble();
    parts.layout = op.getLayout();
    if constexpr (!std::is_same_v<OpTy, hf::AttentionStatisticsOp>) {
      parts.dropoutKey = op.getDropoutKey();
      parts.dropoutRows = op.getDropoutRows();
      if (op.getDropout())
        parts.dropout = op.getDropout()->convertToDouble();
    }
    return parts;
  }

  /// Arguments of the body; what is absent, or not needed, is null.
  Value query, key, value, keyMask, querySegments, keySegments, past, count, bias, dropoutKey, dropoutRows;
  double scale = 1, dropout = 0;
  bool causal = false;
  std::optional<int64_t> window;
  std::optional<double> softcap;
  hf::HeadLayout layout;
};

/// Sizes of a problem, and of the tiles in which a kernel works on it.
struct AttentionPlan {
  AttentionPlan(const AttentionParts &parts, const EmitOptions &options);

  /// Tiles for a walk over the keys with rows, sums of outputs and scores in scratch memory.
  void planForward();
  /// Tiles that also hold cotangents, transposed values and the gradients of scores.
  void planBackward();

  hf::HeadLayout layout;
  int64_t batch, queries, keys, keyHeads, depth, columns;
  /// Query heads of a key head, and the rows that share it.
  int64_t group, rows;
  /// Rows and keys of a tile; rows that a lane takes together, for scores and for outputs.
  int64_t rowTile, keyTile, rowBlock, valueRowBlock;
  /// Elements of a vector of keys, of a query's elements, of output columns.
  int64_t keyVector, depthVector, columnVector;
  /// Scores are dot products, without a transposed key tile.
  bool direct = false;
};

/// A block of a kernel of attention: its place in the problem, its scratch memory, and the steps that several kernels
/// take with them.
class AttentionBlock {
public:
  AttentionBlock(func::FuncOp body, const AttentionParts &parts, const EmitOptions &options)
      : parts(parts), plan(parts, options), writer(body, options), b(writer.b),
        elements(b, writer.entry(), options.bufferAlignment), index(elements.index) {
    for (auto [number, argument] : llvm::enumerate(body.getArguments()))
      buffers[argument] = writer.input(number);
  }

protected:
  /// The score of a key that is not visible: finite, so that differences of scores are numbers.
  static constexpr double kMasked = -1.0e30;
  using Values = SmallVector<Value>;

  // Small helpers.
  Value buffer(Value argument) { return buffers.lookup(argument); }
  Value i32(int64_t value);
  Value f32(double value);
  Value splat(Value scalar, int64_t width);
  Value toI32(Value value);
  Value indexToI32(Value value);
  Value load(Value buffer, ValueRange at, int64_t width);
  void store(Value value, Value buffer, ValueRange at);
  Value multiply(Value lhs, Value rhs);
  Value subtract(Value lhs, Value rhs);
  Value multiplyAdd(Value lhs, Value rhs, Value sum);
  Value maximum(Value lhs, Value rhs);
  Value horizontal(vector::CombiningKind kind, Value value);
  Values position(Value sequence, Value head, Value element);
  Value scratch(ArrayRef<int64_t> shape, Type element);
  void distribute(Value count, function_ref<void(Value)> body);
  Values loop(Value lower, Value upper, int64_t step, ValueRange inits, function_ref<Values(Value, ValueRange)> body);
  Values choose(Value condition, TypeRange types, function_ref<Values()> onTrue, function_ref<Values()> onFalse);
  /// `choose` by `row < rows`, where rows do not fill their tiles; else `onTrue`.
  Values ifInside(Value row, TypeRange types, function_ref<Values()> onTrue, function_ref<Values()> onFalse);
  /// Where row `row` stands in a tensor of query heads.
  Values positionOfRow(Value row, Value element);

  // The block (AttentionBlock.cpp).
  /// Memory for what is known about rows and keys.
  void allocateRowInfo();
  /// Which batch element and key head `pair` counts.
  void emitHeads(Value pair);
  /// The range of keys that the rows of a tile see.
  void emitKeyRange();
  void emitRows(Value source, int64_t width, double factor, Value target);
  void emitRowInfo();
  void emitAllKeyInfo();
  void emitZeros(Value target, int64_t rows, int64_t columns, int64_t width);

  // Scores (AttentionScores.cpp).
  void emitTransposed(Value source, int64_t width, Value target);
  /// `rowBlock` products of rows, in scratch memory, with the vector of keys at `local`.
  Values emitProducts(Value rows, Value transposed, int64_t depth, Value row, Value local);
  /// Softcap, bias and mask of `width` scores of one row, from the key `local` of the tile on.
  Value finishScore(Value score, Value localRow, Value local, int64_t width);
  Value emitSoftcap(Value score);
  Value maskScore(Value score, Value localRow, Value local, int64_t width);
  Value emitBias(Value localRow, Value local, int64_t width);
  Value emitVisible(Value localRow, Value local, int64_t width);
  /// The numbers of `width` keys from `local` on, as i32.
  Value keyNumbers(Value local, int64_t width);
  /// Weights, or their cotangents, times what dropout leaves of them.
  Value emitDropped(Value weight, Value localRow, Value local, int64_t width);

  AttentionParts parts;
  AttentionPlan plan;
  KernelWriter writer;
  ImplicitLocOpBuilder &b;
  ElementEmitter elements;
  IndexBuilder &index;
  DenseMap<Value, Value> buffers;

  // Block-uniform values.
  Value batch, keyHead, firstRow, past, endKey, tileBegin, tileEnd, tile;
  // Scratch memory.
  Value firstKeys, endKeys, keyMask, keySegments, querySegments;

private:
  void emitKeyInfo(Value source, Value target);
};

/// Whether an attention is of one query, with nothing but a length to hide keys, in a kernel whose blocks have lanes.
bool isAttentionOfOne(const AttentionParts &parts, const EmitOptions &options);
LogicalResult emitAttentionOfOneKernel(func::FuncOp body, const AttentionParts &parts, const EmitOptions &options);

} // namespace hfc

#endif // HFC_LIB_CONVERSION_EMITKERNELS_ATTENTION_H
