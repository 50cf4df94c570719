//===- DecoderBuilder.h - writes the layers of a causal language model
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_DECODERBUILDER_H
#define HFC_LIB_FRONTEND_DECODERBUILDER_H

#include "Decoder.h"
#include "Dropout.h"
#include "RopeTables.h"

namespace hfc::frontend {

/// The tokens that an entry works on. `past` is there in entries that read a chunk into a cache, and known to be zero
/// where that chunk is the sequence's `first`.
struct Sequence {
  int64_t batch = 0, tokens = 0, capacity = 0;
  bool first = false;
  Value positions, keyMask, segments, past, count, total;
  bool cached() const { return past != nullptr; }
};

/// Declares the inputs beside the tokens of an entry that reads whole sequences.
void addSequenceInputs(EntryBuilder &entry, const Decoder &decoder, Sequence &sequence);

/// Writes the parts of a decoder into an entry whose inputs are there.
class DecoderBuilder {
public:
  /// `dropout` is null where nothing is dropped.
  DecoderBuilder(const Decoder &decoder, EntryBuilder &entry, const Sequence &sequence,
                 DropoutBuilder *dropout = nullptr)
      : decoder(decoder), names(decoder.names), entry(entry), sequence(sequence), dropout(dropout) {}

  Value embedTokens(Value ids);
  /// All layers, from the tokens' embeddings on.
  Value layers(Value embeddings);
  /// Final norm, language model head, and what caps its logits.
  Value head(Value x);
  /// The caches after this entry.
  void returnStates();

private:
  Value embed(Value x);
  Value layer(int64_t index, Value x);
  Value attention(const std::string &path, const DecoderLayer &features, int64_t index, Value x);
  Value projection(const std::string &path, unsigned which, Value x);
  Value cacheUpdate(StringRef name, int64_t index, Value rows);
  Value mlp(const std::string &path, bool sparse, Value x);
  Value denseMlp(const std::string &path, Value x);
  Value experts(const std::string &path, Value x);
  Value expertWeights(const std::string &path, StringRef name, int64_t out, int64_t in);
  Value norm(const std::string &path, Value x);
  Value addToResidual(Value residual, Value branch);

  Initializer normal() const { return {Initializer::normal, decoder.initializerRange}; }
  Initializer intoResidual() const {
    return {Initializer::normal, decoder.residualInitializerRange.value_or(decoder.initializerRange)};
  }
  std::string layerPath(int64_t index) const { return (base() + "." + names.layers + "." + Twine(index)).str(); }
  std::string base() const { return names.base.str(); }
  std::string under(const std::string &path, StringRef name) const { return path + "." + name.str(); }

  const Decoder &decoder;
  const DecoderNames &names;
  EntryBuilder &entry;
  Sequence sequence;
  DropoutBuilder *dropout;
  RotaryTables tables;
  SmallVector<std::pair<std::string, Value>> nextStates;
};

/// The rest of an entry whose tokens have embeddings: layers, head, logits.
void finishForward(const Decoder &decoder, const Request &request, EntryBuilder &entry, const Sequence &sequence,
                   Value embeddings);
/// The same, up to the loss of the tokens. `dropout` is null where nothing is dropped.
void finishMicroStep(const Decoder &decoder, EntryBuilder &entry, const Sequence &sequence, Value embeddings,
                     DropoutBuilder *dropout);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_DECODERBUILDER_H
