/* A program written by hand that generates: the next token is the sum of all before it, modulo 11; above 90 its logits are
   NaN. It reads the cache only, so a wrong cache gives wrong tokens. The entry that begins sequences writes the cache from its beginning. */
#include "hfc/Runtime/hfc_runtime.h"

enum { B = 3, S = 16, V = 11 };

uint32_t hfc_program_abi = HFC_ABI_VERSION;
const char hfc_program_ir[] = "none";
#define PAST "{\"name\": \"past\", \"dtype\": \"int32\", \"shape\": [3], \"offset\": 128, \"min\": 0, \"max\": 15},"
#define ENTRY(NAME, C, P, X)                                                                                           \
  "{\"name\": \"" NAME "\", \"symbol\": \"hfc_entry_" NAME "\", \"inputs\": ["                                         \
  "{\"name\": \"input_ids\", \"dtype\": \"int32\", \"shape\": [3, " C "], \"offset\": 0, \"min\": 0, \"max\": 10}," P  \
  "{\"name\": \"count\", \"dtype\": \"int32\", \"shape\": [3], \"offset\": 192, \"min\": 0, \"max\": " C "}],"         \
  " \"outputs\": [{\"name\": \"logits\", \"dtype\": \"float32\", \"shape\": [3, 11], \"offset\": 256},"                  \
  "{\"name\": \"next\", \"dtype\": \"int32\", \"shape\": [3], \"offset\": 512}]}" X
const char hfc_program_json[] =
    "{\"hfc\": \"0.1.0\", \"abi\": 4, \"task\": \"generate\", \"target\": \"cpu\", \"cpu\": \"x86-64\", \"architecture\": \"Hand\","
    " \"batch\": 3, \"sequence\": 16, \"dtype\": \"float32\", \"layout\": \"batch-first\", \"arena\": 1024,"
    " \"parameters\": [], \"states\": [{\"name\": \"cache.0.key\", \"dtype\": \"int32\", \"shape\": [3, 16]}],"
    " \"entries\": [" ENTRY("prefill_first_8", "8", "", ",") ENTRY("prefill_4", "4", PAST, ",")
    ENTRY("prefill_2", "2", PAST, ",") ENTRY("decode", "1", PAST, "") "],"
    " \"generation\": {\"vocabulary\": 11, \"eos\": [7], \"bos\": 1, \"pad\": 0, \"do_sample\": false, \"temperature\": 1.0,"
    " \"top_k\": 50, \"top_p\": 1.0, \"chunks\": ["
    " {\"entry\": \"prefill_first_8\", \"tokens\": 8, \"first\": true}, {\"entry\": \"prefill_4\", \"tokens\": 4},"
    " {\"entry\": \"prefill_2\", \"tokens\": 2}, {\"entry\": \"decode\", \"tokens\": 1}]}}";

static void chunk(const hfc_frame *frame, int width, const int32_t *past) {
  const int32_t *ids = (const int32_t *)frame->arena, *count = ids + 48;
  float *logits = (float *)(frame->arena + 256);
  int32_t *cache = frame->states[0], *next = (int32_t *)(frame->arena + 512);
  for (int b = 0; b < B; ++b) {
    int sum = 0;
    for (int i = 0; i < count[b]; ++i)
      cache[b * S + past[b] + i] = ids[b * width + i];
    for (int i = 0; i < past[b] + count[b]; ++i)
      sum += cache[b * S + i];
    next[b] = count[b] == 0 ? 0 : sum > 90 ? V : sum % V;
    /* Rows that stand still give nonsense, as compiled programs may. */
    for (int v = 0; v < V; ++v)
      logits[b * V + v] = count[b] == 0 ? -(float)v : sum > 90 ? __builtin_nanf("") : v == sum % V ? 3.0f : v == (sum + 1) % V ? 2.0f : 0.0f;
  }
}
static const int32_t *pastOf(const hfc_frame *frame) { return (const int32_t *)frame->arena + 32; }
void hfc_entry_prefill_first_8(const hfc_frame *frame) {
  static const int32_t none[B];
  chunk(frame, 8, none);
}
void hfc_entry_prefill_4(const hfc_frame *frame) { chunk(frame, 4, pastOf(frame)); }
void hfc_entry_prefill_2(const hfc_frame *frame) { chunk(frame, 2, pastOf(frame)); }
void hfc_entry_decode(const hfc_frame *frame) { chunk(frame, 1, pastOf(frame)); }
