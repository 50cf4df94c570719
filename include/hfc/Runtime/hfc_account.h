/*===- hfc_account.h - what a program's start and memory cost
 *
 * Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*/

#ifndef HFC_RUNTIME_HFC_ACCOUNT_H
#define HFC_RUNTIME_HFC_ACCOUNT_H

#include "hfc/Runtime/hfc_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Seconds of a rank's host, by what they went into, since the program was opened: "loading" its code, opening the
   "device", its "memory", "weights", "states" that start as these, "first runs" of entries, and what of those was
   waiting for NCCL's "communicators" and cuDNN's "attention plans" and trying "product algorithms". */
typedef struct hfc_start_time {
  const char *what;
  double seconds;
} hfc_start_time;

/* Bytes of a rank's device that the runtime has allocated, by what for: the "program", and workspaces by the names that
   the ledger has for them. */
typedef struct hfc_memory_use {
  const char *what;
  int64_t bytes;
} hfc_memory_use;

/* `count` lines, valid until the next call. There are none of memory where it is the host's. */
const hfc_start_time *hfc_program_start_times(hfc_program *program, int64_t *count);
const hfc_memory_use *hfc_program_memory(hfc_program *program, int64_t *count);

/* Bytes of the device that this process has in use as the driver sees it, NCCL's and CUDA's own among them; 0 where the
   device is the host. `source` says who told: "NVML", or "cudaMemGetInfo", which counts other processes', too. */
int64_t hfc_program_device_memory(hfc_program *program, const char **source);

#ifdef __cplusplus
}
#endif

#endif /* HFC_RUNTIME_HFC_ACCOUNT_H */
