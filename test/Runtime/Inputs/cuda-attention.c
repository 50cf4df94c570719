/* Attention, both passes, as programs for GPUs call it: by cuDNN, or by kernels that are written out here. With masks, of which none hides
   anything if MASK_MIN is 1, and once more with a window and without masks. MASK_MIN 0: some do. */
#include "../fake-cuda/FakeKernels.h"
#include "hfc/Runtime/hfc_runtime.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { B = 2, HQ = 4, HK = 2, S = 6, D = 8 };
enum { Q = 0, K = 768, V = 1152, DY = 1536, MASK = 2304, SEGMENTS = 2368, Y = 2432, SUMS = 3200, PLAIN = 3392, DQ = 4160, DK = 4928, DV = 5312,
       WY = 5696, WSUMS = 6464, WDQ = 6656, WDK = 7424, WDV = 7808 };

#define TEXT(X) #X
#define NUMBER(X) TEXT(X)
#define TENSOR(NAME, HEADS, OFFSET) "{\"name\": \"" NAME "\", \"dtype\": \"bfloat16\", \"shape\": [2, 6, " #HEADS ", 8], \"offset\": " #OFFSET "}"
#define STATISTICS(NAME, OFFSET) "{\"name\": \"" NAME "\", \"dtype\": \"float32\", \"shape\": [2, 4, 6], \"offset\": " #OFFSET "}"
#define KERNEL(NAME, ARGUMENTS) "{\"name\": \"" NAME "\", \"grid\": 1, \"lanes\": 32, \"arguments\": " #ARGUMENTS ", \"shared\": 0}"

uint32_t hfc_program_abi = HFC_ABI_VERSION;
const char hfc_program_ir[] = "none";
const char hfc_program_json[] =
    "{\"hfc\": \"0.1.0\", \"abi\": 4, \"task\": \"forward\", \"target\": \"cuda\", \"gpu\": \"sm_90a\", \"attentions\": 3, \"cpu\": \"x86-64\", \"architecture\": \"Hand\","
    " \"batch\": 2, \"sequence\": 6, \"dtype\": \"bfloat16\", \"arena\": 8192, \"parameters\": [], \"states\": [],"
    " \"kernels\": [" KERNEL("statistics", 8) ", " KERNEL("plain", 7) ", " KERNEL("backward", 12) ", " KERNEL("window", 5) ", " KERNEL("window_backward", 9) "],"
    " \"entries\": [{\"name\": \"forward\", \"symbol\": \"hfc_entry_forward\", \"inputs\": ["
    TENSOR("q", 4, 0) ", " TENSOR("k", 2, 768) ", " TENSOR("v", 2, 1152) ", " TENSOR("dy", 4, 1536) ","
    "{\"name\": \"mask\", \"dtype\": \"int32\", \"shape\": [2, 6], \"offset\": 2304, \"min\": " NUMBER(MASK_MIN) ", \"max\": 1},"
    "{\"name\": \"segments\", \"dtype\": \"int32\", \"shape\": [2, 6], \"offset\": 2368, \"min\": 3, \"max\": 3}], \"outputs\": ["
    TENSOR("y", 4, 2432) ", " STATISTICS("sums", 3200) ", " TENSOR("plain", 4, 3392) ", " TENSOR("dq", 4, 4160) ", " TENSOR("dk", 2, 4928) ", " TENSOR("dv", 2, 5312) ", "
    TENSOR("wy", 4, 5696) ", " STATISTICS("wsums", 6464) ", " TENSOR("wdq", 4, 6656) ", " TENSOR("wdk", 2, 7424) ", " TENSOR("wdv", 2, 7808) "]}]}";
const char hfc_program_constants[1];

#define SIZES .dtype = HFC_BFLOAT16, .causal = 1, .batch = B, .query_heads = HQ, .key_heads = HK, .queries = S, .keys = S, .depth = D, .value_depth = D, \
              .query_strides = {S * HQ * D, D, HQ * D}, .result_strides = {S * HQ * D, D, HQ * D}, .key_strides = {S * HK * D, D, HK * D}, \
              .value_strides = {S * HK * D, D, HK * D}, .scale = 0.35
static const hfc_attention statistics = {.kind = HFC_ATTENTION_WITH_STATISTICS, .key_mask = 1, .segments = 1, SIZES};
static const hfc_attention plain = {.kind = HFC_ATTENTION_FORWARD, .key_mask = 1, .segments = 1, SIZES};
static const hfc_attention backward = {.kind = HFC_ATTENTION_BACKWARD, .key_mask = 1, .segments = 1, SIZES};
static const hfc_attention window = {.kind = HFC_ATTENTION_WITH_STATISTICS, .window = 2, SIZES};
static const hfc_attention window_backward = {.kind = HFC_ATTENTION_BACKWARD, .window = 2, .deterministic = 1, SIZES};

#ifdef AHEAD
/* Three of them are made known. */
const hfc_attention hfc_program_attentions[] = {
    {.kind = HFC_ATTENTION_WITH_STATISTICS, .key_mask = 1, .segments = 1, SIZES},
    {.kind = HFC_ATTENTION_WITH_STATISTICS, .window = 2, SIZES},
    {.kind = HFC_ATTENTION_BACKWARD, .window = 2, .deterministic = 1, SIZES},
};
#endif

