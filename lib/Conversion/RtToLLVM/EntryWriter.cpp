//===- EntryWriter.cpp - writes the function of one entry
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EntryWriter.h"

#include "hfc/Runtime/hfc_runtime.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;

EntryWriter::EntryWriter(rt::EntryOp entry, ProgramSymbols &program, TargetCalls &target)
    : entry(entry), symbols(program), target(target), builder(entry.getContext()), loc(entry.getLoc()),
      pointer(LLVM::LLVMPointerType::get(builder.getContext())), i64(builder.getI64Type()) {}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

LogicalResult EntryWriter::createFunction() {
  std::string name = ("hfc_entry_" + entry.getSymName()).str();
  if (symbols.table().lookup(name))
    return entry.emitOpError("becomes the function '") << name << "', but there is another symbol of that name";
  builder.setInsertionPoint(entry);
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()), {pointer});
  function = LLVM::LLVMFuncOp::create(builder, entry.getLoc(), name, type);
  symbols.table().insert(function);
  // One straight line of calls: there is nothing to optimize, and much of it.
  function.setNoInline(true);
  function.setOptimizeNone(true);
  builder.setInsertionPointToStart(function.addEntryBlock(builder));
  return success();
}

/// One list for all buffers and one hfc_gemm for all products: each is read before its call returns.
void EntryWriter::reserveArguments() {
  int64_t width = 0;
  for (Operation &op : entry.getBody().front())
    if (isa<rt::LaunchOp, rt::CollectiveOp>(op))
      width = std::max<int64_t>(width, op.getNumOperands());
  if (width)
    arguments = LLVM::AllocaOp::create(builder, loc, pointer, pointer, integer(width));
  Type i32 = builder.getI32Type();
  gemmType =
      LLVM::LLVMStructType::getLiteral(builder.getContext(), {i32, i32, i32, i32, i32, i64, i64, i64, i64, pointer,
                                                              pointer, pointer, pointer, pointer, pointer});
  if (!entry.getBody().getOps<rt::GemmOp>().empty())
    gemm = LLVM::AllocaOp::create(builder, loc, pointer, gemmType, integer(1));
}

LogicalResult EntryWriter::begin() {
  if (failed(createFunction()))
    return failure();
  for (FrameField field : {FrameField::Context, FrameField::Arena, FrameField::Parameters, FrameField::States,
                           FrameField::Places, FrameField::Constants, FrameField::Streams, FrameField::Communicators})
    fields[static_cast<int32_t>(field)] = loadPointer(function.getArgument(0), static_cast<int64_t>(field));
  reserveArguments();
  return success();
}

void EntryWriter::end() {
  loc = entry.getLoc();
  LLVM::ReturnOp::create(builder, loc, ValueRange());
  symbols.table().erase(entry);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value EntryWriter::frame(FrameField field) { return fields.lookup(static_cast<int32_t>(field)); }

Value EntryWriter::integer(int64_t value, unsigned bits) {
  Type type = builder.getIntegerType(bits);
  return LLVM::ConstantOp::create(builder, loc, type, builder.getIntegerAttr(type, value));
}

Value EntryWriter::loadPointer(Value list, int64_t index) {
  Value slot = LLVM::GEPOp::create(builder, loc, pointer, pointer, list, ValueRange(integer(index)));
  return LLVM::LoadOp::create(builder, loc, pointer, slot);
}

Value EntryWriter::advance(Value base, int64_t bytes) {
  if (!bytes)
    return base;
  // A variable index, so that there may be more than the two gigabytes of a constant one.
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base, ValueRange(integer(bytes)));
}

void EntryWriter::call(StringRef name, ValueRange operands) {
  LLVM::CallOp::create(builder, loc, symbols.externalFunction(name, SmallVector<Type>(operands.getTypes())), operands);
  ++calls;
}

Value EntryWriter::callForResult(StringRef name, ValueRange operands, Type result) {
  LLVM::LLVMFuncOp callee = symbols.externalFunction(name, SmallVector<Type>(operands.getTypes()), result);
  ++calls;
  return LLVM::CallOp::create(builder, loc, callee, operands).getResult();
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

FailureOr<Value> EntryWriter::tableEntry(Operation *user, FrameField table, std::optional<int64_t> index,
                                         StringRef symbol) {
  if (!index)
    return user->emitOpError("refers to '") << symbol << "', which the module does not declare";
  return loadPointer(frame(table), *index);
}

FailureOr<Value> EntryWriter::constantAddress(rt::ConstantOp op) {
  auto value = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!value || !value.getElementType().isIntOrFloat())
    return op.emitOpError("needs its values as a dense list of numbers");
  return target.constantAddress(*this, op, value);
}

Value EntryWriter::coordinateAddress(rt::CoordinateOp op) {
  int64_t group = symbols.groups().numberOf(op.getAxes());
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI32Type(), frame(FrameField::Places),
                             ValueRange(integer(group)));
}

