/*===- hfc_runtime.h - the C ABI between programs, the runtime and hosts ----===*\
|* Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*===----------------------------------------------------------------------===*|
|* Three parties meet here. A *program* is the ELF shared object that hfc-compile
|* writes: it exports the `hfc_program_*` symbols below and calls the `hfc_rt_*`
|* functions, or, compiled for --target=cuda, the `hfc_cuda_*` functions and NCCL. The
|* *runtime* implements `hfc_rt_*` and the embedding API `hfc_program_*()` (libhfc_rt), and
|* `hfc_cuda_*` (libhfc_rt_cuda, which only CUDA programs need). A *host* (hfc-run, a Python module) uses the embedding
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
#define HFC_ABI_VERSION 4

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

/* A rank's runtime: its threads, or its device, streams and communicators. */
typedef struct hfc_context hfc_context;

/* What an entry gets. `parameters` and `states` stand in the order of the metadata's
   lists; those that name a bucket point into it, at their offsets. `arena` is 64-byte aligned and as
   large as the metadata's "arena". `places[i]` is this rank's place along the axes of the metadata's
   group number i; it holds from the program's opening to its end. With CUDA all of these are in the
   device's memory, but the two lists. */
typedef struct hfc_frame {
  hfc_context *context;
  char *arena;
  void *const *parameters;
  void *const *states;
  const int32_t *places;
  /* CUDA's; null on the CPU. */
  const char *constants;      /* hfc_program_constants, on the device */
  void *const *streams;       /* cudaStream_t, by the numbers of rt's streams */
  void *const *communicators; /* ncclComm_t, by the metadata's group numbers; null for groups of one rank */
} hfc_frame;

/* An entry, exported under its metadata "symbol". Returns when its work is done; with CUDA, when it is queued. */
typedef void (*hfc_entry)(const hfc_frame *frame);

/* A kernel for the CPU: runs blocks [begin, end) of its grid. `args` are buffers, inputs first. */
typedef void (*hfc_kernel)(void *const *args, int64_t begin, int64_t end);

/* Runs all `grid` blocks of a kernel, divided over the rank's threads; returns when they are done. */
void hfc_rt_launch(hfc_context *context, hfc_kernel kernel, int64_t grid, void *const *args);

/* c[i][m][n] = sum_k a[i][m][k] * b[i][k][n] + bias[n], i < batch; see rt.gemm. With transpose_a `a` is
   stored [k][m], with transpose_b `b` is stored [n][k]. Matrices are dense; `bias` may be null, and is with
   `accumulate`, which adds the product to what c holds. An operand with an order is not dense: the order is
   a number of dimensions, their sizes and their strides, and element i of the operand, counted row-major over
   the sizes, lies at the sum of indices times strides. */
typedef struct hfc_gemm {
  int32_t dtype;        /* HFC_FLOAT32 or HFC_BFLOAT16, of a, b and bias alike */
  int32_t result_dtype; /* the same, or HFC_FLOAT32, of c */
  int32_t transpose_a, transpose_b;
  int32_t accumulate;
  int64_t batch, m, n, k;
  const void *a, *b, *bias;
  void *c;
  const int64_t *a_order, *b_order; /* null: as it lies */
} hfc_gemm;
void hfc_rt_gemm(hfc_context *context, const hfc_gemm *gemm);

/* memcpy, by the rank's threads. */
void hfc_rt_copy(hfc_context *context, void *target, const void *source, int64_t bytes);

/* What ranks do together. A group is the ranks that differ only in their places along the group's axes; G is their
   number, and piece i belongs to the rank at place i. The kinds are those of the dist dialect. */
typedef enum hfc_collective_kind {
  HFC_ALL_REDUCE = 0,     /* ins[t], outs[t]: combined over the group, each of `tensors` tensors for itself */
  HFC_AGREE = 1,          /* as all-reduce: the mean, of what should be equal */
  HFC_ALL_GATHER = 2,     /* outs[0]: the pieces joined along `dim` */
  HFC_REDUCE_SCATTER = 3, /* outs[0]: this rank's piece along `dim` of the combination */
  HFC_ALL_TO_ALL = 4,     /* ins[0] cut in G along `dim`; outs[0]: what arrives, joined along `concat` */
  HFC_BROADCAST = 5,      /* outs[0]: ins[0] of the rank at place `place` */
  HFC_SEND_RECEIVE = 6,   /* outs[0]: ins[0] of the rank at place (own - `place`) mod G */
  HFC_REDUCE_SCATTER_BUCKET =
      7,                    /* outs[0]: piece of the combined ins[0 … tensors-1] in one bucket, zeros where none lies */
  HFC_ALL_GATHER_BUCKET = 8 /* outs[0 … tensors-1]: the pieces ins[0], joined, cut into tensors; the rest dropped */
} hfc_collective_kind;

