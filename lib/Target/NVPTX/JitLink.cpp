//===- JitLink.cpp - the toolkit's PTX compiler, in this process
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// libnvJitLink is loaded when it is needed, so that hfc is built and runs without a CUDA toolkit; that is why its few
// functions are declared here.
//
//===----------------------------------------------------------------------===//

#include "JitLink.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace hfc;
using llvm::sys::DynamicLibrary;

namespace {
/// The functions of nvJitLink.h that a compilation takes; all of them give 0 on success.
class JitLink {
public:
  using Handle = void *;
  static constexpr int inputPTX = 2;

  int (*create)(Handle *, uint32_t, const char **) = nullptr;
  int (*addData)(Handle, int, const void *, size_t, const char *) = nullptr;
  int (*complete)(Handle) = nullptr;
  int (*codeSize)(Handle, size_t *) = nullptr;
  int (*code)(Handle, void *) = nullptr;
  int (*errorSize)(Handle, size_t *) = nullptr;
  int (*error)(Handle, char *) = nullptr;
  int (*infoSize)(Handle, size_t *) = nullptr;
  int (*info)(Handle, char *) = nullptr;
  int (*destroy)(Handle *) = nullptr;

  /// Whether the library is there, and has them all.
  bool load(StringRef toolkit) {
    for (StringRef folder : {"lib64", "lib", "targets/x86_64-linux/lib"})
      for (StringRef name : {"libnvJitLink.so.13", "libnvJitLink.so.12"}) {
        SmallString<128> path(toolkit);
        llvm::sys::path::append(path, folder, name);
        if (llvm::sys::fs::exists(path) && loadFile(path))
          return true;
      }
    return false;
  }

private:
  bool loadFile(StringRef path) {
    DynamicLibrary library = DynamicLibrary::getPermanentLibrary(path.str().c_str());
    auto find = [&](const char *name, auto &function) {
      function = reinterpret_cast<std::decay_t<decltype(function)>>(library.getAddressOfSymbol(name));
      return function != nullptr;
    };
    return library.isValid() && find("nvJitLinkCreate", create) && find("nvJitLinkAddData", addData) &&
           find("nvJitLinkComplete", complete) && find("nvJitLinkGetLinkedCubinSize", codeSize) &&
           find("nvJitLinkGetLinkedCubin", code) && find("nvJitLinkGetErrorLogSize", errorSize) &&
           find("nvJitLinkGetErrorLog", error) && find("nvJitLinkGetInfoLogSize", infoSize) &&
           find("nvJitLinkGetInfoLog", info) && find("nvJitLinkDestroy", destroy);
  }
};
} // namespace

/// What one of the pairs of functions that give a size and the bytes has to say.
template <typename Element>
static std::string read(JitLink::Handle handle, int (*sizeOf)(JitLink::Handle, size_t *),
                        int (*get)(JitLink::Handle, Element *)) {
  size_t size = 0;
  if (sizeOf(handle, &size) || !size)
    return "";
  std::string bytes(size, '\0');
  return get(handle, bytes.data()) ? "" : bytes;
}

std::optional<JitLinkResult> hfc::compileInProcess(StringRef ptx, StringRef chip, StringRef toolkit) {
  JitLink link;
  if (toolkit.empty() || !link.load(toolkit))
    return std::nullopt;
  std::string arch = ("-arch=" + chip).str();
  // Kernels are compiled by as many threads as there are cores.
  const char *options[] = {arch.c_str(), "-O3", "-verbose", "-split-compile=0"};
  JitLink::Handle handle = nullptr;
  if (link.create(&handle, std::size(options), options))
    return std::nullopt; // A chip that this toolkit does not know: ptxas says so better.
  llvm::scope_exit release([&] { link.destroy(&handle); });
  std::string text = ptx.str();
  JitLinkResult result;
  bool isDone =
      !link.addData(handle, JitLink::inputPTX, text.c_str(), text.size() + 1, "kernels.ptx") && !link.complete(handle);
  if (isDone)
    result.code = read(handle, link.codeSize, link.code);
  result.messages = isDone ? read(handle, link.infoSize, link.info) : read(handle, link.errorSize, link.error);
  // They come with a terminator.
  result.messages = StringRef(result.messages.c_str()).str();
  return result;
}
