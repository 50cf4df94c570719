//===- VerifyAttention.cpp - verifier of launches that a library may do
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/rt/AttentionCall.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace hfc;
using namespace hfc::rt;

namespace {
class CallVerifier {
public:
  explicit CallVerifier(LaunchOp launch) : launch(launch), library(*launch.getLibrary()), call(launch) {}

  LogicalResult run() {
    if (failed(checkCounts()) || failed(checkRanks()))
      return failure();
    AttentionCall::Sizes query = call.sizesOf(call.query()), key = call.sizesOf(call.key());
    if (key.batch != query.batch || key.depth != query.depth || key.heads < 1 || query.heads % key.heads)
      return launch.emitOpError("(C3) the key ")
             << call.key().getType() << " does not fit the query " << call.query().getType() << " in layout "
             << hf::stringifyHeadLayout(library.getLayout());
    if (failed(checkTensors()) || failed(checkMasks(query, key)))
      return failure();
    Value logSum = call.logSum();
    return logSum ? check("the rows' sums", logSum, {query.batch, query.heads, query.positions},
                          Float32Type::get(launch.getContext()))
                  : success();
  }

private:
  LogicalResult checkCounts() {
    size_t ins = AttentionCall::countOperands(library.getKind()) + AttentionCall::countMasks(library);
    size_t outs = AttentionCall::countResults(library.getKind());
    if (launch.getIns().size() == ins && launch.getOuts().size() == outs)
      return success();
    return launch.emitOpError("(C3) an attention of kind '")
           << stringifyAttentionKind(library.getKind()) << "' with " << AttentionCall::countMasks(library)
           << " masks has " << ins << " ins and " << outs << " outs, not " << launch.getIns().size() << " and "
           << launch.getOuts().size();
  }

  LogicalResult checkRanks() {
    Type element = elementOf(call.query());
    for (Value tensor : {call.query(), call.key(), call.value()})
      if (typeOf(tensor).getRank() != 4 || elementOf(tensor) != element || !isa<FloatType>(element))
        return launch.emitOpError("(C3) query, key and value must have rank 4 and one floating-point type, got ")
               << tensor.getType();
    return success();
  }

  LogicalResult checkTensors() {
    SmallVector<int64_t> value(shapeOf(call.key())), result(shapeOf(call.query()));
    value[3] = result[3] = shapeOf(call.value())[3];
    if (failed(check("the value", call.value(), value)) || failed(check("the result", call.result(), result)))
      return failure();
    if (!call.isBackward())
      return success();
    OperandRange grads = launch.getOuts();
    return success(succeeded(check("the result's gradient", launch.getIns()[0], result)) &&
                   succeeded(check("the query's gradient", grads[0], shapeOf(call.query()))) &&
                   succeeded(check("the key's gradient", grads[1], shapeOf(call.key()))) &&
                   succeeded(check("the value's gradient", grads[2], value)));
  }

  LogicalResult checkMasks(const AttentionCall::Sizes &query, const AttentionCall::Sizes &key) {
    for (auto [number, mask] : llvm::enumerate(call.masks())) {
      bool isOfQueries = library.getSegments() && number + 2 == call.masks().size();
      int64_t positions = isOfQueries ? query.positions : key.positions;
      if (failed(check("a mask", mask, {query.batch, positions}, IntegerType::get(launch.getContext(), 32))))
        return failure();
    }
    return success();
  }

  LogicalResult check(StringRef what, Value buffer, ArrayRef<int64_t> shape, Type element = {}) {
    auto expected = MemRefType::get(shape, element ? element : elementOf(call.query()));
    if (shapeOf(buffer) == shape && elementOf(buffer) == expected.getElementType())
      return success();
    return launch.emitOpError("(C3) ") << what << " must be " << expected << ", got " << buffer.getType();
  }

  static MemRefType typeOf(Value buffer) { return cast<MemRefType>(buffer.getType()); }
  static ArrayRef<int64_t> shapeOf(Value buffer) { return typeOf(buffer).getShape(); }
  static Type elementOf(Value buffer) { return typeOf(buffer).getElementType(); }

  LaunchOp launch;
  AttentionAttr library;
  AttentionCall call;
};
} // namespace

LogicalResult rt::verifyAttentionCall(LaunchOp launch) { return CallVerifier(launch).run(); }
