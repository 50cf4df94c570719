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

#include "dialects/dist/Dist.h"
#include "hfc/Interpreter/Domain.h"

#include "llvm/Support/Error.h"

#include <functional>
#include <map>
#include <string>

namespace hfc::interpreter {

/// A named value at an entry's boundary.
struct Port {
  std::string name;
  Element element;
  /// Of the whole tensor, wherever its pieces live.
  SmallVector<int64_t> shape;
  /// How ranks hold it; null: each has all of it.
  dist::ShardingAttr sharding;
  /// States of schedules only: whether what an earlier entry has left there matters.
  bool isRead = true;
  /// Inputs only: how to fill it if the caller gives none ("ones", "arange", …), and the integers that are allowed.
  std::string filling;
  std::optional<int64_t> min, max;
};

/// What an entry takes and gives. Arguments and results without an `hf.` attribute are called arg0, result0, ….
struct Signature {
  std::vector<Port> inputs, parameters, states, outputs;
  /// Parameters and states that it gives new values.
  std::vector<Port> newParameters, newStates;
};

/// How often a rank has taken part in a collective.
struct CollectiveCount {
  std::string entry;
  /// As the dialect spells it, "all_reduce"; the axes, "tp"; why it is there.
  std::string kind, axes, cause;
  /// Of the larger side, a rank's operands or its results, in one collective.
  int64_t bytes = 0;
  int64_t count = 0;
};

/// What the runs of an entry have cost a rank.
struct EntryCost {
  std::string entry;
  int64_t runs = 0;
  /// Floating-point operations of all runs, as Domain counts them, collectives' additions aside.
  int64_t flops = 0;
  /// Bytes of the arena up to the last that was written, rounded up to its alignment. 0 but for an rt.entry.
  int64_t arena = 0;
};

using TensorMap = std::map<std::string, Tensor>;

struct Options {
  /// As in createDomain().
  std::string domain = "typed";
  /// Executes work of different streams in a random order that the events allow, instead of the program's order.
  bool randomStreams = false;
  /// Decides that order, and what the field's oracles say.
  uint64_t seed = 0;
  /// Fills the padding of inputs with NaN, or with integers that are not zero: what depends on it shows.
  bool poisonPadding = false;
};

/// What all ranks did in one op of a function of hf ops.
struct Execution {
  Operation *op;
  /// Composites around it, of whose decomposition it is.
  int nesting;
  /// Numbers that the domain's oracles said.
  uint64_t oracleCalls;
  int64_t ranks;
  /// By rank and number.
  llvm::function_ref<const Tensor &(int64_t, unsigned)> operand, result;
};

/// Values at the boundary are whole: ranks get their pieces, and what they give is put together again. The mesh of a
/// program whose shardings are materialized says how many ranks there are.
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
  /// As entries have left it.
  llvm::Expected<Tensor> parameter(StringRef name) const;
  /// States are zero at first; entries update them.
  void setState(StringRef name, Tensor value);
  /// As entries have left it.
  llvm::Expected<Tensor> state(StringRef name) const;
  void resetStates();

  /// Runs an entry on every rank. Replicas of an output must be equal.
  llvm::Expected<TensorMap> run(StringRef entry, const TensorMap &inputs);

  /// Is told of every op of functions, in the order of execution: first of those that a composite is made of, then of
  /// the composite. An empty one ends this.
  using Observer = std::function<void(const Execution &)>;
  void observe(Observer observer);

  /// Runs a block of hf ops on one rank; `results` are the values that are wanted of it.
  llvm::Expected<SmallVector<Tensor, 1>> evaluate(Block &block, ValueRange results, ArrayRef<Tensor> arguments);

  int64_t ranks() const;
  /// What a rank has executed so far, in the order in which it was first met.
  std::vector<CollectiveCount> collectives() const;
  /// In the order in which entries were first run.
  const std::vector<EntryCost> &costs() const;

private:
  struct Implementation;
  explicit Interpreter(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation;
};

} // namespace hfc::interpreter

#endif // HFC_INTERPRETER_INTERPRETER_H
