//===- Primitives.cpp - dispatch over hf primitives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Primitives.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::interpreter;

llvm::Error interpreter::makeError(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

Tensor interpreter::emptyOf(Type type) {
  auto shaped = cast<ShapedType>(type);
  return Tensor(*elementOf(shaped.getElementType()), shaped.getShape());
}

llvm::Expected<Tensor> interpreter::constantOf(const Domain &domain, ElementsAttr value) {
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return makeError("its value is not a dense elements attribute");
  Tensor result = emptyOf(dense.getType());
  MutableArrayRef<Word> words = result.mutableWords();
  Element element = result.getElement();
  auto fromFloat = [&](llvm::APFloat number) {
    bool losesInfo = false;
    number.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    return domain.fromReal(number.convertToDouble(), element);
  };
  auto fromInteger = [&](const llvm::APInt &number) {
    return static_cast<Word>(element == Element::I1 ? number.getZExtValue() : number.getSExtValue());
  };
  if (dense.isSplat()) {
    Word word = isFloat(element) ? fromFloat(dense.getSplatValue<llvm::APFloat>())
                                 : fromInteger(dense.getSplatValue<llvm::APInt>());
    llvm::fill(words, word);
  } else if (isFloat(element)) {
    llvm::transform(dense.getValues<llvm::APFloat>(), words.begin(), fromFloat);
  } else {
    llvm::transform(dense.getValues<llvm::APInt>(), words.begin(), fromInteger);
  }
  return result;
}

bool interpreter::isPrimitive(Operation *op) {
  return isa_and_nonnull<hf::HfDialect>(op->getDialect()) && op->getNumResults() && !isa<hf::CompositeOpInterface>(op);
}

static llvm::Expected<Results> single(llvm::Expected<Tensor> result) {
  if (!result)
    return result.takeError();
  return Results{std::move(*result)};
}

llvm::Expected<Results> interpreter::evaluatePrimitive(const Domain &domain, Operation *op, ArrayRef<Tensor> operands) {
  using Answer = llvm::Expected<Results>;
  if (std::optional<Elementwise> elementwise = elementwiseOf(op))
    return Results{evaluate(domain, *elementwise, operands)};
  auto type = [&] { return cast<RankedTensorType>(op->getResult(0).getType()); };
  return llvm::TypeSwitch<Operation *, Answer>(op)
      .Case([&](hf::ConstantOp op) -> Answer { return single(constantOf(domain, op.getValue())); })
      .Case([&](hf::IotaOp op) -> Answer { return Results{evaluate(domain, op)}; })
      .Case([&](hf::ReshapeOp op) -> Answer { return Results{operands[0].withShape(type().getShape())}; })
      .Case<hf::BroadcastOp, hf::TransposeOp, hf::SliceOp>(
          [&](auto op) -> Answer { return Results{evaluate(op, operands[0])}; })
      .Case<hf::ConcatOp, hf::CacheUpdateOp>([&](auto op) -> Answer { return Results{evaluate(op, operands)}; })
      .Case([&](hf::ReduceOp op) -> Answer { return Results{evaluate(domain, op, operands[0])}; })
      .Case([&](hf::MatmulOp op) -> Answer { return Results{evaluate(domain, op, operands[0], operands[1])}; })
      .Case([&](hf::TopKOp op) -> Answer { return evaluate(domain, op, operands[0]); })
      .Case<hf::GatherOp, hf::TakeOp>([&](auto op) -> Answer { return single(evaluate(op, operands[0], operands[1])); })
      .Case<hf::ScatterAddOp, hf::RandomUniformOp>(
          [&](auto op) -> Answer { return Results{evaluate(domain, op, operands)}; })
      .Case([&](hf::SliceAtOp op) -> Answer { return Results{evaluate(op, operands[0], operands[1])}; })
      .Case([&](hf::BarrierOp) -> Answer { return Results(operands); })
      .Default([](Operation *) -> Answer { return makeError("the interpreter does not know this op"); });
}
