//===- Roles.cpp - what parameters do, by data flow
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Partition/Strategy.h"

#include "dialects/hf/TensorBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

using namespace hfc;
using namespace hfc::partition;

static Product toProduct(Operation *op) {
  auto linear = dyn_cast_or_null<hf::LinearOp>(op);
  return linear ? Product{linear, linear.getWeight(), linear.getBias()} : Product();
}

static bool isElementwise(Operation *op) {
  return op && (op->hasTrait<OpTrait::Elementwise>() || isa<hf::ActivationOp, hf::SoftcapOp, hf::DropoutOp>(op));
}

static bool isNorm(Operation *op) { return isa_and_nonnull<hf::RmsNormOp, hf::LayerNormOp>(op); }

namespace {
class RoleFinder {
public:
  explicit RoleFinder(func::FuncOp function) : function(function) {}
  Roles run();

private:
  void visitAttention(hf::AttentionOp op);
  void visitSecond(hf::LinearOp op);
  void visitEmbedding(hf::EmbeddingOp op);
  void visitHead(hf::LinearOp op);
  void findResiduals();
  bool isOutput(Value value) const;

  func::FuncOp function;
  Roles roles;
  llvm::DenseSet<Operation *> taken;      ///< products whose role is known
  llvm::DenseSet<Operation *> firstOfMlp; ///< among them, MLPs' first
};
} // namespace

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// The product that makes the heads of an attention's operand, through what acts on heads: norms, rotary embeddings,
/// views, repetition, the cache that they are written into (which is added to `caches`).
static Operation *projectionOf(Value value, SmallVectorImpl<Value> &caches) {
  while (Operation *op = value.getDefiningOp()) {
    if (isa<hf::LinearOp>(op))
      return op;
    if (auto update = dyn_cast<hf::CacheUpdateOp>(op)) {
      caches.push_back(update.getCache());
      value = update.getRows();
    } else if (isa<hf::RotaryOp, hf::ReshapeOp, hf::TransposeOp, hf::BroadcastOp, hf::ConvertOp>(op) || isNorm(op)) {
      value = op->getOperand(0);
    } else {
      return nullptr;
    }
  }
  return nullptr;
}

/// The product that an attention's result goes into, through views.
static Operation *outputOf(Value value) {
  while (value.hasOneUse()) {
    Operation *user = *value.user_begin();
    if (isa<hf::LinearOp>(user) && user->getOperand(0) == value)
      return user;
    if (!isa<hf::ReshapeOp, hf::TransposeOp, hf::ConvertOp>(user))
      return nullptr;
    value = user->getResult(0);
  }
  return nullptr;
}

void RoleFinder::visitAttention(hf::AttentionOp op) {
  AttentionRole role;
  role.op = op;
  role.headDim = op.getLayout() == hf::HeadLayout::bhsd ? 1 : 2;
  role.queryHeads = hf::shapeOf(op.getQuery())[role.headDim];
  role.keyHeads = hf::shapeOf(op.getKey())[role.headDim];
  SmallVector<Value> none, caches;
  role.query = toProduct(projectionOf(op.getQuery(), none));
  role.key = toProduct(projectionOf(op.getKey(), caches));
  role.value = toProduct(projectionOf(op.getValue(), caches));
  role.caches.assign(caches.begin(), caches.end());
  role.output = toProduct(outputOf(op.getResult()));
  for (const Product &product : {role.query, role.key, role.value, role.output})
    if (product)
      taken.insert(product.op);
  roles.attentions.push_back(std::move(role));
}

//===----------------------------------------------------------------------===//
// MLPs
//===----------------------------------------------------------------------===//

/// The products that `value` is computed from, element by element; none if anything else but constants goes in.
static SmallVector<Operation *> productsUnder(Value value) {
  SmallVector<Operation *> products;
  SmallVector<Value> work = {value};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    Operation *op = next.getDefiningOp();
    if (!seen.insert(next).second || isa_and_nonnull<hf::ConstantOp>(op))
      continue;
    if (isa_and_nonnull<hf::LinearOp>(op))
      products.push_back(op);
    else if (isElementwise(op) && op->getNumResults() == 1)
      work.append(op->operand_begin(), op->operand_end());
    else
      return {};
  }
  return products;
}

