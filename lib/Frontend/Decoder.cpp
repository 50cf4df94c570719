//===- Decoder.cpp - the entries of a causal language model
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decoder.h"

#include "Blocks.h"
#include "DecoderBuilder.h"
#include "Training.h"

using namespace hfc;
using namespace hfc::frontend;

namespace {

/// Writes one entry of a decoder.
class DecoderEntry {
public:
  DecoderEntry(const Decoder &decoder, const Request &request, ProgramBuilder &program, StringRef name)
      : decoder(decoder), request(request), entry(program, name) {
    sequence.capacity = request.sequence;
  }

  void forward();
  void microStep();
  void chunk(int64_t tokens);

private:
  Value tokenInput();
  /// The inputs of a whole sequence, and the embeddings of its tokens.
  Value sequenceInputs(int64_t batch);

  const Decoder &decoder;
  const Request &request;
  EntryBuilder entry;
  Sequence sequence;
};

} // namespace

Value DecoderEntry::tokenInput() {
  return entry.input("input_ids", entry.integers({sequence.batch, sequence.tokens}), {"", 0, decoder.vocabulary - 1});
}

Value DecoderEntry::sequenceInputs(int64_t batch) {
  sequence.batch = batch;
  sequence.tokens = request.sequence;
  bool sequenceFirst = request.layout == BoundaryLayout::sequenceFirst;
  if (request.inputs == InputKind::inputIds) {
    Value ids = tokenInput();
    addSequenceInputs(entry, decoder, sequence);
    return DecoderBuilder(decoder, entry, sequence).embedTokens(ids);
  }
  SmallVector<int64_t> shape = {batch, sequence.tokens, decoder.hidden};
  if (sequenceFirst)
    std::swap(shape[0], shape[1]);
  InputRules rules;
  rules.differentiate = request.isTraining();
  Value embeddings = entry.input("inputs_embeds", entry.floats(shape), rules);
  addSequenceInputs(entry, decoder, sequence);
  return sequenceFirst ? swapBatchAndSequence(entry, embeddings) : embeddings;
}

void DecoderEntry::forward() { finishForward(decoder, request, entry, sequence, sequenceInputs(request.batch)); }

void DecoderEntry::microStep() {
  Value embeddings = sequenceInputs(request.microBatch());
  std::optional<DropoutBuilder> dropout;
  if (decoder.dropsOut(request))
    dropout.emplace(entry);
  finishMicroStep(decoder, entry, sequence, embeddings, dropout ? &*dropout : nullptr);
}

void DecoderEntry::chunk(int64_t tokens) {
  sequence.batch = request.batch;
  sequence.tokens = tokens;
  hf::TensorBuilder &ops = entry.ops();
  Value ids = tokenInput();
  sequence.past = entry.input("past", entry.integers({sequence.batch}), {"", 0, sequence.capacity});
  sequence.count = entry.input("count", entry.integers({sequence.batch}), {"", 0, tokens});
  if (decoder.rope && decoder.rope->kind != Rope::Switch::none)
    sequence.total = entry.input("total", entry.integers({1}), {"", 0, sequence.capacity});

  RankedTensorType perToken = entry.integers({sequence.batch, tokens});
  sequence.positions = ops.add(ops.broadcast(sequence.past, perToken.getShape(), {0}), ops.iota(perToken, 1));
  // Places of a chunk that hold no token have positions too, which must not lie outside the table.
  if (!decoder.names.positions.empty())
    sequence.positions =
        ops.min(sequence.positions, ops.size(perToken, {decoder.maxPositions, decoder.hidden}, 0, /*plus=*/-1));

  DecoderBuilder builder(decoder, entry, sequence);
  Value x = builder.layers(builder.embedTokens(ids));
  Value last = ops.max(ops.add(sequence.count, -1.0), ops.splatLike(sequence.count, 0.0));
  entry.output("logits", builder.head(ops.take(x, last)));
  builder.returnStates();
  entry.finish();
}

namespace {

class DecoderModel : public Model {
public:
  explicit DecoderModel(Decoder decoder) : decoder(std::move(decoder)) {}

  void check(const Request &request, Problems &problems) const override { checkDecoder(decoder, request, problems); }
  void buildForward(ProgramBuilder &program, const Request &request) const override {
    DecoderEntry(decoder, request, program, "forward").forward();
  }
  void buildTraining(ProgramBuilder &program, const Request &request) const override {
    buildTokenCount(program, request, decoder.vocabulary, decoder.dropsOut(request));
    DecoderEntry(decoder, request, program, "micro_step").microStep();
  }
  void buildChunk(ProgramBuilder &program, const Request &request, StringRef name, int64_t tokens) const override {
    DecoderEntry(decoder, request, program, name).chunk(tokens);
  }
  int64_t defaultSequence(int64_t usual) const override { return std::min(decoder.maxPositions, usual); }
  bool isLanguageModel() const override { return true; }
  int64_t vocabulary() const override { return decoder.vocabulary; }
  TokenDefaults tokenDefaults() const override { return decoder.tokenDefaults; }
  ArrayRef<StringRef> checkpointPrefixes() const override { return decoder.checkpointPrefixes; }

private:
  Decoder decoder;
};

} // namespace

void hfc::frontend::checkDecoder(const Decoder &decoder, const Request &request, Problems &problems) {
  if (!decoder.names.positions.empty() && request.sequence > decoder.maxPositions)
    problems.add("a sequence of " + Twine(request.sequence) + " does not fit: the model has " +
                 Twine(decoder.maxPositions) + " learned positions");
  int64_t widest = std::max({decoder.hidden, decoder.inner, decoder.vocabulary, decoder.heads * decoder.headDim});
  int64_t expertRows = decoder.experts ? decoder.experts->count * decoder.experts->inner : 0;
  int64_t rows = std::max({widest, expertRows, decoder.names.positions.empty() ? 0 : decoder.maxPositions});
  if (rows > Limits::elements / decoder.hidden)
    problems.add("a parameter of " + Twine(rows) + " times " + Twine(decoder.hidden) +
                 " is more elements than one tensor may have");
  if (request.batch * request.sequence > Limits::elements / widest)
    problems.add("batch " + Twine(request.batch) + " times sequence " + Twine(request.sequence) + " times " +
                 Twine(widest) + " is more elements than one tensor may have");
}

std::unique_ptr<Model> hfc::frontend::makeDecoderModel(Decoder decoder) {
  return std::make_unique<DecoderModel>(std::move(decoder));
}
