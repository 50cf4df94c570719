//===- ConvertEntry.cpp - an entry as a function of the LLVM dialect
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConvertEntry.h"

#include "hfc/Runtime/hfc_runtime.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;

namespace {
/// The fields of hfc_frame, each a pointer.
enum FrameField : int32_t { Context, Arena, Parameters, States, Places };

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

class EntryConversion {
public:
  EntryConversion(rt::EntryOp entry, ProgramSymbols &program, unsigned &calls)
      : entry(entry), program(program), calls(calls), builder(entry.getContext()),
        pointer(LLVM::LLVMPointerType::get(builder.getContext())), i64(builder.getI64Type()) {}

  LogicalResult run();

private:
  LogicalResult createFunction();
  void loadFrame();
  Value reserve(Type type, int64_t count);

  LogicalResult convert(Operation &op);
  LogicalResult convertLaunch(rt::LaunchOp op);
  LogicalResult convertGemm(rt::GemmOp op);
  Value orderAddress(Value factor);
  LogicalResult convertCopy(rt::CopyOp op);
  LogicalResult convertCollective(rt::CollectiveOp op);

  /// Writes the buffers' addresses into `arguments`, from element `first` on; returns the address of that element.
  FailureOr<Value> storeAddresses(ValueRange buffers, size_t first = 0);
  FailureOr<Value> address(Value buffer);
  Value coordinateAddress(rt::CoordinateOp op);
  FailureOr<Value> constantAddress(rt::ConstantOp op);
  FailureOr<Value> tableEntry(Operation *user, Value table, std::optional<int64_t> index, StringRef symbol);
  Value arenaAddress(int64_t offset);
  Value integer(int64_t value) { return LLVM::ConstantOp::create(builder, loc, i64, builder.getI64IntegerAttr(value)); }
  void call(StringRef name, ValueRange operands);

  rt::EntryOp entry;
  ProgramSymbols &program;
  unsigned &calls;
  OpBuilder builder;
  Type pointer, i64;
  /// The location of the op being converted.
  Location loc = UnknownLoc::get(builder.getContext());
  LLVM::LLVMFuncOp function;
  Value frame[5];
  Value arguments, gemm;
  LLVM::LLVMStructType gemmType;
};
} // namespace

//===----------------------------------------------------------------------===//
// ProgramSymbols
//===----------------------------------------------------------------------===//

ProgramSymbols::ProgramSymbols(ModuleOp module) : module(module), symbols(module), groupTable(module) {
  for (Operation &op : *module.getBody()) {
    StringRef kind = op.getName().getStringRef();
    if (kind == "hf.parameter")
      parameters.try_emplace(SymbolTable::getSymbolName(&op), parameters.size());
    else if (kind == "hf.state")
      states.try_emplace(SymbolTable::getSymbolName(&op), states.size());
  }
}

std::optional<int64_t> ProgramSymbols::find(const Indices &indices, StringAttr name) {
  auto it = indices.find(name);
  return it == indices.end() ? std::nullopt : std::optional<int64_t>(it->second);
}

LLVM::GlobalOp ProgramSymbols::constant(Location loc, DenseElementsAttr value) {
  Type element = value.getElementType();
  DenseElementsAttr flat = value.reshape(RankedTensorType::get(value.getNumElements(), element));
  LLVM::GlobalOp &global = constants[flat];
  if (!global) {
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    constexpr uint64_t alignment = 64;
    global = LLVM::GlobalOp::create(builder, loc, LLVM::LLVMArrayType::get(element, value.getNumElements()),
                                    /*isConstant=*/true, LLVM::Linkage::Internal, "hfc_constant", flat, alignment);
    symbols.insert(global);
  }
  return global;
}

LLVM::LLVMFuncOp ProgramSymbols::runtimeFunction(StringRef name, ArrayRef<Type> arguments) {
  if (auto function = symbols.lookup<LLVM::LLVMFuncOp>(name))
    return function;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()), arguments);
  auto function = LLVM::LLVMFuncOp::create(builder, module.getLoc(), name, type);
  symbols.insert(function);
  return function;
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

LogicalResult EntryConversion::createFunction() {
  std::string name = ("hfc_entry_" + entry.getSymName()).str();
  if (program.table().lookup(name))
    return entry.emitOpError("becomes the function '") << name << "', but there is another symbol of that name";
  builder.setInsertionPoint(entry);
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()), {pointer});
  function = LLVM::LLVMFuncOp::create(builder, entry.getLoc(), name, type);
  program.table().insert(function);
  // One straight line of calls: there is nothing to optimize, and much of it.
  function.setNoInline(true);
  function.setOptimizeNone(true);
  builder.setInsertionPointToStart(function.addEntryBlock(builder));
  return success();
}

