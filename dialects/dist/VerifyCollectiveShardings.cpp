//===- VerifyCollectiveShardings.cpp - what collectives do to shardings, checked
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Infer.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::dist;

namespace {

class CollectiveVerifier {
public:
  CollectiveVerifier(CollectiveOpInterface op, ArrayRef<ShardingAttr> operands, ArrayRef<ShardingAttr> results,
                     MeshAttr mesh)
      : op(op), axes(op.getAxes().getAxes()), operands(operands), results(results), mesh(mesh) {}

  LogicalResult verify() {
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case([&](AllReduceOp reduce) { return verifyReduce(reduce.getKind()); })
        .Case([&](ReduceScatterOp scatter) { return verifyReduceScatter(scatter); })
        .Case([&](AllGatherOp gather) { return verifyAllGather(gather); })
        .Case([&](AllToAllOp exchange) { return verifyAllToAll(exchange); })
        .Case([&](ReduceScatterBucketOp) { return verifyBucketOfSums(); })
        .Case([&](AllGatherBucketOp) { return verifyGatheredBucket(); })
        .Default([&](Operation *) { return verifyReplicas(); });
  }

private:
  InFlightDiagnostic error() { return op->emitOpError(); }
  std::string where() { return pathOf(op); }

  /// Takes the group's axes from those that the operand is partial over.
  FailureOr<ShardingAttr> completed(size_t number, ReductionKind kind) {
    ShardingAttr operand = operands[number];
    if (!operand.isPartial() || operand.getKind() != kind ||
        !without(axes, operand.getPartial().getAxes(), mesh).empty())
      return error() << "reduces (" << stringifyReductionKind(kind) << ") operand " << number << " over {"
                     << toString(axes) << "}, over which " << originOf(op->getOperand(number))
                     << " is not partial; it lives as " << operand << where();
    return operand.withPartial(kind, without(operand.getPartial().getAxes(), axes, mesh));
  }

  LogicalResult expect(size_t number, ShardingAttr expected) {
    if (sameSharding(expected, results[number], mesh))
      return success();
    return error() << "says that result " << number << " lives as " << results[number] << ", but it makes it "
                   << expected << where();
  }

  LogicalResult verifyReduce(ReductionKind kind) {
    if (kind == ReductionKind::mean)
      return verifyReplicas();
    for (size_t number = 0; number < operands.size(); ++number) {
      FailureOr<ShardingAttr> sharding = completed(number, kind);
      if (failed(sharding) || failed(expect(number, *sharding)))
        return failure();
    }
    return success();
  }

  /// Pieces of pieces are pieces of the whole only if nothing is padded in between.
  LogicalResult verifyNested(ShardingAttr sharding, int64_t dim, ArrayRef<AxisRefAttr> outer,
                             ArrayRef<AxisRefAttr> all) {
    int64_t size = sharding.getGlobal()[dim];
    int64_t piece = llvm::divideCeil(size, sizeOf(outer, mesh)), part = llvm::divideCeil(size, sizeOf(all, mesh));
    if (outer.empty() || part * (sizeOf(all, mesh) / sizeOf(outer, mesh)) == piece)
      return success();
    return error() << "moves pieces of " << part << " of dimension " << dim << ", which do not make the pieces of "
                   << piece << " that " << size << " elements have over {" << toString(outer) << "}" << where();
  }

  /// The sharding with the group's axes behind the others of a dimension.
  FailureOr<ShardingAttr> cut(ShardingAttr sharding, int64_t dim) {
    Axes outer(sharding.axesOf(dim)), all = outer;
    all.append(axes.begin(), axes.end());
    if (failed(verifyNested(sharding, dim, outer, all)))
      return failure();
    return sharding.withDim(dim, canonical(all, mesh));
  }

  /// The sharding without the group's axes, which stand last in a dimension.
  FailureOr<ShardingAttr> joined(ShardingAttr sharding, int64_t dim) {
    Axes all = canonical(sharding.axesOf(dim), mesh);
    int64_t outerSize = sizeOf(all, mesh) / sizeOf(axes, mesh);
    auto split = outerSize ? splitMajor(all, outerSize, mesh) : std::nullopt;
    if (!split || !sameAxes(split->second, axes, mesh))
      return error() << "joins dimension " << dim << " over {" << toString(axes) << "}, but it is cut over {"
                     << toString(all) << "}, which does not end so" << where();
    if (failed(verifyNested(sharding, dim, split->first, all)))
      return failure();
    return sharding.withDim(dim, split->first);
  }

  LogicalResult verifyReduceScatter(ReduceScatterOp scatter) {
    FailureOr<ShardingAttr> sharding = completed(0, scatter.getKind());
    if (succeeded(sharding))
      sharding = cut(*sharding, scatter.getDim());
    return failed(sharding) ? failure() : expect(0, *sharding);
  }

  LogicalResult verifyAllGather(AllGatherOp gather) {
    FailureOr<ShardingAttr> sharding = joined(operands[0], gather.getDim());
    return failed(sharding) ? failure() : expect(0, *sharding);
  }

  LogicalResult verifyAllToAll(AllToAllOp exchange) {
    FailureOr<ShardingAttr> sharding = joined(operands[0], exchange.getConcat());
    if (succeeded(sharding))
      sharding = cut(*sharding, exchange.getSplit());
    return failed(sharding) ? failure() : expect(0, *sharding);
  }

  /// Over the group all ranks hold the same, before and after.
  LogicalResult verifyReplicas() {
    for (size_t number = 0; number < operands.size(); ++number)
      if (failed(verifyUnused(operands[number], "operand", number)) || failed(expect(number, operands[number])))
        return failure();
    return success();
  }

  LogicalResult verifyUnused(ShardingAttr sharding, StringRef what, size_t number) {
    Axes used(sharding.getPartial().getAxes());
    for (AxisListAttr dim : sharding.getDims())
      used.append(dim.getAxes().begin(), dim.getAxes().end());
    if (!overlap(used, axes, mesh))
      return success();
    return error() << "has " << what << ' ' << number << " that is not the same on all ranks over {" << toString(axes)
                   << "}: it lives as " << sharding << where();
  }

  /// A bucket's piece is no piece of a tensor: of its sharding only the axes say something.
  LogicalResult verifyBucketOfSums() {
    for (size_t number = 0; number < operands.size(); ++number)
      if (failed(completed(number, cast<ReduceScatterBucketOp>(op.getOperation()).getKind())))
        return failure();
    if (!overlap(results[0].getPartial().getAxes(), axes, mesh))
      return success();
    return error() << "completes its inputs over {" << toString(axes) << "}, but its result lives as " << results[0]
                   << where();
  }

  LogicalResult verifyGatheredBucket() {
    for (auto [number, result] : llvm::enumerate(results))
      if (failed(verifyUnused(result, "result", number)))
        return failure();
    return success();
  }

  CollectiveOpInterface op;
  ArrayRef<AxisRefAttr> axes;
  ArrayRef<ShardingAttr> operands, results;
  MeshAttr mesh;
};

} // namespace

LogicalResult dist::verifyByCollective(CollectiveOpInterface op, ArrayRef<ShardingAttr> operands,
                                       ArrayRef<ShardingAttr> results, MeshAttr mesh) {
  return CollectiveVerifier(op, operands, results, mesh).verify();
}
