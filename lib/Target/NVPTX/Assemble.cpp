//===- Assemble.cpp - PTX to machine code
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Target/NVPTX.h"

#include "JitLink.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;

namespace {

/// A file that goes when this goes.
class TemporaryFile {
public:
  LogicalResult create(StringRef suffix, EmitErrorFn emitError) {
    if (std::error_code error = llvm::sys::fs::createTemporaryFile("hfc", suffix, path))
      return emitError() << "cannot create a temporary file: " << error.message();
    remover.setFile(path);
    return success();
  }

  LogicalResult write(StringRef text, EmitErrorFn emitError) {
    std::error_code error;
    llvm::raw_fd_ostream stream(path, error);
    if (!error) {
      stream << text;
      stream.close();
      error = stream.error();
      stream.clear_error();
    }
    if (error)
      return emitError() << "cannot write " << path << ": " << error.message();
    return success();
  }

  FailureOr<std::string> read(EmitErrorFn emitError) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    if (!buffer)
      return emitError() << "cannot read " << path << ": " << buffer.getError().message();
    return (*buffer)->getBuffer().str();
  }

  SmallString<128> path;

private:
  llvm::FileRemover remover;
};

} // namespace

static FailureOr<std::string> findPtxas(EmitErrorFn emitError) {
  std::string toolkit = findCudaToolkit();
  SmallString<128> path(toolkit);
  llvm::sys::path::append(path, "bin", "ptxas");
  if (!toolkit.empty() && llvm::sys::fs::can_execute(path))
    return path.str().str();
  if (llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  return emitError() << "ptxas was not found; install a CUDA toolkit and set CUDA_HOME to its folder";
}

/// The first number after `name`, or before it, in `line`.
static int64_t numberIn(StringRef line, StringRef pattern) {
  SmallVector<StringRef> matches;
  int64_t number = 0;
  if (llvm::Regex(pattern).match(line, &matches))
    matches[1].getAsInteger(10, number);
  return number;
}

std::vector<KernelResources> hfc::parseResources(StringRef ptxasOutput) {
  std::vector<KernelResources> kernels;
  SmallVector<StringRef> lines, name;
  ptxasOutput.split(lines, '\n');
  llvm::Regex header("Compiling entry function '([^']*)'");
  for (StringRef line : lines) {
    if (header.match(line, &name))
      kernels.push_back({name[1].str()});
    if (kernels.empty())
      continue;
    KernelResources &kernel = kernels.back();
    if (line.contains("bytes stack frame")) {
      kernel.stackBytes = numberIn(line, "([0-9]+) bytes stack frame");
      kernel.spillStoreBytes = numberIn(line, "([0-9]+) bytes spill stores");
      kernel.spillLoadBytes = numberIn(line, "([0-9]+) bytes spill loads");
    } else if (line.contains("Used ")) {
      kernel.registers = numberIn(line, "Used ([0-9]+) registers");
      kernel.sharedBytes = numberIn(line, "([0-9]+) bytes smem");
    }
  }
  return kernels;
}

FailureOr<Cubin> hfc::assemble(StringRef ptx, StringRef chip, EmitErrorFn emitError) {
  FailureOr<std::string> ptxas = findPtxas(emitError);
  TemporaryFile source, object, messages;
  if (failed(ptxas) || failed(source.create("ptx", emitError)) || failed(object.create("cubin", emitError)) ||
      failed(messages.create("log", emitError)) || failed(source.write(ptx, emitError)))
    return failure();
  std::string arch = ("-arch=" + chip).str();
  StringRef arguments[] = {*ptxas, arch, "-v", "-O3", source.path, "-o", object.path};
  std::string error;
  int status = llvm::sys::ExecuteAndWait(*ptxas, arguments, /*Env=*/std::nullopt,
                                         /*Redirects=*/{StringRef(""), messages.path.str(), messages.path.str()},
                                         /*SecondsToWait=*/0, /*MemoryLimit=*/0, &error);
  FailureOr<std::string> log = messages.read(emitError);
  if (failed(log))
    return failure();
  if (status != 0)
    return emitError() << "ptxas failed: " << (error.empty() ? *log : error);
  FailureOr<std::string> code = object.read(emitError);
  if (failed(code))
    return failure();
  return Cubin{std::move(*code), parseResources(*log)};
}

FailureOr<Cubin> hfc::compilePTX(StringRef ptx, StringRef chip, EmitErrorFn emitError) {
  std::optional<JitLinkResult> result = compileInProcess(ptx, chip, findCudaToolkit());
  if (!result)
    return assemble(ptx, chip, emitError);
  if (result->code.empty())
    return emitError() << "CUDA's PTX compiler failed: " << result->messages;
  return Cubin{std::move(result->code), parseResources(result->messages)};
}
