//===- ExtensionPoints.h - where plugins' passes run -------------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Named places between the core's passes. What runs there is held to what the core's own passes are held to: the ops'
// verifiers after each pass, and, where types are local, hfc-verify-distribution after the last.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_PIPELINES_EXTENSIONPOINTS_H
#define HFC_PIPELINES_EXTENSIONPOINTS_H

#include "hfc/Support/LLVM.h"

#include <functional>
#include <optional>
#include <string>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace hfc {

/// In the order in which a program comes by.
enum class ExtensionPoint {
  AfterLayout,
  AfterAnnotate,
  AfterDifferentiate,
  BeforeMaterialize,
  AfterMaterialize,
  AfterReduce,
  AfterFuse
};

/// What a point is called, and what a module holds there.
struct ExtensionPointInfo {
  ExtensionPoint point;
  StringRef name;
  StringRef summary;
};

/// All points, in order.
ArrayRef<ExtensionPointInfo> getExtensionPoints();

/// Adds passes over `builtin.module`.
using PipelineExtension = std::function<void(OpPassManager &)>;

/// Has `extension`'s passes run at `point`, behind what was registered there before. `name` says in messages whose they
/// are.
void registerExtension(ExtensionPoint point, StringRef name, PipelineExtension extension);

/// Whether anything is registered anywhere.
bool hasExtensions();

/// Adds what is registered at `point`, with the checks behind it. Nothing is added where nothing is registered. What
/// has run on a module does not run again on it, nor on one that is past the point: text of any phase may come in.
void addExtensions(OpPassManager &manager, ExtensionPoint point);

} // namespace hfc

#endif // HFC_PIPELINES_EXTENSIONPOINTS_H
