//===- RingGather.cpp - products that do not wait for all they multiply
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where sequence parallelism gathers an activation for products with weights, each rank multiplies the piece that it
// has while it sends it on to the next rank: an all-gather and products become a ring of sends and partial products,
// which hide one another. The pieces come in the order place, place + 1, …; the product of the whole is a window of the
// partial products, written twice one behind the other.
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Hf.h"
#include "dialects/hf/TensorBuilder.h"
#include "hfc/Plugin/Plugin.h"

using namespace hfc;
using namespace hfc::dist;

namespace {
class Ring {
public:
  explicit Ring(AllGatherOp gather) : gather(gather), ranks(sizeOf(gather.getAxes().getAxes(), meshOf(gather))) {}

  /// Whether nothing but products reads what is gathered, it is whole, and its pieces are of one size.
  bool canReplace();
  void replace();

private:
  Value sendOn(OpBuilder &builder, Value piece);
  Value multiply(OpBuilder &builder, hf::LinearOp product, Value piece);
  /// For each product its results on the ranks' pieces, this rank's first. A piece is sent on before it is multiplied.
  SmallVector<SmallVector<Value>> multiplyPieces(OpBuilder &builder, Value piece);
  Value startOfWhole(hf::TensorBuilder &tensors, Value place);

  AllGatherOp gather;
  int64_t ranks;
  SmallVector<hf::LinearOp> products; ///< in the order of the program
};
} // namespace

bool Ring::canReplace() {
  for (Operation *user : gather->getUsers()) {
    auto product = dyn_cast<hf::LinearOp>(user);
    if (!product || product.getWeight() == gather.getResult())
      return false;
    products.push_back(product);
  }
  ShardingAttr sharding = getSharding(gather.getResult());
  if (products.empty() || gather.getStart() || !sharding || !sharding.axesOf(gather.getDim()).empty())
    return false;
  llvm::sort(products, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  auto isThere = [&](Value value) { // before the first product
    Operation *op = value ? value.getDefiningOp() : nullptr;
    return !op || op->isBeforeInBlock(products.front());
  };
  int64_t dim = gather.getDim();
  ArrayRef<int64_t> whole = hf::shapeOf(gather.getResult()), piece = hf::shapeOf(gather.getInput());
  return dim + 1 < static_cast<int64_t>(whole.size()) && whole[dim] == piece[dim] * ranks &&
         llvm::all_of(products, [&](hf::LinearOp op) { return isThere(op.getWeight()) && isThere(op.getBias()); });
}

Value Ring::sendOn(OpBuilder &builder, Value piece) {
  auto send = SendReceiveOp::create(builder, gather.getLoc(), piece.getType(), piece, ranks - 1, gather.getAxesAttr(),
                                    builder.getStringAttr("ring of products"), /*id=*/IntegerAttr(), /*start=*/false);
  for (StringRef name : {"hf.block", "hf.phase"})
    if (Attribute attribute = gather->getAttr(name))
      send->setAttr(name, attribute);
  return send.getResult();
}

Value Ring::multiply(OpBuilder &builder, hf::LinearOp product, Value piece) {
  auto part = cast<hf::LinearOp>(builder.clone(*product));
  SmallVector<int64_t> shape(hf::shapeOf(product.getResult()));
  shape[gather.getDim()] /= ranks;
  part.getXMutable().assign(piece);
  part.getResult().setType(hf::tensorType(product.getResult()).clone(shape));
  part->removeAttr(shardingsName); // of a piece that changes from rank to rank no sharding says where it lives
  return part.getResult();
}

SmallVector<SmallVector<Value>> Ring::multiplyPieces(OpBuilder &builder, Value piece) {
  SmallVector<SmallVector<Value>> parts(products.size());
  for (int64_t left = ranks - 1;; --left) {
    Value next = left ? sendOn(builder, piece) : Value();
    SmallVector<Value> step{next};
    for (auto [product, list] : llvm::zip_equal(products, parts)) {
      list.push_back(multiply(builder, product, piece));
      step.push_back(list.back());
    }
    if (!next)
      return parts;
    // The next send waits for these products, or all sends would come before all products.
    piece = hf::TensorBuilder(builder, gather.getLoc()).barrier(step).front();
  }
}

/// Where the whole begins in the pieces from this rank's on, written twice: as far behind as the places that are left.
Value Ring::startOfWhole(hf::TensorBuilder &tensors, Value place) {
  // A number that is a size says of which dimension, so that a verifier may look at the program at smaller sizes.
  auto sizeOver = [&](AxisListAttr axes) {
    ArrayRef<int64_t> whole = getSharding(gather.getResult()).getGlobal();
    auto size = SizeAttr::get(axes.getContext(), gather.getDim(), whole, axes, /*plus=*/0);
    return tensors.size(hf::tensorType(place), size, meshOf(gather));
  };
  Value piece = sizeOver(gather.getAxes()), whole = sizeOver(AxisListAttr::get(gather.getContext(), {}));
  return tensors.sub(whole, tensors.mul(place, piece));
}

void Ring::replace() {
  OpBuilder builder(products.front());
  hf::TensorBuilder tensors(builder, gather.getLoc());
  int64_t dim = gather.getDim();
  Value place = AxisIndexOp::create(builder, gather.getLoc(), RankedTensorType::get({}, builder.getI32Type()),
                                    gather.getAxesAttr());
  // Beside the rank's place the piece is the rank's own, and no longer the whole tensor's.
  Value piece = tensors.barrier({gather.getInput(), place}).front();
  SmallVector<SmallVector<Value>> parts = multiplyPieces(builder, piece);
  Value start = startOfWhole(tensors, place);
  for (auto [product, list] : llvm::zip_equal(products, parts)) {
    tensors.setLoc(product.getLoc());
    SmallVector<Value> twice(list);
    llvm::append_range(twice, ArrayRef(list));
    Value whole = tensors.sliceAt(tensors.concat(twice, dim), start, dim, hf::shapeOf(gather.getResult())[dim]);
    whole.getDefiningOp()->setDiscardableAttrs(product->getDiscardableAttrDictionary());
    product.getResult().replaceAllUsesWith(whole);
  }
  for (hf::LinearOp product : products)
    product.erase();
  gather.erase();
}

namespace {
struct RingGatherPass : PassWrapper<RingGatherPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(RingGatherPass)

  StringRef getArgument() const override { return "ring-gather"; }
  StringRef getDescription() const override {
    return "all-gathers and products as rings of sends and partial products";
  }

  void runOnOperation() override {
    SmallVector<AllGatherOp> gathers;
    getOperation().walk([&](AllGatherOp gather) { gathers.push_back(gather); });
    for (AllGatherOp gather : gathers)
      if (Ring ring(gather); ring.canReplace())
        ring.replace();
  }
};
} // namespace

HFC_PLUGIN("ring-gather", "1.0") {
  registry.addPass<RingGatherPass>();
  registry.addPassesAt(ExtensionPoint::AfterMaterialize,
                       [](OpPassManager &manager) { manager.addPass(std::make_unique<RingGatherPass>()); });
}
