//===- OptionTable.h - what the command line may say -------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_COMPILE_OPTIONTABLE_H
#define HFC_TOOLS_HFC_COMPILE_OPTIONTABLE_H

#include "Options.h"

namespace hfc {

/// How an option takes its value.
enum class ValueKind { None, Optional, Required };

/// Takes an option's value into `options`; on failure, returns what is wrong with it, else an empty string.
using OptionHandler = std::string (*)(StringRef value, Options &options);

/// One row of the command line.
struct OptionInfo {
  StringRef name;
  /// The value as help shows it; empty for flags.
  StringRef value;
  ValueKind kind;
  StringRef group;
  StringRef help;
  OptionHandler handle;
  /// Whether it says something about the import of a model, and so nothing about IR.
  bool isImport = false;
};

/// All options, in the order of help.
ArrayRef<OptionInfo> getOptionTable();

} // namespace hfc

#endif // HFC_TOOLS_HFC_COMPILE_OPTIONTABLE_H
