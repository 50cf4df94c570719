/* What train.c is, for GPUs: all but the collectives are kernels. */
#include "../fake-cuda/FakeKernels.h"
#include "hfc/Runtime/hfc_runtime.h"
#include <math.h>
#include <nccl.h>
#include <string.h>

enum { BATCH = 4, WIDTH = 4, V = 3, ROWS = BATCH / MICRO / DP, COLUMNS = WIDTH / TP };

#define TEXT(X) #X
#define NUMBER(X) TEXT(X)
#define AXIS(NAME, SIZE) "{\"name\": \"" NAME "\", \"pre\": 1, \"size\": " NUMBER(SIZE) "}"
#define CUT_ROWS "\"global\": [" MICRO_ROWS_TEXT ", 4], \"sharding\": [[" AXIS("dp", DP) "], []]"
#define CUT_W "\"global\": [4], \"sharding\": [[" AXIS("tp", TP) "]]"
#define STEP(NAME) \
  "{\"name\": \"" NAME "\", \"symbol\": \"hfc_entry_" NAME "\", \"inputs\": [" \
  "{\"name\": \"inputs_embeds\", \"dtype\": \"float32\", \"shape\": [" ROWS_TEXT ", 4], \"offset\": 0, " CUT_ROWS "}]," \
  " \"outputs\": [{\"name\": \"grad.inputs_embeds\", \"dtype\": \"float32\", \"shape\": [" ROWS_TEXT ", 4], \"offset\": 64, " CUT_ROWS "}]}"
#define SCALAR(NAME, OFFSET) "{\"name\": \"" NAME "\", \"dtype\": \"float32\", \"shape\": [], \"offset\": " OFFSET "}"

uint32_t hfc_program_abi = HFC_ABI_VERSION;
const char hfc_program_ir[] = "none";
const char hfc_program_json[] =
    "{\"hfc\": \"0.1.0\", \"abi\": 4, \"task\": \"train\", \"target\": \"cuda\", \"gpu\": \"sm_90a\", \"cpu\": \"x86-64\", \"architecture\": \"Hand\","
    " \"batch\": 4, \"sequence\": 4, \"dtype\": \"float32\", \"arena\": 1024,"
    " \"kernels\": [{\"name\": \"micro_step\", \"grid\": 1, \"lanes\": 32, \"arguments\": 8},"
    " {\"name\": \"squares\", \"grid\": 1, \"lanes\": 32, \"arguments\": 2}, {\"name\": \"update\", \"grid\": 1, \"lanes\": 32, \"arguments\": 7}],"
    " \"micro_batches\": " NUMBER(MICRO) ","
    " \"mesh\": [{\"name\": \"dp\", \"size\": " NUMBER(DP) "}, {\"name\": \"tp\", \"size\": " NUMBER(TP) "}],"
    " \"groups\": [{\"axes\": [" AXIS("dp", DP) ", " AXIS("tp", TP) "]}, {\"axes\": [" AXIS("dp", DP) "]}, {\"axes\": [" AXIS("tp", TP) "]}],"
    " \"collectives\": [{\"id\": 0, \"entry\": \"last_micro_step\", \"kind\": \"all_reduce\", \"group\": 0, \"dtype\": \"float32\", \"bytes\": 4},"
    " {\"id\": 1, \"entry\": \"last_micro_step\", \"kind\": \"all_reduce\", \"group\": 1, \"dtype\": \"float32\", \"bytes\": 20},"
    " {\"id\": 2, \"entry\": \"optimizer_step\", \"kind\": \"all_reduce\", \"group\": 2, \"dtype\": \"float32\", \"bytes\": 4}],"
    " \"buckets\": [{\"name\": \"grads\", \"dtype\": \"float32\", \"elements\": 7}],"
    " \"parameters\": ["
    "{\"name\": \"w\", \"dtype\": \"float32\", \"shape\": [" COLUMNS_TEXT "], " CUT_W ", \"pieces\": [{\"tensor\": \"packed\", \"offsets\": [0], \"sizes\": [4]}],"
    " \"state_dict\": [{\"tensor\": \"model.w\"}]},"
    "{\"name\": \"v\", \"dtype\": \"bfloat16\", \"shape\": [3], \"pieces\": [{\"tensor\": \"v\"}]},"
    "{\"name\": \"unused\", \"dtype\": \"float32\", \"shape\": [1], \"frozen\": true, \"pieces\": [{\"tensor\": \"unused\"}]}],"
    " \"states\": [{\"name\": \"loss\", \"dtype\": \"float32\", \"shape\": []},"
    "{\"name\": \"grad.w\", \"dtype\": \"float32\", \"shape\": [" COLUMNS_TEXT "], " CUT_W ", \"of\": \"w\", \"role\": \"gradient\", \"bucket\": {\"name\": \"grads\", \"offset\": 0}},"
    "{\"name\": \"grad.v\", \"dtype\": \"float32\", \"shape\": [3], \"of\": \"v\", \"role\": \"gradient\", \"bucket\": {\"name\": \"grads\", \"offset\": " COLUMNS_TEXT "}},"
    "{\"name\": \"master.v\", \"dtype\": \"float32\", \"shape\": [3], \"of\": \"v\", \"role\": \"master\", \"initial\": \"v\"}],"
    " \"entries\": [{\"name\": \"begin_step\", \"symbol\": \"hfc_entry_begin_step\", \"inputs\": [], \"outputs\": []},"
    STEP("micro_step") "," STEP("last_micro_step") ","
    "{\"name\": \"optimizer_step\", \"symbol\": \"hfc_entry_optimizer_step\", \"inputs\": [" SCALAR("lr", "0") "],"
    " \"outputs\": [" SCALAR("grad_norm", "64") "]}]}";