void EntryConversion::loadFrame() {
  for (int32_t field : {Context, Arena, Parameters, States, Places}) {
    Value slot =
        LLVM::GEPOp::create(builder, loc, pointer, pointer, function.getArgument(0), ArrayRef<LLVM::GEPArg>{field});
    frame[field] = LLVM::LoadOp::create(builder, loc, pointer, slot);
  }
}

Value EntryConversion::reserve(Type type, int64_t count) {
  return LLVM::AllocaOp::create(builder, loc, pointer, type, integer(count));
}

LogicalResult EntryConversion::run() {
  loc = entry.getLoc();
  if (failed(createFunction()))
    return failure();
  loadFrame();
  // One array for all lists of buffers and one hfc_gemm for all products: each is read before its call returns.
  int64_t width = 0;
  for (Operation &op : entry.getBody().front())
    if (isa<rt::LaunchOp, rt::CollectiveOp>(op))
      width = std::max<int64_t>(width, op.getNumOperands());
  if (width)
    arguments = reserve(pointer, width);
  Type i32 = builder.getI32Type();
  gemmType =
      LLVM::LLVMStructType::getLiteral(builder.getContext(), {i32, i32, i32, i32, i32, i64, i64, i64, i64, pointer,
                                                              pointer, pointer, pointer, pointer, pointer});
  if (!entry.getBody().getOps<rt::GemmOp>().empty())
    gemm = reserve(gemmType, 1);
  for (Operation &op : entry.getBody().front())
    if (failed(convert(op)))
      return failure();
  loc = entry.getLoc();
  LLVM::ReturnOp::create(builder, loc, ValueRange());
  program.table().erase(entry);
  return success();
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

Value EntryConversion::arenaAddress(int64_t offset) {
  if (!offset)
    return frame[Arena];
  // A byte offset as a variable index, so that arenas may be larger than the two gigabytes of a constant one.
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), frame[Arena], ValueRange(integer(offset)));
}

FailureOr<Value> EntryConversion::tableEntry(Operation *user, Value table, std::optional<int64_t> index,
                                             StringRef symbol) {
  if (!index)
    return user->emitOpError("refers to '") << symbol << "', which the module does not declare";
  Value slot = LLVM::GEPOp::create(builder, loc, pointer, pointer, table, ValueRange(integer(*index)));
  return LLVM::LoadOp::create(builder, loc, pointer, slot).getResult();
}

FailureOr<Value> EntryConversion::constantAddress(rt::ConstantOp op) {
  auto value = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!value || !value.getElementType().isIntOrFloat())
    return op.emitOpError("needs its values as a dense list of numbers");
  return LLVM::AddressOfOp::create(builder, loc, program.constant(op.getLoc(), value)).getResult();
}

Value EntryConversion::coordinateAddress(rt::CoordinateOp op) {
  int64_t group = program.groups().numberOf(op.getAxes());
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI32Type(), frame[Places], ValueRange(integer(group)));
}

