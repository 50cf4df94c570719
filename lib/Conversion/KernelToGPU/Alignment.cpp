//===- Alignment.cpp - what alignment an access is known to have
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Alignment.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace hfc;

/// Divisors beyond this make no difference, and products of capped ones do not overflow.
static constexpr int64_t kDivisorCap = 1 << 20;

static int64_t cap(int64_t divisor) { return std::gcd(divisor, kDivisorCap); }

static int64_t product(int64_t lhs, int64_t rhs) {
  if (lhs == 0 || rhs == 0)
    return 0;
  return cap(cap(lhs) * cap(rhs));
}

/// Expressions nested deeper than this are not looked into: operands may be shared, so the work could be exponential.
static constexpr int kMaxDepth = 12;

static int64_t divisorOf(Value index, int depth) {
  APInt constant;
  if (matchPattern(index, m_ConstantInt(&constant)))
    return cap(std::abs(constant.getSExtValue()));
  if (depth == kMaxDepth)
    return 1;
  auto of = [&](Value value) { return divisorOf(value, depth + 1); };
  if (auto argument = dyn_cast<BlockArgument>(index)) {
    // A loop's induction variable is its lower bound plus a multiple of its step.
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    if (!loop || argument != loop.getInductionVar())
      return 1;
    return std::gcd(of(loop.getLowerBound()), of(loop.getStep()));
  }
  return llvm::TypeSwitch<Operation *, int64_t>(index.getDefiningOp())
      .Case<arith::AddIOp, arith::SubIOp, arith::MinUIOp, arith::MinSIOp, arith::MaxUIOp, arith::MaxSIOp,
            arith::RemUIOp, arith::RemSIOp>([&](auto op) { return std::gcd(of(op.getLhs()), of(op.getRhs())); })
      .Case<arith::MulIOp>([&](auto op) { return product(of(op.getLhs()), of(op.getRhs())); })
      .Case<arith::SelectOp>([&](auto op) { return std::gcd(of(op.getTrueValue()), of(op.getFalseValue())); })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp>([&](auto op) { return of(op.getIn()); })
      .Default([](Operation *) { return 1; });
}

int64_t hfc::knownDivisor(Value index) { return divisorOf(index, 0); }

int64_t hfc::knownAlignment(MemRefType type, ValueRange indices) {
  int64_t stride = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  int64_t divisor = 0;
  for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
    divisor = std::gcd(divisor, product(knownDivisor(indices[dim]), stride));
    stride *= type.getDimSize(dim);
  }
  return std::gcd(divisor, kBufferAlignment);
}

template <typename OpT>
static void annotate(OpT op) {
  int64_t known = knownAlignment(op.getMemRefType(), op.getIndices());
  if (known > static_cast<int64_t>(op.getAlignment().value_or(1)))
    op.setAlignment(known);
}

void hfc::annotateAlignment(Operation *root) {
  root->walk([](Operation *op) {
    llvm::TypeSwitch<Operation *>(op).Case<vector::LoadOp, vector::StoreOp>([](auto access) { annotate(access); });
  });
}
