//===- Errors.h - what CUDA's libraries say, for a person
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_ERRORS_H
#define HFC_LIB_RUNTIME_CUDA_ERRORS_H

#include "lib/Runtime/Host/Device.h"

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <nccl.h>

namespace hfc::cuda {

/// Statuses of the embedding API: a rank that ended, the user's mistake, ours.
constexpr hfc_status rankFailure = 1, userError = 2, internalError = 3;

/// Success, or `what` with what the library says of it.
host::Outcome outcomeOf(cudaError_t status, const std::string &what);
host::Outcome outcomeOf(cublasStatus_t status, const std::string &what);
host::Outcome outcomeOf(ncclResult_t status, const std::string &what);

/// The same where only the message counts.
template <typename T>
io::Status statusOf(T status, const std::string &what) {
  host::Outcome outcome = outcomeOf(status, what);
  if (outcome)
    return {};
  return io::Failure{outcome.message};
}

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_ERRORS_H
