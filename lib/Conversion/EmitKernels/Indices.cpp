//===- Indices.cpp - where an element stands in a tensor, as SSA values
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Indices.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

using namespace hfc;

static int64_t product(ArrayRef<int64_t> sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
}

int64_t IndexGroup::size() const { return product(extents); }

bool IndexGroup::operator==(const IndexGroup &other) const {
  return base == other.base && lane == other.lane && extents == other.extents;
}

bool hfc::isUniform(const Indices &indices) {
  return llvm::all_of(indices, [](const IndexGroup &group) { return group.lane == 0; });
}

IndexBuilder::Scope::~Scope() {
  while (indices.log.size() > mark) {
    indices.known.erase(indices.log.back());
    indices.log.pop_back();
  }
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value IndexBuilder::constant(int64_t value) {
  Value &slot = constants[value];
  if (!slot) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    slot = arith::ConstantIndexOp::create(builder, value);
  }
  return slot;
}

static std::optional<int64_t> constantOf(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  return std::nullopt;
}

Value IndexBuilder::build(Kind kind, Value lhs, Value rhs) {
  Key key{kind, lhs.getAsOpaquePointer(), rhs.getAsOpaquePointer()};
  if (auto found = known.find(key); found != known.end())
    return found->second;
  Value result;
  switch (kind) {
  case Kind::Add:
    result = arith::AddIOp::create(builder, lhs, rhs);
    break;
  case Kind::Mul:
    result = arith::MulIOp::create(builder, lhs, rhs);
    break;
  case Kind::Div:
    result = arith::DivUIOp::create(builder, lhs, rhs);
    break;
  case Kind::Rem:
    result = arith::RemUIOp::create(builder, lhs, rhs);
    break;
  case Kind::Min:
    result = arith::MinUIOp::create(builder, lhs, rhs);
    break;
  }
  known[key] = result;
  log.push_back(key);
  return result;
}

Value IndexBuilder::add(Value lhs, Value rhs) {
  std::optional<int64_t> left = constantOf(lhs), right = constantOf(rhs);
  if (left && right)
    return constant(*left + *right);
  if (left == 0)
    return rhs;
  return right == 0 ? lhs : build(Kind::Add, lhs, rhs);
}

Value IndexBuilder::mul(Value lhs, int64_t rhs) {
  if (std::optional<int64_t> left = constantOf(lhs))
    return constant(*left * rhs);
  return rhs == 1 ? lhs : build(Kind::Mul, lhs, constant(rhs));
}

Value IndexBuilder::div(Value lhs, int64_t rhs) {
  if (std::optional<int64_t> left = constantOf(lhs))
    return constant(*left / rhs);
  return rhs == 1 ? lhs : build(Kind::Div, lhs, constant(rhs));
}

Value IndexBuilder::rem(Value lhs, int64_t rhs) {
  if (std::optional<int64_t> left = constantOf(lhs))
    return constant(*left % rhs);
  return rhs == 1 ? constant(0) : build(Kind::Rem, lhs, constant(rhs));
}

