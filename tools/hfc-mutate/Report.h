//===- Report.h - what became of all faults
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_MUTATE_REPORT_H
#define HFC_TOOLS_HFC_MUTATE_REPORT_H

#include "Judge.h"

namespace hfc {

/// Rows of judgements, and their sums.
class Report {
public:
  void add(const verify::FaultSite &site, Judgement judgement);

  /// Whether every fault that counts was found, and nothing right was called wrong.
  bool isGood() const;
  /// By kind: how many there are, count, were caught and named, and what found them; then what went wrong.
  void print(llvm::raw_ostream &os) const;
  /// One row a fault. `program` says which model and mesh.
  void writeCSV(llvm::raw_ostream &os, StringRef program) const;

private:
  struct Row {
    verify::FaultSite site;
    Judgement judgement;
  };
  std::vector<Row> rows;
};

} // namespace hfc

#endif // HFC_TOOLS_HFC_MUTATE_REPORT_H
