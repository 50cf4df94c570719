//===- Program.h - a module as the program that files are read for
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_INTERPRET_PROGRAM_H
#define HFC_TOOLS_HFC_INTERPRET_PROGRAM_H

#include "hfc/Interpreter/Interpreter.h"
#include "hfc/Runtime/IO/Metadata.h"

namespace hfc {

/// What readers of weights and inputs need to know, of the module attribute `hf.program`, the tables of parameters and
/// states, and the entries' signatures. `entry`, if not empty, is a function or kernel that is to be an entry too.
llvm::Expected<io::ProgramInfo> programOf(ModuleOp module, const interpreter::Interpreter &interpreter,
                                          StringRef entry);

/// Nothing for types that files do not hold.
std::optional<hfc_dtype> dtypeOf(interpreter::Element element);
interpreter::Element elementOf(hfc_dtype dtype);

} // namespace hfc

#endif // HFC_TOOLS_HFC_INTERPRET_PROGRAM_H
