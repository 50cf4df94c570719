//===- WholeOp.cpp - what an op of ranks should give
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WholeOp.h"

#include "dialects/dist/BucketLayout.h"
#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"
#include "hfc/Interpreter/Placement.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

using namespace hfc;
using namespace hfc::verify;
using interpreter::Placement;

//===----------------------------------------------------------------------===//
// Buckets
//===----------------------------------------------------------------------===//

namespace {
/// Where the flat tensor of a bucket's pieces has each rank's bucket. What members are cut by cuts the flat tensor too,
/// outermost; ranks that differ in nothing else share a bucket, whatever axes the collective names.
class BucketPlaces {
public:
  BucketPlaces(dist::ShardingAttr flat, ArrayRef<dist::ShardingAttr> members, dist::MeshAttr mesh)
      : mesh(mesh), total(flat.getGlobal().front()) {
    dist::Axes cutting;
    for (dist::ShardingAttr member : members)
      for (size_t dim = 0; dim < member.getDims().size(); ++dim)
        llvm::append_range(cutting, member.axesOf(dim));
    dist::Axes sharing = dist::without(flat.axesOf(0), cutting, mesh);
    cut = dist::without(flat.axesOf(0), sharing, mesh);
  }

  int64_t size() const { return total / dist::sizeOf(cut, mesh); }
  int64_t baseOf(int64_t rank) const { return dist::placeOf(rank, cut, mesh) * size(); }
  int64_t elements() const { return total; }

private:
  dist::MeshAttr mesh;
  int64_t total;
  dist::Axes cut;
};
} // namespace

static ArrayRef<int64_t> globalShape(dist::ShardingAttr sharding, const Tensor &otherwise) {
  return sharding.getGlobal().empty() ? otherwise.getShape() : sharding.getGlobal();
}

/// Shardings of all values; none if one lacks its own.
static std::optional<SmallVector<dist::ShardingAttr>> shardingsOf(ValueRange values) {
  SmallVector<dist::ShardingAttr> shardings;
  for (Value value : values) {
    shardings.push_back(dist::getSharding(value));
    if (!shardings.back())
      return std::nullopt;
  }
  return shardings;
}

static std::optional<Tensors> scatterBucket(Operation *op, ArrayRef<Tensor> operands, dist::MeshAttr mesh) {
  auto members = shardingsOf(op->getOperands());
  dist::ShardingAttr flat = dist::getSharding(op->getResult(0));
  if (!members || !flat || flat.getGlobal().size() != 1)
    return std::nullopt;
  BucketPlaces places(flat, *members, mesh);
  Tensor whole(operands.front().getElement(), {places.elements()});
  for (int64_t rank = 0; rank < mesh.ranks(); ++rank) {
    dist::BucketLayout layout;
    for (auto [member, operand] : llvm::zip_equal(*members, operands)) {
      dist::ShardingAttr complete = member.withoutPartial();
      Tensor piece = Placement(mesh, complete, globalShape(member, operand)).localize(operand, rank, /*padding=*/0);
      int64_t offset = layout.place(piece.size());
      if (layout.size() > places.size())
        return std::nullopt;
      llvm::copy(piece.words(), whole.mutableWords().begin() + places.baseOf(rank) + offset);
    }
  }
  return Tensors{whole};
}

static std::optional<Tensors> gatherBucket(const interpreter::Domain &domain, Operation *op, const Tensor &whole,
                                           dist::MeshAttr mesh) {
  auto members = shardingsOf(op->getResults());
  dist::ShardingAttr flat = dist::getSharding(op->getOperand(0));
  if (!members || !flat || flat.getGlobal().size() != 1)
    return std::nullopt;
  BucketPlaces places(flat, *members, mesh);
  Tensors results;
  dist::BucketLayout layout;
  for (auto [member, value] : llvm::zip_equal(*members, op->getResults())) {
    auto type = cast<RankedTensorType>(value.getType());
    ArrayRef<int64_t> shape = member.getGlobal().empty() ? type.getShape() : member.getGlobal();
    int64_t offset = layout.place(type.getNumElements());
    if (layout.size() > places.size())
      return std::nullopt;
    SmallVector<Tensor> pieces;
    for (int64_t rank = 0; rank < mesh.ranks(); ++rank) {
      Tensor piece(whole.getElement(), type.getShape());
      llvm::copy(whole.words().slice(places.baseOf(rank) + offset, type.getNumElements()),
                 piece.mutableWords().begin());
      pieces.push_back(std::move(piece));
    }
    llvm::Expected<Tensor> result =
        Placement(mesh, member, shape).assemble(domain, pieces, /*isPaddedWithZeros=*/false);
    if (!result) {
      llvm::consumeError(result.takeError());
      return std::nullopt;
    }
    results.push_back(std::move(*result));
  }
  return results;
}

//===----------------------------------------------------------------------===//
// Other ops
//===----------------------------------------------------------------------===//

/// The op on whole tensors, alone in a block.
static Operation *cloneWhole(Operation *op, ArrayRef<Tensor> operands, Block &block) {
  for (auto [operand, whole] : llvm::zip_equal(op->getOperands(), operands))
    block.addArgument(cast<RankedTensorType>(operand.getType()).clone(whole.getShape()), op->getLoc());
  Operation *copy = op->clone();
  copy->setOperands(block.getArguments());
  copy->removeAttr(dist::shardingsName);
  for (OpResult result : copy->getResults()) {
    dist::ShardingAttr sharding = dist::getSharding(op->getResult(result.getResultNumber()));
    if (sharding && !sharding.getGlobal().empty())
      result.setType(cast<RankedTensorType>(result.getType()).clone(sharding.getGlobal()));
  }
  block.push_back(copy);
  return copy;
}

static std::optional<Tensors> evaluateHf(interpreter::Interpreter &interpreter, Operation *op,
                                         ArrayRef<Tensor> operands) {
  // What its constants and indices say is a rank's own.
  if (operands.empty())
    return std::nullopt;
  Block block;
  Operation *copy = cloneWhole(op, operands, block);
  // Attributes that say local sizes do not fit whole tensors.
  ScopedDiagnosticHandler quiet(op->getContext(), [](Diagnostic &) { return success(); });
  if (failed(mlir::verify(copy)))
    return std::nullopt;
  llvm::Expected<SmallVector<Tensor, 1>> results = interpreter.evaluate(block, copy->getResults(), operands);
  if (results)
    return Tensors(results->begin(), results->end());
  llvm::consumeError(results.takeError());
  return std::nullopt;
}

std::optional<Tensors> verify::evaluateWhole(interpreter::Interpreter &interpreter, Operation *op,
                                             ArrayRef<Tensor> operands, dist::MeshAttr mesh) {
  if (isa<dist::ReduceScatterBucketOp>(op))
    return scatterBucket(op, operands, mesh);
  if (isa<dist::AllGatherBucketOp>(op))
    return gatherBucket(interpreter.domain(), op, operands.front(), mesh);
  if (isa<dist::SendReceiveOp>(op))
    return std::nullopt;
  if (isa<dist::CollectiveOpInterface, dist::ReshardOp, dist::DoneOp>(op))
    return Tensors(operands.begin(), operands.end());
  return isa<hf::HfDialect>(op->getDialect()) ? evaluateHf(interpreter, op, operands) : std::nullopt;
}
