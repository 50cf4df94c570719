//===- Relations.h - what holds between the sizes of a global program and its local one
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each dimension of each value has a size. A value of the local program that lives somewhere has two shapes: its
// piece's, which is its type's, and the whole tensor's. All are one system: ops relate the sizes of their operands and
// results, once for pieces and once for whole tensors, shardings relate pieces to whole tensors, and names relate the
// programs.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_VERIFY_SHRINK_RELATIONS_H
#define HFC_LIB_VERIFY_SHRINK_RELATIONS_H

#include "Atoms.h"

#include "dialects/dist/Sharding.h"
#include "dialects/hf/Hf.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

#include <map>

namespace hfc::verify {

struct Sum {
  Size whole;
  SmallVector<Size, 3> parts;
};

struct AtMost {
  Size small, large;
};

/// `piece = ceil(whole / ranks of axes)`.
struct Cut {
  Size whole;
  dist::AxisListAttr axes;
  Size piece;
};

/// `piece = ceil(elements of all members / ranks of axes)`, each member the product of its sizes.
struct FlatCut {
  SmallVector<SmallVector<Size, 4>> members;
  dist::AxisListAttr axes;
  Size piece;
};

/// The number in an attribute, or at a place of an array of numbers.
struct AttributeSize {
  Operation *op;
  StringAttr name;
  unsigned index;
  Size size;
};

/// `size + plus`.
struct Limit {
  Size size;
  int64_t plus;
};

/// What an input of integers has to do with sizes: its largest number, and how often its `hf.occurrences` stands in a
/// row.
struct InputRelation {
  std::optional<Limit> largest;
  std::optional<Size> occurrences;
};

class Relations {
public:
  using Shape = SmallVector<Size, 4>;

  Relations(ModuleOp global, ModuleOp local) : global(global), local(local), mesh(dist::meshOf(local)) {}

  /// States everything that the two programs say.
  void build();

  /// The op's sizes do not change. Stated before `build`.
  void keepSizesOf(Operation *op) { keptOps.insert(op); }

  /// The sizes of a value's type, or of a declaration's; those of the whole tensor, if it is known to live somewhere.
  ArrayRef<Size> pieceOf(Value value) const { return slice(shapes.lookup(value).piece, rankOf(value)); }
  bool hasWhole(Value value) const { return shapes.lookup(value).whole != none; }
  ArrayRef<Size> wholeOf(Value value) const { return slice(shapes.lookup(value).whole, rankOf(value)); }
  ArrayRef<Size> pieceOf(Operation *symbol) const { return symbols.find(symbol)->second.piece; }
  ArrayRef<Size> wholeOf(Operation *symbol) const { return symbols.find(symbol)->second.whole; }

  /// What both programs' inputs of that name say; null if they say nothing.
  const InputRelation *findInput(func::FuncOp entry, StringAttr name) const {
    auto found = inputs.find((entry.getName() + " <- " + name.getValue()).str());
    return found == inputs.end() ? nullptr : &found->second;
  }

  Atoms atoms;
  SmallVector<Sum> sums;
  SmallVector<AtMost> bounds;
  /// Of each factor that is cut, over which axes: the piece.
  llvm::MapVector<std::pair<Size, dist::AxisListAttr>, Size> pieces;
  SmallVector<FlatCut> flatCuts;
  SmallVector<AttributeSize> attributes;
  std::optional<Size> batch, sequence, vocabulary; ///< of `hf.program`
  llvm::DenseMap<StringAttr, Size> chunkTokens;    ///< by entry
  /// The shape of the whole tensor of which a constant is a dimension's size.
  llvm::DenseMap<Operation *, Shape> constants;
  /// The product of the sizes of what a `dist.rule`'s factor stands for.
  llvm::DenseMap<Operation *, SmallVector<Size>> ruleFactors;
  /// Sizes of the batch, as `begin_step` takes it, and of the micro-batches that it is.
  SmallVector<std::pair<Size, Size>> microBatchSizes;
  int64_t microBatches = 1;

  /// What has one name in both programs and another shape in each; empty if nothing has.
  std::string contradiction;
  /// Axes whose places meet constants that may be their number of ranks.
  SmallVector<dist::AxisListAttr> keptAxes;

private:
  friend class OpSizes;
  static constexpr unsigned none = ~0u;
  struct Places {
    unsigned piece = none, whole = none; ///< first of its places in `ids`
  };
  struct SymbolShape {
    Shape piece, whole;
  };

  ArrayRef<Size> slice(unsigned first, size_t rank) const {
    return first == none ? ArrayRef<Size>() : ArrayRef<Size>(ids).slice(first, rank);
  }
  static size_t rankOf(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }

  // Values and declarations.
  void addModule(ModuleOp module, bool isLocal);
  void addValue(Value value, dist::ShardingAttr sharding);
  SymbolShape newShape(RankedTensorType type, dist::ShardingAttr sharding);
  void addSymbol(Operation *op);
  void relateWholeBuckets(ModuleOp module);
  void addFunction(func::FuncOp function);
  void relateOp(Operation *op);
  void followPlace(Operation *op);
  void keepUnsaidSizes();
  void relateCollective(dist::CollectiveOpInterface op);
  void relateFlat(Operation *op, Value piece, ValueRange members, dist::AxisListAttr axes);
  void tie(ArrayRef<Size> left, ArrayRef<Size> right);
  void tieValues(Value left, Value right);

  // Names.
  void relateReturn(func::FuncOp function);
  void tieNamed(const Twine &name, ArrayRef<Size> ofGlobal, ArrayRef<Size> ofLocal);
  void tieSymbols();
  void tiePort(StringRef key, ArrayRef<Size> whole, bool isLocal);
  void orderNumbers();
  void relateMicroBatches();
  void relateGeneration();
  void relateProgram();
  void relateOccurrences(func::FuncOp function);

  // Cuts.
  void solveCuts();
  bool solveCut(const Cut &cut);
  void joinPieces();
  void keepCut(const Cut &cut);
  std::optional<Shape> findShape(Operation *constant, ArrayRef<int64_t> shape);
  void findConstants();

  ModuleOp global, local;
  dist::MeshAttr mesh;
  bool isLocal = false;
  SmallVector<Cut, 0> cuts; ///< of dimensions
  llvm::DenseMap<Value, Places> shapes;
  SmallVector<Size, 0> ids;
  llvm::DenseMap<Operation *, SymbolShape> symbols;
  llvm::StringMap<Operation *> globalSymbols, localSymbols;
  llvm::StringMap<InputRelation> inputs;
  std::map<std::string, std::map<int64_t, Size>> numbers; ///< in attributes, by name and number
  llvm::StringMap<Shape> ports;                           ///< of the global program, by entry, direction and name
  llvm::DenseSet<Operation *> keptOps;
  llvm::DenseMap<Value, SmallVector<dist::AxisListAttr, 1>> places; ///< integers, and whose places they are made of
  llvm::DenseSet<int64_t> unsaidSizes;
  SmallVector<Operation *> sized; ///< constants that name a size
};

} // namespace hfc::verify

#endif // HFC_LIB_VERIFY_SHRINK_RELATIONS_H
