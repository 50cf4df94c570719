/* A host of the embedding API: runs the program of forward.c with parameters from its own memory. */
#include "hfc/Runtime/hfc_runtime.h"

#include <stdio.h>
#include <string.h>

static int fail(const char *what) { return printf("%s: %s\n", what, hfc_last_error()), 1; }

int main(int argc, char **argv) {
  static const float table[20] = {1}, bias[5] = {1, 2, 3, 4, 5};
  static const int32_t ones[6] = {1, 1, 1, 1, 1, 1};
  hfc_program *program;
  if (hfc_program_open("missing", 1, &program) == 0)
    return printf("opened what is not there\n"), 1;
  printf("%s\n", hfc_last_error());
  if (hfc_program_open(argv[1], 2, &program))
    return fail("open");
  printf("metadata begins with %.7s\n", hfc_program_metadata(program));
  if (hfc_program_run(program, "forward"))
    printf("%s\n", hfc_last_error());
  if (hfc_program_bind_parameter(program, "stray", table))
    printf("%s\n", hfc_last_error());
  if (hfc_program_bind_parameter(program, "embed.weight", table) || hfc_program_bind_parameter(program, "head.weight", table) ||
      hfc_program_bind_parameter(program, "head.bias", bias))
    return fail("bind");
  if (hfc_program_run(program, "backward"))
    printf("%s\n", hfc_last_error());
  if (hfc_program_input(program, "forward", "labels") || hfc_program_output(program, "backward", "logits"))
    return printf("found what is not there\n"), 1;
  memset(hfc_program_input(program, "forward", "input_ids"), 0, sizeof ones);
  memcpy(hfc_program_input(program, "forward", "attention_mask"), ones, sizeof ones);
  memset(hfc_program_input(program, "forward", "position_ids"), 0, sizeof ones);
  if (hfc_program_reset(program) || hfc_program_run(program, "forward"))
    return fail("run");
  const float *logits = hfc_program_output(program, "forward", "logits");
  printf("%g %g %g %g %g\n", logits[0], logits[1], logits[2], logits[3], logits[4]);
  hfc_program_close(program);
  return 0;
}
