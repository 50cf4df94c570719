//===- GPUChip.h - GPUs that hfc generates code for -------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_SUPPORT_GPUCHIP_H
#define HFC_SUPPORT_GPUCHIP_H

#include "hfc/Support/LLVM.h"

namespace hfc {

/// Fails, with a message, if `chip` ("sm_90a") is not one that LLVM knows and hfc generates code for.
LogicalResult checkChip(StringRef chip, function_ref<InFlightDiagnostic()> emitError);

/// Whether a kernel may be launched before the one in front of it ends and wait for that by itself (programmatic
/// dependent launch): from sm_90 on.
bool canLaunchEarly(StringRef chip);

/// Shared memory that a kernel of any chip may declare; more of it has a size only when it is launched.
inline constexpr int64_t kDeclaredSharedBytes = 48 * 1024;

/// Shared memory that one block may have.
int64_t blockSharedBytes(StringRef chip);

/// As much of it as leaves a multiprocessor that has one block room to read through the rest, its cache.
int64_t roomySharedBytes(StringRef chip);

} // namespace hfc

#endif // HFC_SUPPORT_GPUCHIP_H
