//===- Memory.cpp - memory that threads share, watched
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Memory.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <cstring>

using namespace hfc;
using namespace hfc::simt;

//===----------------------------------------------------------------------===//
// Races
//===----------------------------------------------------------------------===//

/// Whether nothing orders two accesses of which one writes.
bool Watch::conflicts(const Access &earlier, const Access &later) const {
  if (earlier.thread < 0)
    return false;
  if (earlier.block != later.block)
    return !isShared;
  return earlier.interval == later.interval && earlier.thread != later.thread;
}

static std::string describe(const Access &access, StringRef what) {
  return ("thread " + Twine(access.thread) + " of block " + Twine(access.block) + ", which " + what).str();
}

std::string Watch::access(int64_t offset, int64_t size, bool isWrite, Access by) {
  for (int64_t i = offset / cellBytes, end = (offset + size) / cellBytes; i < end; ++i) {
    Cell &cell = cells[i];
    if (conflicts(cell.writer, by))
      return describe(cell.writer, "writes it");
    if (isWrite) {
      for (const Access &reader : {cell.reader, cell.otherReader})
        if (conflicts(reader, by))
          return describe(reader, "reads it");
      cell.writer = by;
    } else if (cell.reader.block != by.block || cell.reader.thread == by.thread ||
               cell.reader.interval != by.interval) {
      // The reader before the last one matters if it is of another block.
      if (cell.reader.thread >= 0 && cell.reader.block != by.block)
        cell.otherReader = cell.reader;
      cell.reader = by;
    } else if (cell.otherReader.thread < 0 || cell.otherReader.block == by.block) {
      cell.otherReader = by;
    }
  }
  return "";
}

bool Watch::isWritten(int64_t offset, int64_t size, int32_t block) const {
  for (int64_t i = offset / cellBytes, end = (offset + size) / cellBytes; i < end; ++i)
    if (cells[i].writer.block != block)
      return false;
  return true;
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

int64_t hfc::simt::elementBytes(Type type) {
  return type.isIndex() ? 8 : llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

static const llvm::fltSemantics &semantics(Type type) { return cast<FloatType>(type).getFloatSemantics(); }

double hfc::simt::roundTo(Type type, double value) {
  if (type.isF32())
    return static_cast<float>(value);
  if (type.isF64())
    return value;
  if (type.isBF16()) {
    // To nearest, ties to even, on the upper half of a float.
    uint32_t bits = llvm::bit_cast<uint32_t>(static_cast<float>(value));
    if (std::isnan(value))
      return value;
    bits += 0x7fff + ((bits >> 16) & 1);
    return llvm::bit_cast<float>(bits & 0xffff0000u);
  }
  APFloat number(value);
  bool losesInfo = false;
  number.convert(semantics(type), APFloat::rmNearestTiesToEven, &losesInfo);
  return number.convertToDouble();
}

int64_t hfc::simt::wrapTo(Type type, int64_t value) {
  unsigned bits = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  return bits >= 64 ? value : llvm::SignExtend64(static_cast<uint64_t>(value), bits);
}

double hfc::simt::loadFloat(const char *from, Type type) {
  if (type.isF32()) {
    float value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  uint64_t bits = 0;
  std::memcpy(&bits, from, elementBytes(type));
  return APFloat(semantics(type), APInt(type.getIntOrFloatBitWidth(), bits)).convertToDouble();
}

void hfc::simt::storeFloat(char *to, Type type, double value) {
  if (type.isF32()) {
    float narrow = static_cast<float>(value);
    std::memcpy(to, &narrow, sizeof narrow);
    return;
  }
  APFloat number(value);
  bool losesInfo = false;
  number.convert(semantics(type), APFloat::rmNearestTiesToEven, &losesInfo);
  uint64_t bits = number.bitcastToAPInt().getZExtValue();
  std::memcpy(to, &bits, elementBytes(type));
}

int64_t hfc::simt::loadInteger(const char *from, Type type) {
  uint64_t bits = 0;
  std::memcpy(&bits, from, elementBytes(type));
  return wrapTo(type, static_cast<int64_t>(bits));
}

void hfc::simt::storeInteger(char *to, Type type, int64_t value) {
  // A bool in memory is a byte, 0 or 1.
  if (type.isInteger(1))
    value &= 1;
  std::memcpy(to, &value, elementBytes(type));
}
