//===- EntryPlan.h - the work of an entry, and its buffers ---------*- C++ -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// What stands between a fused entry and its `rt.entry`: work items that read and write versions of buffers. A buffer
// has a new version wherever it is written; most have one, a state that is updated in place has two or more.
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_TRANSFORMS_MEMORY_ENTRYPLAN_H
#define HFC_LIB_TRANSFORMS_MEMORY_ENTRYPLAN_H

#include "dialects/hf/BucketPlaces.h"
#include "dialects/rt/Rt.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hfc::memory {

inline constexpr unsigned none = ~0u;

struct Buffer {
  enum class Kind { arena, input, output, parameter, state, constant, coordinate };
  Kind kind;
  RankedTensorType type;
  /// The name of an input or output, the symbol of a parameter or state, the value of a constant, the axes of a
  /// coordinate.
  Attribute what;
  /// Discardable attributes of the op that will name the buffer.
  DictionaryAttr attributes;
  Location loc;

  /// The steps between which a buffer of the arena is in use, and its place. A collective uses its buffers until it is
  /// done.
  unsigned first = 0;
  unsigned last = 0;
  /// The last step that itself reads or writes the buffer.
  unsigned lastAccess = 0;
  int64_t offset = 0;

  bool isInArena() const { return kind == Kind::arena || kind == Kind::input || kind == Kind::output; }
};

/// What a buffer holds between two writes.
struct Version {
  unsigned buffer;
  /// The work that writes it; none for what is there when the entry begins.
  unsigned writer = none;
  /// The work that overwrites it, and the version that this makes.
  unsigned overwriter = none;
  unsigned next = none;
  SmallVector<unsigned> readers;
};

/// A version seen under a shape; by a product perhaps in another order, which the rest says (`rt.view`).
struct View {
  unsigned version;
  RankedTensorType type;
  SmallVector<int64_t, 0> sizes, strides;
  int64_t offset = 0;
  /// Those of the parameters or states that lie behind the version's and are seen with it (`rt.join`).
  SmallVector<unsigned, 0> joined;

  /// Makes the view of a matrix one of some of its columns.
  void takeColumns(int64_t first, int64_t columns);
};

struct Work {
  /// A `done` makes the main stream wait for a collective that was begun; it overwrites what the collective wrote.
  enum class Kind { launch, gemm, copy, collective, done };
  Kind kind;
  /// What the work was made of; null for copies.
  Operation *op;
  Location loc;
  SmallVector<View> ins, outs;
  /// Of a `done`, the collective; of a collective that is only begun, its `done`. Neither has one where the `done`
  /// follows at once.
  unsigned partner = none;
  /// A product that is added to what its result's buffer holds.
  bool accumulates = false;
};

struct EntryPlan {
  func::FuncOp entry;
  SmallVector<Buffer> buffers;
  SmallVector<Version> versions;
  SmallVector<Work> works;
  /// The works in the order in which they are issued.
  SmallVector<unsigned> order;
  int64_t arena = 0;
  int64_t lowerBound = 0;
  unsigned inPlace = 0;
  /// From how many FLOPs on a product of parts is one for each part.
  int64_t aloneFlops = 0;

  Buffer &bufferOf(unsigned version) { return buffers[versions[version].buffer]; }

  // Each returns the number of what it adds.
  unsigned addBuffer(Buffer::Kind kind, RankedTensorType type, Attribute what, Location loc,
                     DictionaryAttr attributes = {});
  unsigned addVersion(unsigned buffer, unsigned writer = none);
  unsigned addWork(Work::Kind kind, Operation *op, Location loc);
  /// Makes `work` read a version, or write one.
  void read(unsigned work, unsigned version, RankedTensorType type);
  unsigned write(unsigned work, unsigned buffer, RankedTensorType type);
  /// Makes `work` write the version after `version`, in its buffer.
  unsigned overwrite(unsigned work, unsigned version, RankedTensorType type);
  /// Adds work that writes what `source` holds to another buffer.
  unsigned copy(unsigned source, unsigned buffer, RankedTensorType type, Location loc);
};

/// The kernel bodies that entries call.
class Bodies {
public:
  explicit Bodies(ModuleOp module) : symbols(module), places(module) {}

  func::FuncOp lookup(func::CallOp call) { return symbols.lookup<func::FuncOp>(call.getCallee()); }
  /// The operand in whose buffer a result is made, if that is an update: by a kernel that writes a part of an argument,
  /// or the sum of something and a product. Null otherwise.
  Value getUpdated(OpResult result);
  /// The argument of which a result of `body` is an update: the first one's of the kinds that are updates, a cache's in
  /// a loop.
  static std::optional<unsigned> getUpdatedArgument(func::FuncOp body, unsigned result);
  /// Whether a concatenation only names parameters or states that lie one behind the other.
  bool isJoin(hf::ConcatOp concat) const { return places.isOneBuffer(concat); }
  bool areConsecutive(ArrayRef<FlatSymbolRefAttr> symbols) const { return places.areConsecutive(symbols); }
  /// The argument in whose buffer a result of `body` may be written, if an earlier launch has chosen one.
  std::optional<unsigned> getAlias(func::FuncOp body, unsigned result);
  void setAlias(func::FuncOp body, unsigned result, unsigned argument);

private:
  SymbolTable symbols;
  hf::BucketPlaces places;
};

/// Whether `body` is a loop, or reduces rows or columns, and nothing but its results' elements depends on the same
/// elements of `argument`, which has the type of result `result`. Such a kernel reads the element before it writes any
/// of them.
bool isPointwise(func::FuncOp body, unsigned argument, unsigned result);

/// The product whose sum with something else `add` is, if it is used for nothing else.
hf::LinearWgradOp getAddedProduct(hf::AddOp add);

/// Whether `parts` are rows of the product of two matrices that lie as they are, each of as many
/// FLOPs.
bool areLarge(Operation &product, ArrayRef<hf::SliceOp> parts, int64_t flops);

/// Whether a collective's result number i may be in the buffer of its operand number i.
bool isInPlaceCollective(Operation *op);

/// Collects the buffers and the work of `plan.entry`.
LogicalResult collectWork(EntryPlan &plan, Bodies &bodies);
/// Orders the work by data flow, and so that a version is read before it is overwritten; in program order otherwise,
/// but for what collectives are hidden behind.
LogicalResult orderWork(EntryPlan &plan, Bodies &bodies);
/// Determines lifetimes, lets loops write in place, and chooses offsets.
LogicalResult planMemory(EntryPlan &plan, Bodies &bodies);
/// Marks outputs, and states that are partial, with how ranks hold them.
void keepShardings(func::FuncOp from, rt::EntryOp to);
/// Replaces the entry by an `rt.entry`.
void emitEntry(EntryPlan &plan);

} // namespace hfc::memory

#endif // HFC_LIB_TRANSFORMS_MEMORY_ENTRYPLAN_H
