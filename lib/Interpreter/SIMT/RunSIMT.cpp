//===- RunSIMT.cpp - --hfc-run-simt
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Interpreter/SIMT.h"
#include "hfc/Interpreter/SIMT/Passes.h"

#include "MadeUpData.h"
#include "Memory.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

namespace hfc {
#define GEN_PASS_DEF_RUNSIMT
#include "hfc/Interpreter/SIMT/Passes.h.inc"
} // namespace hfc

using namespace hfc;

namespace {
class RunSIMTPass : public hfc::impl::RunSIMTBase<RunSIMTPass> {
public:
  using RunSIMTBase::RunSIMTBase;
  // An open file is not cloned with the pass.
  RunSIMTPass(const RunSIMTPass &other) : RunSIMTBase(other) {}
  RunSIMTPass() = default;

  void runOnOperation() override {
    if (integers < 1) {
      getOperation().emitError("hfc-run-simt: option 'integers' must be at least 1");
      return signalPassFailure();
    }
    std::error_code problem;
    if (!dump.empty())
      file = std::make_unique<llvm::raw_fd_ostream>(dump.getValue(), problem);
    if (problem) {
      getOperation().emitError("hfc-run-simt: cannot write '") << dump.getValue() << "': " << problem.message();
      return signalPassFailure();
    }
    for (auto module : getOperation().getOps<gpu::GPUModuleOp>())
      for (auto kernel : module.getOps<gpu::GPUFuncOp>())
        if (failed(run(kernel)))
          return signalPassFailure();
    if (file)
      closeDump();
    markAllAnalysesPreserved();
  }

private:
  LogicalResult run(gpu::GPUFuncOp kernel) {
    for (Type type : kernel.getArgumentTypes())
      if (auto memref = dyn_cast<MemRefType>(type); !memref || !memref.hasStaticShape())
        return kernel.emitError("has an argument that is not a buffer of static shape");
    ++numKernels;
    simt::MadeUpData data(kernel, integers);
    std::vector<std::string> before = contents(data.buffers);
    if (failed(simt::runKernel(kernel, data.buffers)))
      return failure();
    if (file)
      dumpKernel(kernel, before, contents(data.buffers));
    for (unsigned number = 0; print > 0 && number < kernel.getNumArguments(); ++number)
      if (!kernel.getArgAttr(number, LLVM::LLVMDialect::getReadonlyAttrName()))
        printArgument(kernel, number, data.buffers[number]);
    return success();
  }

  void closeDump() {
    file->close();
    if (file->has_error()) {
      getOperation().emitError("hfc-run-simt: cannot write '") << dump.getValue() << "': " << file->error().message();
      signalPassFailure();
    }
    file->clear_error();
    file.reset();
  }

  static std::vector<std::string> contents(ArrayRef<simt::Buffer> buffers) {
    std::vector<std::string> all;
    for (const simt::Buffer &buffer : buffers)
      all.emplace_back(static_cast<const char *>(buffer.data), buffer.bytes);
    return all;
  }

  /// A line for the kernel; then for each argument a line with its type, the argument it is one buffer with or -1, and
  /// its bytes, and these bytes before and after.
  void dumpKernel(gpu::GPUFuncOp kernel, ArrayRef<std::string> before, ArrayRef<std::string> after) {
    *file << kernel.getName() << ' ' << kernel.getKnownGridSize()->front() << ' ' << kernel.getKnownBlockSize()->front()
          << ' ' << before.size() << '\n';
    for (unsigned i = 0; i < before.size(); ++i) {
      auto alias = kernel.getArgAttrOfType<IntegerAttr>(i, "kernel.alias");
      *file << cast<MemRefType>(kernel.getArgumentTypes()[i]).getElementType() << ' ' << (alias ? alias.getInt() : -1)
            << ' ' << before[i].size() << '\n'
            << before[i] << after[i];
    }
  }

  void printArgument(gpu::GPUFuncOp kernel, unsigned number, const simt::Buffer &buffer) {
    auto type = cast<MemRefType>(kernel.getArgumentTypes()[number]);
    Type element = type.getElementType();
    std::string text;
    llvm::raw_string_ostream stream(text);
    for (int64_t i = 0, end = std::min<int64_t>(print, type.getNumElements()); i < end; ++i) {
      const char *place = static_cast<const char *>(buffer.data) + i * simt::elementBytes(element);
      if (isa<FloatType>(element))
        stream << ' ' << llvm::format("%.6g", simt::loadFloat(place, element));
      else
        stream << ' ' << simt::loadInteger(place, element);
    }
    emitRemark(kernel.getLoc()) << kernel.getName() << ": argument " << number << ':' << text;
  }

  std::unique_ptr<llvm::raw_fd_ostream> file;
};
} // namespace
