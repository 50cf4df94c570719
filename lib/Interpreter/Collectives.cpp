//===- Collectives.cpp - what all ranks of a group do together
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Collectives.h"

#include "dialects/dist/BucketLayout.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::interpreter;

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

namespace {
/// A tensor as blocks around a dimension: `outer` times `size` blocks of `inner` elements.
struct Blocks {
  Blocks(ArrayRef<int64_t> shape, int64_t dim)
      : outer(countOf(shape.take_front(dim))), size(shape[dim]), inner(countOf(shape.drop_front(dim + 1))) {}
  int64_t outer, size, inner;
};
} // namespace

static SmallVector<int64_t> withSize(ArrayRef<int64_t> shape, int64_t dim, int64_t size) {
  SmallVector<int64_t> result(shape);
  result[dim] = size;
  return result;
}

Tensor interpreter::cut(const Tensor &x, int64_t dim, int64_t offset, int64_t length, Word filling) {
  Blocks blocks(x.getShape(), dim);
  if (offset == 0 && length == blocks.size)
    return x;
  Tensor result(x.getElement(), withSize(x.getShape(), dim, length));
  int64_t kept = std::clamp<int64_t>(blocks.size - offset, 0, length);
  Word *to = result.mutableWords().data();
  for (int64_t row = 0; row < blocks.outer; ++row) {
    const Word *from = x.words().data() + (row * blocks.size + std::min(offset, blocks.size)) * blocks.inner;
    to = std::copy_n(from, kept * blocks.inner, to);
    to = std::fill_n(to, (length - kept) * blocks.inner, filling);
  }
  return result;
}

Tensor interpreter::join(ArrayRef<Tensor> pieces, int64_t dim, int64_t length) {
  Tensor result(pieces.front().getElement(), withSize(pieces.front().getShape(), dim, length));
  Blocks blocks(result.getShape(), dim);
  Word *to = result.mutableWords().data();
  for (int64_t row = 0; row < blocks.outer; ++row) {
    int64_t left = length;
    for (const Tensor &piece : pieces) {
      int64_t size = piece.getShape()[dim], taken = std::min(size, left);
      to = std::copy_n(piece.words().data() + row * size * blocks.inner, taken * blocks.inner, to);
      left -= taken;
    }
  }
  return result;
}