void RoleFinder::visitSecond(hf::LinearOp op) {
  SmallVector<Operation *> firsts = productsUnder(op.getX());
  bool isSecond = !firsts.empty() && !taken.contains(op) && llvm::all_of(firsts, [&](Operation *first) {
    return first->getOperand(0) == firsts.front()->getOperand(0) &&
           (!taken.contains(first) || firstOfMlp.contains(first));
  });
  if (!isSecond)
    return;
  MlpRole role;
  for (Operation *first : firsts) {
    role.first.push_back(toProduct(first));
    taken.insert(first);
    firstOfMlp.insert(first);
  }
  role.second = toProduct(op);
  taken.insert(op);
  roles.mlps.push_back(std::move(role));
}

//===----------------------------------------------------------------------===//
// Embeddings and heads
//===----------------------------------------------------------------------===//

/// Whether integers are computed: counted, or filled in by the runtime by counting. Then they are positions, and not
/// what users say.
static bool isCounted(func::FuncOp function, Value value) {
  SmallVector<Value> work = {value};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value next = work.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(next)) {
      auto filled = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "hf.default");
      if (filled && filled.getValue() == "arange")
        return true;
      continue;
    }
    if (isa<hf::IotaOp>(next.getDefiningOp()))
      return true;
    work.append(next.getDefiningOp()->operand_begin(), next.getDefiningOp()->operand_end());
  }
  return false;
}

void RoleFinder::visitEmbedding(hf::EmbeddingOp op) {
  (isCounted(function, op.getIds()) ? roles.positions : roles.embeddings).push_back(op);
}

/// A head's result is what the program returns, or what a cross-entropy takes, up to functions of single elements.
void RoleFinder::visitHead(hf::LinearOp op) {
  if (taken.contains(op))
    return;
  SmallVector<Value> work = {op.getResult()};
  while (!work.empty()) {
    Value value = work.pop_back_val();
    for (Operation *user : value.getUsers()) {
      if (isa<func::ReturnOp, hf::CrossEntropyOp>(user)) {
        roles.heads.push_back(toProduct(op));
        taken.insert(op);
        return;
      }
      bool onlyConstants = llvm::all_of(user->getOperands(), [&](Value operand) {
        return operand == value || isa_and_nonnull<hf::ConstantOp>(operand.getDefiningOp());
      });
      if (user->getNumResults() == 1 && onlyConstants && (isElementwise(user) || isa<hf::ReshapeOp>(user)))
        work.push_back(user->getResult(0));
    }
  }
}

//===----------------------------------------------------------------------===//
// The residual stream
//===----------------------------------------------------------------------===//

/// Whether a value is the output of a block, perhaps normalised, scaled or reshaped.
bool RoleFinder::isOutput(Value value) const {
  while (Operation *op = value.getDefiningOp()) {
    if (isa<hf::LinearOp>(op))
      return taken.contains(op) && !firstOfMlp.contains(op);
    if (isa<hf::ExpertsOp>(op))
      return true;
    if (!isNorm(op) && !isa<hf::ReshapeOp, hf::MulOp, hf::ConvertOp, hf::DropoutOp>(op))
      return false;
    value = op->getOperand(0);
  }
  return false;
}

void RoleFinder::findResiduals() {
  llvm::SetVector<Value> residuals;
  for (const AttentionRole &attention : roles.attentions)
    if (attention.output)
      residuals.insert(attention.output.op->getResult(0));
  for (const MlpRole &mlp : roles.mlps)
    residuals.insert(mlp.second.op->getResult(0));
  for (Operation *embedding : llvm::concat<Operation *>(roles.embeddings, roles.positions))
    residuals.insert(embedding->getResult(0));
  for (hf::AddOp add : function.getOps<hf::AddOp>()) {
    bool left = isOutput(add.getLhs()), right = isOutput(add.getRhs());
    if (!left && !right)
      continue;
    residuals.insert(left ? add.getRhs() : add.getLhs());
    residuals.insert(add.getResult());
  }
  for (Value value : residuals)
    if (value.getDefiningOp())
      roles.residuals.push_back(value);
}

Roles RoleFinder::run() {
  for (auto op : function.getOps<hf::AttentionOp>())
    visitAttention(op);
  for (auto op : function.getOps<hf::LinearOp>())
    visitSecond(op);
  for (Operation &op : function.front()) {
    if (auto embedding = dyn_cast<hf::EmbeddingOp>(op))
      visitEmbedding(embedding);
    if (auto linear = dyn_cast<hf::LinearOp>(op))
      visitHead(linear);
    if (isa<hf::ExpertsOp>(op))
      roles.experts.push_back(&op);
  }
  findResiduals();
  return std::move(roles);
}

Roles partition::findRoles(Operation *function) { return RoleFinder(cast<func::FuncOp>(function)).run(); }
