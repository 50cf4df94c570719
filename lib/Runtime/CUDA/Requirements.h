//===- Requirements.h - whether this machine can run a program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_RUNTIME_CUDA_REQUIREMENTS_H
#define HFC_LIB_RUNTIME_CUDA_REQUIREMENTS_H

#include "Errors.h"

namespace hfc::cuda {

/// A rank's device.
struct Choice {
  int ordinal = 0;
  /// "NVIDIA H200", and "GPU 0 (NVIDIA H200)".
  std::string model, name;
};

/// Refuses machines without a driver or one that is too old, libraries of another version than this runtime was built
/// for, too few devices for the ranks of this host, and devices that cannot run the program's kernels.
io::Result<Choice> chooseDevice(const host::RankSetting &setting);

/// Refuses two ranks on one GPU, as when a launcher shows the same one to all, and says whether ranks can reach into
/// each other's memory: all are on one host, and can show as many bytes. All ranks call it, if there are several.
host::Outcome meetOthers(const host::RankSetting &setting, int ordinal, int64_t shown, bool &isReachable);

} // namespace hfc::cuda

#endif // HFC_LIB_RUNTIME_CUDA_REQUIREMENTS_H