FailureOr<Value> EntryWriter::address(Value buffer) {
  Operation *op = buffer.getDefiningOp();
  while (auto view = dyn_cast_or_null<rt::ViewOp>(op))
    op = view.getSource().getDefiningOp();
  if (auto join = dyn_cast_or_null<rt::JoinOp>(op))
    return address(join.getParts().front());
  return llvm::TypeSwitch<Operation *, FailureOr<Value>>(op)
      .Case<rt::ArenaOp, rt::InputOp, rt::OutputOp>(
          [&](auto op) -> FailureOr<Value> { return advance(frame(FrameField::Arena), op.getOffset()); })
      .Case([&](rt::ParameterOp op) {
        return tableEntry(op, FrameField::Parameters, symbols.parameterIndex(op.getParameterAttr().getAttr()),
                          op.getParameter());
      })
      .Case([&](rt::StateOp op) {
        return tableEntry(op, FrameField::States, symbols.stateIndex(op.getStateAttr().getAttr()), op.getState());
      })
      .Case([&](rt::ConstantOp op) { return constantAddress(op); })
      .Case([&](rt::CoordinateOp op) -> FailureOr<Value> { return coordinateAddress(op); })
      .Default([&](Operation *) -> FailureOr<Value> {
        return entry.emitOpError("uses a buffer that is none of the rt dialect's");
      });
}

FailureOr<Value> EntryWriter::storeAddresses(ValueRange buffers, size_t first) {
  auto slotOf = [&](size_t index) -> Value {
    if (!index)
      return arguments;
    return LLVM::GEPOp::create(builder, loc, pointer, pointer, arguments,
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  };
  if (!arguments)
    return LLVM::ZeroOp::create(builder, loc, pointer).getResult();
  for (auto [index, buffer] : llvm::enumerate(buffers)) {
    FailureOr<Value> source = address(buffer);
    if (failed(source))
      return failure();
    LLVM::StoreOp::create(builder, loc, *source, slotOf(first + index));
  }
  return slotOf(first);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

namespace {
/// The fields of hfc_gemm, in order.
enum GemmField : int32_t {
  DType,
  ResultDType,
  TransposeA,
  TransposeB,
  Accumulate,
  Batch,
  M,
  N,
  K,
  A,
  B,
  Bias,
  C,
  AOrder,
  BOrder
};
} // namespace

/// The sizes of a product as the runtime wants them; see rt.gemm.
static void productSizes(rt::GemmOp op, int64_t &batch, int64_t &m, int64_t &n, int64_t &k) {
  auto a = cast<MemRefType>(op.getA().getType());
  auto b = cast<MemRefType>(op.getB().getType());
  auto c = cast<MemRefType>(op.getC().getType());
  ArrayRef<int64_t> aShape = a.getShape(), cShape = c.getShape();
  n = cShape.back();
  k = aShape[a.getRank() - (op.getTransposeA() ? 2 : 1)];
  batch = 1;
  m = 1;
  if (b.getRank() == 2) {
    for (int64_t size : cShape.drop_back())
      m *= size;
    return;
  }
  m = cShape[c.getRank() - 2];
  for (int64_t size : cShape.drop_back(2))
    batch *= size;
}

/// The order of a factor as `hfc_gemm` has it; null if it is read as it lies.
Value EntryWriter::orderAddress(Value factor) {
  auto view = factor.getDefiningOp<rt::ViewOp>();
  if (!view || !view.isOrdered())
    return LLVM::ZeroOp::create(builder, loc, pointer);
  SmallVector<int64_t> order{static_cast<int64_t>(view.getSizes()->size())};
  llvm::append_range(order, *view.getSizes());
  llvm::append_range(order, *view.getStrides());
  auto type = RankedTensorType::get({static_cast<int64_t>(order.size())}, builder.getI64Type());
  return LLVM::AddressOfOp::create(builder, loc,
                                   symbols.constant(loc, DenseElementsAttr::get(type, ArrayRef<int64_t>(order))));
}

FailureOr<Value> EntryWriter::describeGemm(rt::GemmOp op) {
  Type element = cast<MemRefType>(op.getA().getType()).getElementType();
  if (!element.isF32() && !element.isBF16())
    return op.emitOpError("the runtime multiplies float32 and bfloat16, not ") << element;
  int64_t batch, m, n, k;
  productSizes(op, batch, m, n, k);
  auto store = [&](GemmField field, Value value) {
    Value slot = LLVM::GEPOp::create(builder, loc, pointer, gemmType, gemm,
                                     ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(field)});
    LLVM::StoreOp::create(builder, loc, value, slot);
  };
  auto numberOf = [](Type type) { return type.isF32() ? HFC_FLOAT32 : HFC_BFLOAT16; };
  std::pair<GemmField, int64_t> numbers[] = {
      {DType, numberOf(element)},
      {ResultDType, numberOf(cast<MemRefType>(op.getC().getType()).getElementType())},
      {Accumulate, op.getAccumulate()},
      {TransposeA, op.getTransposeA()},
      {TransposeB, op.getTransposeB()},
      {Batch, batch},
      {M, m},
      {N, n},
      {K, k}};
  for (auto [field, number] : numbers)
    store(field, integer(number, gemmType.getBody()[field].getIntOrFloatBitWidth()));
  std::pair<GemmField, Value> buffers[] = {{A, op.getA()}, {B, op.getB()}, {Bias, op.getBias()}, {C, op.getC()}};
  for (auto [field, buffer] : buffers) {
    FailureOr<Value> source = buffer ? address(buffer) : LLVM::ZeroOp::create(builder, loc, pointer).getResult();
    if (failed(source))
      return failure();
    auto view = buffer ? buffer.getDefiningOp<rt::ViewOp>() : rt::ViewOp();
    store(field, view ? advance(*source, view.getOffset() * (element.getIntOrFloatBitWidth() / 8)) : *source);
  }
  store(AOrder, orderAddress(op.getA()));
  store(BOrder, orderAddress(op.getB()));
  return gemm;
}