static float load(const uint16_t *x, int b, int s, int h, int heads, int d) {
  uint32_t bits = (uint32_t)x[((b * S + s) * heads + h) * D + d] << 16;
  float value;
  return memcpy(&value, &bits, 4), value;
}
static void store(uint16_t *x, int b, int s, int h, int heads, int d, float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  x[((b * S + s) * heads + h) * D + d] = (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/* The weights of a row; returns the logarithm of the sum of its exponentials. */
static float weigh(const hfc_attention *a, void *const *qkv, void *const *masks, int b, int h, int i, float *weights) {
  float sum = 0;
  for (int j = 0; j < S; ++j) {
    float score = 0;
    for (int d = 0; d < D; ++d)
      score += load(qkv[0], b, i, h, HQ, d) * load(qkv[1], b, j, h / (HQ / HK), HK, d);
    int shown = j <= i && (!a->window || i - j < a->window);
    if (a->key_mask)
      shown = shown && ((const int32_t *)masks[0])[b * S + j] && ((const int32_t *)masks[1])[b * S + i] == ((const int32_t *)masks[2])[b * S + j];
    sum += weights[j] = shown ? expf((float)a->scale * score) : 0;
  }
  for (int j = 0; j < S; ++j)
    weights[j] = sum > 0 ? weights[j] / sum : 0;
  return sum > 0 ? logf(sum) : 0;
}

static void forward(const hfc_attention *a, void *const *args) {
  void *const *results = args + 3 + (a->key_mask ? 3 : 0);
  for (int b = 0; b < B; ++b)
    for (int h = 0; h < HQ; ++h)
      for (int i = 0; i < S; ++i) {
        float weights[S], sum = weigh(a, args, args + 3, b, h, i, weights);
        if (a->kind == HFC_ATTENTION_WITH_STATISTICS)
          ((float *)results[1])[(b * HQ + h) * S + i] = sum;
        for (int d = 0; d < D; ++d) {
          float value = 0;
          for (int j = 0; j < S; ++j)
            value += weights[j] * load(args[2], b, j, h / (HQ / HK), HK, d);
          store(results[0], b, i, h, HQ, d, value);
        }
      }
}

static void differentiate(const hfc_attention *a, void *const *args) {
  static float dq[B][S][HQ][D], dk[B][S][HK][D], dv[B][S][HK][D];
  memset(dq, 0, sizeof dq), memset(dk, 0, sizeof dk), memset(dv, 0, sizeof dv);
  for (int b = 0; b < B; ++b)
    for (int h = 0; h < HQ; ++h)
      for (int i = 0; i < S; ++i) {
        float weights[S], mean = 0;
        int own = h / (HQ / HK);
        weigh(a, args + 1, args + 6, b, h, i, weights);
        for (int d = 0; d < D; ++d)
          mean += load(args[0], b, i, h, HQ, d) * load(args[4], b, i, h, HQ, d);
        for (int j = 0; j < S; ++j) {
          float product = 0;
          for (int d = 0; d < D; ++d)
            product += load(args[0], b, i, h, HQ, d) * load(args[3], b, j, own, HK, d);
          float gradient = (float)a->scale * weights[j] * (product - mean);
          for (int d = 0; d < D; ++d) {
            dv[b][j][own][d] += weights[j] * load(args[0], b, i, h, HQ, d);
            dq[b][i][h][d] += gradient * load(args[2], b, j, own, HK, d);
            dk[b][j][own][d] += gradient * load(args[1], b, i, h, HQ, d);
          }
        }
      }
  void *const *results = args + 6 + (a->key_mask ? 3 : 0);
  for (int b = 0; b < B; ++b)
    for (int i = 0; i < S; ++i)
      for (int d = 0; d < D; ++d) {
        for (int h = 0; h < HQ; ++h)
          store(results[0], b, i, h, HQ, d, dq[b][i][h][d]);
        for (int h = 0; h < HK; ++h)
          store(results[1], b, i, h, HK, d, dk[b][i][h][d]), store(results[2], b, i, h, HK, d, dv[b][i][h][d]);
      }
}

static void run_statistics(void *const *args) { fputs("kernel: statistics\n", stderr), forward(&statistics, args); }
static void run_plain(void *const *args) { fputs("kernel: plain\n", stderr), forward(&plain, args); }
static void run_backward(void *const *args) { fputs("kernel: backward\n", stderr), differentiate(&backward, args); }
static void run_window(void *const *args) { fputs("kernel: window\n", stderr), forward(&window, args); }
static void run_window_backward(void *const *args) { fputs("kernel: window_backward\n", stderr), differentiate(&window_backward, args); }
static const FakeKernel kernels[] = {{"statistics", 8, run_statistics}, {"plain", 7, run_plain}, {"backward", 12, run_backward},
                                     {"window", 5, run_window}, {"window_backward", 9, run_window_backward}};
const FakeKernels hfc_program_cubin = {FAKE_KERNELS_MAGIC, 5, kernels};

void hfc_entry_forward(const hfc_frame *frame) {
  char *a = frame->arena;
  hfc_cuda_attention(frame->context, &statistics, 0, 0, (void *[]){a + Q, a + K, a + V, a + MASK, a + SEGMENTS, a + SEGMENTS, a + Y, a + SUMS});
  hfc_cuda_attention(frame->context, &plain, 1, 0, (void *[]){a + Q, a + K, a + V, a + MASK, a + SEGMENTS, a + SEGMENTS, a + PLAIN});
  hfc_cuda_attention(frame->context, &backward, 2, 0,
                     (void *[]){a + DY, a + Q, a + K, a + V, a + Y, a + SUMS, a + MASK, a + SEGMENTS, a + SEGMENTS, a + DQ, a + DK, a + DV});
  hfc_cuda_attention(frame->context, &window, 3, 0, (void *[]){a + Q, a + K, a + V, a + WY, a + WSUMS});
  hfc_cuda_attention(frame->context, &window_backward, 4, 0,
                     (void *[]){a + DY, a + Q, a + K, a + V, a + WY, a + WSUMS, a + WDQ, a + WDK, a + WDV});
}
