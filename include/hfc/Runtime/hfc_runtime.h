/*===- hfc_runtime.h - the C ABI between programs, the runtime and hosts ----===*\
|* Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*===----------------------------------------------------------------------===*|
|* Three parties meet here. A *program* is the ELF shared object that hfc-compile
|* writes: it exports the `hfc_program_*` symbols below and calls the `hfc_rt_*`
|* functions. The *runtime* (libhfc_rt) implements `hfc_rt_*` and the embedding
|* API `hfc_program_*()`. A *host* (hfc-run, a Python module) uses the embedding
|* API. All pointers are to row-major, densely packed tensors. Nothing here decides what
|* the compiler could have decided.
\*===----------------------------------------------------------------------===*/

#ifndef HFC_RUNTIME_HFC_RUNTIME_H
#define HFC_RUNTIME_HFC_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever a program compiled before would no longer run. */
#define HFC_ABI_VERSION 1

/* Element types, as numbers in hfc_gemm and as these names in the metadata. */
typedef enum hfc_dtype {
  HFC_FLOAT32 = 0,  /* "float32"  */
  HFC_BFLOAT16 = 1, /* "bfloat16" */
  HFC_FLOAT16 = 2,  /* "float16": checkpoints only */
  HFC_INT32 = 3,    /* "int32"    */
  HFC_INT64 = 4,    /* "int64": user's files only */
  HFC_BOOL = 5,     /* "bool", one byte */
  HFC_FLOAT64 = 6   /* "float64": user's files only */
} hfc_dtype;

/*===-- Program to runtime ------------------------------------------------===*/

/* A rank's runtime: its threads (and later its device, streams, communicators). */
typedef struct hfc_context hfc_context;

/* What an entry gets. `parameters` and `states` stand in the order of the metadata's
   lists; `arena` is 64-byte aligned and as large as the metadata's "arena". */
typedef struct hfc_frame {
  hfc_context *context;
  char *arena;
  void *const *parameters;
  void *const *states;
} hfc_frame;

/* An entry, exported under its metadata "symbol". Returns when its work is done. */
typedef void (*hfc_entry)(const hfc_frame *frame);

/* A kernel for the CPU: runs blocks [begin, end) of its grid. `args` are buffers, inputs first. */
typedef void (*hfc_kernel)(void *const *args, int64_t begin, int64_t end);

/* Runs all `grid` blocks of a kernel, divided over the rank's threads; returns when they are done. */
void hfc_rt_launch(hfc_context *context, hfc_kernel kernel, int64_t grid, void *const *args);

/* c[i][m][n] = sum_k a[i][m][k] * b[i][k][n] + bias[n], i < batch; see rt.gemm. With transpose_a `a` is
   stored [k][m], with transpose_b `b` is stored [n][k]. Matrices are dense; `bias` may be null. */
typedef struct hfc_gemm {
  int32_t dtype; /* HFC_FLOAT32 or HFC_BFLOAT16, of a, b, c and bias alike */
  int32_t transpose_a, transpose_b;
  int64_t batch, m, n, k;
  const void *a, *b, *bias;
  void *c;
} hfc_gemm;
void hfc_rt_gemm(hfc_context *context, const hfc_gemm *gemm);

/* memcpy, by the rank's threads. */
void hfc_rt_copy(hfc_context *context, void *target, const void *source, int64_t bytes);

/*===-- Symbols that a program exports -------------------------------------===*/

/* uint32_t hfc_program_abi;      HFC_ABI_VERSION of the compiler
   const char hfc_program_json[]; the metadata: python-frontend-spec/program.md
   const char hfc_program_ir[];   the imported IR, as text
   void hfc_entry_NAME(const hfc_frame *); one for each entry */

/*===-- Embedding API --------------------------------------------------------===*/

typedef struct hfc_program hfc_program;

/* 0 is success. On failure `hfc_last_error()` (this thread's) says why, in one line or more for a person. */
typedef int hfc_status;
const char *hfc_last_error(void);

/* Loads a program; refuses files that are no programs of this ABI and CPUs that lack what it was compiled for.
   `threads` 0: as many as the machine has cores. */
hfc_status hfc_program_open(const char *path, int threads, hfc_program **program);
void hfc_program_close(hfc_program *program);

/* The metadata, JSON text that lives as long as the program. */
const char *hfc_program_metadata(const hfc_program *program);

/* Parameters: from a checkpoint folder or safetensors file (memory-mapped wherever no conversion is needed),
   or one by one from the caller's memory, which must outlive the program. `progress` may be null. */
typedef void (*hfc_progress)(void *user, const char *what, int64_t done, int64_t total);
hfc_status hfc_program_load_weights(hfc_program *program, const char *path, hfc_progress progress, void *user);
hfc_status hfc_program_bind_parameter(hfc_program *program, const char *name, const void *data);

/* The arena's address of an input or output of an entry (metadata: shape, dtype), or null if there is none
   of that name. Valid until the program is closed; contents of outputs until the next run. */
void *hfc_program_input(hfc_program *program, const char *entry, const char *name);
const void *hfc_program_output(hfc_program *program, const char *entry, const char *name);

/* Runs an entry. All parameters must be bound. */
hfc_status hfc_program_run(hfc_program *program, const char *entry);

/* Zeroes every state. */
hfc_status hfc_program_reset(hfc_program *program);

#ifdef __cplusplus
}
#endif

#endif /* HFC_RUNTIME_HFC_RUNTIME_H */
