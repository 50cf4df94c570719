//===- Account.cpp - where a run's start and memory went
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Account.h"

#include "hfc/Runtime/hfc_account.h"

namespace hfc::run {

using nlohmann::ordered_json;

/// Before main.
static const auto start = std::chrono::steady_clock::now();

double secondsSinceStart() { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }

void addAccount(ordered_json &document, Session &session) {
  hfc_program *program = session.ranks.first().get();
  int64_t count = 0;
  const hfc_start_time *times = hfc_program_start_times(program, &count);
  ordered_json &seconds = document["start_seconds"];
  for (int64_t i = 0; i < count; ++i)
    seconds[times[i].what] = times[i].seconds;
  if (session.firstStepAt)
    seconds["to the first step"] = *session.firstStepAt;
  const hfc_memory_use *uses = hfc_program_memory(program, &count);
  if (count == 0)
    return;
  ordered_json runtime;
  for (int64_t i = 0; i < count; ++i)
    runtime[uses[i].what] = uses[i].bytes;
  const char *source = "";
  int64_t bytes = hfc_program_device_memory(program, &source);
  document["memory"] = {{"runtime", runtime}, {"driver", bytes}, {"source", source}};
}

} // namespace hfc::run
