/* Products of every form that hfc_gemm has, for the CPU or, with CUDA defined, for GPUs: both must give the same. */
#include "hfc/Runtime/hfc_runtime.h"
#include <stddef.h>

enum { X = 0, Y = 8192, Z = 16384, U = 20480, OUT = 24576, EACH = 512 };

uint32_t hfc_program_abi = HFC_ABI_VERSION;
const char hfc_program_ir[] = "none";
#define OUTPUT(NUMBER, TYPE, SIZE, OFFSET) "{\"name\": \"c" #NUMBER "\", \"dtype\": \"" TYPE "\", \"shape\": [" #SIZE "], \"offset\": " #OFFSET "}"
#ifdef CUDA
#define TARGET "\"target\": \"cuda\", \"gpu\": \"sm_90a\", \"products\": 11"
#define MULTIPLY(FRAME, GEMM, NUMBER) hfc_cuda_gemm((FRAME)->context, GEMM, NUMBER, 0)
#define COPY(FRAME, TO, FROM, BYTES) hfc_cuda_copy((FRAME)->context, TO, FROM, BYTES, 0)
#else
#define TARGET "\"target\": \"cpu\""
#define MULTIPLY(FRAME, GEMM, NUMBER) hfc_rt_gemm((FRAME)->context, GEMM)
#define COPY(FRAME, TO, FROM, BYTES) hfc_rt_copy((FRAME)->context, TO, FROM, BYTES)
#endif
const char hfc_program_json[] =
    "{\"hfc\": \"0.1.0\", \"abi\": 4, \"task\": \"forward\", " TARGET ", \"cpu\": \"x86-64\", \"architecture\": \"Hand\", \"batch\": 1,"
    " \"sequence\": 1, \"dtype\": \"float32\", \"arena\": 32768, \"parameters\": [], \"states\": [],"
    " \"entries\": [{\"name\": \"forward\", \"symbol\": \"hfc_entry_forward\", \"inputs\": ["
    "{\"name\": \"x\", \"dtype\": \"float32\", \"shape\": [2048], \"offset\": 0}, {\"name\": \"y\", \"dtype\": \"float32\", \"shape\": [2048], \"offset\": 8192},"
    "{\"name\": \"z\", \"dtype\": \"bfloat16\", \"shape\": [2048], \"offset\": 16384}, {\"name\": \"u\", \"dtype\": \"bfloat16\", \"shape\": [2048], \"offset\": 20480}],"
    " \"outputs\": [" OUTPUT(0, "float32", 35, 24576) ", " OUTPUT(1, "float32", 70, 25088) ", " OUTPUT(2, "float32", 36, 25600) ", "
    OUTPUT(3, "float32", 30, 26112) ", " OUTPUT(4, "float32", 30, 26624) ", " OUTPUT(5, "float32", 30, 27136) ", " OUTPUT(6, "float32", 15, 27648) ", "
    OUTPUT(7, "float32", 35, 28160) ", " OUTPUT(8, "float32", 35, 28672) ", " OUTPUT(9, "bfloat16", 35, 29184) ", " OUTPUT(10, "float32", 8, 29696) "]}]}";

#ifdef CUDA
const char hfc_program_constants[1];
#endif

void hfc_entry_forward(const hfc_frame *frame) {
  char *x = frame->arena + X, *y = frame->arena + Y, *z = frame->arena + Z, *u = frame->arena + U, *out = frame->arena + OUT;
  /* Number of dimensions, sizes, strides. */
  static const int64_t heads[] = {4, 2, 2, 3, 4, 24, 4, 8, 1};   /* [B][S][H][D] read as [B][H][S][D] */
  static const int64_t shared[] = {4, 2, 2, 3, 4, 12, 0, 4, 1};  /* two heads of queries, one of keys */
  static const int64_t gaps[] = {3, 2, 3, 4, 40, 8, 1};          /* rows in two blocks with a gap between them */
  static const int64_t everyOther[] = {2, 6, 4, 8, 2};           /* neither rows nor columns are neighbours */
  static const int64_t columns[] = {2, 6, 4, 1, 6};              /* column by column */
  static const int64_t same[] = {2, 3, 4, 0, 1};                 /* one row, three times */
  const hfc_gemm products[] = {
      {.batch = 1, .m = 5, .n = 7, .k = 3, .a = x, .b = y, .bias = y + 4000},
      {.transpose_a = 1, .transpose_b = 1, .batch = 2, .m = 5, .n = 7, .k = 3, .a = x, .b = y},
      {.transpose_b = 1, .batch = 4, .m = 3, .n = 3, .k = 4, .a = x, .b = y, .a_order = heads, .b_order = shared},
      {.batch = 1, .m = 6, .n = 5, .k = 4, .a = x, .b = y, .a_order = gaps},
      {.batch = 1, .m = 6, .n = 5, .k = 4, .a = x, .b = y, .a_order = everyOther},
      {.batch = 1, .m = 6, .n = 5, .k = 4, .a = x, .b = y, .a_order = columns},
      {.batch = 1, .m = 3, .n = 5, .k = 4, .a = x, .b = y, .a_order = same},
      {.transpose_a = 1, .accumulate = 1, .batch = 1, .m = 5, .n = 7, .k = 3, .a = x, .b = y},
      {.dtype = HFC_BFLOAT16, .transpose_b = 1, .batch = 1, .m = 5, .n = 7, .k = 3, .a = z, .b = u},
      {.dtype = HFC_BFLOAT16, .result_dtype = HFC_BFLOAT16, .batch = 1, .m = 5, .n = 7, .k = 3, .a = z, .b = u, .bias = u + 2000},
      {.transpose_b = 1, .batch = 1, .m = 1, .n = 8, .k = 16, .a = x, .b = y},
  };
  for (int i = 0; i < (int)(sizeof products / sizeof *products); ++i) {
    hfc_gemm product = products[i];
    product.c = out + i * EACH;
    if (product.accumulate)
      COPY(frame, product.c, y + 1024, 4 * 35);
    MULTIPLY(frame, &product, i);
  }
}