/* In a bucket, tensors lie one behind the other, each from a multiple of this many elements on. */
#define HFC_BUCKET_ALIGNMENT 16

typedef enum hfc_reduction { HFC_SUM = 0, HFC_MAX = 1, HFC_MIN = 2, HFC_MEAN = 3 } hfc_reduction;

/* One collective: constant, the same on every rank. Pieces along a dimension of size D are of ceil(D / G); where the
   last ones reach beyond D, an all-gather drops what is behind it and a reduce-scatter has zeros there. */
typedef struct hfc_collective {
  int32_t id;               /* its place in the metadata's "collectives" */
  int32_t kind;             /* hfc_collective_kind */
  int32_t reduction;        /* hfc_reduction; 0 for kinds that combine nothing */
  int32_t dtype;            /* hfc_dtype, of all tensors */
  int32_t group;            /* its place in the metadata's "groups" */
  int32_t tensors;          /* how many, in all_reduce, agree and the bucket kinds; else 1 */
  const int64_t *counts;    /* `tensors` of them: elements of each of these; else those of ins[0] */
  int64_t piece;            /* bucket kinds: elements of one rank's piece; else 0 */
  int32_t rank;             /* of ins[0] and outs[0], for kinds 2 to 6; else 0 */
  int32_t dim, concat;      /* see the kinds; else 0 */
  int32_t place;            /* see the kinds; else 0 */
  const int64_t *in_shape;  /* `rank` sizes of ins[0], */
  const int64_t *out_shape; /* and of outs[0] */
} hfc_collective;

/* Returns when this rank's outs are written and its ins may be written. All ranks of a group call the same
   collectives in the same order. `outs[t]` may be `ins[t]` (all_reduce, agree, broadcast, send_receive); in the
   bucket kinds the piece may be this rank's own part of the tensors, where these lie one behind the other in memory.
   Otherwise ins and outs do not overlap. */
void hfc_rt_collective(hfc_context *context, const hfc_collective *collective, const void *const *ins,
                       void *const *outs);

/*===-- Program to runtime: CUDA --------------------------------------------===*/

/* All of these queue work on a stream, by its number. The first error is kept and becomes hfc_program_run's. An entry
   that is captured as a graph runs once for all replays, so what they are given depends on nothing but the frame. */

/* A kernel, by its place in the metadata's "kernels". It is given the pointers `args` themselves, in this order. */
void hfc_cuda_launch(hfc_context *context, int32_t kernel, int32_t stream, void *const *args);

/* See hfc_rt_gemm. `product` is the running number of the call in the program's code, below the metadata's "products":
   the shape and types of a product never change. A stream with products has so much scratch memory for them. */
#define HFC_CUDA_PRODUCT_SCRATCH ((int64_t)64 << 20)
void hfc_cuda_gemm(hfc_context *context, const hfc_gemm *gemm, int32_t product, int32_t stream);

/* Attention that a library may do: hf.attention, hf.attention_with_statistics or hf.attention_backward, without a bias,
   a soft cap, dropout or a cache. Constant. Tensors are [batch, head, position, element] by their strides, of which
   that of elements is 1; the rows' sums are float32, [batch, query head, query], dense. Query head h reads key head h /
   (query_heads / key_heads). */
typedef enum hfc_attention_kind {
  HFC_ATTENTION_FORWARD = 0,         /* args: query, key, value, masks; result */
  HFC_ATTENTION_WITH_STATISTICS = 1, /* args: query, key, value, masks; result, rows' sums */
  HFC_ATTENTION_BACKWARD = 2         /* args: the result's gradient, query, key, value, result, rows' sums, masks;
                                        gradients of query, key, value */
} hfc_attention_kind;
typedef struct hfc_attention {
  int64_t kind;          /* hfc_attention_kind */
  int64_t dtype;         /* hfc_dtype, of all but the rows' sums and masks */
  int64_t causal;        /* query i sees keys j <= i */
  int64_t window;        /* with causal: query i sees keys j > i - window; 0: all */
  int64_t key_mask;      /* whether there is one: int32 [batch, keys], 0 hides a key */
  int64_t segments;      /* likewise: int32 [batch, queries] and [batch, keys]; a query sees the keys of its segment */
  int64_t deterministic; /* gradients must be the same in every run */
  int64_t batch, query_heads, key_heads, queries, keys, depth, value_depth;
  int64_t query_strides[3]; /* batch, head, position; also of the query's gradient, and so on */
  int64_t key_strides[3], value_strides[3], result_strides[3];
  double scale;
} hfc_attention;

