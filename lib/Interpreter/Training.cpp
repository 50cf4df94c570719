//===- Training.cpp - primitives of training and of cut tensors
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Primitives.h"

using namespace hfc;
using namespace hfc::interpreter;

Tensor interpreter::evaluate(const Domain &domain, hf::ScatterAddOp op, ArrayRef<Tensor> operands) {
  const Tensor &base = operands[0], &indices = operands[1], &updates = operands[2];
  Tensor result = base.clone();
  int64_t rows = base.getShape().front(), length = countOf(base.getShape().drop_front());
  // How many rows are added depends on data: they count as bytes.
  int64_t operations = domain.operations();
  for (int64_t i = 0; i < indices.size(); ++i) {
    int64_t row = indices.integer(i);
    if (row < 0 || row >= rows)
      continue;
    MutableArrayRef<Word> sum = result.mutableWords().slice(row * length, length);
    domain.binary(Binary::Add, base.getElement(), sum, updates.words().slice(i * length, length), sum);
  }
  domain.forgetOperations(operations);
  return result;
}

Tensor interpreter::evaluate(hf::SliceAtOp op, const Tensor &x, const Tensor &start) {
  Tensor result = emptyOf(op.getType());
  int64_t dim = op.getDim(), from = x.getShape()[dim], to = result.getShape()[dim];
  int64_t outer = countOf(x.getShape().take_front(dim)), inner = countOf(x.getShape().drop_front(dim + 1));
  for (int64_t i = 0; i < outer; ++i)
    for (int64_t j = 0; j < to; ++j) {
      int64_t place = start.integer(0) + j;
      if (place >= 0 && place < from)
        llvm::copy(x.words().slice((i * from + place) * inner, inner),
                   result.mutableWords().begin() + (i * to + j) * inner);
    }
  return result;
}

/// The first word of Threefry-2x32 with 13 rounds, as `hf.random_uniform` describes it.
static uint32_t threefry(uint32_t x, uint32_t y, uint32_t key) {
  const uint32_t keys[] = {key, 0, 0x1BD11BDAu ^ key};
  const unsigned rotations[] = {13, 15, 26, 6, 17, 29, 16, 24};
  x += keys[0];
  y += keys[1];
  for (uint32_t round = 0; round < 13; ++round) {
    unsigned rotation = rotations[round % 8];
    x += y;
    y = ((y << rotation) | (y >> (32 - rotation))) ^ x;
    if (uint32_t turn = round / 4 + 1; round % 4 == 3) {
      x += keys[turn % 3];
      y += keys[(turn + 1) % 3] + turn;
    }
  }
  return x;
}

Tensor interpreter::evaluate(const Domain &domain, hf::RandomUniformOp op, ArrayRef<Tensor> operands) {
  Tensor result = emptyOf(op.getType());
  MutableArrayRef<Word> out = result.mutableWords();
  for (size_t i = 0; i < out.size(); ++i) {
    uint32_t bits =
        threefry(static_cast<uint32_t>(operands[0].words()[i]), static_cast<uint32_t>(operands[1].words()[i]),
                 static_cast<uint32_t>(operands[2].words()[i]));
    out[i] = domain.fromReal((bits >> 8) * 0x1p-24, result.getElement());
  }
  return result;
}
