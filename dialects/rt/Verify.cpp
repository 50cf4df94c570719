//===- Verify.cpp - verifiers of rt ops
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Hf.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/rt/AttentionCall.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::rt;

/// Whether a buffer and a tensor (or another buffer) have the same shape and element type.
static bool sameShapeAndElement(Type buffer, Type type) {
  auto left = cast<ShapedType>(buffer);
  auto right = dyn_cast<ShapedType>(type);
  return right && right.hasRank() && left.getShape() == right.getShape() &&
         left.getElementType() == right.getElementType();
}

//===----------------------------------------------------------------------===//
// EntryOp
//===----------------------------------------------------------------------===//

static constexpr int64_t arenaAlignment = 64;

/// The bytes of a buffer in the arena; truth values take one each. Nothing if they cannot be counted.
static std::optional<int64_t> sizeInBytes(MemRefType type) {
  if (!type.getElementType().isIntOrFloat())
    return std::nullopt;
  int64_t bytes = (type.getElementTypeBitWidth() + 7) / 8;
  for (int64_t size : type.getShape())
    if (llvm::MulOverflow(bytes, size, bytes))
      return std::nullopt;
  return bytes;
}

static LogicalResult verifyInArena(Operation *op, int64_t offset, MemRefType type, int64_t arena) {
  if (offset < 0 || offset % arenaAlignment)
    return op->emitOpError("(C1) offset ") << offset << " is not a multiple of " << arenaAlignment;
  std::optional<int64_t> bytes = sizeInBytes(type);
  if (!bytes || offset > arena || *bytes > arena - offset)
    return op->emitOpError("(C1) buffer ")
           << type << " at " << offset << " does not lie inside the arena of " << arena << " bytes";
  return success();
}

namespace {
/// Checks an entry's ops in order.
class EntryVerifier {
public:
  explicit EntryVerifier(EntryOp entry) : arena(entry.getArena()) {}

  LogicalResult verify(Operation &op) {
    if (auto stream = op.getAttrOfType<IntegerAttr>("stream"); stream && stream.getInt() < 0)
      return op.emitOpError("(C3) stream ") << stream.getInt() << " is negative; streams count from 0";
    return TypeSwitch<Operation *, LogicalResult>(&op)
        .Case([&](ArenaOp buffer) { return inArena(buffer); })
        .Case([&](InputOp buffer) { return named(buffer, inputs, "input"); })
        .Case([&](OutputOp buffer) { return named(buffer, outputs, "output"); })
        .Case([&](RecordOp record) { return recorded(record); })
        .Case([&](WaitOp wait) { return waited(wait); })
        .Case([&](CollectiveOp collective) { return numbered(collective); })
        .Default([](Operation *) { return success(); });
  }

private:
  template <typename OpTy>
  LogicalResult inArena(OpTy op) {
    return verifyInArena(op, op.getOffset(), cast<MemRefType>(op.getBuffer().getType()), arena);
  }

  template <typename OpTy>
  LogicalResult named(OpTy op, DenseSet<StringAttr> &names, StringRef what) {
    if (!names.insert(op.getNameAttr()).second)
      return op.emitOpError("(C2) the entry has another ") << what << " named " << op.getNameAttr();
    return inArena(op);
  }

  LogicalResult recorded(RecordOp op) {
    if (!events.insert(op.getEvent()).second)
      return op.emitOpError("(C1) event ") << op.getEvent() << " is recorded twice; give each point its own number";
    return success();
  }

  LogicalResult waited(WaitOp op) {
    if (!events.contains(op.getEvent()))
      return op.emitOpError("(C1) waits for event ") << op.getEvent() << ", which no earlier rt.record records";
    return success();
  }

  LogicalResult numbered(CollectiveOp op) {
    if (!ids.insert(op.getId()).second)
      return op.emitOpError("(C4) the entry has another collective number ") << op.getId();
    return success();
  }

  int64_t arena;
  DenseSet<StringAttr> inputs, outputs;
  DenseSet<int64_t> events, ids;
};
} // namespace

