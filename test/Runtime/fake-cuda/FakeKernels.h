/*===- FakeKernels.h - "machine code" that the fake CUDA runtime runs --------===*\
|* Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*===----------------------------------------------------------------------===*|
|* What `hfc_program_cubin` is in programs written by hand for the fake: functions of the host's.
\*===----------------------------------------------------------------------===*/

#ifndef HFC_TEST_RUNTIME_FAKECUDA_FAKEKERNELS_H
#define HFC_TEST_RUNTIME_FAKECUDA_FAKEKERNELS_H

#include <stdint.h>

#define FAKE_KERNELS_MAGIC "FAKECUBN"

/* Runs a whole grid. `args` are the host's addresses of what the kernel was given. */
typedef struct FakeKernel {
  const char *name;
  int32_t arguments;
  void (*run)(void *const *args);
} FakeKernel;

typedef struct FakeKernels {
  char magic[8];
  int32_t count;
  const FakeKernel *list;
} FakeKernels;

#endif
