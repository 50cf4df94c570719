//===- Print.cpp - values as text
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Print.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace hfc;
using namespace hfc::interpreter;

static void printElement(llvm::raw_ostream &os, const Domain &domain, const Tensor &tensor, int64_t index) {
  if (tensor.getElement() == Element::I1)
    os << (tensor.integer(index) ? "true" : "false");
  else if (isFloat(tensor.getElement()))
    os << llvm::format("%.6g", domain.toReal(tensor.words()[index]));
  else
    os << tensor.integer(index);
}

/// Prints dimensions from `dim` on, of the elements that start at `index`, which moves past them.
static void printDims(llvm::raw_ostream &os, const Domain &domain, const Tensor &tensor, int64_t dim, int64_t &index) {
  if (dim == tensor.rank())
    return printElement(os, domain, tensor, index++);
  os << '[';
  for (int64_t i = 0; i < tensor.getShape()[dim]; ++i) {
    if (i)
      os << ", ";
    printDims(os, domain, tensor, dim + 1, index);
  }
  os << ']';
}

void hfc::printTensor(llvm::raw_ostream &os, const Domain &domain, StringRef name, const Tensor &tensor) {
  os << name << ": " << shapeText(tensor.getShape()) << ' ' << nameOf(tensor.getElement()) << " = ";
  int64_t index = 0;
  printDims(os, domain, tensor, 0, index);
  os << '\n';
}

static void printJson(llvm::raw_ostream &os, ArrayRef<OutputDifference> differences, double tolerance) {
  llvm::json::Array rows;
  for (const OutputDifference &difference : differences) {
    llvm::json::Value error = std::isfinite(difference.error) ? llvm::json::Value(difference.error) : nullptr;
    rows.push_back(llvm::json::Object{{"entry", difference.entry},
                                      {"output", difference.output},
                                      {"shape", llvm::json::Array(difference.shape)},
                                      {"error", error},
                                      {"passed", difference.error <= tolerance}});
  }
  os << llvm::json::Value(llvm::json::Object{{"tolerance", tolerance}, {"outputs", std::move(rows)}}) << '\n';
}

void hfc::printDifferences(llvm::raw_ostream &os, ArrayRef<OutputDifference> differences, double tolerance, bool json) {
  if (json)
    return printJson(os, differences, tolerance);
  for (const OutputDifference &difference : differences)
    os << llvm::format("%-8s", difference.error <= tolerance ? "same" : "DIFFERS") << '@' << difference.entry << ' '
       << difference.output << ' ' << shapeText(difference.shape) << llvm::format(": error %.3g\n", difference.error);
}

void hfc::printCollectives(llvm::raw_ostream &os, ArrayRef<CollectiveCount> counts) {
  for (const CollectiveCount &each : counts)
    os << '@' << each.entry << ' ' << each.kind << " over " << each.axes << ": " << each.bytes << " bytes, "
       << each.count << (each.count == 1 ? " time" : " times") << (each.cause.empty() ? "" : ": ") << each.cause
       << '\n';
}

void hfc::printCosts(llvm::raw_ostream &os, ArrayRef<EntryCost> costs) {
  for (const EntryCost &each : costs)
    os << '@' << each.entry << ": " << each.runs << (each.runs == 1 ? " run, " : " runs, ") << each.flops
       << " FLOPs, arena " << each.arena << " bytes\n";
}

std::string hfc::collectivesJson(ArrayRef<CollectiveCount> counts) {
  llvm::json::Array rows;
  for (const CollectiveCount &each : counts)
    rows.push_back(llvm::json::Object{{"entry", each.entry},
                                      {"kind", each.kind},
                                      {"axes", each.axes},
                                      {"cause", each.cause},
                                      {"bytes", each.bytes},
                                      {"count", each.count}});
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(rows));
  return text;
}
