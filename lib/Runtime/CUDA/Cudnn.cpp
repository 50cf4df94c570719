//===- Cudnn.cpp - cuDNN's backend API
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Cudnn.h"

#include <array>
#include <dlfcn.h>

using namespace hfc;
using namespace hfc::cuda;

/// The sums that a backward pass accumulates into memory need no zeros from here on.
static constexpr size_t oldestVersion = 90600;

/// Versions whose attention is known to be wrong.
static bool isBroken(size_t version) { return version == 91000 || version == 91001 || version == 91400; }

static std::string format(size_t version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

static io::Result<Cudnn> open() {
  constexpr const char *file = "libcudnn.so.9";
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return io::Failure{std::string(file) + " cannot be loaded: " + dlerror()};
  Cudnn cudnn;
  const char *missing = nullptr;
  auto find = [&](auto &function, const char *name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    if (!function)
      missing = name;
  };
  find(cudnn.getVersion, "cudnnGetVersion");
  find(cudnn.getLastErrorString, "cudnnGetLastErrorString");
  find(cudnn.getErrorString, "cudnnGetErrorString");
  find(cudnn.create, "cudnnCreate");
  find(cudnn.destroy, "cudnnDestroy");
  find(cudnn.setStream, "cudnnSetStream");
  find(cudnn.createDescriptor, "cudnnBackendCreateDescriptor");
  find(cudnn.destroyDescriptor, "cudnnBackendDestroyDescriptor");
  find(cudnn.setAttribute, "cudnnBackendSetAttribute");
  find(cudnn.getAttribute, "cudnnBackendGetAttribute");
  find(cudnn.finalize, "cudnnBackendFinalize");
  find(cudnn.execute, "cudnnBackendExecute");
  if (missing)
    return io::Failure{std::string(file) + " has no " + missing};
  size_t version = cudnn.getVersion();
  if (version < oldestVersion)
    return io::Failure{"cuDNN " + format(version) + " is too old; " + format(oldestVersion) + " or later is needed"};
  if (isBroken(version))
    return io::Failure{"cuDNN " + format(version) + " is known to compute attention wrongly"};
  return cudnn;
}

const io::Result<Cudnn> &Cudnn::load() {
  static const io::Result<Cudnn> loaded = open();
  return loaded;
}

bool CudnnCalls::check(cudnnStatus_t result, const char *what) {
  if (hasFailed() || result == CUDNN_STATUS_SUCCESS)
    return !hasFailed();
  std::array<char, 1024> text{};
  cudnn.getLastErrorString(text.data(), text.size());
  message = std::string("cuDNN ") + format(cudnn.getVersion()) + ", " + what + ": " +
            (text[0] ? text.data() : cudnn.getErrorString(result));
  return false;
}

Descriptor::Descriptor(CudnnCalls &calls, cudnnBackendDescriptorType_t type, const char *what)
    : cudnn(&calls.cudnn), what(what) {
  if (!calls.hasFailed() && !calls.check(cudnn->createDescriptor(type, &descriptor), what))
    descriptor = nullptr;
}

Descriptor &Descriptor::operator=(Descriptor &&other) noexcept {
  std::swap(cudnn, other.cudnn);
  std::swap(descriptor, other.descriptor);
  std::swap(what, other.what);
  return *this;
}

Descriptor::~Descriptor() {
  if (descriptor)
    cudnn->destroyDescriptor(descriptor);
}

void Descriptor::setAll(CudnnCalls &calls, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                        int64_t count, const void *values) {
  if (!calls.hasFailed())
    calls.check(cudnn->setAttribute(descriptor, name, type, count, values), what);
}

void Descriptor::finalize(CudnnCalls &calls) {
  if (!calls.hasFailed())
    calls.check(cudnn->finalize(descriptor), what);
}
