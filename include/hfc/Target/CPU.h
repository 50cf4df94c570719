//===- CPU.h - programs for the CPU ------------------------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TARGET_CPU_H
#define HFC_TARGET_CPU_H

#include "hfc/Support/LLVM.h"

#include <string>

namespace hfc {

/// The instruction set that programs are compiled for if the user says nothing.
StringRef defaultCPU();

/// The name, as programs record it, of what the user called `name`: one of the levels of the x86-64 ABI, or `native`
/// for the highest that this machine has. Empty if there is no such.
std::string resolveCPU(StringRef name);

/// The names that `resolveCPU` takes, for messages.
std::string knownCPUs();

/// Adds `const char hfc_program_ir[]` with `text` to a module in the LLVM dialect that has none.
void embedSource(ModuleOp module, StringRef text);

/// Compiles a module in the LLVM dialect to an ELF object for the `cpu` of its `hf.program`.
FailureOr<SmallVector<char, 0>> compileToObject(ModuleOp module);

/// A library that a program needs beside the runtime.
struct ProgramLibrary {
  std::string path;
  /// Whether the loader is told to look in the library's folder, too.
  bool isSearched = false;
};

/// The directory of hfc's own libraries, among them the runtime's; empty if it is not known.
std::string libraryDirectory();

/// Links `object` with the runtime and `libraries`, all of which the program names whether it calls them or not, into a
/// shared object at `output`, a file that is overwritten. `error` says why that failed.
LogicalResult linkProgram(ArrayRef<char> object, ArrayRef<ProgramLibrary> libraries, StringRef output,
                          std::string &error);

} // namespace hfc

#endif // HFC_TARGET_CPU_H
