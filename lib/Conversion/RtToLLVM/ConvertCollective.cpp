//===- ConvertCollective.cpp - constants of type hfc_collective
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProgramSymbols.h"

#include "dialects/dist/BucketLayout.h"
#include "hfc/Runtime/hfc_runtime.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace hfc;

// The enums of the dialects are the ABI's.
static_assert(HFC_BUCKET_ALIGNMENT == dist::bucketAlignment);
static_assert(static_cast<int>(rt::CollectiveKind::all_gather_bucket) == HFC_ALL_GATHER_BUCKET &&
              static_cast<int>(rt::CollectiveKind::all_to_all) == HFC_ALL_TO_ALL &&
              static_cast<int>(dist::ReductionKind::mean) == HFC_MEAN);

static std::optional<int32_t> dtypeOf(Type element) {
  if (element.isF32())
    return HFC_FLOAT32;
  if (element.isBF16())
    return HFC_BFLOAT16;
  if (element.isInteger(32))
    return HFC_INT32;
  return std::nullopt;
}

static ArrayRef<int64_t> shapeOf(Value buffer) { return cast<MemRefType>(buffer.getType()).getShape(); }

static int64_t elementsOf(Value buffer) { return ShapedType::getNumElements(shapeOf(buffer)); }

namespace {
/// Builds the initializer of one constant, field after field.
class DescriptionBuilder {
public:
  DescriptionBuilder(OpBuilder &builder, Location loc, ProgramSymbols &program)
      : builder(builder), loc(loc), program(program), pointer(LLVM::LLVMPointerType::get(builder.getContext())) {}

  void number(int64_t value, unsigned bits = 32) {
    Type type = builder.getIntegerType(bits);
    add(LLVM::ConstantOp::create(builder, loc, type, builder.getIntegerAttr(type, value)));
  }
  void numbers(ArrayRef<int64_t> values) {
    if (values.empty())
      return add(LLVM::ZeroOp::create(builder, loc, pointer));
    auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, builder.getI64Type());
    add(LLVM::AddressOfOp::create(builder, loc, program.constant(loc, DenseElementsAttr::get(type, values))));
  }
  void finish(Type type) {
    Value value = LLVM::UndefOp::create(builder, loc, type);
    for (auto [index, field] : llvm::enumerate(fields))
      value = LLVM::InsertValueOp::create(builder, loc, value, field, static_cast<int64_t>(index));
    LLVM::ReturnOp::create(builder, loc, value);
  }

private:
  void add(Value value) { fields.push_back(value); }

  OpBuilder &builder;
  Location loc;
  ProgramSymbols &program;
  Type pointer;
  SmallVector<Value> fields;
};
} // namespace

/// The fields of hfc_collective, in order.
static LLVM::LLVMStructType descriptionType(MLIRContext *context) {
  Type i32 = IntegerType::get(context, 32), i64 = IntegerType::get(context, 64);
  Type pointer = LLVM::LLVMPointerType::get(context);
  return LLVM::LLVMStructType::getLiteral(
      context, {i32, i32, i32, i32, i32, i32, pointer, i64, i32, i32, i32, i32, pointer, pointer});
}

static void describe(rt::CollectiveOp op, int32_t dtype, unsigned group, DescriptionBuilder &fields) {
  bool scatters = op.getKind() == rt::CollectiveKind::reduce_scatter_bucket;
  bool gathers = op.getKind() == rt::CollectiveKind::all_gather_bucket;
  OperandRange tensors = gathers ? op.getOuts() : op.getIns();
  bool shaped = tensors.size() == 1 && !scatters && !gathers && op.getKind() != rt::CollectiveKind::all_reduce &&
                op.getKind() != rt::CollectiveKind::agree;
  ArrayRef<int64_t> none, inShape = shapeOf(op.getIns()[0]), outShape = shapeOf(op.getOuts()[0]);
  fields.number(op.getId());
  fields.number(static_cast<int32_t>(op.getKind()));
  fields.number(op.getReduction() ? static_cast<int32_t>(*op.getReduction()) : 0);
  fields.number(dtype);
  fields.number(group);
  fields.number(tensors.size());
  fields.numbers(llvm::map_to_vector(tensors, elementsOf));
  fields.number(scatters ? elementsOf(op.getOuts()[0]) : gathers ? elementsOf(op.getIns()[0]) : 0, 64);
  fields.number(shaped ? inShape.size() : 0);
  fields.number(op.getDim().value_or(0));
  fields.number(op.getConcat().value_or(0));
  fields.number(static_cast<int64_t>(op.getPlace().value_or(0)));
  fields.numbers(shaped ? inShape : none);
  fields.numbers(shaped ? outShape : none);
}

FailureOr<LLVM::GlobalOp> ProgramSymbols::collective(rt::CollectiveOp op) {
  Type element = cast<MemRefType>(op.getIns()[0].getType()).getElementType();
  std::optional<int32_t> dtype = dtypeOf(element);
  if (!dtype)
    return op.emitOpError("the runtime moves float32, bfloat16 and int32 between ranks, not ") << element;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  LLVM::LLVMStructType type = descriptionType(builder.getContext());
  auto global = LLVM::GlobalOp::create(builder, op.getLoc(), type, /*isConstant=*/true, LLVM::Linkage::Internal,
                                       "hfc_collective", Attribute());
  symbols.insert(global);
  builder.createBlock(&global.getInitializerRegion());
  DescriptionBuilder fields(builder, op.getLoc(), *this);
  describe(op, *dtype, groupTable.numberOf(op.getAxes()), fields);
  fields.finish(type);
  return global;
}
