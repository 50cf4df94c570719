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
  void chunk(const Chunk &chunk);

private:
  Value tokenInput();
  /// The inputs of a whole sequence, and the embeddings of its tokens.
  Value sequenceInputs(int64_t batch);
  /// The positions of a chunk's tokens.
  Value chunkPositions(const Chunk &chunk);

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

Value DecoderEntry::chunkPositions(const Chunk &chunk) {
  hf::TensorBuilder &ops = entry.ops();
  RankedTensorType perToken = entry.integers({sequence.batch, chunk.tokens});
  Value positions = ops.iota(perToken, 1);
  if (!chunk.first)
    positions = ops.add(ops.broadcast(sequence.past, perToken.getShape(), {0}), positions);
  // Places of a chunk that hold no token have positions too, which must not lie outside the table.
  if (!decoder.names.positions.empty())
    positions = ops.min(positions, ops.size(perToken, {decoder.maxPositions, decoder.hidden}, 0, /*plus=*/-1));
  return positions;
}

void DecoderEntry::chunk(const Chunk &chunk) {
  sequence.batch = request.batch;
  sequence.tokens = chunk.tokens;
  sequence.first = chunk.first;
  hf::TensorBuilder &ops = entry.ops();
  Value ids = tokenInput();
  RankedTensorType perSequence = entry.integers({sequence.batch});
  sequence.past =
      chunk.first ? ops.splat(perSequence, 0) : entry.input("past", perSequence, {"", 0, sequence.capacity});
  sequence.count = entry.input("count", perSequence, {"", 0, chunk.tokens});
  if (decoder.rope && decoder.rope->kind != Rope::Switch::none)
    sequence.total = entry.input("total", entry.integers({1}), {"", 0, sequence.capacity});

  sequence.positions = chunkPositions(chunk);

  DecoderBuilder builder(decoder, entry, sequence);
  Value x = builder.layers(builder.embedTokens(ids));
  Value last = ops.max(ops.add(sequence.count, -1.0), ops.splatLike(sequence.count, 0.0));
  Value logits = builder.head(ops.take(x, last));
  entry.output("logits", logits);
  entry.output("next", entry.ops().argmax(logits));
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
  void buildChunk(ProgramBuilder &program, const Request &request, const Chunk &chunk) const override {
    DecoderEntry(decoder, request, program, chunk.entry()).chunk(chunk);
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
