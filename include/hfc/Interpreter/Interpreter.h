//===- Interpreter.h - runs the IR of any stage
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The reference executor: runs an entry of a module at any stage from import to kernels, on one or more ranks in one
// process, in the arithmetic of a Domain (docs/interpreter.md).
//
//===----------------------------------------------------------------------===//

#ifndef HFC_INTERPRETER_INTERPRETER_H
#define HFC_INTERPRETER_INTERPRETER_H

#include "hfc/Interpreter/Domain.h"

#include "llvm/Support/Error.h"

#include <map>
#include <string>

namespace hfc::interpreter {

/// A named value at an entry's boundary.
struct Port {
  std::string name;
  Element element;
  SmallVector<int64_t> shape;
  /// Inputs only: how to fill it if the caller gives none ("ones", "arange", …), and the integers that are allowed.
  std::string filling;
  std::optional<int64_t> min, max;
};

/// What an entry takes and gives. Arguments and results without an `hf.` attribute are called arg0, result0, ….
struct Signature {
  std::vector<Port> inputs, parameters, states, outputs;
};

using TensorMap = std::map<std::string, Tensor>;

struct Options {
  /// As in createDomain().
  std::string domain = "typed";
  int ranks = 1;
  /// Executes work of different streams in a random order that the events allow, instead of the program's order.
  bool randomStreams = false;
  uint64_t seed = 0;
};

class Interpreter {
public:
  /// `module` must outlive the interpreter and not change meanwhile.
  static llvm::Expected<std::unique_ptr<Interpreter>> create(ModuleOp module, const Options &options);
  ~Interpreter();

  const Domain &domain() const;
  /// Public functions and rt.entries; if there are none, all functions and kernels.
  std::vector<std::string> entries() const;
  llvm::Expected<Signature> signature(StringRef entry) const;

  void setParameter(StringRef name, Tensor value);
  /// States are zero at first; entries update them.
  void setState(StringRef name, Tensor value);
  /// A state of rank 0; null if no entry has touched it.
  const Tensor *state(StringRef name) const;
  void resetStates();

  /// Runs an entry on every rank and returns rank 0's outputs, having compared them with the others'.
  llvm::Expected<TensorMap> run(StringRef entry, const TensorMap &inputs);

private:
  struct Implementation;
  explicit Interpreter(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation;
};

} // namespace hfc::interpreter

#endif // HFC_INTERPRETER_INTERPRETER_H
