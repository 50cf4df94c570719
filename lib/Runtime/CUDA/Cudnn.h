//===- Cudnn.h - cuDNN's backend API
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// cuDNN is loaded when a program first wants it: programs run without, only slower. Descriptors are given the API's
// attributes one by one; the first call that fails is remembered, and all after it do nothing, so that a graph is
// checked once, when it is complete.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_CUDNN_H
#define HFC_LIB_RUNTIME_CUDA_CUDNN_H

#include "hfc/Runtime/IO/Result.h"

#include <cudnn_graph.h>

#include <string>
#include <utility>
#include <vector>

namespace hfc::cuda {

/// The functions of libcudnn that are used here.
struct Cudnn {
  decltype(&cudnnGetVersion) getVersion;
  decltype(&cudnnGetLastErrorString) getLastErrorString;
  decltype(&cudnnGetErrorString) getErrorString;
  decltype(&cudnnCreate) create;
  decltype(&cudnnDestroy) destroy;
  decltype(&cudnnSetStream) setStream;
  decltype(&cudnnBackendCreateDescriptor) createDescriptor;
  decltype(&cudnnBackendDestroyDescriptor) destroyDescriptor;
  decltype(&cudnnBackendSetAttribute) setAttribute;
  decltype(&cudnnBackendGetAttribute) getAttribute;
  decltype(&cudnnBackendFinalize) finalize;
  decltype(&cudnnBackendExecute) execute;

  /// Loaded once for the process; a failure says what is missing, or too old.
  static const io::Result<Cudnn> &load();
};

/// Calls of cuDNN that belong together, up to the first that fails.
class CudnnCalls {
public:
  explicit CudnnCalls(const Cudnn &cudnn) : cudnn(cudnn) {}

  bool hasFailed() const { return !message.empty(); }
  io::Status status() const { return hasFailed() ? io::Status(io::Failure{message}) : io::Status(); }
  /// Remembers `result`'s failure, if it is one, and what was tried. Whether all calls up to here succeeded.
  bool check(cudnnStatus_t result, const char *what);

  const Cudnn &cudnn;

private:
  std::string message;
};

/// A descriptor of the backend API, null if its creation failed.
class Descriptor {
public:
  Descriptor() = default;
  Descriptor(CudnnCalls &calls, cudnnBackendDescriptorType_t type, const char *what);
  Descriptor(Descriptor &&other) noexcept { *this = std::move(other); }
  Descriptor &operator=(Descriptor &&other) noexcept;
  ~Descriptor();

  cudnnBackendDescriptor_t get() const { return descriptor; }

  /// One value, or several.
  template <typename T>
  void set(CudnnCalls &calls, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, const T &value) {
    setAll(calls, name, type, 1, &value);
  }
  template <typename Range>
  void setEach(CudnnCalls &calls, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
               const Range &values) {
    setAll(calls, name, type, static_cast<int64_t>(values.size()), values.data());
  }
  void set(CudnnCalls &calls, cudnnBackendAttributeName_t name, const Descriptor &value) {
    set(calls, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, value.descriptor);
  }
  void finalize(CudnnCalls &calls);

private:
  void setAll(CudnnCalls &calls, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count,
              const void *values);

  const Cudnn *cudnn = nullptr;
  cudnnBackendDescriptor_t descriptor = nullptr;
  const char *what = "";
};

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_CUDNN_H