static float widen(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

static void micro_step(void *const *args) {
  const float *in = args[0], *w = args[1];
  const uint16_t *v = args[2];
  const int32_t *places = args[3];
  float *dx = args[4], *loss = args[5], *dw = args[6], *dv = args[7];
  int first = places[2] * COLUMNS;
  for (int row = 0; row < ROWS; ++row) {
    for (int i = 0; i < COLUMNS; ++i) {
      *loss += in[row * WIDTH + first + i] * w[i];
      dw[i] += in[row * WIDTH + first + i];
    }
    for (int i = 0; i < V; ++i) {
      *loss += first == 0 ? 2 * widen(v[i]) : 0;
      dv[i] += 2;
    }
    for (int i = 0; i < WIDTH; ++i)
      dx[row * WIDTH + i] = 10 * in[row * WIDTH + i];
  }
}

static void squares(void *const *args) {
  const float *dw = args[0];
  float *norm = args[1];
  *norm = 0;
  for (int i = 0; i < COLUMNS; ++i)
    *norm += dw[i] * dw[i];
}

static void update(void *const *args) {
  const float *lr = args[0], *dw = args[1], *dv = args[2];
  float *w = args[3], *master = args[5], *norm = args[6];
  uint16_t *v = args[4];
  for (int i = 0; i < COLUMNS; ++i)
    w[i] -= *lr * dw[i];
  for (int i = 0; i < V; ++i) {
    uint32_t bits;
    *norm += dv[i] * dv[i];
    master[i] -= *lr * dv[i];
    memcpy(&bits, &master[i], 4);
    v[i] = (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }
  *norm = sqrtf(*norm);
}
static const FakeKernel kernels[] = {{"micro_step", 8, micro_step}, {"squares", 2, squares}, {"update", 7, update}};
const FakeKernels hfc_program_cubin = {FAKE_KERNELS_MAGIC, 3, kernels};

static void reduce(const hfc_frame *frame, int id, int group, int64_t count, void *data) {
  hfc_cuda_collective_begin(frame->context, id, 0);
  ncclResult_t result = ncclSuccess;
  if (frame->communicators[group])
    result = ncclAllReduce(data, data, count, ncclFloat, ncclSum, frame->communicators[group], frame->streams[0]);
  hfc_cuda_collective_end(frame->context, id, 4 * count, result, 0);
}

void hfc_entry_begin_step(const hfc_frame *frame) {
  hfc_cuda_clear(frame->context, frame->states[0], 4, 0);
  hfc_cuda_clear(frame->context, frame->states[1], 4 * COLUMNS, 0);
  hfc_cuda_clear(frame->context, frame->states[2], 4 * V, 0);
}

void hfc_entry_micro_step(const hfc_frame *frame) {
  void *args[] = {frame->arena,      frame->parameters[0], frame->parameters[1], (void *)frame->places,
                  frame->arena + 64, frame->states[0],     frame->states[1],     frame->states[2]};
  hfc_cuda_launch(frame->context, 0, 0, args);
}

void hfc_entry_last_micro_step(const hfc_frame *frame) {
  hfc_entry_micro_step(frame);
  reduce(frame, 0, 0, 1, frame->states[0]);
  reduce(frame, 1, 1, COLUMNS + V, frame->states[1]);
}

void hfc_entry_optimizer_step(const hfc_frame *frame) {
  char *norm = frame->arena + 64;
  void *first[] = {frame->states[1], norm};
  hfc_cuda_launch(frame->context, 1, 0, first);
  reduce(frame, 2, 2, 1, norm);
  void *second[] = {frame->arena, frame->states[1], frame->states[2], frame->parameters[0], frame->parameters[1], frame->states[3], norm};
  hfc_cuda_launch(frame->context, 2, 0, second);
}
