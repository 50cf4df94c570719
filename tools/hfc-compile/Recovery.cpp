//===- Recovery.cpp - crashes become messages
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;

/// The stack of the thread that compiles: the parser recurses as deeply as its text nests.
static constexpr unsigned stackBytes = 256u << 20;

/// Writes what was being compiled; returns the file's name, or nothing.
static std::string writeReproducer(StringRef source) {
  int descriptor;
  SmallString<128> name;
  if (source.empty() || llvm::sys::fs::createTemporaryFile("hfc-reproducer", "mlir", descriptor, name))
    return "";
  llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
  os << source;
  os.close();
  bool isWritten = !os.has_error();
  os.clear_error();
  return isWritten ? name.str().str() : "";
}

int hfc::runDriver(const Options &options) {
  llvm::CrashRecoveryContext::Enable();
  // Not destroyed after a crash: its state may be inconsistent.
  auto *driver = new Driver(options);
  int status = ExitInternalError;
  llvm::CrashRecoveryContext recovery;
  bool isWhole = recovery.RunSafelyOnThread([&] { status = driver->run(); }, stackBytes);
  if (isWhole && status != ExitInternalError) {
    delete driver;
    return status;
  }
  std::string reproducer = writeReproducer(driver->source());
  printError(llvm::Twine("internal error: hfc ") + (isWhole ? "failed" : "crashed") + " while compiling '" +
             options.model + "'" +
             (reproducer.empty() ? std::string("; please report this with the command line")
                                 : "; please report this with the command line and '" + reproducer + "'"));
  // Temporary files are removed by the driver, or in its place by what removes them when a signal ends the process.
  if (isWhole)
    delete driver;
  else
    llvm::sys::RunInterruptHandlers();
  return ExitInternalError;
}