/* By the library, or by the kernel of that number, which is given `args`: where there is no library that can, or where
   a mask hides something. Masks are inputs of the entry; what they hide is looked up when they are written. */
void hfc_cuda_attention(hfc_context *context, const hfc_attention *attention, int32_t kernel, int32_t stream,
                        void *const *args);

/* Within the device. `copy_rows` copies `rows` rows of `width` bytes, each `pitch` bytes behind the one before. */
void hfc_cuda_copy(hfc_context *context, void *target, const void *source, int64_t bytes, int32_t stream);
void hfc_cuda_copy_rows(hfc_context *context, void *target, int64_t target_pitch, const void *source,
                        int64_t source_pitch, int64_t width, int64_t rows, int32_t stream);
void hfc_cuda_clear(hfc_context *context, void *target, int64_t bytes, int32_t stream);

/* Events, by numbers below the metadata's "events": what is queued on `stream` after `wait` begins when all that was
   queued before `record` is done. */
void hfc_cuda_record(hfc_context *context, int32_t event, int32_t stream);
void hfc_cuda_wait(hfc_context *context, int32_t event, int32_t stream);

/* Around the NCCL calls of one collective, whose number is `id`: the watchdog sees how far the stream has come, and
   collectives are counted, with `bytes`, for hfc_program_collective_count. `nccl_result` is the first ncclResult_t of
   these calls that is not ncclSuccess, or 0. */
void hfc_cuda_collective_begin(hfc_context *context, int32_t id, int32_t stream);
void hfc_cuda_collective_end(hfc_context *context, int32_t id, int64_t bytes, int32_t nccl_result, int32_t stream);

/*===-- Symbols that a program exports -------------------------------------===*/

/* uint32_t hfc_program_abi;      HFC_ABI_VERSION of the compiler
   const char hfc_program_json[]; the metadata: python-frontend-spec/program.md
   const char hfc_program_ir[];   the imported IR, as text
   void hfc_entry_NAME(const hfc_frame *); one for each entry
   --target=cuda:
   const char hfc_program_cubin[];     the kernels' machine code, an ELF file
   const char hfc_program_constants[]; constants, each at a multiple of 64, as many bytes as the metadata says
   const hfc_attention hfc_program_attentions[]; those that a library may do, each once, as many as the metadata says:
                                       what a library must prepare for them begins when the program is opened */

/*===-- Embedding API --------------------------------------------------------===*/

/* One rank of a program: its parameters, states, arena and threads. Ranks of one process share the loaded code. */
typedef struct hfc_program hfc_program;

/* 0 is success; 1 a rank that ended or never came; 2 the user's mistake; 3 ours. On failure `hfc_last_error()` (this
 * thread's) says why, in one line or more for a person. */
typedef int hfc_status;
const char *hfc_last_error(void);

/* Loads a program for one rank; refuses files that are no programs of this ABI and CPUs that lack what it was compiled
   for. `threads` 0: as many as the machine has cores. */
hfc_status hfc_program_open(const char *path, int threads, hfc_program **program);
void hfc_program_close(hfc_program *program);

/* The metadata, JSON text that lives as long as the program. */
const char *hfc_program_metadata(const hfc_program *program);

/* Parameters: from a checkpoint folder or safetensors file (memory-mapped wherever no conversion is needed),
   or one by one from the caller's memory, which must outlive the program. What training changes, and what lies in a
   bucket, is copied. A rank loads, and is given, its own pieces. `progress` may be null. */
typedef void (*hfc_progress)(void *user, const char *what, int64_t done, int64_t total);
hfc_status hfc_program_load_weights(hfc_program *program, const char *path, hfc_progress progress, void *user);
hfc_status hfc_program_bind_parameter(hfc_program *program, const char *name, const void *data);

