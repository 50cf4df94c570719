//===- SameSemantics.h - whether two modules compute the same
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_INTERPRETER_SAMESEMANTICS_H
#define HFC_INTERPRETER_SAMESEMANTICS_H

#include "hfc/Interpreter/Interpreter.h"

namespace hfc::interpreter {

struct SameSemanticsOptions {
  /// What decides the random values.
  uint64_t seed = 0;
  /// Without rounding a pass may drop or move roundings and still compare equal.
  Options execution{"float64", false, 0, false};
  /// Entries to compare; empty: all of the first module's.
  std::vector<std::string> entries;
};

/// How far an output, or the next value of a state, is apart.
struct OutputDifference {
  std::string entry, output;
  SmallVector<int64_t> shape;
  /// ‖a − b‖ / ‖a‖; infinite where only one of the two has a NaN or an infinity, and where an exact domain shows any
  /// difference.
  double error = 0;
  /// Whether the first module gives a number at all.
  bool isNumber = true;
  /// What the second module gave it as: the same name, or that of a bucket's state.
  std::string source;
};

/// What running an entry in both of two modules showed.
struct EntryComparison {
  /// What the entry is called in the second module.
  std::string counterpart;
  std::vector<OutputDifference> rows;
  /// Why the second module gives nothing to compare; empty if it does.
  std::string failure;
};

/// Two modules, run side by side on the same random inputs, parameters and states. Integer inputs stay inside `hf.min`
/// and `hf.max`; `past` and `count` inside the capacity of the states. Where only the second has states of buckets,
/// they stand for the first's states of parameters.
class Comparison {
public:
  /// The modules must outlive this and not change meanwhile.
  static llvm::Expected<std::unique_ptr<Comparison>> create(ModuleOp first, ModuleOp second, const Options &options);
  ~Comparison();

  Interpreter &first();
  Interpreter &second();
  /// What an entry of the first is called in the second.
  std::string counterpartOf(StringRef entry) const;
  /// How far apart are what an entry of the first and its counterpart in the second give: outputs, states and new
  /// parameters.
  llvm::Expected<EntryComparison> run(StringRef entry, uint64_t seed);

private:
  struct Implementation;
  explicit Comparison(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation;
};

/// Runs the entries of two modules as Comparison does, and says how far the results are apart.
llvm::Expected<std::vector<OutputDifference>> checkSameSemantics(ModuleOp before, ModuleOp after,
                                                                 const SameSemanticsOptions &options);

/// The random values that checkSameSemantics() uses: a function of the seed and of names and shapes.
TensorMap randomInputs(const Domain &domain, const Signature &signature, uint64_t seed);
TensorMap randomParameters(const Domain &domain, const Signature &signature, uint64_t seed);
TensorMap randomStates(const Domain &domain, const Signature &signature, uint64_t seed);

} // namespace hfc::interpreter

#endif // HFC_INTERPRETER_SAMESEMANTICS_H
