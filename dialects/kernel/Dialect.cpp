//===- Dialect.cpp - registration, syntax and verifiers of the kernel dialect
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/kernel/Kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::kernel;

#include "dialects/kernel/Dialect.cpp.inc"
#include "dialects/kernel/Enums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/Attrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/Ops.cpp.inc"

void KernelDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/kernel/Attrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/kernel/Ops.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// FuncOp
//===----------------------------------------------------------------------===//

void FuncOp::build(OpBuilder &builder, OperationState &state, StringRef name, TypeRange arguments, int64_t grid,
                   int64_t lanes, int64_t outputs) {
  state.addAttribute(SymbolTable::getSymbolAttrName(), builder.getStringAttr(name));
  state.addAttribute(getFunctionTypeAttrName(state.name), TypeAttr::get(builder.getFunctionType(arguments, {})));
  state.addAttribute(getGridAttrName(state.name), builder.getI64IntegerAttr(grid));
  state.addAttribute(getLanesAttrName(state.name), builder.getI64IntegerAttr(lanes));
  state.addAttribute(getOutputsAttrName(state.name), builder.getI64IntegerAttr(outputs));
  Block &entry = state.addRegion()->emplaceBlock();
  for (Type type : arguments)
    entry.addArgument(type, state.location);
}

static ParseResult parseCount(OpAsmParser &parser, StringRef keyword, StringAttr name, OperationState &state) {
  int64_t value = 0;
  if (parser.parseKeyword(keyword) || parser.parseLParen() || parser.parseInteger(value) || parser.parseRParen())
    return failure();
  state.addAttribute(name, parser.getBuilder().getI64IntegerAttr(value));
  return success();
}

ParseResult FuncOp::parse(OpAsmParser &parser, OperationState &state) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<Type> resultTypes;
  SmallVector<DictionaryAttr> resultAttrs;
  bool isVariadic = false;
  if (parser.parseSymbolName(name, SymbolTable::getSymbolAttrName(), state.attributes) ||
      function_interface_impl::parseFunctionSignatureWithArguments(parser, /*allowVariadic=*/false, arguments,
                                                                   isVariadic, resultTypes, resultAttrs))
    return failure();
  SmallVector<Type> types;
  for (OpAsmParser::Argument &argument : arguments)
    types.push_back(argument.type);
  state.addAttribute(getFunctionTypeAttrName(state.name),
                     TypeAttr::get(parser.getBuilder().getFunctionType(types, resultTypes)));
  if (parseCount(parser, "grid", getGridAttrName(state.name), state) ||
      parseCount(parser, "lanes", getLanesAttrName(state.name), state) ||
      parseCount(parser, "outputs", getOutputsAttrName(state.name), state) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes))
    return failure();
  call_interface_impl::addArgAndResultAttrs(parser.getBuilder(), state, arguments, resultAttrs,
                                            getArgAttrsAttrName(state.name), getResAttrsAttrName(state.name));
  return parser.parseRegion(*state.addRegion(), arguments);
}

void FuncOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  call_interface_impl::printFunctionSignature(printer, getArgumentTypes(), getArgAttrsAttr(), /*isVariadic=*/false,
                                              getResultTypes(), getResAttrsAttr(), &getBody(),
                                              /*printEmptyResult=*/false);
  printer << " grid(" << getGrid() << ") lanes(" << getLanes() << ") outputs(" << getOutputs() << ')';
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(), {SymbolTable::getSymbolAttrName(), getFunctionTypeAttrName(), getGridAttrName(),
                            getLanesAttrName(), getOutputsAttrName(), getArgAttrsAttrName(), getResAttrsAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

LogicalResult FuncOp::verify() {
  if (!getResultTypes().empty())
    return emitOpError("(C1) a kernel has no results; it writes its last arguments");
  for (Type type : getArgumentTypes()) {
    auto memref = dyn_cast<MemRefType>(type);
    if (!memref || !memref.hasStaticShape() || !memref.getLayout().isIdentity())
      return emitOpError("(C1) argument of type ") << type << " is not a memref of static shape and identity layout";
  }
  if (static_cast<int64_t>(getGrid()) < 1)
    return emitOpError("(C2) grid must be at least 1, got ") << getGrid();
  int64_t lanes = getLanes();
  if (lanes < 32 || lanes > 1024 || lanes % 32)
    return emitOpError("(C2) lanes must be a multiple of 32 up to 1024, got ") << lanes;
  int64_t outputs = getOutputs();
  if (outputs < 0 || outputs > static_cast<int64_t>(getArgumentTypes().size()))
    return emitOpError("(C2) ") << outputs << " outputs, but " << getArgumentTypes().size() << " arguments";
  for (unsigned argument = getArgumentTypes().size() - outputs; argument < getArgumentTypes().size(); ++argument)
    if (getArgAttr(argument, kConstantAttrName))
      return emitOpError("(C3) argument ") << argument << " is an output, and cannot be kernel.constant";
  return success();
}

//===----------------------------------------------------------------------===//
// DistributeOp
//===----------------------------------------------------------------------===//

void DistributeOp::build(OpBuilder &builder, OperationState &state, Value lower, Value upper, int64_t vector,
                         ValueRange inits,
                         function_ref<SmallVector<Value>(OpBuilder &, Location, Value, ValueRange)> body) {
  state.addOperands({lower, upper});
  state.addOperands(inits);
  state.addAttribute(getVectorAttrName(state.name), builder.getI64IntegerAttr(vector));
  state.addTypes(inits.getTypes());
  Region *region = state.addRegion();
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(region);
  block->addArgument(builder.getIndexType(), state.location);
  for (Value init : inits)
    block->addArgument(init.getType(), state.location);
  if (!body)
    return;
  SmallVector<Value> results = body(builder, state.location, block->getArgument(0), block->getArguments().drop_front());
  YieldOp::create(builder, state.location, results);
}

// A bound prints as its number where a constant defines it only in the reader's eye: operands stay operands.
ParseResult DistributeOp::parse(OpAsmParser &parser, OperationState &state) {
  OpAsmParser::Argument induction;
  Builder &builder = parser.getBuilder();
  induction.type = builder.getIndexType();
  OpAsmParser::UnresolvedOperand lower, upper;
  int64_t vector = 0;
  if (parser.parseArgument(induction) || parser.parseEqual() || parser.parseOperand(lower) ||
      parser.parseKeyword("to") || parser.parseOperand(upper) || parser.parseKeyword("vector") ||
      parser.parseInteger(vector))
    return failure();
  state.addAttribute(getVectorAttrName(state.name), builder.getI64IntegerAttr(vector));
  if (parser.resolveOperand(lower, builder.getIndexType(), state.operands) ||
      parser.resolveOperand(upper, builder.getIndexType(), state.operands))
    return failure();
  SmallVector<OpAsmParser::Argument> arguments{induction};
  if (succeeded(parser.parseOptionalKeyword("iter_args"))) {
    auto parseOne = [&]() -> ParseResult {
      OpAsmParser::Argument carried;
      OpAsmParser::UnresolvedOperand init;
      if (parser.parseArgument(carried) || parser.parseEqual() || parser.parseOperand(init) ||
          parser.parseColonType(carried.type) || parser.resolveOperand(init, carried.type, state.operands))
        return failure();
      arguments.push_back(carried);
      state.addTypes(carried.type);
      return success();
    };
    if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseOne))
      return failure();
  }
  Region *body = state.addRegion();
  if (parser.parseOptionalAttrDictWithKeyword(state.attributes) || parser.parseRegion(*body, arguments))
    return failure();
  ensureTerminator(*body, builder, state.location);
  return success();
}

void DistributeOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getInductionVar() << " = " << getLower() << " to " << getUpper() << " vector " << getVector();
  if (!getInits().empty()) {
    printer << " iter_args(";
    llvm::interleaveComma(llvm::zip(getRegionIterArgs(), getInits()), printer, [&](auto pair) {
      printer << std::get<0>(pair) << " = " << std::get<1>(pair) << " : " << std::get<1>(pair).getType();
    });
    printer << ')';
  }
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {getVectorAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false, /*printBlockTerminators=*/!getInits().empty());
}

