//===- Memory.h - buffers of the rt stage, and the arena they share
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_MEMORY_H
#define HFC_LIB_INTERPRETER_MEMORY_H

#include "Primitives.h"

namespace hfc::interpreter {

/// A rank's planned memory. Each byte knows which buffer wrote it last, or that none has (it is poisoned): a read
/// through a buffer whose bytes another buffer has overwritten, or that were never written, does not succeed.
/// An element's word stands with its first byte, so that elements of any domain fit.
class Arena {
public:
  explicit Arena(int64_t bytes);

  /// Registers a buffer; its number is what load and store call `owner`.
  unsigned addOwner(std::string name);
  const std::string &ownerName(unsigned owner) const { return names[owner]; }

  bool load(int64_t offset, int64_t size, unsigned owner, Word &word) const;
  void store(int64_t offset, int64_t size, unsigned owner, Word word);
  /// The end of what was ever written, rounded up to the arena's alignment.
  int64_t written() const { return (end + alignment - 1) / alignment * alignment; }
  /// Poisons what of `[offset, offset + size)` still belongs to `owner`.
  void poison(int64_t offset, int64_t size, unsigned owner);
  /// Of the buffer that wrote this element last, for messages: "nothing has written it" or "… overwrote it".
  std::string historyOf(int64_t offset, int64_t size, unsigned owner) const;

private:
  static constexpr unsigned poisoned = 0;
  static constexpr int64_t alignment = 64;
  int64_t end = 0;
  std::unique_ptr<Word[]> words; // uninitialised; only bytes with an owner are read
  std::vector<unsigned> owners;
  std::vector<std::string> names{"poison"};
};

/// A buffer in an arena, or one that stands alone (a parameter, a state, a constant).
struct Buffer {
  std::string name;
  Element element = Element::F32;
  SmallVector<int64_t, 4> shape;
  /// In an arena: the first byte there, and the owner's number.
  Arena *arena = nullptr;
  int64_t offset = 0;
  unsigned owner = 0;
  /// Alone: the values.
  Tensor tensor;
  bool writable = true;
  /// Buffers that stand alone, seen as one; there is no tensor then.
  std::vector<Buffer> parts;

  int64_t size() const { return countOf(shape); }
  bool load(int64_t index, Word &word) const {
    if (!parts.empty())
      return partAt(index).load(index, word);
    if (!arena)
      return word = tensor.words()[index], true;
    int64_t bytes = byteSize(element);
    return arena->load(offset + index * bytes, bytes, owner, word);
  }
  void store(int64_t index, Word word) {
    if (!parts.empty())
      return const_cast<Buffer &>(partAt(index)).store(index, word);
    if (!arena) {
      tensor.mutableWords()[index] = word;
      return;
    }
    int64_t bytes = byteSize(element);
    arena->store(offset + index * bytes, bytes, owner, word);
  }
  /// Why load(index) failed.
  llvm::Error loadError(int64_t index) const;

  llvm::Expected<Tensor> read() const;
  llvm::Error write(const Tensor &value);

private:
  /// The part in which element `index` stands, which becomes its number there.
  const Buffer &partAt(int64_t &index) const;
};

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_MEMORY_H
