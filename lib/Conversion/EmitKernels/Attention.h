//===- Attention.h - the emitter of attention kernels
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_EMITKERNELS_ATTENTION_H
#define HFC_LIB_CONVERSION_EMITKERNELS_ATTENTION_H

#include "Emitters.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace hfc {

/// Sizes of an attention kernel; see EmitAttention.cpp.
struct AttentionPlan {
  AttentionPlan(hf::AttentionOp op, const EmitOptions &options);

  hf::HeadLayout layout;
  int64_t batch, queries, keys, keyHeads, depth, columns;
  /// Query heads of a key head, and the rows that share it.
  int64_t group, rows;
  /// Rows and keys of a tile; rows that a lane takes together, for scores and for outputs.
  int64_t rowTile, keyTile, rowBlock, valueRowBlock;
  /// Elements of a vector of keys, of a query's elements, of output columns.
  int64_t keyVector, depthVector, columnVector;
  /// Scores are dot products, without a transposed key tile.
  bool direct;
};

class AttentionEmitter {
public:
  AttentionEmitter(func::FuncOp body, hf::AttentionOp op, const EmitOptions &options)
      : op(op), plan(op, options), writer(body, options), b(writer.b),
        elements(b, writer.entry(), options.bufferAlignment), index(elements.index) {
    for (auto [number, argument] : llvm::enumerate(body.getArguments()))
      buffers[argument] = writer.input(number);
  }

  LogicalResult emit();

private:
  /// The score of a key that is not visible: finite, so that differences of scores are numbers.
  static constexpr double kMasked = -1.0e30;

  // Small helpers.
  Value buffer(Value argument) { return buffers.lookup(argument); }
  Value i32(int64_t value);
  Value f32(double value);
  Value splat(Value scalar, int64_t width);
  Value toI32(Value value);
  Value indexToI32(Value value);
  Value load(Value buffer, ValueRange at, int64_t width);
  void store(Value value, Value buffer, ValueRange at);
  Value multiplyAdd(Value lhs, Value rhs, Value sum);
  Value maximum(Value lhs, Value rhs);
  Value horizontal(vector::CombiningKind kind, Value value);
  SmallVector<Value> position(Value sequence, Value head, Value element);
  void distribute(Value count, function_ref<void(Value)> body);
  SmallVector<Value> loop(Value lower, Value upper, int64_t step, ValueRange inits,
                          function_ref<SmallVector<Value>(Value, ValueRange)> body);
  SmallVector<Value> choose(Value condition, TypeRange types, function_ref<SmallVector<Value>()> onTrue,
                            function_ref<SmallVector<Value>()> onFalse);
  /// `choose` by `value < end`, where rows do not fill their tiles; else `onTrue`.
  SmallVector<Value> ifInside(Value value, int64_t end, TypeRange types, function_ref<SmallVector<Value>()> onTrue,
                              function_ref<SmallVector<Value>()> onFalse);

  // The block (EmitAttention.cpp).
  void allocate();
  void emitBounds(Value block);
  void emitQueries();
  void emitRowInfo();
  void emitKeyInfo(Value source, Value target);
  void emitTile();
  void emitOutputs();

  // The phases of a tile (AttentionTile.cpp).
  void emitTransposedKeys();
  void emitScores();
  void emitDirectScores();
  void emitSoftmax();
  void emitWeigh();
  /// Softcap, bias and mask of `width` scores of one row, from the key `local` of the tile on.
  Value finishScore(Value score, Value localRow, Value local, int64_t width);
  Value emitBias(Value localRow, Value local, int64_t width);
  Value emitVisible(Value localRow, Value local, int64_t width);

  hf::AttentionOp op;
  AttentionPlan plan;
  KernelWriter writer;
  ImplicitLocOpBuilder &b;
  ElementEmitter elements;
  IndexBuilder &index;
  DenseMap<Value, Value> buffers;

  // Block-uniform values.
  Value batch, keyHead, firstRow, past, endKey, tileBegin, tileEnd, tile;
  // Scratch memory.
  Value query, transposedKeys, scores, sums, maxima, totals, corrections, firstKeys, endKeys, keyMask, keySegments,
      querySegments;
};

} // namespace hfc

#endif // HFC_LIB_CONVERSION_EMITKERNELS_ATTENTION_H