Tensor interpreter::combine(const Domain &domain, dist::ReductionKind kind, ArrayRef<Tensor> tensors) {
  const Tensor &first = tensors.front();
  Combine how = kind == dist::ReductionKind::max   ? Combine::Max
                : kind == dist::ReductionKind::min ? Combine::Min
                                                   : Combine::Sum;
  Tensor result(first.getElement(), first.getShape());
  MutableArrayRef<Word> words = result.mutableWords();
  SmallVector<Word> values(tensors.size());
  for (size_t i = 0; i < words.size(); ++i) {
    for (auto [value, tensor] : llvm::zip(values, tensors))
      value = tensor.words()[i];
    words[i] = domain.reduce(how, first.getElement(), values);
  }
  if (kind == dist::ReductionKind::mean) {
    SmallVector<Word> count(words.size(), domain.fromReal(tensors.size(), first.getElement()));
    domain.binary(Binary::Div, first.getElement(), words, count, words);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Collectives
//===----------------------------------------------------------------------===//

Collective interpreter::collectiveOf(dist::CollectiveOpInterface op) {
  using Kind = Collective::Kind;
  Collective collective =
      llvm::TypeSwitch<Operation *, Collective>(op)
          .Case([](dist::AllReduceOp op) { return Collective{Kind::AllReduce, op.getKind()}; })
          .Case([](dist::AllGatherOp op) { return Collective{Kind::AllGather, {}, static_cast<int64_t>(op.getDim())}; })
          .Case([](dist::ReduceScatterOp op) {
            return Collective{Kind::ReduceScatter, op.getKind(), static_cast<int64_t>(op.getDim())};
          })
          .Case([](dist::AllToAllOp op) {
            return Collective{
                Kind::AllToAll, {}, static_cast<int64_t>(op.getSplit()), static_cast<int64_t>(op.getConcat())};
          })
          .Case([](dist::BroadcastOp op) {
            return Collective{Kind::Broadcast, {}, 0, 0, static_cast<int64_t>(op.getRoot())};
          })
          .Case([](dist::SendReceiveOp op) {
            return Collective{Kind::SendReceive, {}, 0, 0, static_cast<int64_t>(op.getBy())};
          })
          .Case([](dist::ReduceScatterBucketOp op) { return Collective{Kind::ReduceScatterBucket, op.getKind()}; })
          .Case([](dist::AllGatherBucketOp) { return Collective{Kind::AllGatherBucket}; })
          .Default([](Operation *) { return Collective{Kind::Agree}; });
  for (Type type : op->getResultTypes())
    collective.shapes.emplace_back(cast<ShapedType>(type).getShape());
  return collective;
}

using Places = std::vector<Results>;

/// The operands of one number, of all places.
static SmallVector<Tensor> column(ArrayRef<Results> operands, size_t number) {
  return llvm::map_to_vector(operands, [&](const Results &place) { return place[number]; });
}

static Places reduceAll(const Domain &domain, dist::ReductionKind kind, ArrayRef<Results> operands) {
  Places results(operands.size());
  for (size_t number = 0; number < operands.front().size(); ++number) {
    Tensor value = combine(domain, kind, column(operands, number));
    for (Results &place : results)
      place.push_back(value);
  }
  return results;
}

static llvm::Expected<Places> gather(const Collective &collective, ArrayRef<Results> operands) {
  int64_t dim = collective.dim, size = collective.shapes[0][dim];
  int64_t joined = operands.front()[0].getShape()[dim] * static_cast<int64_t>(operands.size());
  if (size > joined)
    return makeError("gathers " + Twine(joined) + " elements of dimension " + Twine(dim) + " into " + Twine(size));
  return Places(operands.size(), Results{join(column(operands, 0), dim, size)});
}

static Places scatter(const Domain &domain, const Collective &collective, ArrayRef<Results> operands) {
  Tensor whole = combine(domain, collective.reduction, column(operands, 0));
  int64_t size = collective.shapes[0][collective.dim];
  Places results;
  for (size_t place = 0; place < operands.size(); ++place)
    results.push_back({cut(whole, collective.dim, place * size, size)});
  return results;
}

static Places exchange(const Collective &collective, ArrayRef<Results> operands) {
  int64_t size = collective.shapes[0][collective.dim];
  Places results;
  for (size_t place = 0; place < operands.size(); ++place) {
    SmallVector<Tensor> pieces;
    for (const Results &other : operands)
      pieces.push_back(cut(other[0], collective.dim, place * size, size));
    results.push_back({join(pieces, collective.concat, collective.shapes[0][collective.concat])});
  }
  return results;
}

static llvm::Expected<Places> broadcast(const Collective &collective, ArrayRef<Results> operands) {
  if (collective.place < 0 || collective.place >= static_cast<int64_t>(operands.size()))
    return makeError("place " + Twine(collective.place) + " sends, but the group has " + Twine(operands.size()));
  return Places(operands.size(), operands[collective.place]);
}

static Places rotate(const Collective &collective, ArrayRef<Results> operands) {
  int64_t count = operands.size(), by = (collective.place % count + count) % count;
  Places results(count);
  for (int64_t place = 0; place < count; ++place)
    results[(place + by) % count] = operands[place];
  return results;
}

/// The tensors at their places in a bucket, and zeros between them and up to `size` elements.
static Tensor flatten(ArrayRef<Tensor> tensors, int64_t size) {
  Tensor flat(tensors.front().getElement(), {size});
  dist::BucketLayout layout;
  for (const Tensor &tensor : tensors)
    llvm::copy(tensor.words(), flat.mutableWords().data() + layout.place(tensor.size()));
  return flat;
}

static llvm::Expected<Places> scatterBucket(const Domain &domain, const Collective &collective,
                                            ArrayRef<Results> operands) {
  int64_t piece = collective.shapes[0][0], whole = piece * static_cast<int64_t>(operands.size());
  dist::BucketLayout layout;
  for (const Tensor &tensor : operands.front())
    layout.place(tensor.size());
  if (layout.size() > whole)
    return makeError("a bucket of " + Twine(layout.size()) + " elements does not fit pieces of " + Twine(piece));
  Places flat;
  for (const Results &place : operands)
    flat.push_back({flatten(place, whole)});
  return scatter(domain, Collective{collective.kind, collective.reduction, 0, 0, 0, collective.shapes}, flat);
}

static llvm::Expected<Places> gatherBucket(const Collective &collective, ArrayRef<Results> operands) {
  int64_t whole = operands.front()[0].size() * static_cast<int64_t>(operands.size());
  dist::BucketLayout layout;
  Tensor flat = join(column(operands, 0), 0, whole);
  Results members;
  for (ArrayRef<int64_t> shape : collective.shapes) {
    int64_t count = countOf(shape), offset = layout.place(count);
    if (offset + count > whole)
      return makeError("a bucket of " + Twine(whole) + " elements does not hold all of its tensors");
    members.push_back(cut(flat, 0, offset, count).withShape(shape));
  }
  return Places(operands.size(), members);
}

static llvm::Expected<Places> dispatch(const Domain &domain, const Collective &collective, ArrayRef<Results> operands) {
  switch (collective.kind) {
  case Collective::Kind::AllReduce:
    return reduceAll(domain, collective.reduction, operands);
  case Collective::Kind::Agree:
    return reduceAll(domain, dist::ReductionKind::mean, operands);
  case Collective::Kind::AllGather:
    return gather(collective, operands);
  case Collective::Kind::ReduceScatter:
    return scatter(domain, collective, operands);
  case Collective::Kind::AllToAll:
    return exchange(collective, operands);
  case Collective::Kind::Broadcast:
    return broadcast(collective, operands);
  case Collective::Kind::SendReceive:
    return rotate(collective, operands);
  case Collective::Kind::ReduceScatterBucket:
    return scatterBucket(domain, collective, operands);
  case Collective::Kind::AllGatherBucket:
    return gatherBucket(collective, operands);
  }
  llvm_unreachable("a kind of collective");
}

llvm::Expected<Places> interpreter::perform(const Domain &domain, const Collective &collective,
                                            ArrayRef<Results> operands) {
  // What is added on the way counts as bytes sent.
  int64_t operations = domain.operations();
  llvm::Expected<Places> results = dispatch(domain, collective, operands);
  domain.forgetOperations(operations);
  return results;
}