FailureOr<Value> EntryConversion::address(Value buffer) {
  Operation *op = buffer.getDefiningOp();
  while (auto view = dyn_cast_or_null<rt::ViewOp>(op))
    op = view.getSource().getDefiningOp();
  return llvm::TypeSwitch<Operation *, FailureOr<Value>>(op)
      .Case<rt::ArenaOp, rt::InputOp, rt::OutputOp>([&](auto op) { return arenaAddress(op.getOffset()); })
      .Case([&](rt::ParameterOp op) {
        return tableEntry(op, frame[Parameters], program.parameterIndex(op.getParameterAttr().getAttr()),
                          op.getParameter());
      })
      .Case([&](rt::StateOp op) {
        return tableEntry(op, frame[States], program.stateIndex(op.getStateAttr().getAttr()), op.getState());
      })
      .Case([&](rt::ConstantOp op) { return constantAddress(op); })
      .Case([&](rt::CoordinateOp op) -> FailureOr<Value> { return coordinateAddress(op); })
      .Default([&](Operation *) -> FailureOr<Value> {
        return entry.emitOpError("uses a buffer that is none of the rt dialect's");
      });
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

void EntryConversion::call(StringRef name, ValueRange operands) {
  LLVM::LLVMFuncOp callee = program.runtimeFunction(name, SmallVector<Type>(operands.getTypes()));
  LLVM::CallOp::create(builder, loc, callee, operands);
  ++calls;
}

LogicalResult EntryConversion::convert(Operation &op) {
  loc = op.getLoc();
  return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
      .Case([&](rt::LaunchOp op) { return convertLaunch(op); })
      .Case([&](rt::GemmOp op) { return convertGemm(op); })
      .Case([&](rt::CopyOp op) { return convertCopy(op); })
      .Case([&](rt::CollectiveOp op) { return convertCollective(op); })
      // The order of the entry is one that the events allow.
      .Case<rt::RecordOp, rt::WaitOp>([](Operation *) { return success(); })
      // Buffers are addressed where they are used.
      .Case<rt::ArenaOp, rt::InputOp, rt::OutputOp, rt::ParameterOp, rt::StateOp, rt::ConstantOp, rt::CoordinateOp,
            rt::ViewOp>([](Operation *) { return success(); })
      .Default([](Operation *op) { return op->emitOpError("cannot stand in an rt.entry"); });
}

FailureOr<Value> EntryConversion::storeAddresses(ValueRange buffers, size_t first) {
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

LogicalResult EntryConversion::convertCollective(rt::CollectiveOp op) {
  FailureOr<LLVM::GlobalOp> description = program.collective(op);
  FailureOr<Value> ins = storeAddresses(op.getIns()), outs = storeAddresses(op.getOuts(), op.getIns().size());
  if (failed(description) || failed(ins) || failed(outs))
    return failure();
  Value constant = LLVM::AddressOfOp::create(builder, loc, *description);
  call("hfc_rt_collective", {frame[Context], constant, *ins, *outs});
  return success();
}

LogicalResult EntryConversion::convertLaunch(rt::LaunchOp op) {
  auto kernel = program.table().lookup<LLVM::LLVMFuncOp>(op.getCallee());
  auto grid = kernel ? kernel->getAttrOfType<IntegerAttr>("kernel.grid") : IntegerAttr();
  if (!grid)
    return op.emitOpError("'") << op.getCallee()
                               << "' is no kernel lowered to the LLVM dialect (hfc-lower-kernels-to-cpu and "
                                  "convert-to-llvm come first)";
  FailureOr<Value> list = storeAddresses(op.getOperands());
  if (failed(list))
    return failure();
  Value code = LLVM::AddressOfOp::create(builder, loc, kernel);
  call("hfc_rt_launch", {frame[Context], code, integer(grid.getInt()), *list});
  return success();
}

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
Value EntryConversion::orderAddress(Value factor) {
  auto view = factor.getDefiningOp<rt::ViewOp>();
  if (!view || !view.isOrdered())
    return LLVM::ZeroOp::create(builder, loc, pointer);
  SmallVector<int64_t> order{static_cast<int64_t>(view.getSizes()->size())};
  llvm::append_range(order, *view.getSizes());
  llvm::append_range(order, *view.getStrides());
  auto type = RankedTensorType::get({static_cast<int64_t>(order.size())}, builder.getI64Type());
  return LLVM::AddressOfOp::create(builder, loc,
                                   program.constant(loc, DenseElementsAttr::get(type, ArrayRef<int64_t>(order))));
}

LogicalResult EntryConversion::convertGemm(rt::GemmOp op) {
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
  auto storeNumber = [&](GemmField field, int64_t value) {
    Type type = gemmType.getBody()[field];
    store(field, LLVM::ConstantOp::create(builder, loc, type, builder.getIntegerAttr(type, value)));
  };
  auto numberOf = [](Type type) { return type.isF32() ? HFC_FLOAT32 : HFC_BFLOAT16; };
  storeNumber(DType, numberOf(element));
  storeNumber(ResultDType, numberOf(cast<MemRefType>(op.getC().getType()).getElementType()));
  storeNumber(Accumulate, op.getAccumulate());
  storeNumber(TransposeA, op.getTransposeA());
  storeNumber(TransposeB, op.getTransposeB());
  storeNumber(Batch, batch);
  storeNumber(M, m);
  storeNumber(N, n);
  storeNumber(K, k);
  std::pair<GemmField, Value> buffers[] = {{A, op.getA()}, {B, op.getB()}, {Bias, op.getBias()}, {C, op.getC()}};
  for (auto [field, buffer] : buffers) {
    FailureOr<Value> source = buffer ? address(buffer) : LLVM::ZeroOp::create(builder, loc, pointer).getResult();
    if (failed(source))
      return failure();
    auto view = buffer ? buffer.getDefiningOp<rt::ViewOp>() : rt::ViewOp();
    if (view && view.getOffset())
      source = LLVM::GEPOp::create(builder, loc, pointer, element, *source, ValueRange(integer(view.getOffset())))
                   .getResult();
    store(field, *source);
  }
  store(AOrder, orderAddress(op.getA()));
  store(BOrder, orderAddress(op.getB()));
  call("hfc_rt_gemm", {frame[Context], gemm});
  return success();
}

LogicalResult EntryConversion::convertCopy(rt::CopyOp op) {
  auto type = cast<MemRefType>(op.getSource().getType());
  if (!type.getElementType().isIntOrFloat())
    return op.emitOpError("copies numbers, not ") << type.getElementType();
  FailureOr<Value> target = address(op.getTarget()), source = address(op.getSource());
  if (failed(target) || failed(source))
    return failure();
  int64_t bytes = type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  call("hfc_rt_copy", {frame[Context], *target, *source, integer(bytes)});
  return success();
}

LogicalResult hfc::convertEntry(rt::EntryOp entry, ProgramSymbols &program, unsigned &calls) {
  return EntryConversion(entry, program, calls).run();
}