LogicalResult EntryOp::verifyRegions() {
  int64_t arena = getArena();
  if (arena < 0 || arena % arenaAlignment)
    return emitOpError("(C1) the arena's size must be a multiple of ") << arenaAlignment << ", got " << arena;
  EntryVerifier verifier(*this);
  for (Operation &op : getBody().front())
    if (failed(verifier.verify(op)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

/// Checks that `symbol` is declared by an op of type `DeclarationTy` with the shape and element type of `buffer`.
template <typename DeclarationTy>
static LogicalResult verifyDeclaration(Operation *op, FlatSymbolRefAttr symbol, Value buffer,
                                       SymbolTableCollection &symbols) {
  auto declaration = symbols.lookupNearestSymbolFrom<DeclarationTy>(op, symbol);
  if (!declaration)
    return op->emitOpError("(C1) ") << symbol << " is not an " << DeclarationTy::getOperationName()
                                    << " of this module";
  if (!sameShapeAndElement(buffer.getType(), declaration.getType()))
    return op->emitOpError("(C1) buffer ")
           << buffer.getType() << " does not fit " << symbol << ", declared as " << declaration.getType();
  return success();
}

LogicalResult ParameterOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyDeclaration<hf::ParameterOp>(*this, getParameterAttr(), getBuffer(), symbols);
}

LogicalResult StateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyDeclaration<hf::StateOp>(*this, getStateAttr(), getBuffer(), symbols);
}

LogicalResult ConstantOp::verify() {
  if (!sameShapeAndElement(getBuffer().getType(), getValue().getType()))
    return emitOpError("(C1) buffer ") << getBuffer().getType() << " does not fit the value's type, "
                                       << getValue().getType();
  return success();
}

/// An ordered view reads inside its source, and is read by products.
static LogicalResult verifyOrder(ViewOp op, MemRefType from, MemRefType to) {
  if (!op.getSizes() || !op.getStrides() || op.getSizes()->size() != op.getStrides()->size())
    return op.emitOpError("(C2) needs as many sizes as strides");
  // Counts are compared before they are multiplied, so that none wraps around.
  int64_t elements = to.getNumElements(), count = 1, last = op.getOffset(), room = from.getNumElements() - 1;
  bool inside = last >= 0 && room >= last;
  for (auto [size, stride] : llvm::zip_equal(*op.getSizes(), *op.getStrides())) {
    if (size < 1 || stride < 0)
      return op.emitOpError("(C2) sizes must be positive and strides not negative, got ") << size << " and " << stride;
    inside &= size <= elements / count && (stride == 0 || size - 1 <= (room - last) / stride);
    if (!inside)
      break;
    count *= size;
    last += (size - 1) * stride;
  }
  if (!inside)
    return op.emitOpError("(C2) sizes [") << *op.getSizes() << "] with strides [" << *op.getStrides() << "] from "
                                          << op.getOffset() << " reach beyond " << from << " or " << to;
  if (from.getElementType() != to.getElementType() || count != elements)
    return op.emitOpError("(C1) ") << to << " must have the element type of " << from << " and as many elements as ["
                                   << *op.getSizes() << "]";
  for (OpOperand &use : op->getUses())
    if (!isa<GemmOp>(use.getOwner()) || use.getOperandNumber() > 1)
      return op.emitOpError("(C3) has an order of its own, and only a product's factor may be read so");
  return success();
}

LogicalResult ViewOp::verify() {
  auto from = cast<MemRefType>(getSource().getType()), to = cast<MemRefType>(getBuffer().getType());
  if (isOrdered() || getStrides() || getOffset())
    return verifyOrder(*this, from, to);
  std::optional<int64_t> bytes = sizeInBytes(from);
  if (from.getElementType() != to.getElementType() || !bytes || bytes != sizeInBytes(to))
    return emitOpError("(C1) ") << from << " and " << to << " must have one element type and as many elements";
  return success();
}

LogicalResult JoinOp::verify() {
  auto whole = cast<MemRefType>(getBuffer().getType());
  if (getParts().size() < 2)
    return emitOpError("(C1) joins ") << getParts().size() << " buffers; it takes two or more";
  std::optional<int64_t> bytes = sizeInBytes(whole);
  int64_t sum = 0;
  for (Value part : getParts()) {
    auto type = cast<MemRefType>(part.getType());
    std::optional<int64_t> size = sizeInBytes(type);
    if (type.getElementType() != whole.getElementType() || !size || llvm::AddOverflow(sum, *size, sum))
      return emitOpError("(C1) ") << type << " cannot be a part of " << whole << ": element types must agree";
    if (!isa_and_nonnull<ParameterOp, StateOp>(part.getDefiningOp()))
      return emitOpError("(C2) parts are what rt.parameter and rt.state name; nothing else stays where it is");
  }
  if (sum != bytes)
    return emitOpError("(C1) the parts have ") << sum << " bytes, but " << whole << " has " << bytes.value_or(0);
  return success();
}

/// The declaration of the parameter or state that `buffer` is.
static Operation *declarationOf(Value buffer, SymbolTableCollection &symbols) {
  Operation *op = buffer.getDefiningOp();
  if (auto parameter = dyn_cast_or_null<ParameterOp>(op))
    return symbols.lookupNearestSymbolFrom(op, parameter.getParameterAttr());
  auto state = dyn_cast_or_null<StateOp>(op);
  return state ? symbols.lookupNearestSymbolFrom(op, state.getStateAttr()) : nullptr;
}

LogicalResult JoinOp::verifySymbolUses(SymbolTableCollection &symbols) {
  FlatSymbolRefAttr bucket;
  int64_t end = 0;
  for (Value part : getParts()) {
    Operation *declaration = declarationOf(part, symbols);
    auto place = declaration ? declaration->getAttrOfType<hf::PlaceAttr>("hf.bucket") : hf::PlaceAttr();
    if (!place || (bucket && (place.getBucket() != bucket || place.getOffset() != end)))
      return emitOpError("(C3) part ") << part.getType()
                                       << (place ? " does not lie behind the part before it" : " lies in no bucket")
                                       << "; parts lie in one bucket (hf.bucket), one behind the other";
    bucket = place.getBucket();
    end = place.getOffset() + cast<MemRefType>(part.getType()).getNumElements();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

/// Checks buffers, called `what`, against the callee's types for them.
static LogicalResult verifyBuffers(LaunchOp op, StringRef what, OperandRange buffers, TypeRange types) {
  if (buffers.size() != types.size())
    return op.emitOpError("(C2) passes ")
           << buffers.size() << ' ' << what << " to " << op.getCallee() << ", which has " << types.size();
  for (auto [index, buffer, type] : llvm::enumerate(buffers, types))
    if (!sameShapeAndElement(buffer.getType(), type))
      return op.emitOpError("(C2) ") << what << " number " << index << ", " << buffer.getType() << ", does not fit "
                                     << type << " of " << op.getCallee();
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  Operation *callee = symbols.lookupNearestSymbolFrom(*this, getCalleeAttr());
  // A kernel that has been lowered for the CPU takes its buffers as one list of addresses.
  if (callee && callee->hasAttrOfType<IntegerAttr>("kernel.grid"))
    return success();
  TypeRange inTypes, outTypes;
  if (auto body = dyn_cast_or_null<func::FuncOp>(callee)) {
    inTypes = body.getArgumentTypes();
    outTypes = body.getResultTypes();
  } else if (auto kernel = dyn_cast_or_null<kernel::FuncOp>(callee)) {
    TypeRange types = kernel.getArgumentTypes();
    size_t outputs = std::min<size_t>(kernel.getOutputs(), types.size());
    inTypes = types.drop_back(outputs);
    outTypes = types.take_back(outputs);
  } else {
    return emitOpError("(C1) ") << getCalleeAttr() << " is not a func.func or kernel.func of this module";
  }
  if (failed(verifyBuffers(*this, "ins", getIns(), inTypes)))
    return failure();
  return verifyBuffers(*this, "outs", getOuts(), outTypes);
}

LogicalResult LaunchOp::verify() { return getLibrary() ? verifyAttentionCall(*this) : success(); }

static LogicalResult sizesDiffer(GemmOp op, ArrayRef<int64_t> a, ArrayRef<int64_t> b, ArrayRef<int64_t> c) {
  return op.emitOpError("(C1) sizes do not fit: [")
         << a << "] times [" << b << "] into [" << c << "]" << (op.getTransposeA() ? ", a transposed" : "")
         << (op.getTransposeB() ? ", b transposed" : "");
}

static LogicalResult verifyElements(GemmOp op) {
  auto elementOf = [](Value buffer) { return cast<MemRefType>(buffer.getType()).getElementType(); };
  Type element = elementOf(op.getA());
  for (Value buffer : op.getOperands()) {
    Type other = elementOf(buffer);
    if (!isa<FloatType>(other) || (other != element && !(buffer == op.getC() && other.isF32())))
      return op.emitOpError("(C1) element types must be floats, all equal or c f32, got ")
             << other << " beside " << element;
  }
  return success();
}

LogicalResult GemmOp::verify() {
  if (failed(verifyElements(*this)))
    return failure();
  auto shape = [](Value buffer) { return cast<MemRefType>(buffer.getType()).getShape(); };
  ArrayRef<int64_t> a = shape(getA()), b = shape(getB()), c = shape(getC());
  if (a.size() < 2 || b.size() < 2 || c.size() < 2)
    return sizesDiffer(*this, a, b, c);
  bool flat = b.size() == 2;
  if (flat && getTransposeA() && a.size() != 2)
    return emitOpError("(C2) transpose_a with b of rank 2 needs a of rank 2, got rank ") << a.size();

  SmallVector<int64_t> left(a.take_back(2)), right(b.take_back(2)), result(c.take_back(2));
  if (flat) { // Leading dimensions are rows.
    left[0] = ShapedType::getNumElements(a.drop_back());
    result[0] = ShapedType::getNumElements(c.drop_back());
  } else if (a.drop_back(2) != b.drop_back(2) || a.drop_back(2) != c.drop_back(2)) {
    return sizesDiffer(*this, a, b, c);
  }
  if (getTransposeA())
    std::swap(left[0], left[1]);
  if (getTransposeB())
    std::swap(right[0], right[1]);
  if (left[1] != right[0] || result[0] != left[0] || result[1] != right[1])
    return sizesDiffer(*this, a, b, c);
  if (getBias() && getAccumulate())
    return emitOpError("(C3) cannot accumulate and add a bias");
  if (getBias() && shape(getBias()) != c.take_back())
    return emitOpError("(C1) bias has shape [") << shape(getBias()) << "], but c has " << c.back() << " columns";
  return success();
}
