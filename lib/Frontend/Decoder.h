//===- Decoder.h - a causal language model, described by its features
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_DECODER_H
#define HFC_LIB_FRONTEND_DECODER_H

#include "Model.h"
#include "Rope.h"

namespace hfc::frontend {

struct Norm {
  enum Kind { rms, rmsUnitOffset, layer } kind = rms;
  double epsilon = 1e-6;
};

/// What may differ from layer to layer.
struct DecoderLayer {
  /// Keys further back than this are not seen.
  std::optional<int64_t> window;
  /// Factor on the scores.
  double scale = 1.0;
  /// The MLP is a mixture of experts.
  bool sparse = false;
};

struct Experts {
  int64_t count = 0, perToken = 0, inner = 0;
  bool normalize = false;
};

/// The probabilities with which training drops elements.
struct DropoutRates {
  /// Of the embeddings, and of what attention and MLP add to the residual stream.
  double embedding = 0, residual = 0;
  /// Of attention's probabilities.
  double attention = 0;

  bool any() const { return embedding > 0 || residual > 0 || attention > 0; }
};

/// How a checkpoint holds the projections that a program keeps apart.
enum class Packing {
  separate, ///< one tensor each
  rows,     ///< one nn.Linear for several, their rows one after the other
  conv1d,   ///< every linear a Conv1D, whose weight is [in, out]; query, key and value in one
};

/// HF's names. An empty one says that the module is not there.
struct DecoderNames {
  StringRef base = "model";
  StringRef tokens = "embed_tokens";
  StringRef positions = "";
  StringRef layers = "layers";
  StringRef finalNorm = "norm";
  StringRef head = "lm_head";
  StringRef inputNorm = "input_layernorm";
  StringRef attention = "self_attn";
  StringRef queryKeyValue = "";
  StringRef attentionOut = "o_proj";
  StringRef postAttentionNorm = "";
  StringRef mlpNorm = "post_attention_layernorm";
  StringRef mlp = "mlp";
  StringRef gateUp = "";
  StringRef up = "up_proj";
  StringRef down = "down_proj";
  StringRef postMlpNorm = "";
};

/// A decoder as the shared builder writes it. A family's description fills this in and does nothing else.
struct Decoder {
  DecoderNames names;
  Packing packing = Packing::separate;

  int64_t vocabulary = 0, hidden = 0, inner = 0;
  int64_t heads = 0, keyHeads = 0, headDim = 0;
  int64_t maxPositions = 0;
  SmallVector<DecoderLayer> layers;

  Norm norm;
  hf::Activation activation = hf::Activation::silu;
  bool queryKeyValueBias = false, attentionOutBias = false, mlpBias = false;
  /// RMS norms on each head of query and key, `q_norm` and `k_norm`.
  bool headNorms = false;
  /// `down(act(gate(x)) * up(x))`; otherwise `down(act(up(x)))`.
  bool gated = true;
  bool tiedEmbeddings = false;

  std::optional<Rope> rope;
  std::optional<double> embeddingScale, attentionSoftcap, logitSoftcap;
  std::optional<Experts> experts;

  DropoutRates dropout;
  /// How weights start: normal, with this standard deviation, and with another one for what ends in the residual
  /// stream.
  double initializerRange = 0.02;
  std::optional<double> residualInitializerRange;
  /// The row of the embedding that starts as zeros and is not trained (torch's `padding_idx`).
  std::optional<int64_t> paddingIndex;
  /// The number of the first layer among the layers of a larger model.
  int64_t firstBlock = 0;

  /// Whether a program that is asked for drops anything.
  bool dropsOut(const Request &request) const {
    return request.task == Task::train && request.dropout && dropout.any();
  }

  /// The class's special tokens where the config names none.
  TokenDefaults tokenDefaults;
  /// Prefixes to try on checkpoint names.
  SmallVector<StringRef> checkpointPrefixes = {""};
};

/// Reports what of a request a decoder cannot do, by itself or inside a larger model.
void checkDecoder(const Decoder &decoder, const Request &request, Problems &problems);

/// A model that the shared decoder builder writes.
std::unique_ptr<Model> makeDecoderModel(Decoder decoder);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_DECODER_H