/* Parameters drawn as transformers initializes them; the same for a seed on every mesh. */
hfc_status hfc_program_random_weights(hfc_program *program, uint64_t seed, hfc_progress progress, void *user);

/* The arena's address of an input or output of an entry (metadata: shape, dtype), or null if there is none
   of that name. Valid until the program is closed; contents of outputs until the next run. A program for another
   target than "cpu" has its memory on a device: hosts read and write it by hfc_program_read and hfc_program_write. */
void *hfc_program_input(hfc_program *program, const char *entry, const char *name);
const void *hfc_program_output(hfc_program *program, const char *entry, const char *name);

/* Runs an entry. All parameters must be bound. */
hfc_status hfc_program_run(hfc_program *program, const char *entry);

/* Makes every state what it is at first: zero, or its parameter's values. */
hfc_status hfc_program_reset(hfc_program *program);

/* A rank's piece of a parameter or a state (metadata: shape, dtype), or null if there is none of that name.
   States that begin as parameters' values do so once all parameters are bound: write to them after that. */
void *hfc_program_parameter(hfc_program *program, const char *name);
void *hfc_program_state(hfc_program *program, const char *name);

/* Copies between the host's memory and a program's: `address` lies in an input, an output, a parameter or a state. */
hfc_status hfc_program_read(hfc_program *program, void *host, const void *address, int64_t bytes);
hfc_status hfc_program_write(hfc_program *program, void *address, const void *host, int64_t bytes);

/* How often this rank has executed the collective of that number (metadata: "collectives"), and the bytes that it put
   in or got out, whichever is more, in all of these. */
int64_t hfc_program_collective_count(const hfc_program *program, int64_t id);
int64_t hfc_program_collective_bytes(const hfc_program *program, int64_t id);

/*===-- Several ranks --------------------------------------------------------===*/

/* The ranks of a program compiled for a mesh, all in this process or one of them. Each is driven by a thread of its
   own: collectives wait for the others, at most `timeout` seconds. */
typedef struct hfc_world hfc_world;

/* How many ranks the program of a file is for. */
hfc_status hfc_program_count_ranks(const char *path, int *ranks);

/* Whether each of its ranks has a GPU of its own (--target=cuda); processes suit these better than threads. */
hfc_status hfc_program_uses_gpu(const char *path, int *uses);

/* All of `ranks` ranks in this process. */
hfc_status hfc_world_create(int ranks, double timeout, hfc_world **world);

/* This process is one rank of `ranks`: torchrun's RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT. Returns when all have
   met. `job` is the same for all ranks of a job; ports may be used by others. */
hfc_status hfc_world_join(int rank, int ranks, const char *address, int port, const char *job, double timeout,
                          hfc_world **world);

/* After the programs of its ranks. */
void hfc_world_close(hfc_world *world);

/* Ranks in this process are [first, first + count). */
void hfc_world_local_ranks(const hfc_world *world, int *first, int *count);

/* The first failure of any rank is that of all: collectives return without a result, and hfc_program_run with its
   status. `failed` is called once, from any thread; ranks that compute or wait elsewhere may not come back, so a host
   that does not trust them ends the process here. */
typedef void (*hfc_failure)(void *user, hfc_status status, const char *message);
void hfc_world_on_failure(hfc_world *world, hfc_failure failed, void *user);
void hfc_world_fail(hfc_world *world, hfc_status status, const char *message);

/* Loads a program for all of the world's ranks in this process: `programs` has room for them. `threads` is for each
   rank; 0: the cores divided by `ranks_on_host` (0: the ranks of this process). The world outlives the programs. */
hfc_status hfc_world_open_program(hfc_world *world, const char *path, int threads, int ranks_on_host,
                                  hfc_program **programs);

/* Brings bytes of all ranks to rank 0: `bytes[r]` of `piece` of each rank r (the same list on all ranks) to
   `targets[r]`, which only rank 0 needs. */
hfc_status hfc_program_gather(hfc_program *program, const void *piece, const int64_t *bytes, void *const *targets);

/* Brings `bytes` bytes (the same number on all ranks) from rank 0's `data` to every other rank's. */
hfc_status hfc_program_broadcast(hfc_program *program, void *data, int64_t bytes);

#ifdef __cplusplus
}
#endif

#endif /* HFC_RUNTIME_HFC_RUNTIME_H */
