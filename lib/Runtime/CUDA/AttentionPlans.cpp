//===- AttentionPlans.cpp - the attentions of a rank, as cuDNN does them
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionPlans.h"

#include <cuda_runtime_api.h>

namespace hfc::cuda {

namespace {
std::string keyOf(const hfc_attention &attention) {
  static_assert(sizeof(hfc_attention) % sizeof(int64_t) == 0, "no padding may tell equal descriptions apart");
  return std::string(reinterpret_cast<const char *>(&attention), sizeof attention);
}

/// For the current device.
std::unique_ptr<MadeAttention> make(const hfc_attention &attention) {
  auto made = std::make_unique<MadeAttention>();
  const io::Result<Cudnn> &cudnn = Cudnn::load();
  if (!cudnn) {
    made->failure = cudnn.error();
    return made;
  }
  if (cudnn->create(&made->handle) != CUDNN_STATUS_SUCCESS) {
    made->handle = nullptr;
    made->failure = "cuDNN cannot be initialized";
    return made;
  }
  io::Result<std::unique_ptr<AttentionPlan>> plan = AttentionPlan::build(*cudnn, {made->handle, nullptr}, attention);
  if (plan)
    made->plan = std::move(*plan);
  else
    made->failure = plan.error();
  return made;
}
} // namespace

MadeAttention::~MadeAttention() {
  plan.reset();
  if (handle)
    Cudnn::load()->destroy(handle);
}

void AttentionPlans::prepare(const hfc_attention *attentions, int64_t count, int ordinal) {
  for (int64_t i = 0; i < count; ++i) {
    auto [found, isNew] = entries.try_emplace(keyOf(attentions[i]));
    if (isNew)
      found->second.making = std::async(std::launch::async, [attention = attentions[i], ordinal] {
        cudaSetDevice(ordinal);
        return make(attention);
      });
  }
}

const MadeAttention &AttentionPlans::get(const hfc_attention &attention) {
  Entry &entry = entries[keyOf(attention)];
  if (!entry.made)
    entry.made = entry.making.valid() ? entry.making.get() : make(attention);
  return *entry.made;
}

} // namespace hfc::cuda
