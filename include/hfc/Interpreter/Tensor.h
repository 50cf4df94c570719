//===- Tensor.h - values of the reference interpreter
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_INTERPRETER_TENSOR_H
#define HFC_INTERPRETER_TENSOR_H

#include "hfc/Support/LLVM.h"

#include "llvm/ADT/IntrusiveRefCntPtr.h"

#include <optional>
#include <vector>

namespace hfc::interpreter {

/// One scalar. What its bits mean is the domain's business for floats (a double, an element of a prime field);
/// integers are two's complement, sign-extended from their width; truth values are 0 and 1.
using Word = uint64_t;

enum class Element : uint8_t { F64, F32, BF16, F16, I64, I32, I16, I8, I1, Index };

bool isFloat(Element element);
/// Bytes of one element in memory; a truth value takes one.
int64_t byteSize(Element element);
/// Bits of an integer element.
unsigned bitWidth(Element element);
/// As MLIR spells it: "f32", "i1", "index".
StringRef nameOf(Element element);
std::optional<Element> elementOf(Type type);

int64_t countOf(ArrayRef<int64_t> shape);
/// "[2, 24]".
std::string shapeText(ArrayRef<int64_t> shape);

/// A dense row-major tensor. Copies share their elements, which therefore change only while a tensor is being made.
class Tensor {
public:
  Tensor() = default;
  /// Elements are zero words, which is zero in every domain.
  Tensor(Element element, ArrayRef<int64_t> shape)
      : element(element), shape(shape), storage(Storage::create(countOf(shape))) {}

  Element getElement() const { return element; }
  ArrayRef<int64_t> getShape() const { return shape; }
  int64_t rank() const { return shape.size(); }
  int64_t size() const { return storage ? storage->size : 0; }
  ArrayRef<Word> words() const { return {storage->words(), static_cast<size_t>(storage->size)}; }
  MutableArrayRef<Word> mutableWords() { return {storage->words(), static_cast<size_t>(storage->size)}; }
  /// An integer element's value.
  int64_t integer(int64_t index) const { return static_cast<int64_t>(storage->words()[index]); }
  /// Whether two tensors are the same memory.
  bool sharesWith(const Tensor &other) const { return storage == other.storage; }

  /// The same elements under another shape.
  Tensor withShape(ArrayRef<int64_t> newShape) const;
  /// The same elements in memory of their own.
  Tensor clone() const;

private:
  /// Elements in one piece of memory with their count. Tensors are of one thread.
  struct Storage {
    static Storage *create(int64_t size);
    Word *words() { return reinterpret_cast<Word *>(this + 1); }
    void Retain() { ++users; }
    void Release() {
      if (--users == 0)
        ::operator delete(this);
    }
    int64_t size;
    int64_t users;
  };

  Element element = Element::F32;
  SmallVector<int64_t, 4> shape;
  llvm::IntrusiveRefCntPtr<Storage> storage;
};

/// Row-major strides.
SmallVector<int64_t> stridesOf(ArrayRef<int64_t> shape);

/// Calls `visit(offset)` for each index of `shape` in row-major order, where `offset` is the index times `strides`.
void forEachOffset(ArrayRef<int64_t> shape, ArrayRef<int64_t> strides, llvm::function_ref<void(int64_t)> visit);

} // namespace hfc::interpreter

#endif // HFC_INTERPRETER_TENSOR_H
