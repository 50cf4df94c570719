//===- RowEmitter.h - a kernel that reduces rows, being written
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
// A row is processed in stages. RowStage k computes the reductions that depend on k others in a chain; the last
// stage computes the outputs. Each stage passes over the row once: cheap values are computed again, expensive
// ones that a later stage needs are kept in scratch memory. Of a row too long for that, the maximum and the sum of
// exponentials that depends on it are found in one pass, the beginnings of what is read again stay in scratch memory,
// if a block has much of it, and the last stage goes backwards through the rest: what was read last is still in the
// cache.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_EMITKERNELS_ROWEMITTER_H
#define HFC_LIB_CONVERSION_EMITKERNELS_ROWEMITTER_H

#include "ColumnSums.h"
#include "Emitters.h"
#include "RowElements.h"

namespace hfc {

/// Longer rows are not kept in scratch memory, which is a GPU's shared memory, as float32.
inline constexpr int64_t kMaxScratchElements = 8192;

/// The number of leading dimensions that make up `rows`, or none.
std::optional<size_t> leadingDims(ArrayRef<int64_t> shape, int64_t rows);

/// What a pass over the row computes: reductions, or outputs, whose rows are equally long.
struct RowStage {
  int64_t length;
  SmallVector<hf::ReduceOp> reductions;
  SmallVector<unsigned> outputs;
  /// Sums of exponentials that are found with the maximum, the reduction of the same number.
  SmallVector<hf::ReduceOp> exponents;
  /// Whether it adds to the sums of columns.
  bool addsColumns = false;
};

/// Elements of a row that a stage passes over.
struct RowSection {
  int64_t begin, end;
};

class RowEmitter {
public:
  RowEmitter(func::FuncOp body, const EmitOptions &options)
      : body(body), options(options), results(cast<func::ReturnOp>(body.getBody().front().getTerminator())),
        writer(body, options), b(writer.b), elements(b, writer.entry(), options.bufferAlignment) {}

  LogicalResult emit();

private:
  LogicalResult checkRows();
  void planStages();
  bool feedsRowsOnly(Value value);
  void planPicked();
  void planOnePass();
  DenseSet<Value> valuesOf(const RowStage &stage);
  void planScratch();
  void planHeads(int64_t longest);
  int64_t chooseLanes(int64_t longest);
  SmallVector<RowSection, 2> sectionsOf(const RowStage &stage);
  LogicalResult emitRows(Value block, int64_t share);
  LogicalResult emitStage(const RowStage &stage);
  LogicalResult emitStageBody(const RowStage &stage, RowSection section, kernel::DistributeOp loop);
  SmallVector<Value> initialValues(const RowStage &stage);
  LogicalResult accumulate(const RowStage &stage, ValueRange before, SmallVectorImpl<Value> &after);
  void reduceLanes(const RowStage &stage, ValueRange partials);
  Indices elementOf(Value value, Value position);
  Value positionOf(const RowStage &stage, RowSection section, Value step);

  func::FuncOp body;
  const EmitOptions &options;
  func::ReturnOp results;
  KernelWriter writer;
  ImplicitLocOpBuilder &b;
  RowElements elements;
  SmallVector<RowStage> stages;
  /// Elements at the beginnings of the longest rows that stay in scratch memory once they have been read.
  int64_t head = 0;
  /// Sums of columns over the rows that a block is at.
  SmallVector<ColumnSum> columnSums;
};

} // namespace hfc

#endif // HFC_LIB_CONVERSION_EMITKERNELS_ROWEMITTER_H