static std::optional<int64_t> constantIndex(Value value) {
  if (auto op = value.getDefiningOp<arith::ConstantIndexOp>())
    return op.value();
  return std::nullopt;
}

LogicalResult DistributeOp::verify() {
  int64_t vector = getVector();
  if (vector < 1)
    return emitOpError("(C1) vector must be at least 1, got ") << vector;
  std::optional<int64_t> lower = constantIndex(getLower()), upper = constantIndex(getUpper());
  if (lower && upper && (*upper - *lower) % vector)
    return emitOpError("(C1) vector ") << vector << " does not divide the range " << *lower << " to " << *upper;
  Operation *yield = getBody().front().getTerminator();
  if (yield->getOperandTypes() != getInits().getTypes() || getResultTypes() != getInits().getTypes())
    return emitOpError("(C2) initial values, yielded values and results have different types");
  WalkResult result = getBody().walk([&](Operation *op) {
    if (!isa<DistributeOp, ReduceOp, BarrierOp>(op))
      return WalkResult::advance();
    op->emitOpError("(C3) stands inside kernel.distribute, where code is not block-uniform");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

//===----------------------------------------------------------------------===//
// ReduceOp, ScratchOp
//===----------------------------------------------------------------------===//

LogicalResult ReduceOp::verify() {
  Type element = getElementTypeOrSelf(getPartial().getType());
  if (!element.isIntOrFloat() || !isa<VectorType, FloatType, IntegerType>(getPartial().getType()))
    return emitOpError("(C1) reduces a number or a vector of numbers, got ") << getPartial().getType();
  if (getResult().getType() != element)
    return emitOpError("(C1) the result must be ") << element << ", got " << getResult().getType();
  return success();
}

/// Whether all that an op does with memory is to read arguments that nothing writes.
static bool readsOnlyConstants(Operation *op) {
  WalkResult result = op->walk([](Operation *nested) {
    if (nested->hasTrait<OpTrait::HasRecursiveMemoryEffects>() || isMemoryEffectFree(nested) || isa<ScratchOp>(nested))
      return WalkResult::advance();
    bool isLoad = isa<memref::LoadOp, vector::LoadOp>(nested);
    return isLoad && isConstantArgument(nested->getOperand(0)) ? WalkResult::advance() : WalkResult::interrupt();
  });
  return !result.wasInterrupted();
}

bool kernel::isConstantArgument(Value buffer) {
  auto argument = dyn_cast<BlockArgument>(buffer);
  if (!argument)
    return false;
  auto function = dyn_cast_or_null<FunctionOpInterface>(argument.getOwner()->getParentOp());
  return function && argument.getOwner()->isEntryBlock() && argument.getArgNumber() < function.getNumArguments() &&
         function.getArgAttr(argument.getArgNumber(), kConstantAttrName);
}

LogicalResult AwaitOp::verify() {
  for (Operation *op = *this; !isa<FunctionOpInterface>(op); op = op->getParentOp()) {
    Operation *parent = op->getParentOp();
    if (!parent || !isa<FunctionOpInterface, scf::IfOp>(parent))
      return emitOpError("(C1) stands in block-uniform code of a kernel, not in a loop");
    for (Operation *before = op->getPrevNode(); before; before = before->getPrevNode())
      if (!readsOnlyConstants(before)) {
        InFlightDiagnostic diagnostic =
            emitOpError("(C2) what stands in front of it only reads, and only arguments that are kernel.constant");
        diagnostic.attachNote(before->getLoc()) << "this op does more";
        return diagnostic;
      }
  }
  return success();
}

LogicalResult ScratchOp::verify() {
  if (!isa_and_nonnull<FuncOp>((*this)->getParentOp()))
    return emitOpError("(C1) must stand directly in a kernel.func");
  return success();
}
