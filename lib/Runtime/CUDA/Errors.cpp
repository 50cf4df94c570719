//===- Errors.cpp - what CUDA's libraries say, for a person
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Errors.h"

namespace hfc::cuda {

host::Outcome outcomeOf(cudaError_t status, const std::string &what) {
  if (status == cudaSuccess)
    return {};
  hfc_status code = status == cudaErrorMemoryAllocation ? userError : internalError;
  return {code, what + ": " + cudaGetErrorString(status) + " (" + cudaGetErrorName(status) + ")"};
}

host::Outcome outcomeOf(cublasStatus_t status, const std::string &what) {
  if (status == CUBLAS_STATUS_SUCCESS)
    return {};
  return {internalError, what + ": " + cublasLtGetStatusString(status) + " (" + cublasLtGetStatusName(status) + ")"};
}

host::Outcome outcomeOf(ncclResult_t status, const std::string &what) {
  if (status == ncclSuccess)
    return {};
  bool isOthers = status == ncclRemoteError || status == ncclSystemError;
  const char *detail = ncclGetLastError(nullptr);
  return {isOthers ? rankFailure : internalError, what + ": " + ncclGetErrorString(status) +
                                                      (detail && *detail ? std::string(": ") + detail : "") +
                                                      " (NCCL_DEBUG=WARN tells more)"};
}

} // namespace hfc::cuda
