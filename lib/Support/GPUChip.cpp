//===- GPUChip.cpp - GPUs that hfc generates code for
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Support/GPUChip.h"

#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"

using namespace hfc;

/// bfloat16 arithmetic and 16-byte asynchronous copies begin here.
static constexpr unsigned kMinComputeCapability = 80;

LogicalResult hfc::checkChip(StringRef chip, function_ref<InFlightDiagnostic()> emitError) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetMC();
  StringRef number = chip;
  unsigned capability = 0;
  if (!number.consume_front("sm_") || number.consumeInteger(10, capability) ||
      (number != "" && number != "a" && number != "f"))
    return emitError() << "GPU '" << chip << "' is not of the form sm_90 or sm_90a";
  if (capability < kMinComputeCapability)
    return emitError() << "GPU '" << chip << "' is too old: hfc generates code for sm_" << kMinComputeCapability
                       << " and later";
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string message;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return emitError() << "this LLVM generates no PTX: " << message;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(target->createMCSubtargetInfo(triple, "", ""));
  if (!subtarget->isCPUStringValid(chip))
    return emitError() << "LLVM " << LLVM_VERSION_STRING << " does not know the GPU '" << chip << "'";
  return success();
}

bool hfc::canLaunchEarly(StringRef chip) {
  unsigned capability = 0;
  return chip.consume_front("sm_") && !chip.consumeInteger(10, capability) && capability >= 90;
}
