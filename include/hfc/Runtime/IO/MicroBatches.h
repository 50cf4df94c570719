//===- MicroBatches.h - a batch in several runs of an entry
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_RUNTIME_IO_MICROBATCHES_H
#define HFC_RUNTIME_IO_MICROBATCHES_H

#include "hfc/Runtime/IO/Metadata.h"

namespace hfc::io {

/// The dimension of an entry's input or output that counts sequences or images; nothing where there is none. Programs
/// with the layout "sequence-first" have it second in activations.
std::optional<size_t> batchDim(const ProgramInfo &program, const TensorInfo &binding);

/// A training entry as if it took the whole batch: what the user's file is read for.
EntryInfo wholeBatch(const ProgramInfo &program, const EntryInfo &microStep);

/// Copies the `number`-th micro-batch of `whole` into `part`, which is `binding` of the entry; all of it where the
/// binding does not depend on the batch.
void takeMicroBatch(const ProgramInfo &program, const TensorInfo &binding, int64_t number, const char *whole,
                    char *part);
/// The inverse.
void putMicroBatch(const ProgramInfo &program, const TensorInfo &binding, int64_t number, const char *part,
                   char *whole);

} // namespace hfc::io

#endif // HFC_RUNTIME_IO_MICROBATCHES_H
