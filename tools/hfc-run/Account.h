//===- Account.h - where a run's start and memory went
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_ACCOUNT_H
#define HFC_TOOLS_HFC_RUN_ACCOUNT_H

#include "Session.h"

#include <nlohmann/json.hpp>

namespace hfc::run {

/// Seconds since this process began.
double secondsSinceStart();

/// Adds what --json says of the rank that prints: "start_seconds", where the time until the first step went, and, on a
/// GPU, "memory": what the runtime has allocated, and what the driver sees.
void addAccount(nlohmann::ordered_json &document, Session &session);

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_ACCOUNT_H
