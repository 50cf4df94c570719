//===- hfc-run.cpp - runs programs that hfc-compile wrote
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RankProcesses.h"
#include "Session.h"

#include <cstdio>

using namespace hfc::run;

static ExitCode runTool(int argc, char **argv) {
  Options options = parseOptions(argc, argv);
  if (options.help) {
    std::fputs(helpText, stdout);
    return done;
  }
  if (options.version) {
    std::printf("hfc-run %s (program ABI %d)\n", HFC_VERSION, HFC_ABI_VERSION);
    return done;
  }
  if (int processes = countProcesses(options); processes > 1)
    return runProcesses(processes, argv);
  Session session(options);
  if (session.info.task == "generate")
    return runGenerate(session);
  if (session.info.task == "module")
    return runModule(session);
  return session.info.task == "train" ? runTrain(session) : runForward(session);
}

int main(int argc, char **argv) {
  try {
    ExitCode code = runTool(argc, argv);
    if (std::fflush(stdout) != 0)
      throw Error("cannot write to standard output");
    return code;
  } catch (const Error &error) {
    std::fprintf(stderr, "hfc-run: %s\n", error.what());
    return error.code;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "hfc-run: internal error: %s\n", error.what());
    return internalError;
  }
}