Value IndexBuilder::min(Value lhs, int64_t rhs) {
  if (std::optional<int64_t> left = constantOf(lhs))
    return constant(std::min(*left, rhs));
  return build(Kind::Min, lhs, constant(rhs));
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

IndexGroup IndexBuilder::group(Value base, ArrayRef<int64_t> extents, int64_t lane, int64_t multiple) {
  if (product(extents) == 1)
    return {constant(0), 0, 0, SmallVector<int64_t, 4>(extents)};
  if (std::optional<int64_t> value = constantOf(base))
    multiple = *value;
  return {base, lane, multiple, SmallVector<int64_t, 4>(extents)};
}

LogicalResult IndexBuilder::splitGroup(const IndexGroup &whole, size_t position, IndexGroup &high, IndexGroup &low) {
  ArrayRef<int64_t> extents = whole.extents;
  ArrayRef<int64_t> front = extents.take_front(position), back = extents.drop_front(position);
  int64_t inner = product(back);
  if (product(front) == 1 || inner == 1) {
    high = group(whole.base, front, whole.lane, whole.multiple);
    low = group(whole.base, back, whole.lane, whole.multiple);
    return success();
  }
  int64_t highLane = 0, lowLane = 0;
  if (whole.lane % inner == 0)
    highLane = whole.lane / inner;
  else if (whole.multiple % (whole.lane * width) == 0 && inner % (whole.lane * width) == 0)
    lowLane = whole.lane;
  else
    return failure();
  int64_t highMultiple = whole.multiple % inner == 0 ? whole.multiple / inner : 1;
  high = group(div(whole.base, inner), front, highLane, highMultiple);
  low = group(rem(whole.base, inner), back, lowLane, std::gcd(whole.multiple, inner));
  origins[{high.base, low.base}] = {whole, inner};
  return success();
}

LogicalResult IndexBuilder::splitAt(Indices &indices, int64_t dim) {
  int64_t start = 0;
  for (size_t i = 0; i < indices.size(); ++i) {
    int64_t rank = indices[i].extents.size();
    if (dim <= start)
      return success();
    if (dim < start + rank) {
      IndexGroup high, low;
      if (failed(splitGroup(indices[i], dim - start, high, low)))
        return failure();
      indices[i] = std::move(low);
      indices.insert(indices.begin() + i, std::move(high));
      return success();
    }
    start += rank;
  }
  return success();
}

LogicalResult IndexBuilder::splitAll(Indices &indices) {
  int64_t rank = 0;
  for (const IndexGroup &group : indices)
    rank += group.extents.size();
  // From the back: what is left in front stays one quotient.
  for (int64_t dim = rank - 1; dim > 0; --dim)
    if (failed(splitAt(indices, dim)))
      return failure();
  return success();
}

IndexGroup IndexBuilder::merge(const IndexGroup &high, const IndexGroup &low) {
  SmallVector<int64_t, 4> extents(high.extents);
  llvm::append_range(extents, low.extents);
  int64_t inner = low.size();
  if (high.size() == 1)
    return group(low.base, extents, low.lane, low.multiple);
  if (inner == 1)
    return group(high.base, extents, high.lane, high.multiple);
  int64_t lane = high.lane * inner + low.lane;
  auto found = origins.find({high.base, low.base});
  if (found != origins.end() && found->second.low == inner)
    return group(found->second.whole.base, extents, lane, found->second.whole.multiple);
  return group(add(mul(high.base, inner), low.base), extents, lane, std::gcd(high.multiple * inner, low.multiple));
}

IndexGroup IndexBuilder::mergeAll(const Indices &indices) {
  if (indices.empty())
    return group(constant(0), {});
  // From the front, as splitAll takes apart from the back: parts find their whole.
  IndexGroup result = indices.front();
  for (const IndexGroup &next : ArrayRef<IndexGroup>(indices).drop_front())
    result = merge(result, next);
  return result;
}

Indices IndexBuilder::reshape(const Indices &indices, ArrayRef<int64_t> shape) {
  Indices result;
  size_t next = 0;
  for (size_t dim = 0; dim < shape.size();) {
    IndexGroup current = next < indices.size() ? indices[next++] : group(constant(0), {});
    int64_t size = current.size(), covered = 1;
    SmallVector<int64_t, 4> extents;
    while (covered != size || extents.empty()) {
      if (covered > size) {
        current = merge(current, indices[next++]);
        size = current.size();
      } else {
        covered *= shape[dim];
        extents.push_back(shape[dim++]);
      }
    }
    // What is left has size 1.
    while (next == indices.size() && dim < shape.size())
      extents.push_back(shape[dim++]);
    result.push_back(group(current.base, extents, current.lane, current.multiple));
  }
  return result;
}

Indices IndexBuilder::atLane(const Indices &indices, int64_t number) {
  Indices result;
  for (const IndexGroup &each : indices)
    result.push_back(group(add(each.base, each.lane * number), each.extents));
  return result;
}
