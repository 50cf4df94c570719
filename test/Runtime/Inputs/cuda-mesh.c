/* What mesh.c is, for GPUs: hidden = input . up^T, cut over tp; sum = hidden . down^T, completed over tp. The first product is cuBLASLt's, on
   rows whose order says that they lie as they do; the second is a kernel's. Columns are gathered in a stream of their own. */
#include "../fake-cuda/FakeKernels.h"
#include "hfc/Runtime/hfc_runtime.h"
#include <nccl.h>

enum { BATCH = 3, IN = 4, HIDDEN = 6, ROWS = (BATCH + DP - 1) / DP, COLUMNS = (HIDDEN + TP - 1) / TP };

#define TEXT(X) #X
#define NUMBER(X) TEXT(X)
/* Numbers that the preprocessor cannot make out of DP and TP are given: ROWS_TEXT, COLUMNS_TEXT. */
#define DP_AXIS "[{\"name\": \"dp\", \"pre\": 1, \"size\": " NUMBER(DP) "}]"
#define TP_AXIS "[{\"name\": \"tp\", \"pre\": 1, \"size\": " NUMBER(TP) "}]"

uint32_t hfc_program_abi = HFC_ABI_VERSION;
const char hfc_program_ir[] = "none";
const char hfc_program_json[] =
    "{\"hfc\": \"0.1.0\", \"abi\": 4, \"task\": \"forward\", \"target\": \"cuda\", \"gpu\": \"sm_90a\", \"cpu\": \"x86-64\", \"architecture\": \"Hand\","
    " \"batch\": 3, \"sequence\": 4, \"dtype\": \"float32\", \"arena\": 1024,"
    " \"kernels\": [{\"name\": \"down\", \"grid\": 1, \"lanes\": 32, \"arguments\": 4, \"shared\": 0}], \"streams\": 2, \"events\": 2,"
    " \"products\": 1, \"constants\": 128,"
    " \"mesh\": [{\"name\": \"dp\", \"size\": " NUMBER(DP) "}, {\"name\": \"tp\", \"size\": " NUMBER(TP) "}],"
    " \"groups\": [{\"axes\": " TP_AXIS "}],"
    " \"collectives\": [{\"id\": 0, \"entry\": \"forward\", \"kind\": \"all_reduce\", \"group\": 0, \"dtype\": \"float32\", \"bytes\": 48,"
    " \"cause\": \"row-parallel output\", \"path\": \"model.down\", \"block\": 7},"
    "{\"id\": 1, \"entry\": \"forward\", \"kind\": \"all_gather\", \"group\": 0, \"dtype\": \"float32\", \"bytes\": 72}],"
    " \"parameters\": ["
    "{\"name\": \"up\", \"dtype\": \"float32\", \"shape\": [" COLUMNS_TEXT ", 4], \"global\": [6, 4], \"sharding\": [" TP_AXIS ", []],"
    " \"pieces\": [{\"tensor\": \"up.even\"}, {\"tensor\": \"up.odd\", \"permutation\": [1, 0]}], \"initializer\": {\"kind\": \"normal\", \"std\": 0.5}},"
    "{\"name\": \"down\", \"dtype\": \"float32\", \"shape\": [4, " COLUMNS_TEXT "], \"global\": [4, 6], \"sharding\": [[], " TP_AXIS "],"
    " \"pieces\": [{\"tensor\": \"down\"}]}],"
    " \"states\": [],"
    " \"entries\": [{\"name\": \"forward\", \"symbol\": \"hfc_entry_forward\", \"inputs\": ["
    "{\"name\": \"inputs_embeds\", \"dtype\": \"float32\", \"shape\": [" ROWS_TEXT ", 4], \"offset\": 0, \"global\": [3, 4], \"sharding\": [" DP_AXIS ", []]}],"
    " \"outputs\": ["
    "{\"name\": \"hidden\", \"dtype\": \"float32\", \"shape\": [" ROWS_TEXT ", " COLUMNS_TEXT "], \"offset\": 64, \"global\": [3, 6], \"sharding\": [" DP_AXIS ", " TP_AXIS "]},"
    "{\"name\": \"gathered\", \"dtype\": \"float32\", \"shape\": [" ROWS_TEXT ", 6], \"offset\": 192, \"global\": [3, 6], \"sharding\": [" DP_AXIS ", []]},"
    "{\"name\": \"sum\", \"dtype\": \"float32\", \"shape\": [" ROWS_TEXT ", 4], \"offset\": 384, \"global\": [3, 4], \"sharding\": [" DP_AXIS ", []]}]}]}";

