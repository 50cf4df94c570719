//===- SelectLibraries.cpp - --hfc-select-libraries
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Memory/Passes.h"

#include "dialects/hf/Hf.h"
#include "dialects/rt/AttentionCall.h"
#include "hfc/Support/GPUChip.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace hfc {
#define GEN_PASS_DEF_SELECTLIBRARIES
#include "hfc/Transforms/Memory/Passes.h.inc"
} // namespace hfc

using namespace hfc;

namespace {
/// What cuDNN does on a chip.
class Cudnn {
public:
  Cudnn(StringRef chip, bool deterministic)
      : deterministic(deterministic), largestDepth(chip.starts_with("sm_90") ? 256 : 128) {}

  /// What to ask of it in place of the kernel whose body is `op`; null if it cannot.
  rt::AttentionAttr describe(Operation *op) const {
    if (auto attention = dyn_cast<hf::AttentionOp>(op))
      return canDo(attention) ? describe(attention, rt::AttentionKind::forward) : nullptr;
    if (auto attention = dyn_cast<hf::AttentionWithStatisticsOp>(op))
      return canDo(attention) ? describe(attention, rt::AttentionKind::with_statistics) : nullptr;
    auto backward = dyn_cast<hf::AttentionBackwardOp>(op);
    return backward && backward.getLogSum() && canDo(backward) ? describe(backward, rt::AttentionKind::backward)
                                                               : nullptr;
  }

private:
  template <typename OpTy>
  bool canDo(OpTy op) const {
    auto query = cast<RankedTensorType>(op.getQuery().getType()),
         value = cast<RankedTensorType>(op.getValue().getType());
    int64_t depth = query.getDimSize(3);
    return query.getElementType().isBF16() && depth % 8 == 0 && depth <= largestDepth && value.getDimSize(3) == depth &&
           !op.getBias() && !op.getSoftcap() && !op.getDropoutKey() && !op.getPast() && areMasksOfI32(op) &&
           (!op.getWindow() || countPositions(op, op.getQuery()) <= countPositions(op, op.getKey()));
  }

  template <typename OpTy>
  static bool areMasksOfI32(OpTy op) {
    return llvm::all_of(ArrayRef<Value>{op.getKeyMask(), op.getQuerySegments(), op.getKeySegments()},
                        [](Value mask) { return !mask || getElementTypeOrSelf(mask).isInteger(32); });
  }

  template <typename OpTy>
  static int64_t countPositions(OpTy op, Value tensor) {
    unsigned place = op.getLayout() == hf::HeadLayout::bshd ? 1 : op.getLayout() == hf::HeadLayout::bhsd ? 2 : 0;
    return cast<RankedTensorType>(tensor.getType()).getDimSize(place);
  }

  template <typename OpTy>
  rt::AttentionAttr describe(OpTy op, rt::AttentionKind kind) const {
    return rt::AttentionAttr::get(op.getContext(), kind, op.getScaleAttr(), op.getLayout(), op.getCausal(),
                                  static_cast<int64_t>(op.getWindow().value_or(0)), op.getKeyMask() != nullptr,
                                  op.getQuerySegments() != nullptr,
                                  deterministic && kind == rt::AttentionKind::backward);
  }

  bool deterministic;
  int64_t largestDepth;
};

class SelectLibrariesPass : public hfc::impl::SelectLibrariesBase<SelectLibrariesPass> {
public:
  using SelectLibrariesBase::SelectLibrariesBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkChip(chip, [&] { return module.emitError("hfc-select-libraries: "); })))
      return signalPassFailure();
    auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
    Cudnn cudnn(chip, program && program.contains("deterministic"));
    llvm::DenseMap<StringAttr, rt::AttentionAttr> calls;
    for (auto body : module.getOps<func::FuncOp>())
      if (Operation *op = onlyOpOf(body))
        if (rt::AttentionAttr call = cudnn.describe(op))
          calls[body.getSymNameAttr()] = call;
    module.walk([&](rt::LaunchOp launch) {
      rt::AttentionAttr call = calls.lookup(launch.getCalleeAttr().getAttr());
      if (!call)
        return;
      launch.setLibraryAttr(call);
      if (areInputs(rt::AttentionCall(launch).masks()))
        ++numAttentions;
      else
        launch.removeLibraryAttr();
    });
  }

private:
  /// The op whose kernel a body is: of its arguments, in order. Null if it is another kind of body.
  static Operation *onlyOpOf(func::FuncOp body) {
    if (!body->hasAttr("kernel.kind") || !body.getBody().hasOneBlock())
      return nullptr;
    Operation *op = &body.getBody().front().front();
    return op->getOperands() == ValueRange(body.getArguments()) ? op : nullptr;
  }

  /// Whether the caller writes these buffers, and nobody else.
  static bool areInputs(OperandRange masks) {
    return llvm::all_of(masks, [](Value buffer) {
      while (auto view = buffer.getDefiningOp<rt::ViewOp>())
        buffer = view.getSource();
      return buffer.getDefiningOp<rt::InputOp>() != nullptr;
    });
  }
};
} // namespace
