/*===- hfc_profile.h - when a program does its work
 *
 * Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*/

#ifndef HFC_RUNTIME_HFC_PROFILE_H
#define HFC_RUNTIME_HFC_PROFILE_H

#include "hfc/Runtime/hfc_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* When a rank did one work of an entry (the metadata's "work"): nanoseconds of the host's steady clock. */
typedef struct hfc_work_time {
  int32_t entry;  /* its place in the metadata's "entries" */
  int32_t work;   /* its place in the entry's list; -1: the whole entry, as its host waits for it */
  int32_t stream; /* 0 on the CPU */
  int32_t run;    /* which of the recorded runs, counted from 0 */
  int64_t begin, end;
} hfc_work_time;

/* While it is on, the times of what entries do are recorded, behind those of earlier runs. On a GPU entries then run
   call by call, not as graphs, with an event before and after each work. */
hfc_status hfc_program_profile(hfc_program *program, int on);

/* All that has been recorded: `count` times, in the order of runs and of their works, the run itself behind them; valid
   until the next run. */
const hfc_work_time *hfc_program_work_times(const hfc_program *program, int64_t *count);

#ifdef __cplusplus
}
#endif

#endif /* HFC_RUNTIME_HFC_PROFILE_H */
