//===- CPUCalls.cpp - what programs for the CPU call
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Calls of libhfc_rt, each of which returns when its work is done: the order of the entry is one that the events allow,
// because an event is recorded before it is waited for.
//
//===----------------------------------------------------------------------===//

#include "EntryWriter.h"

using namespace hfc;

namespace {
class CPUCalls : public TargetCalls {
public:
  explicit CPUCalls(ProgramSymbols &program) : program(program) {}

  FailureOr<Value> constantAddress(EntryWriter &writer, rt::ConstantOp op, DenseElementsAttr value) override {
    return LLVM::AddressOfOp::create(writer.getBuilder(), writer.getLoc(), program.constant(op.getLoc(), value))
        .getResult();
  }

  LogicalResult launch(EntryWriter &writer, rt::LaunchOp op) override {
    auto kernel = program.table().lookup<LLVM::LLVMFuncOp>(op.getCallee());
    auto grid = kernel ? kernel->getAttrOfType<IntegerAttr>("kernel.grid") : IntegerAttr();
    if (!grid)
      return op.emitOpError("'") << op.getCallee()
                                 << "' is no kernel lowered to the LLVM dialect (hfc-lower-kernels-to-cpu and "
                                    "convert-to-llvm come first)";
    FailureOr<Value> list = writer.storeAddresses(op.getOperands());
    if (failed(list))
      return failure();
    Value code = LLVM::AddressOfOp::create(writer.getBuilder(), writer.getLoc(), kernel);
    writer.call("hfc_rt_launch", {writer.context(), code, writer.integer(grid.getInt()), *list});
    return success();
  }

  void gemm(EntryWriter &writer, rt::GemmOp op, Value product) override {
    writer.call("hfc_rt_gemm", {writer.context(), product});
  }

  void copy(EntryWriter &writer, rt::CopyOp op, Value target, Value source, int64_t bytes) override {
    writer.call("hfc_rt_copy", {writer.context(), target, source, writer.integer(bytes)});
  }

  LogicalResult collective(EntryWriter &writer, rt::CollectiveOp op) override {
    FailureOr<LLVM::GlobalOp> description = program.collective(op);
    FailureOr<Value> ins = writer.storeAddresses(op.getIns());
    FailureOr<Value> outs = writer.storeAddresses(op.getOuts(), op.getIns().size());
    if (failed(description) || failed(ins) || failed(outs))
      return failure();
    Value constant = LLVM::AddressOfOp::create(writer.getBuilder(), writer.getLoc(), *description);
    writer.call("hfc_rt_collective", {writer.context(), constant, *ins, *outs});
    return success();
  }

  void record(EntryWriter &writer, rt::RecordOp op) override {}
  void wait(EntryWriter &writer, rt::WaitOp op) override {}
  void describe(llvm::json::OStream &metadata) override {}
  void finish() override {}

private:
  ProgramSymbols &program;
};
} // namespace

std::unique_ptr<TargetCalls> hfc::createCPUCalls(ProgramSymbols &program) {
  return std::make_unique<CPUCalls>(program);
}
