//===- Suite.h - many models on many meshes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_WORKBENCH_SUITE_H
#define HFC_WORKBENCH_SUITE_H

#include "hfc/Workbench/Row.h"

namespace hfc::workbench {

/// A column of the suite.
struct SuiteMesh {
  std::vector<MeshAxis> axes;
  /// Options for Megatron's strategy on it: "sequence-parallel=on".
  std::string megatronOptions;

  std::string name() const;
};

/// A folder of models, each a folder with a `config.json`, and a file `meshes.txt`: a mesh a line, `dp=2,tp=4`, maybe
/// with a space and options for Megatron's strategy behind it; `#` begins a comment.
struct Suite {
  std::vector<std::pair<std::string, std::string>> models; ///< name and path
  std::vector<SuiteMesh> meshes;

  static llvm::Expected<Suite> read(StringRef folder);
};

/// `mesh` for a partitioner that cuts by other axes: `dp` keeps its ranks where there is such an axis, and the others
/// share the ranks of all else, as evenly as can be, the first ones the most. A mesh whose axes it has stays as it is.
std::vector<MeshAxis> meshFor(ArrayRef<MeshAxis> mesh, ArrayRef<std::string> axes);

/// The suite's questions about what `trial` says, on each model and mesh. Megatron's options of a mesh are for the
/// baseline, or for Megatron's strategy itself where that is what is tried.
std::vector<Question> questionsOf(const Suite &suite, const Trial &trial, StringRef baseline,
                                  ArrayRef<std::string> axes);

/// How the rows ended, and how long verification took: a few lines for people.
std::string conclusionOf(ArrayRef<Row> rows);

} // namespace hfc::workbench

#endif // HFC_WORKBENCH_SUITE_H
