//===- Row.h - a way to partition beside another
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_WORKBENCH_ROW_H
#define HFC_WORKBENCH_ROW_H

#include "hfc/Workbench/Trial.h"

namespace hfc::workbench {

/// What is asked: a trial, and the one to compare it with.
struct Question {
  std::string model; ///< its name for people
  std::string mesh;  ///< the same
  Trial trial, baseline;
};

/// An answer.
struct Row {
  std::string model, mesh;
  Outcome own, baseline;
  /// Whether the two trials are the same one.
  bool isBaseline = false;

  /// The two run side by side.
  double seconds() const { return std::max(own.seconds, baseline.seconds); }
  /// Of the baseline's; nothing where one of the two has no costs, or the baseline has 0.
  std::optional<double> timeRatio() const;
  std::optional<double> sentRatio() const;
  std::optional<double> memoryRatio() const;
};

/// `trial` with another partitioner, without its plugins and specification, on its mesh: one of `dp` and `tp`, where
/// `tp` has the ranks of all axes but `dp`.
Trial baselineOf(const Trial &trial, StringRef partitioner);

/// Answers all questions, a trial once however many ask for it; `progress` hears of each answer as it is there. Answers
/// are in the order of the questions.
std::vector<Row> answer(ArrayRef<Question> questions, const ledger::Machine &machine, unsigned jobs,
                        llvm::function_ref<void(const Row &)> progress);

/// A machine's name, and what its times are worth for so many ranks.
std::string describe(const ledger::Machine &machine, int64_t ranks);
/// A table for people.
void printText(const Row &row, const ledger::Machine &machine, llvm::raw_ostream &os);
/// One line of a few words.
std::string summaryOf(const Row &row);
void printJSON(ArrayRef<Row> rows, const ledger::Machine &machine, llvm::raw_ostream &os);
void printCSV(ArrayRef<Row> rows, llvm::raw_ostream &os);
/// A heat map: models by meshes. Self-contained SVG.
void plot(ArrayRef<Row> rows, const ledger::Machine &machine, llvm::raw_ostream &os);

} // namespace hfc::workbench

#endif // HFC_WORKBENCH_ROW_H
