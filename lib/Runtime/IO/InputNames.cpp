//===- InputNames.cpp - names that mean something to transformers' models
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/Inputs.h"

#include <algorithm>

namespace hfc::io {

namespace {
/// Tensors that `forward` of some transformers model takes and that change its answer.
constexpr std::string_view modelArguments[] = {
    "attention_mask",
    "bool_masked_pos",
    "cache_position",
    "causal_mask",
    "cross_attn_head_mask",
    "cu_seq_lens_k",
    "cu_seq_lens_q",
    "decoder_attention_mask",
    "decoder_head_mask",
    "decoder_input_ids",
    "decoder_inputs_embeds",
    "decoder_position_ids",
    "encoder_attention_mask",
    "encoder_hidden_states",
    "encoder_outputs",
    "end_positions",
    "global_attention_mask",
    "head_mask",
    "image_grid_thw",
    "image_sizes",
    "input_ids",
    "inputs_embeds",
    "logits_to_keep",
    "max_length_k",
    "max_length_q",
    "mems",
    "mm_token_type_ids",
    "next_sentence_label",
    "num_logits_to_keep",
    "past_key_values",
    "patch_attention_mask",
    "pixel_attention_mask",
    "pixel_values",
    "pixel_values_videos",
    "position_ids",
    "rope_deltas",
    "segment_ids",
    "seq_idx",
    "spatial_shapes",
    "start_positions",
    "token_type_ids",
    "video_grid_thw",
    "vision_feature_layer",
};

/// What a run gives back, and what only losses read.
constexpr std::string_view outputNames[] = {
    "attentions", "aux_loss",       "hidden_states", "image_hidden_states", "labels",    "last_hidden_state", "logits",
    "loss",       "per_token_loss", "pooler_output", "router_logits",       "sequences", "shifted_labels",
};
constexpr std::string_view outputPrefixes[] = {"grad.", "generate.", "cache.", "hidden_states."};
constexpr std::string_view lossWeight = "loss_weight";

template <size_t N>
bool contains(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}
} // namespace

bool isModelArgument(std::string_view name) { return contains(modelArguments, name); }

bool isOutputName(std::string_view name) {
  if (contains(outputNames, name))
    return true;
  for (std::string_view prefix : outputPrefixes)
    if (name.substr(0, prefix.size()) == prefix)
      return true;
  return name.size() >= lossWeight.size() && name.substr(name.size() - lossWeight.size()) == lossWeight;
}

} // namespace hfc::io
