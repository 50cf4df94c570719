//===- DType.cpp - element types and conversions between them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/DType.h"

#include <cmath>
#include <cstdio>

namespace hfc::io {

namespace {
struct TypeNames {
  hfc_dtype dtype;
  std::string_view name, safeTensorsName;
  int64_t size;
};
constexpr TypeNames allTypes[] = {
    {HFC_FLOAT32, "float32", "F32", 4}, {HFC_BFLOAT16, "bfloat16", "BF16", 2}, {HFC_FLOAT16, "float16", "F16", 2},
    {HFC_INT32, "int32", "I32", 4},     {HFC_INT64, "int64", "I64", 8},        {HFC_BOOL, "bool", "BOOL", 1},
    {HFC_FLOAT64, "float64", "F64", 8},
};

struct FormatType {
  std::string_view name;
  int64_t bits;
};
/// All types of the safetensors format.
constexpr FormatType formatTypes[] = {
    {"BOOL", 8},    {"F4", 4},          {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},   {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8},     {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"I16", 16}, {"U16", 16},
    {"F16", 16},    {"BF16", 16},       {"I32", 32},    {"U32", 32},        {"F32", 32}, {"C64", 64},
    {"F64", 64},    {"F8_E5M2FNUZ", 8}, {"I64", 64},    {"U64", 64},
};

const TypeNames &entryOf(hfc_dtype dtype) { return allTypes[dtype]; }

template <typename T>
T loadAs(const void *data, int64_t index) {
  T value;
  std::memcpy(&value, static_cast<const char *>(data) + index * int64_t(sizeof(T)), sizeof(T));
  return value;
}

float loadFloat(const void *data, hfc_dtype dtype, int64_t index) {
  switch (dtype) {
  case HFC_FLOAT32:
    return loadAs<float>(data, index);
  case HFC_BFLOAT16:
    return bfloat16ToFloat(loadAs<uint16_t>(data, index));
  case HFC_FLOAT16:
    return float16ToFloat(loadAs<uint16_t>(data, index));
  default:
    return float(loadElement(data, dtype, index));
  }
}

/// One loop for each pair of types, so that the compiler vectorises the common ones.
template <typename Load>
void convertWith(Load load, void *target, hfc_dtype to, int64_t count) {
  if (to == HFC_FLOAT32) {
    float *out = static_cast<float *>(target);
    for (int64_t i = 0; i < count; ++i)
      out[i] = load(i);
  } else {
    uint16_t *out = static_cast<uint16_t *>(target);
    for (int64_t i = 0; i < count; ++i)
      out[i] = floatToBFloat16(load(i));
  }
}
} // namespace

int64_t sizeOf(hfc_dtype dtype) { return entryOf(dtype).size; }
std::string_view nameOf(hfc_dtype dtype) { return entryOf(dtype).name; }
std::string_view safeTensorsNameOf(hfc_dtype dtype) { return entryOf(dtype).safeTensorsName; }

std::optional<hfc_dtype> dtypeFromName(std::string_view name) {
  for (const TypeNames &type : allTypes)
    if (type.name == name)
      return type.dtype;
  return std::nullopt;
}

std::optional<hfc_dtype> dtypeFromSafeTensorsName(std::string_view name) {
  for (const TypeNames &type : allTypes)
    if (type.safeTensorsName == name)
      return type.dtype;
  return std::nullopt;
}

int64_t bitsOfSafeTensorsName(std::string_view name) {
  for (const FormatType &type : formatTypes)
    if (type.name == name)
      return type.bits;
  return 0;
}

bool isFloat(hfc_dtype dtype) {
  return dtype == HFC_FLOAT32 || dtype == HFC_BFLOAT16 || dtype == HFC_FLOAT16 || dtype == HFC_FLOAT64;
}

std::optional<int64_t> elementCount(const std::vector<int64_t> &shape) {
  // A zero makes the number zero, but the other dimensions must still be sane: strides are their products.
  int64_t product = 1;
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    if (size == 0) {
      empty = true;
      continue;
    }
    if (__builtin_mul_overflow(product, size, &product) || product > (int64_t(1) << 62))
      return std::nullopt;
  }
  return empty ? 0 : product;
}

std::string bytesToString(int64_t bytes) {
  if (bytes < int64_t(1) << 20)
    return std::to_string(bytes) + " bytes";
  char text[32];
  if (bytes < int64_t(1) << 30)
    std::snprintf(text, sizeof text, "%.2f MiB", double(bytes) / double(1 << 20));
  else
    std::snprintf(text, sizeof text, "%.2f GiB", double(bytes) / double(1 << 30));
  return text;
}

std::string shapeToString(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

float float16ToFloat(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t exponent = (bits >> 10) & 0x1f;
  uint32_t mantissa = bits & 0x3ff;
  uint32_t wide;
  if (exponent == 0) {
    // Zero and subnormals: mantissa units of 2^-24 are exact in float32.
    float value = float(mantissa) * 0x1p-24f;
    std::memcpy(&wide, &value, sizeof wide);
    wide |= sign;
  } else if (exponent == 31) {
    wide = sign | 0x7f800000u | (mantissa << 13);
  } else {
    wide = sign | ((exponent + 112) << 23) | (mantissa << 13);
  }
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

double loadElement(const void *data, hfc_dtype dtype, int64_t index) {
  switch (dtype) {
  case HFC_FLOAT32:
    return loadAs<float>(data, index);
  case HFC_BFLOAT16:
    return bfloat16ToFloat(loadAs<uint16_t>(data, index));
  case HFC_FLOAT16:
    return float16ToFloat(loadAs<uint16_t>(data, index));
  case HFC_INT32:
    return loadAs<int32_t>(data, index);
  case HFC_INT64:
    return double(loadAs<int64_t>(data, index));
  case HFC_BOOL:
    return loadAs<uint8_t>(data, index);
  case HFC_FLOAT64:
    return loadAs<double>(data, index);
  }
  return 0;
}

void convertFloats(const void *source, hfc_dtype from, int64_t stride, void *target, hfc_dtype to, int64_t count) {
  if (count <= 0)
    return;
  if (from == to && stride == 1) {
    std::memcpy(target, source, count * sizeOf(to));
    return;
  }
  if (stride == 1 && from == HFC_BFLOAT16)
    convertWith([&](int64_t i) { return bfloat16ToFloat(loadAs<uint16_t>(source, i)); }, target, to, count);
  else if (stride == 1 && from == HFC_FLOAT32)
    convertWith([&](int64_t i) { return loadAs<float>(source, i); }, target, to, count);
  else if (stride == 1 && from == HFC_FLOAT16)
    convertWith([&](int64_t i) { return float16ToFloat(loadAs<uint16_t>(source, i)); }, target, to, count);
  else
    convertWith([&](int64_t i) { return loadFloat(source, from, i * stride); }, target, to, count);
}

} // namespace hfc::io
