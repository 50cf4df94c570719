//===- run_kernels.cpp - runs kernels on a GPU and compares them with the SIMT interpreter
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: run_kernels KERNELS.ptx KERNELS.dump [TOLERANCE]
//
// The dump is what `hfc-opt --hfc-run-simt=dump=FILE` writes: for each kernel its grid, arguments, and the arguments'
// bytes before and after. Stands alone: the driver's library is loaded at run time, and compiles the PTX. Prints a line
// for each kernel with the relative error ‖out − ref‖ / ‖ref‖ and the time of a launch; exits with 1 if one is above
// TOLERANCE.
//
//===----------------------------------------------------------------------===//

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using Handle = void *;
using DevicePointer = unsigned long long;

[[noreturn]] void die(const std::string &message) {
  std::fprintf(stderr, "run_kernels: error: %s\n", message.c_str());
  std::exit(2);
}

/// The functions of the driver's library that are used here.
struct Driver {
  Handle library = dlopen("libcuda.so.1", RTLD_NOW);
  template <typename... Args>
  void call(const char *name, Args... arguments) {
    auto *function = reinterpret_cast<int (*)(Args...)>(dlsym(library, name));
    if (!function)
      die(std::string("libcuda.so.1 has no ") + name);
    if (int status = function(arguments...))
      die(std::string(name) + " returned " + std::to_string(status));
  }
};

struct Argument {
  std::string type;
  int alias = -1;
  std::vector<char> before, after;
  DevicePointer device = 0;
};

struct Kernel {
  std::string name;
  unsigned grid = 0, lanes = 0;
  std::vector<Argument> arguments;
};

std::vector<Kernel> readDump(const char *path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    die(std::string("cannot read ") + path);
  std::vector<Kernel> kernels;
  Kernel kernel;
  for (size_t count; file >> kernel.name >> kernel.grid >> kernel.lanes >> count;) {
    kernel.arguments.assign(count, {});
    for (Argument &argument : kernel.arguments) {
      size_t bytes;
      file >> argument.type >> argument.alias >> bytes;
      file.get();
      argument.before.resize(bytes);
      argument.after.resize(bytes);
      file.read(argument.before.data(), bytes);
      file.read(argument.after.data(), bytes);
    }
    if (!file)
      die(std::string(path) + " ends in the middle of " + kernel.name);
    kernels.push_back(kernel);
  }
  return kernels;
}

double numberAt(const std::string &type, const char *bytes, size_t i) {
  if (type == "f32") {
    float value;
    std::memcpy(&value, bytes + 4 * i, 4);
    return value;
  }
  if (type == "bf16") {
    uint16_t half;
    std::memcpy(&half, bytes + 2 * i, 2);
    uint32_t whole = uint32_t(half) << 16;
    float value;
    std::memcpy(&value, &whole, 4);
    return value;
  }
  if (type == "i32") {
    int32_t value;
    std::memcpy(&value, bytes + 4 * i, 4);
    return value;
  }
  return bytes[i];
}

size_t sizeOf(const std::string &type) { return type == "f32" || type == "i32" ? 4 : type == "bf16" ? 2 : 1; }

double relativeError(const Argument &argument, const std::vector<char> &result) {
  double difference = 0, norm = 0;
  for (size_t i = 0, end = result.size() / sizeOf(argument.type); i < end; ++i) {
    double got = numberAt(argument.type, result.data(), i), want = numberAt(argument.type, argument.after.data(), i);
    if (std::isnan(want) && std::isnan(got))
      continue;
    norm += std::isfinite(want) ? want * want : 0;
    difference += got == want ? 0 : (got - want) * (got - want);
  }
  double error = std::sqrt(difference / (norm > 0 ? norm : 1));
  return std::isnan(error) ? HUGE_VAL : error;
}

class Runner {
public:
  explicit Runner(const std::string &ptx) : ptx(ptx) {
    if (!driver.library)
      die("libcuda.so.1 cannot be loaded: no GPU driver here");
    constexpr int maxSharedBytes = 97; // CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    int device = 0;
    Handle context = nullptr;
    driver.call("cuInit", 0u);
    driver.call("cuDeviceGet", &device, 0);
    driver.call("cuDevicePrimaryCtxRetain", &context, device);
    driver.call("cuCtxSetCurrent", context);
    driver.call("cuDeviceGetAttribute", &sharedBytes, maxSharedBytes, device);
    driver.call("cuModuleLoadData", &module, ptx.c_str());
    driver.call("cuEventCreate", &begin, 0u);
    driver.call("cuEventCreate", &end, 0u);
  }

