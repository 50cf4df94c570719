//===- Link.cpp - from an object file to a program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Target/CPU.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <dlfcn.h>
#include <gnu/libc-version.h>

using namespace hfc;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

/// The runtime by the name that programs need it under.
static constexpr StringLiteral runtimeName = "libhfc_rt.so.1";

/// That of the shared library that holds this code.
std::string hfc::libraryDirectory() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void *>(&libraryDirectory), &info) || !info.dli_fname)
    return "";
  SmallString<256> file;
  if (fs::real_path(info.dli_fname, file))
    return "";
  return path::parent_path(file).str();
}

/// A library of the system, where the dynamic loader has it: the one that this process uses.
template <typename Function>
static std::string systemLibrary(Function *symbol) {
  Dl_info info;
  return dladdr(reinterpret_cast<void *>(symbol), &info) && info.dli_fname ? info.dli_fname : "";
}

/// LLVM's linker of the version that hfc is built with, else any; else the system's compiler.
static std::string findLinker(bool &isDriver) {
  isDriver = false;
  for (StringRef name : {"ld.lld", "ld.lld-22"}) {
    if (auto found = llvm::sys::findProgramByName(name, {HFC_LLVM_TOOLS}))
      return *found;
    if (auto found = llvm::sys::findProgramByName(name))
      return *found;
  }
  isDriver = true;
  for (StringRef name : {"cc", "gcc", "clang"})
    if (auto found = llvm::sys::findProgramByName(name))
      return *found;
  return "";
}

static LogicalResult writeTemporary(ArrayRef<char> bytes, SmallVectorImpl<char> &name, std::string &error) {
  int descriptor;
  std::error_code code = fs::createTemporaryFile("hfc", "o", descriptor, name);
  if (!code) {
    llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
    os.write(bytes.data(), bytes.size());
    os.close();
    code = os.error();
    os.clear_error();
  }
  if (code)
    error = ("cannot write a temporary file: " + code.message());
  return failure(static_cast<bool>(code));
}

/// Runs the linker; what it says goes into `error`.
static LogicalResult runLinker(StringRef linker, ArrayRef<StringRef> arguments, std::string &error) {
  SmallString<128> log;
  if (std::error_code code = fs::createTemporaryFile("hfc-link", "txt", log)) {
    error = "cannot write a temporary file: " + code.message();
    return failure();
  }
  llvm::scope_exit removeLog([&] { fs::remove(log); });
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log), StringRef(log)};
  int status = llvm::sys::ExecuteAndWait(linker, arguments, /*Env=*/std::nullopt, redirects, /*SecondsToWait=*/0,
                                         /*MemoryLimit=*/0, &error);
  if (!status)
    return success();
  if (error.empty()) {
    error = ("the linker (" + linker + ") failed").str();
    if (auto text = llvm::MemoryBuffer::getFile(log))
      error += ":\n" + (*text)->getBuffer().trim().str();
  }
  return failure();
}

LogicalResult hfc::linkProgram(ArrayRef<char> object, ArrayRef<ProgramLibrary> libraries, StringRef output,
                               std::string &error) {
  std::string directory = libraryDirectory();
  SmallString<256> runtime(directory);
  path::append(runtime, runtimeName);
  if (!fs::exists(runtime)) {
    error = ("the runtime is not installed: there is no '" + runtime + "'").str();
    return failure();
  }
  bool isDriver;
  std::string linker = findLinker(isDriver);
  if (linker.empty()) {
    error = "there is no linker: install lld (ld.lld), or a C compiler";
    return failure();
  }
  SmallString<128> objectFile;
  llvm::scope_exit removeObject([&] {
    if (!objectFile.empty())
      fs::remove(objectFile);
  });
  if (failed(writeTemporary(object, objectFile, error)))
    return failure();

  // The program finds the runtime beside the compiler that made it, or beside itself.
  std::string runPath = directory + ":$ORIGIN:$ORIGIN/../lib";
  for (const ProgramLibrary &library : libraries)
    if (library.isSearched)
      runPath += (":" + path::parent_path(library.path)).str();
  std::string libm = systemLibrary(static_cast<float (*)(float)>(&::sinf));
  // A symbol that nobody interposes: memcpy may be a sanitizer's, in this very executable.
  std::string libc = systemLibrary(&::gnu_get_libc_version);
  SmallVector<StringRef> arguments{linker, "-shared"};
  auto pass = [&](std::initializer_list<StringRef> options) {
    for (StringRef option : options) {
      if (isDriver)
        arguments.push_back("-Xlinker");
      arguments.push_back(option);
    }
  };
  if (isDriver)
    arguments.push_back("-nostdlib");
  pass({"--no-undefined", "-z", "relro", "-z", "now", "-z", "noexecstack", "--enable-new-dtags", "--build-id=sha1"});
  pass({"-rpath", runPath});
  arguments.append({"-o", output, objectFile, runtime});
  pass({"--no-as-needed"});
  for (const ProgramLibrary &library : libraries)
    arguments.push_back(library.path);
  for (StringRef library : {StringRef(libm), StringRef(libc)})
    if (!library.empty())
      arguments.push_back(library);
  return runLinker(linker, arguments, error);
}
