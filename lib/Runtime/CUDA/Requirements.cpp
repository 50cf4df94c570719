//===- Requirements.cpp - whether this machine can run a program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Requirements.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <unistd.h>
#include <vector>

namespace hfc::cuda {

namespace {
/// How launchers number the ranks of a host.
constexpr const char *localRankVariables[] = {"LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID",
                                              "SLURM_LOCALID"};

/// Has all that this runtime and programs call; people bring theirs with other frameworks.
constexpr int64_t oldestNCCL = 21800;

std::string versionToString(int version, int major, int minor) {
  return std::to_string(version / major) + "." + std::to_string(version % major / minor);
}

/// Later versions of the same major one will do.
io::Status checkLibrary(const char *name, int64_t found, int64_t needed, int64_t major, int64_t minor) {
  if (found / major == needed / major && found >= needed / minor * minor)
    return {};
  std::string first = versionToString(int(needed), int(major), int(minor));
  return io::Failure{std::string("this runtime needs ") + name + " " + first + " or a later " +
                     std::to_string(needed / major) + ", and what is installed is " +
                     versionToString(int(found), int(major), int(minor)) +
                     ": install the CUDA toolkit that hfc was built with"};
}

io::Status checkLibraries() {
  int runtime = 0, nccl = 0;
  cudaRuntimeGetVersion(&runtime);
  ncclGetVersion(&nccl);
  if (io::Status status = checkLibrary("CUDA's runtime", runtime, CUDART_VERSION, 1000, 10); !status)
    return status;
  if (io::Status status = checkLibrary("cuBLASLt", int64_t(cublasLtGetVersion()), CUBLAS_VERSION, 10000, 100); !status)
    return status;
  return checkLibrary("NCCL", nccl, oldestNCCL, 10000, 100);
}

io::Status explain(cudaError_t error) {
  int driver = 0;
  cudaDriverGetVersion(&driver);
  if (driver == 0)
    return io::Failure{
        "there is no NVIDIA driver here: a program for --target=cuda needs a GPU and its driver (compile "
        "with --target=cpu to run on the CPU)"};
  if (error == cudaErrorInsufficientDriver)
    return io::Failure{"the NVIDIA driver here is for CUDA " + versionToString(driver, 1000, 10) +
                       ", and this runtime needs CUDA " + versionToString(CUDART_VERSION, 1000, 10) +
                       ": update the driver"};
  if (error == cudaErrorNoDevice)
    return io::Failure{"there is no GPU here that may be used (CUDA_VISIBLE_DEVICES)"};
  return statusOf(error, "looking for GPUs");
}

/// The place of this rank among those of its host.
int localRank(const host::RankSetting &setting) {
  if (setting.localRanks == setting.ranks)
    return setting.localPlace;
  for (const char *variable : localRankVariables)
    if (const char *text = std::getenv(variable))
      return std::atoi(text) + setting.localPlace;
  return setting.rank;
}

/// Launchers that give each process one GPU hide the others from it: it is number 0 in every process. Whether it is
/// another one in each is seen when they meet.
bool isGivenOne(const host::RankSetting &setting, int visible) {
  const char *devices = std::getenv("CUDA_VISIBLE_DEVICES");
  return visible == 1 && setting.localRanks == 1 && devices && !std::strchr(devices, ',');
}

/// "sm_90a" runs on 9.0 and nothing else, "sm_90" on 9.0 and later of the same major version.
io::Status checkArchitecture(const std::string &wanted, const cudaDeviceProp &device, const std::string &name) {
  bool isExact = !wanted.empty() && wanted.back() == 'a';
  int number = std::atoi(wanted.c_str() + std::string("sm_").size());
  bool fits = device.major == number / 10 && (isExact ? device.minor == number % 10 : device.minor >= number % 10);
  if (wanted.rfind("sm_", 0) == 0 && fits)
    return {};
  return io::Failure{"the program was compiled for --gpu=" + wanted + ", and " + name + " is sm_" +
                     std::to_string(device.major) + std::to_string(device.minor) + ": compile it for that"};
}
/// Where a rank is, and how much memory it can show to others.
struct Place {
  cudaUUID_t gpu;
  uint64_t host;
  int64_t shown;
};

/// As NCCL tells hosts apart.
uint64_t hashOfHost() {
  if (const char *given = std::getenv("NCCL_HOSTID"))
    return std::hash<std::string>()(given);
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  return std::hash<std::string>()(name + boot);
}
} // namespace

io::Result<Choice> chooseDevice(const host::RankSetting &setting) {
  int count = 0;
  if (cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess || count == 0)
    return io::Failure{explain(error != cudaSuccess ? error : cudaErrorNoDevice).error()};
  if (io::Status status = checkLibraries(); !status)
    return io::Failure{status.error()};
  Choice choice;
  choice.ordinal = isGivenOne(setting, count) ? 0 : localRank(setting);
  if (choice.ordinal < 0 || choice.ordinal >= count)
    return io::Failure{"rank " + std::to_string(setting.rank) + " is number " + std::to_string(choice.ordinal + 1) +
                       " of the ranks on this host, which has " + std::to_string(count) +
                       (count == 1 ? " GPU" : " GPUs") + " (each rank needs one of its own; CUDA_VISIBLE_DEVICES)"};
  cudaDeviceProp properties;
  if (cudaError_t error = cudaGetDeviceProperties(&properties, choice.ordinal); error != cudaSuccess)
    return io::Failure{explain(error).error()};
  choice.model = properties.name;
  choice.name = "GPU " + std::to_string(choice.ordinal) + " (" + choice.model + ")";
  if (io::Status status = checkArchitecture(setting.program->gpu->name, properties, choice.name); !status)
    return io::Failure{status.error()};
  return choice;
}

host::Outcome meetOthers(const host::RankSetting &setting, int ordinal, int64_t shown, bool &isReachable) {
  cudaDeviceProp own;
  if (cudaError_t error = cudaGetDeviceProperties(&own, ordinal); error != cudaSuccess)
    return outcomeOf(error, "looking at the GPU");
  Place place{own.uuid, hashOfHost(), shown};
  std::vector<Place> all(setting.ranks);
  std::vector<void *> targets(setting.ranks);
  for (int rank = 0; rank < setting.ranks; ++rank)
    targets[rank] = &all[rank];
  std::vector<int64_t> bytes(setting.ranks, int64_t(sizeof(Place)));
  if (!setting.communicator->gather(&place, bytes, targets.data()) ||
      !setting.communicator->broadcast(all.data(), int64_t(all.size() * sizeof(Place))))
    return {rankFailure, "ranks could not meet"};
  isReachable = std::all_of(all.begin(), all.end(),
                            [&](const Place &each) { return each.host == place.host && each.shown == place.shown; });
  std::map<std::string, int> holders;
  for (int rank = 0; rank < setting.ranks; ++rank) {
    const cudaUUID_t &gpu = all[rank].gpu;
    auto [holder, isNew] = holders.try_emplace(std::string(gpu.bytes, sizeof gpu.bytes), rank);
    if (!isNew)
      return {userError, "rank " + std::to_string(holder->second) + " and rank " + std::to_string(rank) +
                             " have the same GPU (" + own.name +
                             "), and each rank needs one of its own: CUDA_VISIBLE_DEVICES or what starts the ranks "
                             "shows too few"};
  }
  return {};
}

} // namespace hfc::cuda
