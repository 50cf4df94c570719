/* A program written by hand for a mesh of DP x TP ranks: hidden = input . up^T, cut over tp; sum = hidden . down^T, completed over tp. The
   batch of 3 is cut over dp, which pads it, and so are the 6 hidden values over tp where it is 4. */
#include "hfc/Runtime/hfc_runtime.h"

enum { BATCH = 3, IN = 4, HIDDEN = 6, ROWS = (BATCH + DP - 1) / DP, COLUMNS = (HIDDEN + TP - 1) / TP };

#define TEXT(X) #X
#define NUMBER(X) TEXT(X)
/* Numbers that the preprocessor cannot make out of DP and TP are given: ROWS_TEXT, COLUMNS_TEXT. */
#define DP_AXIS "[{\"name\": \"dp\", \"pre\": 1, \"size\": " NUMBER(DP) "}]"
#define TP_AXIS "[{\"name\": \"tp\", \"pre\": 1, \"size\": " NUMBER(TP) "}]"

uint32_t hfc_program_abi = HFC_ABI_VERSION;
const char hfc_program_ir[] = "none";
const char hfc_program_json[] =
    "{\"hfc\": \"0.1.0\", \"abi\": 4, \"task\": \"forward\", \"target\": \"cpu\", \"cpu\": \"x86-64\", \"architecture\": \"Hand\","
    " \"batch\": 3, \"sequence\": 4, \"dtype\": \"float32\", \"arena\": 1024,"
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

void hfc_entry_forward(const hfc_frame *frame) {
  const float *in = (const float *)frame->arena, *up = frame->parameters[0], *down = frame->parameters[1];
  float *hidden = (float *)(frame->arena + 64), *gathered = (float *)(frame->arena + 192), *sum = (float *)(frame->arena + 384);
  for (int row = 0; row < ROWS; ++row)
    for (int column = 0; column < COLUMNS; ++column) {
      hidden[row * COLUMNS + column] = 0;
      for (int i = 0; i < IN; ++i)
        hidden[row * COLUMNS + column] += in[row * IN + i] * up[column * IN + i];
    }
  for (int row = 0; row < ROWS; ++row)
    for (int i = 0; i < IN; ++i) {
      sum[row * IN + i] = 0;
      for (int column = 0; column < COLUMNS; ++column)
        sum[row * IN + i] += hidden[row * COLUMNS + column] * down[i * COLUMNS + column];
    }
  static const int64_t count = ROWS * IN, pieces = ROWS * COLUMNS, piece[2] = {ROWS, COLUMNS}, whole[2] = {ROWS, HIDDEN};
  static const hfc_collective reduce = {.id = 0, .kind = HFC_ALL_REDUCE, .tensors = 1, .counts = &count};
  static const hfc_collective gather = {
      .id = 1, .kind = HFC_ALL_GATHER, .tensors = 1, .counts = &pieces, .rank = 2, .dim = 1, .in_shape = piece, .out_shape = whole};
  const void *in0 = sum, *in1 = hidden;
  void *out0 = sum, *out1 = gathered;
  hfc_rt_collective(frame->context, &reduce, &in0, &out0);
  hfc_rt_collective(frame->context, &gather, &in1, &out1);
}
