//===- DescribePlace.cpp - where something is, for people
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Support/DescribePlace.h"

#include "mlir/IR/Location.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hfc;

std::string hfc::describePlace(Location location) {
  if (auto file = dyn_cast<FileLineColLoc>(location))
    return llvm::formatv("{0}:{1}:{2}: ", file.getFilename().getValue(), file.getLine(), file.getColumn());
  if (auto name = dyn_cast<NameLoc>(location))
    return name.getName().empty() ? describePlace(name.getChildLoc()) : name.getName().str() + ": ";
  if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      if (std::string text = describePlace(part); !text.empty())
        return text;
  return "";
}

static void collectInto(Location location, llvm::SetVector<StringRef> &paths) {
  if (auto name = dyn_cast<NameLoc>(location); name && !name.getName().empty())
    paths.insert(name.getName());
  else if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations())
      collectInto(part, paths);
}

llvm::SetVector<StringRef> hfc::collectModulePaths(Location location) {
  llvm::SetVector<StringRef> paths;
  collectInto(location, paths);
  return paths;
}
