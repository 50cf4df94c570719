/* A host that drives all ranks of a program as threads of its own: threads PROGRAM RANKS. Runs `forward` five times on rank 0's values. */
#include "hfc/Runtime/hfc_runtime.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 3, IN = 4, TIMES = 5 };

static void *drive(void *argument) {
  hfc_program *program = argument;
  float rows[ROWS * IN], sum[ROWS * IN];
  for (int time = 0; time < TIMES; ++time) {
    for (int i = 0; i < ROWS * IN; ++i)
      rows[i] = (float)(i + time);
    if (hfc_program_write(program, hfc_program_input(program, "forward", "inputs_embeds"), rows, sizeof rows) || hfc_program_run(program, "forward") ||
        hfc_program_read(program, sum, hfc_program_output(program, "forward", "sum"), sizeof sum))
      return (void *)hfc_last_error();
  }
  printf("sum: %g %g, all_reduce: %d times, %d bytes\n", sum[0], sum[ROWS * IN - 1], (int)hfc_program_collective_count(program, 0),
         (int)hfc_program_collective_bytes(program, 0));
  return NULL;
}

int main(int argc, char **argv) {
  enum { MOST = 8 };
  int ranks = argc > 2 ? atoi(argv[2]) : 1, failed = 0;
  hfc_world *world;
  hfc_program *programs[MOST];
  pthread_t threads[MOST];
  if (hfc_world_create(ranks, 20, &world) || hfc_world_open_program(world, argv[1], 0, 0, programs))
    return fprintf(stderr, "%s\n", hfc_last_error()), 1;
  for (int i = 0; i < ranks; ++i)
    failed |= hfc_program_load_weights(programs[i], "w.safetensors", NULL, NULL);
  for (int i = 0; i < ranks; ++i)
    pthread_create(&threads[i], NULL, drive, programs[i]);
  for (int i = 0; i < ranks; ++i) {
    void *message = NULL;
    pthread_join(threads[i], &message);
    failed |= message != NULL;
    if (message)
      fprintf(stderr, "%s\n", (const char *)message);
  }
  for (int i = 0; i < ranks; ++i)
    hfc_program_close(programs[i]);
  hfc_world_close(world);
  return failed;
}