/* The second holds what the kernel adds to every sum. */
const char hfc_program_constants[128] __attribute__((aligned(64))) = {[64] = 0};

static void down(void *const *args) {
  const float *hidden = args[0], *weights = args[1], *zero = args[2];
  float *sum = args[3];
  for (int row = 0; row < ROWS; ++row)
    for (int i = 0; i < IN; ++i) {
      sum[row * IN + i] = *zero;
      for (int column = 0; column < COLUMNS; ++column)
        sum[row * IN + i] += hidden[row * COLUMNS + column] * weights[i * COLUMNS + column];
    }
}
static const FakeKernel kernels[] = {{"down", 4, down}};
const FakeKernels hfc_program_cubin = {FAKE_KERNELS_MAGIC, 1, kernels};

void hfc_entry_forward(const hfc_frame *frame) {
  char *arena = frame->arena, *hidden = arena + 64, *gathered = arena + 192, *sum = arena + 384, *parts = arena + 512;
  static const int64_t order[] = {2, ROWS, IN, IN, 1};
  const hfc_gemm product = {.transpose_b = 1, .batch = 1, .m = ROWS, .n = COLUMNS, .k = IN, .a = arena, .b = frame->parameters[0], .c = hidden, .a_order = order};
  hfc_cuda_gemm(frame->context, &product, 0, 0);
  /* The gathering of columns overlaps with the second product. */
  hfc_cuda_record(frame->context, 0, 0);
  hfc_cuda_wait(frame->context, 0, 1);
  hfc_cuda_collective_begin(frame->context, 1, 1);
  ncclResult_t result = ncclSuccess;
  if (TP > 1)
    result = ncclAllGather(hidden, parts, ROWS * COLUMNS, ncclFloat, frame->communicators[0], frame->streams[1]);
  else
    hfc_cuda_copy(frame->context, parts, hidden, 4 * ROWS * COLUMNS, 1);
  /* The last rank's columns may reach beyond the whole. */
  for (int place = 0; place < TP; ++place) {
    int columns = HIDDEN - place * COLUMNS < COLUMNS ? HIDDEN - place * COLUMNS : COLUMNS;
    if (columns > 0)
      hfc_cuda_copy_rows(frame->context, gathered + 4 * place * COLUMNS, 4 * HIDDEN, parts + 4 * place * ROWS * COLUMNS, 4 * COLUMNS, 4 * columns, ROWS, 1);
  }
  hfc_cuda_collective_end(frame->context, 1, 4 * ROWS * HIDDEN, result, 1);
  void *args[] = {hidden, frame->parameters[1], (void *)(frame->constants + 64), sum};
  hfc_cuda_launch(frame->context, 0, 0, args);
  hfc_cuda_collective_begin(frame->context, 0, 0);
  result = TP > 1 ? ncclAllReduce(sum, sum, ROWS * IN, ncclFloat, ncclSum, frame->communicators[0], frame->streams[0]) : ncclSuccess;
  hfc_cuda_collective_end(frame->context, 0, 4 * ROWS * IN, result, 0);
  hfc_cuda_record(frame->context, 1, 1);
  hfc_cuda_wait(frame->context, 1, 0);
}
