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

/// Of "sm_90a" 90, of what is no chip 0.
static unsigned capabilityOf(StringRef chip) {
  unsigned capability = 0;
  return chip.consume_front("sm_") && !chip.consumeInteger(10, capability) ? capability : 0;
}

bool hfc::canLaunchEarly(StringRef chip) { return capabilityOf(chip) >= 90; }

/// The table of technical specifications in CUDA's programming guide. A KiB of what a multiprocessor has is the
/// system's.
int64_t hfc::blockSharedBytes(StringRef chip) {
  switch (capabilityOf(chip)) {
  case 90:
  case 100:
  case 101:
  case 103:
  case 110:
    return 227 * 1024;
  case 80:
  case 87:
    return 163 * 1024;
  default:
    return 99 * 1024;
  }
}

int64_t hfc::roomySharedBytes(StringRef chip) {
  // What remains to the cache holds all that a thousand threads have under way, 32 bytes each and more.
  constexpr int64_t cache = 32 * 1024;
  return blockSharedBytes(chip) - cache;
}
