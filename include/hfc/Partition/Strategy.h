//===- Strategy.h - what says where a program's tensors live
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A strategy writes annotations and nothing else: where parameters, inputs, states and some activations live.
// Propagation, collectives, gradients, checkpoints follow. It is told what the parameters do (`Roles`), found by data
// flow, so it knows no family and no name.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_PARTITION_STRATEGY_H
#define HFC_PARTITION_STRATEGY_H

#include "dialects/dist/Sharding.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

#include <functional>
#include <memory>
#include <vector>

namespace hfc::partition {

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

/// An `hf.linear`, by its operands.
struct Product {
  Operation *op = nullptr;
  Value weight, bias; ///< `bias` may be null

  explicit operator bool() const { return op; }
};

/// An attention, and the products in front of and behind it. A product is null where the tensor comes from elsewhere.
struct AttentionRole {
  Operation *op;
  Product query, key, value, output;
  int64_t queryHeads, keyHeads;
  size_t headDim;               ///< which dimension of `op`'s query the heads stand in
  SmallVector<Value, 2> caches; ///< key and value caches: states
};

/// Products of the same input whose results, combined element by element, are what `second` contracts.
struct MlpRole {
  SmallVector<Product, 2> first;
  Product second;
};

/// What the parameters and activations of a program do.
struct Roles {
  SmallVector<AttentionRole> attentions;
  SmallVector<MlpRole> mlps;
  SmallVector<Operation *> experts;    ///< `hf.experts`
  SmallVector<Operation *> embeddings; ///< `hf.embedding`s of tokens: by ids that users pass in
  SmallVector<Operation *> positions;  ///< `hf.embedding`s of positions
  SmallVector<Product> heads; ///< products whose results are logits: a result of the program, or under a cross-entropy
  SmallVector<Value> residuals; ///< what the outputs of attentions, MLPs and experts are added to, and these outputs
};

Roles findRoles(Operation *function);

//===----------------------------------------------------------------------===//
// Strategies
//===----------------------------------------------------------------------===//

/// What a strategy reads and writes with.
class AnnotationContext {
public:
  AnnotationContext(ModuleOp module, dist::MeshAttr mesh);
  ~AnnotationContext();

  ModuleOp getModule() const { return module; }
  dist::MeshAttr getMesh() const { return mesh; }
  /// The axis as a list: empty if the mesh has it not, or with one rank.
  dist::Axes axis(StringRef name);
  /// The public functions with a body, and what their parameters do.
  ArrayRef<std::pair<Operation *, Roles>> getFunctions() const { return functions; }

  /// Cuts every input's batch. Fails with a message where it does not divide.
  LogicalResult cutBatch(ArrayRef<dist::AxisRefAttr> axes);
  /// The heads' axes for queries and for keys: where key heads are fewer than ranks, several ranks share one. Fails
  /// with a message where heads do not fit the axes.
  FailureOr<std::pair<dist::Axes, dist::Axes>> headAxes(const AttentionRole &attention,
                                                        ArrayRef<dist::AxisRefAttr> axes);

  /// Cuts dimension `dim` of the parameter, or state, that `value` is; a null value is ignored. What is cut otherwise
  /// already stays so.
  void cut(Value value, size_t dim, ArrayRef<dist::AxisRefAttr> axes);
  /// Cuts a product by its outputs (weight's rows, and the bias) or its inputs (weight's columns).
  void cutOutputs(const Product &product, ArrayRef<dist::AxisRefAttr> axes);
  void cutInputs(const Product &product, ArrayRef<dist::AxisRefAttr> axes) { cut(product.weight, 1, axes); }
  /// Cuts an attention by its heads: the products in front of it, the one behind it, and caches. Fails as `headAxes`
  /// does.
  LogicalResult cutHeads(const AttentionRole &attention, ArrayRef<dist::AxisRefAttr> axes);
  /// Cuts `hf.experts` by their inner size.
  void cutExperts(Operation *experts, ArrayRef<dist::AxisRefAttr> axes);
  /// Says where consumers see an activation: its batch where inputs have theirs, its sequence cut by `sequence` if that
  /// divides, its last dimension by `features`. Returns whether the sequence is cut.
  bool place(Value activation, ArrayRef<dist::AxisRefAttr> sequence = {}, ArrayRef<dist::AxisRefAttr> features = {});
  /// Asks that replicas of every parameter's gradient be made equal; of one that is cut already, along the axes that
  /// are left.
  void agree(ArrayRef<dist::AxisRefAttr> axes);
  /// Leaves a declaration as it is annotated: nothing cuts it from here on.
  void keep(Operation *declaration) { kept.insert(declaration); }
  /// How much of the optimizer's state a rank keeps of what its data-parallel group has (ZeRO): 0 all of it, 1 its
  /// piece.
  void setZero(int64_t stage) { zero = stage; }
  int64_t getZero() const { return zero; }

private:
  dist::ShardingAttr declared(Operation *declaration);
  std::optional<size_t> batchDim(Operation *function, unsigned argument);
  void findBatches(Operation *function);

  ModuleOp module;
  dist::MeshAttr mesh;
  dist::Axes batchAxes;
  int64_t zero = 0;
  llvm::DenseSet<Operation *> kept;
  llvm::DenseSet<int64_t> whole; ///< sequences that do not divide, which was said already
  std::vector<std::pair<Operation *, Roles>> functions;
  llvm::DenseMap<StringAttr, Operation *> declarations;
  llvm::DenseMap<Value, size_t> batches; ///< the batch dimension of values that have one
};

/// A way to use a mesh.
class PartitionStrategy {
public:
  virtual ~PartitionStrategy();
  virtual StringRef name() const = 0;
  /// The axes that it cuts by. A mesh with others is refused.
  virtual SmallVector<StringRef> axes() const { return {"dp", "tp"}; }
  /// Takes one option, "sequence-parallel" and "on". Fails for one that it does not know.
  virtual LogicalResult setOption(StringRef key, StringRef value) { return failure(); }
  /// The options it knows, for messages: "sequence-parallel=on|off zero=0|1".
  virtual StringRef optionsHelp() const { return "none"; }
  virtual LogicalResult annotate(AnnotationContext &context) = 0;
};

using StrategyFactory = std::function<std::unique_ptr<PartitionStrategy>()>;
/// Makes a strategy known by its name. A plugin may do so when it is loaded.
void registerStrategy(StrategyFactory factory);
/// The names of all strategies, in the order of their registration.
SmallVector<std::string> getStrategyNames();
/// A strategy by name, with options "sequence-parallel=on zero=0" (spaces or commas). Reports what is wrong at `loc`.
FailureOr<std::unique_ptr<PartitionStrategy>> makeStrategy(StringRef name, StringRef options, Location loc);
/// Annotates parameters as a user's text says, ahead of a strategy, which leaves them alone. A line is `PATTERN: AXES,
/// AXES, …`: a glob on `state_dict()` names, and for each dimension the axes that cut it (`tp`, `dp+tp`), or `-`. `#`
/// begins a comment.
LogicalResult applySpecification(AnnotationContext &context, StringRef text);
/// "dp=2,tp=4".
FailureOr<dist::MeshAttr> parseMesh(StringRef text, Location loc);

} // namespace hfc::partition

#endif // HFC_PARTITION_STRATEGY_H
