//===- CUDACalls.cpp - what programs for GPUs call
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls of libhfc_rt_cuda, and of NCCL, that queue work on the streams that the schedule names. Buffers are addresses
// on the device, constants too; what describes work to the runtime stays in the host's memory.
//
//===----------------------------------------------------------------------===//

#include "CUDATables.h"
#include "DescribeAttention.h"
#include "EntryWriter.h"
#include "NCCLCalls.h"

#include "dialects/dist/BucketLayout.h"

using namespace hfc;

namespace {
class CUDACalls : public TargetCalls {
public:
  explicit CUDACalls(ProgramSymbols &program)
      : program(program), tables(program.getModule()), buckets(program.getModule()) {}

  FailureOr<Value> constantAddress(EntryWriter &writer, rt::ConstantOp op, DenseElementsAttr value) override {
    return writer.advance(writer.frame(FrameField::Constants), tables.constantOffset(value));
  }

  LogicalResult launch(EntryWriter &writer, rt::LaunchOp op) override {
    std::optional<int64_t> kernel = tables.kernelNumber(op.getCalleeAttr().getAttr());
    if (!kernel)
      return op.emitOpError("'") << op.getCallee()
                                 << "' is no kernel lowered for a GPU (hfc-map-kernels-to-gpu and "
                                    "hfc-lower-kernels-to-nvvm come first)";
    int64_t arguments = tables.kernel(*kernel).arguments;
    if (static_cast<int64_t>(op.getNumOperands()) != arguments)
      return op.emitOpError("passes ") << op.getNumOperands() << " buffers to '" << op.getCallee() << "', which takes "
                                       << arguments;
    FailureOr<Value> list = writer.storeAddresses(op.getOperands());
    if (failed(checkAlignment(op)) || failed(list))
      return failure();
    if (op.getLibrary())
      return attention(writer, op, *kernel, *list);
    writer.call("hfc_cuda_launch",
                {writer.context(), writer.integer(*kernel, 32), writer.integer(op.getStream(), 32), *list});
    return success();
  }

  void gemm(EntryWriter &writer, rt::GemmOp op, Value product) override {
    writer.call("hfc_cuda_gemm",
                {writer.context(), product, writer.integer(nextProduct++, 32), writer.integer(op.getStream(), 32)});
  }

  void copy(EntryWriter &writer, rt::CopyOp op, Value target, Value source, int64_t bytes) override {
    writer.call("hfc_cuda_copy",
                {writer.context(), target, source, writer.integer(bytes), writer.integer(op.getStream(), 32)});
  }

  LogicalResult collective(EntryWriter &writer, rt::CollectiveOp op) override { return callNCCL(writer, op, buckets); }

  void record(EntryWriter &writer, rt::RecordOp op) override {
    writer.call("hfc_cuda_record",
                {writer.context(), writer.integer(op.getEvent(), 32), writer.integer(op.getStream(), 32)});
  }

  void wait(EntryWriter &writer, rt::WaitOp op) override {
    writer.call("hfc_cuda_wait",
                {writer.context(), writer.integer(op.getEvent(), 32), writer.integer(op.getStream(), 32)});
  }

  void describe(llvm::json::OStream &metadata) override { tables.describe(metadata); }

  void finish() override {
    constexpr uint64_t constantAlignment = 64, fieldAlignment = 8;
    addBytes("hfc_program_constants", tables.constants(), constantAlignment);
    if (std::string fields = tables.attentions(); !fields.empty())
      addBytes("hfc_program_attentions", fields, fieldAlignment);
  }

private:
  /// What the runtime finds by its name.
  void addBytes(StringRef name, StringRef bytes, uint64_t alignment) {
    ModuleOp module = program.getModule();
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    LLVM::GlobalOp::create(builder, module.getLoc(), LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size()),
                           /*isConstant=*/true, LLVM::Linkage::External, name, builder.getStringAttr(bytes), alignment);
  }

  /// Work that a library may do, else the kernel.
  LogicalResult attention(EntryWriter &writer, rt::LaunchOp op, int64_t kernel, Value list) {
    FailureOr<DenseElementsAttr> fields = describeAttention(op);
    if (failed(fields))
      return failure();
    Value description =
        LLVM::AddressOfOp::create(writer.getBuilder(), op.getLoc(), program.constant(op.getLoc(), *fields));
    writer.call("hfc_cuda_attention",
                {writer.context(), description, writer.integer(kernel, 32), writer.integer(op.getStream(), 32), list});
    return success();
  }

  /// Kernels move 16 bytes at a time, and a GPU ends the program where these do not lie at a multiple. Passes place
  /// tensors so; a module may come from elsewhere.
  LogicalResult checkAlignment(rt::LaunchOp op) {
    constexpr int64_t alignment = 16;
    for (Value buffer : op.getOperands())
      if (int64_t begin = buckets.rangeOf(buffer).begin; begin % alignment)
        return op.emitOpError("passes a tensor that begins at byte ")
               << begin << " of its bucket to '" << op.getCallee() << "', but kernels of a GPU need a multiple of "
               << alignment << "; what lies in a bucket begins at multiples of " << dist::bucketAlignment
               << " elements";
    return success();
  }

  ProgramSymbols &program;
  CUDATables tables;
  BucketTable buckets;
  /// Products are numbered in the order of the program's code.
  int64_t nextProduct = 0;
};
} // namespace

std::unique_ptr<TargetCalls> hfc::createCUDACalls(ProgramSymbols &program) {
  return std::make_unique<CUDACalls>(program);
}
