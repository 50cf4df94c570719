//===- Values.h - between files and the interpreter
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_INTERPRET_VALUES_H
#define HFC_TOOLS_HFC_INTERPRET_VALUES_H

#include "hfc/Interpreter/Interpreter.h"
#include "hfc/Runtime/IO/Metadata.h"
#include "hfc/Runtime/IO/StateDict.h"

namespace hfc {

template <typename T>
llvm::Expected<T> expected(io::Result<T> result) {
  if (!result)
    return llvm::createStringError(result.error());
  return std::move(*result);
}

inline llvm::Error errorOf(const io::Status &status) {
  return status ? llvm::Error::success() : llvm::createStringError(status.error());
}

/// A tensor as it stands in memory, and the other way round.
interpreter::Tensor tensorOf(const interpreter::Domain &domain, const io::TensorInfo &info, const void *data);
std::vector<char> bytesOf(const interpreter::Domain &domain, const interpreter::Tensor &tensor);
io::OwnedTensor ownedOf(const interpreter::Domain &domain, const io::TensorInfo &info,
                        const interpreter::Tensor &tensor);

/// The seed of "random:SEED".
std::optional<uint64_t> randomSeed(StringRef text);

} // namespace hfc

#endif // HFC_TOOLS_HFC_INTERPRET_VALUES_H
