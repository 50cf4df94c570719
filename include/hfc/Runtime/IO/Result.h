//===- Result.h - a value, or a message for a person
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_RESULT_H
#define HFC_RUNTIME_IO_RESULT_H

#include <optional>
#include <string>
#include <utility>

namespace hfc::io {

/// Why something failed, for a person. Converts to any Result.
struct Failure {
  std::string message;
};

/// A value, or the reason why there is none. hfc_io throws nothing, so code built without exceptions can use it.
template <typename T>
class [[nodiscard]] Result {
public:
  Result(T value) : value(std::move(value)) {}
  Result(Failure failure) : failure(std::move(failure)) {}

  explicit operator bool() const { return value.has_value(); }
  T &operator*() { return *value; }
  const T &operator*() const { return *value; }
  T *operator->() { return &*value; }
  const T *operator->() const { return &*value; }
  const std::string &error() const { return failure.message; }

private:
  std::optional<T> value;
  Failure failure;
};

/// Success, or the reason of a failure.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Failure failure) : failure(std::move(failure)) {}

  explicit operator bool() const { return !failure.has_value(); }
  const std::string &error() const { return failure->message; }

private:
  std::optional<Failure> failure;
};

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_RESULT_H
