//===- Memory.cpp - buffers of the rt stage, and the arena they share
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Memory.h"

using namespace hfc;
using namespace hfc::interpreter;

//===----------------------------------------------------------------------===//
// Arena
//===----------------------------------------------------------------------===//

Arena::Arena(int64_t bytes) : words(new Word[bytes]), owners(bytes, poisoned) {}

unsigned Arena::addOwner(std::string name) {
  names.push_back(std::move(name));
  return names.size() - 1;
}

bool Arena::load(int64_t offset, int64_t size, unsigned owner, Word &word) const {
  for (int64_t byte = offset; byte < offset + size; ++byte)
    if (owners[byte] != owner)
      return false;
  word = words[offset];
  return true;
}

void Arena::store(int64_t offset, int64_t size, unsigned owner, Word word) {
  std::fill_n(owners.begin() + offset, size, owner);
  words[offset] = word;
  end = std::max(end, offset + size);
}

void Arena::poison(int64_t offset, int64_t size, unsigned owner) {
  std::replace(owners.begin() + offset, owners.begin() + offset + size, owner, poisoned);
}

std::string Arena::historyOf(int64_t offset, int64_t size, unsigned owner) const {
  for (int64_t byte = offset; byte < offset + size; ++byte)
    if (owners[byte] != owner && owners[byte] != poisoned)
      return ownerName(owners[byte]) + " has overwritten it";
  return "it is poisoned: nothing has written it, or its buffer's last use is over";
}

//===----------------------------------------------------------------------===//
// Buffer
//===----------------------------------------------------------------------===//

llvm::Error Buffer::loadError(int64_t index) const {
  int64_t bytes = byteSize(element);
  return makeError("reads element " + Twine(index) + " of " + name + ", but " +
                   arena->historyOf(offset + index * bytes, bytes, owner));
}

const Buffer &Buffer::partAt(int64_t &index) const {
  const Buffer *part = &parts.front();
  for (; index >= part->size(); ++part)
    index -= part->size();
  return *part;
}

llvm::Expected<Tensor> Buffer::read() const {
  if (!arena && parts.empty())
    return (writable ? tensor.clone() : tensor).withShape(shape);
  Tensor result(element, shape);
  MutableArrayRef<Word> words = result.mutableWords();
  for (int64_t i = 0; i < static_cast<int64_t>(words.size()); ++i)
    if (!load(i, words[i]))
      return loadError(i);
  return result;
}

llvm::Error Buffer::write(const Tensor &value) {
  if (!writable)
    return makeError("writes " + name + ", which is read-only");
  for (int64_t i = 0; i < value.size(); ++i)
    store(i, value.words()[i]);
  return llvm::Error::success();
}
