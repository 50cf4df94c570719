//===- Options.h - the command line of hfc-draw
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_DRAW_OPTIONS_H
#define HFC_TOOLS_HFC_DRAW_OPTIONS_H

#include "hfc/Frontend/Import.h"
#include "hfc/Picture/Picture.h"

namespace hfc {

struct DrawOptions {
  std::string model;
  ImportOptions import;
  picture::LayerChoice layer;
  std::vector<std::string> plugins;
  /// "-": standard output.
  std::string output = "-";
  bool help = false;
};

/// Reads the command line. On failure `error` is one message for a person.
LogicalResult parseOptions(ArrayRef<const char *> arguments, DrawOptions &options, std::string &error);

/// The text of --help.
void printHelp(llvm::raw_ostream &os);

} // namespace hfc

#endif // HFC_TOOLS_HFC_DRAW_OPTIONS_H
