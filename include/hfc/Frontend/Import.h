//===- Import.h - from a Hugging Face checkpoint's config to the hf dialect
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_FRONTEND_IMPORT_H
#define HFC_FRONTEND_IMPORT_H

#include "hfc/Support/LLVM.h"

#include <optional>
#include <string>
#include <vector>

namespace hfc {

enum class Task { forward, train, generate, module };
enum class InputKind { inputIds, inputsEmbeds };
enum class BoundaryLayout { batchFirst, sequenceFirst };
enum class ProgramType { float32, bfloat16 };
/// What the backward pass computes again instead of keeping it.
enum class Recompute { none, selective, full };

/// An axis of the mesh, and the ranks along it.
struct MeshAxis {
  std::string name;
  int64_t size = 1;
};

/// What the command line asked for. What it left open comes from `model.json`'s defaults, and then from
/// the rules in `docs/architecture.md` ("Command line and errors").
struct ImportOptions {
  std::optional<Task> task;
  std::optional<int64_t> batch;
  std::optional<int64_t> sequence;
  std::optional<ProgramType> dtype;
  std::optional<InputKind> inputs;
  std::optional<BoundaryLayout> layout;
  std::optional<std::string> target;

  /// The ranks, axis by axis, the last varying fastest.
  std::optional<std::vector<MeshAxis>> mesh;
  /// A strategy's name, and its options in braces.
  std::optional<std::string> partitioner;
  /// The text of a partition specification.
  std::optional<std::string> partitionSpec;

  // Training.
  std::optional<int64_t> microBatches;
  std::optional<ProgramType> masterType, momentsType, gradientType;
  std::optional<Recompute> recompute;
  /// Globs on `state_dict()` names: these parameters are not trained.
  std::optional<std::vector<std::string>> freeze;
  /// Whether the config's dropout is applied.
  std::optional<bool> dropout;

  /// What holds where neither the command line nor `model.json` says: of the sequence as many positions as the model
  /// has, if those are fewer.
  std::string fallbackTarget = "cpu";
  Task fallbackTask = Task::forward;
  int64_t fallbackBatch = 1, fallbackSequence = 128;
  /// Sizes of the chunks that a generating program reads prompts in, in any order; it has others to begin them with.
  std::vector<int64_t> prefillChunks = {128, 16};
};

/// What an import has to say. `error` is one message for a person, without a trailing newline; `internal`
/// tells a fault of hfc (exit status 3) from one of the input (exit status 2).
struct ImportMessages {
  std::string error;
  bool internal = false;
  std::vector<std::string> warnings;
};

/// Imports an HF checkpoint folder, a `config.json` or a `model.json`. The module holds the program in the
/// hf dialect, verified; on failure `messages.error` says why.
FailureOr<OwningOpRef<ModuleOp>> importModel(MLIRContext *context, StringRef path, const ImportOptions &options,
                                             ImportMessages &messages);

/// The same for text in memory: a config, or a document whose model is inline. `generationConfig` is the text
/// of `generation_config.json`, if there is one; `name` is what messages call the text.
FailureOr<OwningOpRef<ModuleOp>> importConfig(MLIRContext *context, StringRef json,
                                              std::optional<StringRef> generationConfig, StringRef name,
                                              const ImportOptions &options, ImportMessages &messages);

} // namespace hfc

#endif // HFC_FRONTEND_IMPORT_H
