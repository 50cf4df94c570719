//===- Freeze.cpp - parameters that are not trained
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Freeze.h"

#include "llvm/Support/GlobPattern.h"

using namespace hfc;
using namespace hfc::frontend;

namespace {
struct NamePattern {
  StringRef text;
  llvm::GlobPattern glob;
  bool matches = false;
};
} // namespace

static SmallVector<NamePattern> parsePatterns(ArrayRef<std::string> texts, Problems &problems) {
  SmallVector<NamePattern> patterns;
  for (const std::string &text : texts) {
    llvm::Expected<llvm::GlobPattern> glob = llvm::GlobPattern::create(text);
    if (glob && !text.empty())
      patterns.push_back({text, std::move(*glob)});
    else
      problems.add("freeze: " + inQuotes(text) + " is no pattern" +
                   (glob ? std::string(": it is empty") : ": " + llvm::toString(glob.takeError())));
  }
  return patterns;
}

/// The tensors of `state_dict()` that a parameter is part of.
static ArrayAttr stateDictPieces(hf::ParameterOp parameter) {
  auto pieces = parameter->getAttrOfType<ArrayAttr>("hf.state_dict");
  return pieces ? pieces : parameter.getPieces();
}

static bool matchesAny(MutableArrayRef<NamePattern> patterns, ArrayAttr pieces) {
  bool any = false;
  for (auto piece : pieces.getAsRange<hf::PieceAttr>())
    for (NamePattern &pattern : patterns)
      if (pattern.glob.match(piece.getTensor()))
        any = pattern.matches = true;
  return any;
}

/// The name of some parameter, as an example.
static std::string exampleName(ModuleOp module) {
  auto parameters = module.getOps<hf::ParameterOp>();
  if (parameters.empty())
    return "";
  auto piece = cast<hf::PieceAttr>(stateDictPieces(*parameters.begin())[0]);
  return "; they are called like " + inQuotes(piece.getTensor());
}

void hfc::frontend::freezeParameters(ModuleOp module, ArrayRef<std::string> texts, Problems &problems) {
  SmallVector<NamePattern> patterns = parsePatterns(texts, problems);
  for (auto parameter : module.getOps<hf::ParameterOp>())
    if (matchesAny(patterns, stateDictPieces(parameter)))
      parameter->setDiscardableAttr("hf.frozen", UnitAttr::get(module.getContext()));
  for (const NamePattern &pattern : patterns)
    if (!pattern.matches)
      problems.add("freeze: no parameter's name in state_dict() matches " + inQuotes(pattern.text) +
                   exampleName(module));
}
