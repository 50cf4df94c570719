//===- Tensor.cpp - values of the reference interpreter
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/Tensor.h"

#include "llvm/Support/raw_ostream.h"

using namespace hfc;
using namespace hfc::interpreter;

bool interpreter::isFloat(Element element) { return element <= Element::F16; }

unsigned interpreter::bitWidth(Element element) {
  switch (element) {
  case Element::I1:
    return 1;
  case Element::I8:
    return 8;
  case Element::BF16:
  case Element::F16:
  case Element::I16:
    return 16;
  case Element::F32:
  case Element::I32:
    return 32;
  case Element::F64:
  case Element::I64:
  case Element::Index:
    return 64;
  }
  llvm_unreachable("an element type");
}

int64_t interpreter::byteSize(Element element) { return element == Element::I1 ? 1 : bitWidth(element) / 8; }

StringRef interpreter::nameOf(Element element) {
  static constexpr StringLiteral names[] = {"f64", "f32", "bf16", "f16", "i64", "i32", "i16", "i8", "i1", "index"};
  return names[static_cast<int>(element)];
}

std::optional<Element> interpreter::elementOf(Type type) {
  if (type.isIndex())
    return Element::Index;
  if (type.isF64())
    return Element::F64;
  if (type.isF32())
    return Element::F32;
  if (type.isBF16())
    return Element::BF16;
  if (type.isF16())
    return Element::F16;
  for (Element integer : {Element::I64, Element::I32, Element::I16, Element::I8, Element::I1})
    if (type.isInteger(bitWidth(integer)))
      return integer;
  return std::nullopt;
}

int64_t interpreter::countOf(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

std::string interpreter::shapeText(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << '[';
  llvm::interleaveComma(shape, stream);
  stream << ']';
  return text;
}

Tensor::Storage *Tensor::Storage::create(int64_t size) {
  static_assert(sizeof(Storage) % alignof(Word) == 0, "words stand behind their count");
  auto *storage = new (::operator new(sizeof(Storage) + size * sizeof(Word))) Storage{size, 0};
  std::fill_n(storage->words(), size, 0);
  return storage;
}

Tensor Tensor::withShape(ArrayRef<int64_t> newShape) const {
  Tensor other = *this;
  other.shape.assign(newShape.begin(), newShape.end());
  return other;
}

Tensor Tensor::clone() const {
  Tensor other = *this;
  other.storage = Storage::create(size());
  llvm::copy(words(), other.mutableWords().begin());
  return other;
}

SmallVector<int64_t> interpreter::stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * shape[dim + 1];
  return strides;
}

void interpreter::forEachOffset(ArrayRef<int64_t> shape, ArrayRef<int64_t> strides,
                                llvm::function_ref<void(int64_t)> visit) {
  if (llvm::is_contained(shape, 0))
    return;
  if (shape.empty())
    return visit(0);
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t last = static_cast<int64_t>(shape.size()) - 1, offset = 0;
  while (true) {
    for (int64_t i = 0; i < shape[last]; ++i)
      visit(offset + i * strides[last]);
    int64_t dim = last - 1;
    for (; dim >= 0; --dim) {
      offset += strides[dim];
      if (++index[dim] < shape[dim])
        break;
      offset -= strides[dim] * shape[dim];
      index[dim] = 0;
    }
    if (dim < 0)
      return;
  }
}
