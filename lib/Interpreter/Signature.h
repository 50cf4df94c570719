//===- Signature.h - what an entry takes and gives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_SIGNATURE_H
#define HFC_LIB_INTERPRETER_SIGNATURE_H

#include "hfc/Interpreter/Interpreter.h"

namespace hfc::interpreter {

/// What an argument or result is bound to.
struct Binding {
  enum class Kind { Input, Parameter, State, Output };
  Kind kind;
  std::string name;
};

/// Of an argument or result of a function: `number` names it if its attributes do not.
Binding bindingOfArgument(DictionaryAttr attributes, size_t number);
Binding bindingOfResult(DictionaryAttr attributes, size_t number);

/// Of a public function, an rt.entry or a kernel.
llvm::Expected<Signature> signatureOf(Operation *entry, StringRef name);

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_SIGNATURE_H
