//===- Print.h - values as text
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_INTERPRET_PRINT_H
#define HFC_TOOLS_HFC_INTERPRET_PRINT_H

#include "hfc/Interpreter/SameSemantics.h"

namespace hfc {

/// "NAME: [2, 2] f32 = [[1, 2], [3, 4]]".
void printTensor(llvm::raw_ostream &os, const interpreter::Domain &domain, StringRef name,
                 const interpreter::Tensor &tensor);

/// One line an output, with its error and whether that is at most `tolerance`.
void printDifferences(llvm::raw_ostream &os, ArrayRef<interpreter::OutputDifference> differences, double tolerance,
                      bool json);

/// One line for each collective of each entry.
void printCollectives(llvm::raw_ostream &os, ArrayRef<interpreter::CollectiveCount> counts);
/// One line for each entry.
void printCosts(llvm::raw_ostream &os, ArrayRef<interpreter::EntryCost> costs);
std::string collectivesJson(ArrayRef<interpreter::CollectiveCount> counts);

} // namespace hfc

#endif // HFC_TOOLS_HFC_INTERPRET_PRINT_H
