/* A training program written by hand for DP x TP ranks and MICRO micro-batches of a batch of 4. The loss is the sum over rows x of x . w + 2 * sum(v).
   `w` (float32) is cut over tp; `v` (bfloat16, with float32 masters) is on every rank. Gradients lie in one bucket. The update is plain descent. */
#include "hfc/Runtime/hfc_runtime.h"
#include <math.h>
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
    "{\"hfc\": \"0.1.0\", \"abi\": 4, \"task\": \"train\", \"target\": \"cpu\", \"cpu\": \"x86-64\", \"architecture\": \"Hand\","
    " \"batch\": 4, \"sequence\": 4, \"dtype\": \"float32\", \"arena\": 1024, \"micro_batches\": " NUMBER(MICRO) ","
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

static void reduce(const hfc_frame *frame, int id, int group, const int64_t *count, float *data) {
  hfc_collective collective = {.id = id, .kind = HFC_ALL_REDUCE, .group = group, .tensors = 1, .counts = count};
  const void *in = data;
  void *out = data;
  hfc_rt_collective(frame->context, &collective, &in, &out);
}

void hfc_entry_begin_step(const hfc_frame *frame) {
  memset(frame->states[0], 0, 4);
  memset(frame->states[1], 0, 4 * COLUMNS);
  memset(frame->states[2], 0, 4 * V);
}

static float widen(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

void hfc_entry_micro_step(const hfc_frame *frame) {
  const float *in = (const float *)frame->arena, *w = frame->parameters[0];
  float *dx = (float *)(frame->arena + 64), *loss = frame->states[0], *dw = frame->states[1], *dv = frame->states[2];
  const uint16_t *v = frame->parameters[1];
  int first = frame->places[2] * COLUMNS;
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

void hfc_entry_last_micro_step(const hfc_frame *frame) {
  static const int64_t one = 1, bucket = COLUMNS + V;
  hfc_entry_micro_step(frame);
  reduce(frame, 0, 0, &one, frame->states[0]);
  reduce(frame, 1, 1, &bucket, frame->states[1]);
}

void hfc_entry_optimizer_step(const hfc_frame *frame) {
  static const int64_t one = 1;
  float lr = *(const float *)frame->arena, *norm = (float *)(frame->arena + 64);
  float *w = frame->parameters[0], *dw = frame->states[1], *dv = frame->states[2], *master = frame->states[3];
  uint16_t *v = frame->parameters[1];
  *norm = 0;
  for (int i = 0; i < COLUMNS; ++i) {
    *norm += dw[i] * dw[i];
    w[i] -= lr * dw[i];
  }
  reduce(frame, 2, 2, &one, norm);
  for (int i = 0; i < V; ++i) {
    uint32_t bits;
    *norm += dv[i] * dv[i];
    master[i] -= lr * dv[i];
    memcpy(&bits, &master[i], 4);
    v[i] = (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }
  *norm = sqrtf(*norm);
}
