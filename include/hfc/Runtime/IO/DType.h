//===- DType.h - element types and conversions between them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_DTYPE_H
#define HFC_RUNTIME_IO_DTYPE_H

#include "hfc/Runtime/IO/BFloat16.h"
#include "hfc/Runtime/hfc_runtime.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hfc::io {

/// Bytes of one element.
int64_t sizeOf(hfc_dtype dtype);

/// "float32", …: the names in a program's metadata.
std::string_view nameOf(hfc_dtype dtype);
std::optional<hfc_dtype> dtypeFromName(std::string_view name);

/// "F32", …: the names in safetensors headers. Those of types that hfc never reads have no hfc_dtype.
std::string_view safeTensorsNameOf(hfc_dtype dtype);
std::optional<hfc_dtype> dtypeFromSafeTensorsName(std::string_view name);

/// Bits of one element of any type that the safetensors format defines; 0 for names that it does not.
int64_t bitsOfSafeTensorsName(std::string_view name);

bool isFloat(hfc_dtype dtype);

/// Number of elements, or nothing if a dimension is negative or the number does not fit 62 bits.
std::optional<int64_t> elementCount(const std::vector<int64_t> &shape);

/// "1.50 GiB".
std::string bytesToString(int64_t bytes);

/// "[2, 24]".
std::string shapeToString(const std::vector<int64_t> &shape);

float float16ToFloat(uint16_t bits);

/// One element of a tensor of floats or integers, as a double.
double loadElement(const void *data, hfc_dtype dtype, int64_t index);

/// Converts `count` floats of any float type into float32 or bfloat16. `stride` counts source elements.
void convertFloats(const void *source, hfc_dtype from, int64_t stride, void *target, hfc_dtype to, int64_t count);

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_DTYPE_H
