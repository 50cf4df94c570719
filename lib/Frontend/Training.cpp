//===- Training.cpp - the loss of a training program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Training.h"

using namespace hfc;
using namespace hfc::frontend;

using Scope = EntryBuilder::Scope;

static constexpr int64_t ignoredLabel = hf::CrossEntropyOp::ignoredLabel;

static RankedTensorType scalar(EntryBuilder &entry) { return RankedTensorType::get({}, entry.builder().getF32Type()); }

static Value labelInput(EntryBuilder &entry, ArrayRef<int64_t> shape, int64_t vocabulary) {
  return entry.input("shifted_labels", entry.integers(shape), {"labels", ignoredLabel, vocabulary - 1});
}

/// Adds this micro-batch's loss to the step's, and makes it what is differentiated.
static void accumulateLoss(EntryBuilder &entry, Value contribution) {
  Value sum = entry.ops().add(entry.state("loss", scalar(entry)), contribution);
  entry.nextState("loss", sum);
  entry.setAttribute("hf.objective", entry.builder().getI64IntegerAttr(0));
}

void hfc::frontend::buildTokenCount(ProgramBuilder &program, const Request &request, int64_t vocabulary,
                                    bool countsMicroSteps) {
  EntryBuilder entry(program, "begin_step");
  Scope scope(entry, "loss");
  hf::TensorBuilder &ops = entry.ops();
  Value labels = labelInput(entry, {request.batch, request.sequence}, vocabulary);
  Value counted = ops.compare(hf::Compare::ne, labels, ops.splatLike(labels, ignoredLabel));
  Value count = ops.reduce(hf::Reduction::sum, ops.convert(counted, entry.builder().getF32Type()), {0, 1});
  entry.declareState("count", scalar(entry));
  entry.declareState("loss", scalar(entry));
  entry.nextState("count", count);
  entry.nextState("loss", ops.splat(scalar(entry), 0));
  if (countsMicroSteps)
    entry.nextState("micro", ops.splat(entry.declareState("micro", entry.integers({})), 0));
  entry.finish();
}

void hfc::frontend::buildZeroLoss(ProgramBuilder &program, bool countsMicroSteps) {
  EntryBuilder entry(program, "begin_step");
  Scope scope(entry, "loss");
  entry.nextState("loss", entry.ops().splat(entry.declareState("loss", scalar(entry)), 0));
  if (countsMicroSteps)
    entry.nextState("micro", entry.ops().splat(entry.declareState("micro", entry.integers({})), 0));
  entry.finish();
}

void hfc::frontend::emitTokenLoss(EntryBuilder &entry, int64_t vocabulary, Value logits) {
  Scope scope(entry, "loss");
  hf::TensorBuilder &ops = entry.ops();
  Value labels = labelInput(entry, hf::shapeOf(logits).drop_back(), vocabulary);
  Value loss = ops.crossEntropy(logits, labels).first;
  // No token counted gives 0 / 0, NaN as in transformers.
  Value contribution = ops.div(ops.reduce(hf::Reduction::sum, loss, {0, 1}), entry.state("count", scalar(entry)));
  accumulateLoss(entry, contribution);
  entry.output("per_token_loss", loss);
}

/// The sum of `x`, weighted by an input.
static Value weightedSum(EntryBuilder &entry, StringRef weightName, Value x) {
  hf::TensorBuilder &ops = entry.ops();
  Type element = entry.builder().getF32Type();
  Value weight = entry.input(weightName, RankedTensorType::get(hf::shapeOf(x), element));
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, hf::shapeOf(x).size()));
  return ops.reduce(hf::Reduction::sum, ops.mul(ops.convert(x, element), weight), all);
}

void hfc::frontend::emitWeightedLoss(EntryBuilder &entry, Value lastHiddenState, Value pooled) {
  Scope scope(entry, "loss");
  Value sum = weightedSum(entry, "loss_weight", lastHiddenState);
  if (pooled)
    sum = entry.ops().add(sum, weightedSum(entry, "pooler_loss_weight", pooled));
  accumulateLoss(entry, sum);
}
