//===- hfc-compile.cpp - from a Hugging Face model to a native program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  hfc::Options options;
  std::string error;
  llvm::ArrayRef<const char *> arguments(argv, argc);
  if (mlir::failed(hfc::parseOptions(arguments.drop_front(argc > 0), options, error))) {
    hfc::printError(error);
    return hfc::ExitUserError;
  }
  if (options.help) {
    hfc::printHelp(llvm::outs());
    return hfc::ExitDone;
  }
  if (options.version) {
    llvm::outs() << "hfc " HFC_VERSION ", LLVM " LLVM_VERSION_STRING "\n";
    return hfc::ExitDone;
  }
  return hfc::runDriver(options);
}
