//===- ConvertRtToLLVM.cpp - --hfc-convert-rt-to-llvm
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConvertEntry.h"
#include "Metadata.h"
#include "hfc/Conversion/Passes.h"

#include "dialects/hf/Hf.h"
#include "dialects/kernel/Kernel.h"
#include "hfc/Runtime/hfc_runtime.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace hfc {
#define GEN_PASS_DEF_CONVERTRTTOLLVM
#include "hfc/Conversion/Passes.h.inc"
} // namespace hfc

using namespace hfc;

/// `uint32_t hfc_program_abi` and `const char hfc_program_json[]`.
static void createProgramSymbols(ModuleOp module, StringRef metadata) {
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  Location loc = module.getLoc();
  LLVM::GlobalOp::create(builder, loc, builder.getI32Type(), /*isConstant=*/true, LLVM::Linkage::External,
                         "hfc_program_abi", builder.getI32IntegerAttr(HFC_ABI_VERSION));
  std::string text = metadata.str() + '\0';
  LLVM::GlobalOp::create(builder, loc, LLVM::LLVMArrayType::get(builder.getI8Type(), text.size()), /*isConstant=*/true,
                         LLVM::Linkage::External, "hfc_program_json", builder.getStringAttr(text));
}

static bool isForCUDA(ModuleOp module) {
  auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
  auto target = program ? program.getAs<StringAttr>("target") : StringAttr();
  return target && target.getValue() == "cuda";
}

namespace {
class ConvertRtToLLVMPass : public hfc::impl::ConvertRtToLLVMBase<ConvertRtToLLVMPass> {
public:
  using ConvertRtToLLVMBase::ConvertRtToLLVMBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<rt::EntryOp> entries(module.getOps<rt::EntryOp>());
    if (entries.empty())
      return markAllAnalysesPreserved();
    ProgramSymbols program(module);
    std::unique_ptr<TargetCalls> target = isForCUDA(module) ? createCUDACalls(program) : createCPUCalls(program);
    FailureOr<std::string> metadata = programMetadata(module, program.groups(), *target);
    if (failed(metadata))
      return signalPassFailure();
    for (StringRef name : {"hfc_program_abi", "hfc_program_json", "hfc_program_constants", "hfc_program_attentions"})
      if (Operation *other = program.table().lookup(name)) {
        other->emitOpError("has a name that the program's own symbols need");
        return signalPassFailure();
      }
    unsigned calls = 0;
    for (rt::EntryOp entry : entries)
      if (failed(convertEntry(entry, program, *target, calls)))
        return signalPassFailure();
    for (Operation &op : llvm::make_early_inc_range(*module.getBody()))
      if (isa<hf::ParameterOp, hf::StateOp, hf::BucketOp>(op))
        op.erase();
    createProgramSymbols(module, *metadata);
    target->finish();
    numEntries += entries.size();
    numCalls += calls;
  }
};
} // namespace