  /// The largest relative error of the kernel's arguments afterwards.
  double run(Kernel &kernel, float &milliseconds) {
    for (Argument &argument : kernel.arguments)
      if (argument.alias < 0)
        driver.call("cuMemAlloc_v2", &argument.device, argument.before.size() + 16);
    launch(kernel, milliseconds);
    double worst = 0;
    for (const Argument &argument : kernel.arguments) {
      std::vector<char> result(argument.before.size());
      driver.call("cuMemcpyDtoH_v2", static_cast<void *>(result.data()), deviceOf(kernel, argument), result.size());
      worst = std::max(worst, relativeError(argument, result));
    }
    for (Argument &argument : kernel.arguments)
      if (argument.alias < 0)
        driver.call("cuMemFree_v2", argument.device);
    return worst;
  }

private:
  static DevicePointer deviceOf(const Kernel &kernel, const Argument &argument) {
    return argument.alias < 0 ? argument.device : kernel.arguments[argument.alias].device;
  }

  /// All the shared memory that a block may have, for a kernel that has some whose size its code does not declare.
  unsigned dynamicShared(const Kernel &kernel, Handle function) {
    constexpr int declaredBytes = 1, dynamicBytes = 8; // CU_FUNC_ATTRIBUTE_…
    size_t place = ptx.find("__wg_" + kernel.name + "_"), line = ptx.rfind('\n', place) + 1;
    if (place == std::string::npos || ptx.compare(line, 7, ".extern") != 0)
      return 0;
    int declared = 0;
    driver.call("cuFuncGetAttribute", &declared, declaredBytes, function);
    driver.call("cuFuncSetAttribute", function, dynamicBytes, sharedBytes - declared);
    return unsigned(sharedBytes - declared);
  }

  void launch(Kernel &kernel, float &milliseconds) {
    Handle function = nullptr;
    driver.call("cuModuleGetFunction", &function, module, kernel.name.c_str());
    unsigned shared = dynamicShared(kernel, function);
    std::vector<DevicePointer> pointers;
    std::vector<void *> parameters;
    for (const Argument &argument : kernel.arguments)
      pointers.push_back(deviceOf(kernel, argument));
    for (DevicePointer &pointer : pointers)
      parameters.push_back(&pointer);
    // Twice: the second run's time is without the first's loading. What an update in place changed is put back.
    for (int i = 0; i < 2; ++i) {
      for (const Argument &argument : kernel.arguments)
        if (argument.alias < 0)
          driver.call("cuMemcpyHtoD_v2", argument.device, static_cast<const void *>(argument.before.data()),
                      argument.before.size());
      driver.call("cuEventRecord", begin, Handle());
      driver.call("cuLaunchKernel", function, kernel.grid, 1u, 1u, kernel.lanes, 1u, 1u, shared, Handle(),
                  parameters.data(), static_cast<void **>(nullptr));
      driver.call("cuEventRecord", end, Handle());
      driver.call("cuEventSynchronize", end);
    }
    driver.call("cuEventElapsedTime", &milliseconds, begin, end);
  }

  Driver driver;
  std::string ptx;
  int sharedBytes = 0;
  Handle module = nullptr, begin = nullptr, end = nullptr;
};

} // namespace

int main(int argc, char **argv) {
  if (argc < 3)
    die("usage: run_kernels KERNELS.ptx KERNELS.dump [TOLERANCE]");
  double tolerance = argc > 3 ? std::atof(argv[3]) : 1e-5;
  std::ifstream file(argv[1], std::ios::binary);
  std::string ptx((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<Kernel> kernels = readDump(argv[2]);
  Runner runner(ptx);
  int failed = 0;
  for (Kernel &kernel : kernels) {
    float milliseconds = 0;
    double error = runner.run(kernel, milliseconds);
    bool isGood = error <= tolerance;
    failed += !isGood;
    std::printf("%-40s error %.2e  %8.3f us  %s\n", kernel.name.c_str(), error, milliseconds * 1000,
                isGood ? "ok" : "WRONG");
  }
  std::printf("%zu passed, %d failed\n", kernels.size() - failed, failed);
  return failed ? 1 : 0;
}
