//===- DescribeAttention.cpp - an attention, as the runtime is told of it
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DescribeAttention.h"

#include "dialects/rt/AttentionCall.h"
#include "hfc/Runtime/hfc_runtime.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

using namespace hfc;

static int64_t kindOf(rt::AttentionKind kind) {
  switch (kind) {
  case rt::AttentionKind::forward:
    return HFC_ATTENTION_FORWARD;
  case rt::AttentionKind::with_statistics:
    return HFC_ATTENTION_WITH_STATISTICS;
  case rt::AttentionKind::backward:
    return HFC_ATTENTION_BACKWARD;
  }
  llvm_unreachable("every kind is handled");
}

FailureOr<DenseElementsAttr> hfc::describeAttention(rt::LaunchOp op) {
  rt::AttentionAttr library = *op.getLibrary();
  rt::AttentionCall call(op);
  Type element = cast<MemRefType>(call.query().getType()).getElementType();
  if (!element.isBF16())
    return op.emitOpError("the runtime has libraries for attention in bfloat16, not ") << element;
  rt::AttentionCall::Sizes query = call.sizesOf(call.query()), key = call.sizesOf(call.key());
  SmallVector<int64_t> fields{kindOf(library.getKind()),
                              HFC_BFLOAT16,
                              library.getCausal(),
                              library.getWindow(),
                              library.getKeyMask(),
                              library.getSegments(),
                              library.getDeterministic(),
                              query.batch,
                              query.heads,
                              key.heads,
                              query.positions,
                              key.positions,
                              query.depth,
                              call.sizesOf(call.value()).depth};
  for (Value tensor : {call.query(), call.key(), call.value(), call.result()})
    llvm::append_range(fields, call.stridesOf(tensor));
  fields.push_back(llvm::bit_cast<int64_t>(library.getScale().getValueAsDouble()));
  if (fields.size() * sizeof(int64_t) != sizeof(hfc_attention))
    return op.emitOpError("is described to the runtime by ")
           << fields.size() << " fields, which are not hfc_attention's";
  auto type = RankedTensorType::get({static_cast<int64_t>(fields.size())}, IntegerType::get(op.getContext(), 64));
  return DenseElementsAttr::get(type, ArrayRef<int64_t>(fields));
}
