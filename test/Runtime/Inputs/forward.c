/* A program written by hand: logits = embed[input_ids] * attention_mask + position_ids, times head, plus head_bias. */
#include "hfc/Runtime/hfc_runtime.h"

enum { B = 2, S = 3, H = 4, V = 5 };

uint32_t hfc_program_abi = ABI;
const char hfc_program_ir[] = "none";
const char hfc_program_json[] =
    "{\"hfc\": \"0.1.0\", \"abi\": 4, \"task\": \"forward\", \"target\": \"" TARGET "\", \"cpu\": \"" CPU "\", \"architecture\": \"Hand\","
    " \"batch\": 2, \"sequence\": 3, \"dtype\": \"float32\", \"layout\": \"batch-first\", \"arena\": 1024,"
    " \"checkpoint_prefixes\": [\"\", \"model.\"],"
    " \"parameters\": ["
    "{\"name\": \"embed.weight\", \"dtype\": \"float32\", \"shape\": [5, 4], \"pieces\": [{\"tensor\": \"embed.weight\"}]},"
    "{\"name\": \"head.weight\", \"dtype\": \"float32\", \"shape\": [5, 4], \"pieces\": ["
    "  {\"tensor\": \"packed\", \"offsets\": [0, 1], \"sizes\": [4, 3], \"permutation\": [1, 0]},"
    "  {\"tensor\": \"rest\"}]},"
    "{\"name\": \"head.bias\", \"dtype\": \"float32\", \"shape\": [5], \"pieces\": [{\"tensor\": \"head.bias\"}]}],"
    " \"states\": [],"
    " \"entries\": [{\"name\": \"forward\", \"symbol\": \"hfc_entry_forward\", \"inputs\": ["
    "{\"name\": \"input_ids\", \"dtype\": \"int32\", \"shape\": [2, 3], \"offset\": 0, \"default\": \"\", \"min\": 0, \"max\": 4},"
    "{\"name\": \"attention_mask\", \"dtype\": \"int32\", \"shape\": [2, 3], \"offset\": 64, \"default\": \"ones\", \"min\": 0, \"max\": 1},"
    "{\"name\": \"position_ids\", \"dtype\": \"int32\", \"shape\": [2, 3], \"offset\": 128, \"default\": \"arange\", \"min\": 0, \"max\": 100},"
    "{\"name\": \"segment_ids\", \"dtype\": \"int32\", \"shape\": [2, 3], \"offset\": 192, \"default\": \"segments\", \"min\": 0, \"max\": 100}],"
    " \"outputs\": [{\"name\": \"logits\", \"dtype\": \"float32\", \"shape\": [2, 3, 5], \"offset\": 512},"
    "{\"name\": \"segments\", \"dtype\": \"int32\", \"shape\": [2, 3], \"offset\": 192}]}]}";

static void embed(void *const *args, int64_t begin, int64_t end) {
  const int32_t *ids = args[0], *mask = args[1], *positions = args[2];
  const float *table = args[3];
  float *out = args[4];
  for (int64_t i = begin; i < end; ++i)
    for (int h = 0; h < H; ++h)
      out[i * H + h] = table[ids[i] * H + h] * (float)mask[i] + (float)positions[i];
}

void hfc_entry_forward(const hfc_frame *frame) {
  char *arena = frame->arena;
  void *args[] = {arena, arena + 64, arena + 128, frame->parameters[0], arena + 256};
  hfc_rt_launch(frame->context, embed, B * S, args);
  hfc_gemm gemm = {HFC_FLOAT32, HFC_FLOAT32, 0, 1, 0, 1, B * S, V, H, arena + 256, frame->parameters[1], frame->parameters[2], arena + 512};
  hfc_rt_gemm(frame->context, &gemm);
}
