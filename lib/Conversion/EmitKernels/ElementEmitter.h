//===- ElementEmitter.h - the value of an hf op's result at some indices
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_CONVERSION_EMITKERNELS_ELEMENTEMITTER_H
#define HFC_LIB_CONVERSION_EMITKERNELS_ELEMENTEMITTER_H

#include "Indices.h"
#include "dialects/hf/Hf.h"

namespace hfc {

/// The type in which a kernel computes with elements of `type`: float32 for floats, integers as they are.
Type computeType(Type type);
/// A scalar or vector, as read from memory, in the compute type; and back to what memory of `element`s holds.
Value toComputeType(ImplicitLocOpBuilder &b, Value value);
Value fromComputeType(ImplicitLocOpBuilder &b, Value value, Type element);

/// Writes code that computes elements of the values of a body: recursively, from the value asked for back to loads
/// of the body's arguments. A result is a scalar where all lanes have the same value, and else a vector of
/// `index.width` lanes. Nothing is computed twice for the same indices in one scope.
class ElementEmitter {
public:
  ElementEmitter(ImplicitLocOpBuilder &builder, Block *entry, int64_t bufferAlignment)
      : b(builder), index(builder, entry), bufferAlignment(bufferAlignment) {}
  virtual ~ElementEmitter() = default;

  ImplicitLocOpBuilder &b;
  IndexBuilder index;

  /// Elements of `argument` are loaded from `buffer`.
  void bind(Value argument, Value buffer) { buffers[argument] = buffer; }

  /// The element of `value` at `indices`. Null if lanes would not stay evenly spaced at this width (a smaller
  /// width may do; width 1 always does), or if the body is wrong, which has then been reported.
  Value emit(Value value, const Indices &indices);
  bool isInvalid() const { return invalid; }

  /// Loads and stores between a buffer and values in compute types.
  Value load(Value buffer, Indices indices);
  LogicalResult store(Value value, Value buffer, Indices indices);
  /// Stores an element of a part of the buffer that begins `offset` from its beginning along `dim`.
  LogicalResult storePart(Value value, Value buffer, Indices indices, int64_t dim, int64_t offset);

  /// `value` in every lane, if it is a scalar.
  Value toVector(Value value);
  /// A float or integer constant of the compute type.
  Value constant(Type type, double value);

  /// What is built inside is forgotten at its end.
  class Scope {
  public:
    explicit Scope(ElementEmitter &emitter) : emitter(emitter), mark(emitter.log.size()), indices(emitter.index) {}
    ~Scope();

  private:
    ElementEmitter &emitter;
    size_t mark;
    IndexBuilder::Scope indices;
  };

protected:
  /// A value that is known without computing it, or null.
  virtual Value known(Value value, const Indices &indices) { return {}; }
  /// Called with each op result that was computed.
  virtual void computed(Value value, const Indices &indices, Value result) {}
  Value error(Operation *op, const Twine &message);

private:
  Value emitOp(Operation *op, const Indices &indices);
  Value emitElementwise(Operation *op, const Indices &indices);
  Value emitConstant(hf::ConstantOp op);
  Value emitIota(hf::IotaOp op, Indices indices);
  Value emitBroadcast(hf::BroadcastOp op, Indices indices);
  Value emitTranspose(hf::TransposeOp op, Indices indices);
  Value emitSlice(hf::SliceOp op, Indices indices);
  Value emitSliceAt(hf::SliceAtOp op, Indices indices);
  Value emitConcat(hf::ConcatOp op, Indices indices);
  FailureOr<Value> emitMoved(hf::ConcatOp op, const Indices &indices, size_t group);
  Value emitConcatPart(hf::ConcatOp op, const Indices &indices, size_t group, size_t part, int64_t offset);
  Value emitGather(hf::GatherOp op, Indices indices);
  Value emitTake(hf::TakeOp op, Indices indices);
  /// The elements at all lanes, one by one: `emitOne` gets scalar indices and the lane.
  Value perLane(const Indices &indices, function_ref<Value(const Indices &, int64_t)> emitOne);
  /// `source` at `front`, the row that `number` holds, and `back`.
  Value emitRow(Value source, const Indices &front, int64_t rows, Value number, const Indices &back);

  struct Entry {
    Indices indices;
    Value result;
  };
  DenseMap<Value, SmallVector<Entry, 2>> memo;
  SmallVector<Value> log;
  DenseMap<Value, Value> buffers;
  int64_t bufferAlignment;
  bool invalid = false;
};

/// What `hf.random_uniform` says, of i32 scalars or vectors.
Value emitRandomUniform(ImplicitLocOpBuilder &b, Value row, Value column, Value key);

/// The elementwise hf op `op` on `operands`, scalars or vectors of one width; null if it is none.
Value emitScalarOp(ImplicitLocOpBuilder &b, Operation *op, ArrayRef<Value> operands);

} // namespace hfc

#endif // HFC_LIB_CONVERSION_EMITKERNELS_ELEMENTEMITTER_H
