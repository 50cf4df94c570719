//===- InertKeys.cpp - the shared list of keys that change nothing
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every key of a config is read by its family's description, or stands here, or is an error. A key belongs here
// if it has no effect on what any program of hfc computes: it is about training's defaults, about other heads of
// the model, about how transformers runs, or about who made the file.
//
//===----------------------------------------------------------------------===//

#include "ConfigReader.h"

using namespace hfc;
using namespace hfc::frontend;

static constexpr StringLiteral inertKeys[] = {
    // Read before a family is chosen.
    "architectures", "dtype", "model_type", "torch_dtype",
    // Tokens: what generation needs of them is read where it is used.
    "begin_suppress_tokens", "bos_token_id", "decoder_start_token_id", "eos_token_id", "forced_bos_token_id",
    "forced_eos_token_id", "pad_token_id", "prefix", "sep_token_id", "suppress_tokens", "tokenizer_class",
    // Defaults of generation, which generation_config.json carries today.
    "bad_words_ids", "diversity_penalty", "do_sample", "early_stopping", "encoder_no_repeat_ngram_size",
    "exponential_decay_length_penalty", "length_penalty", "max_length", "max_new_tokens", "min_length",
    "no_repeat_ngram_size", "num_beam_groups", "num_beams", "num_return_sequences", "remove_invalid_values",
    "repetition_penalty", "temperature", "top_k", "top_p", "typical_p",
    // Heads of other classes than the one compiled.
    "classifier_dropout", "finetuning_task", "id2label", "label2id", "num_labels", "problem_type",
    "task_specific_params",
    // Initialisation and dropout that the class compiled does not have.
    "attention_dropout", "attn_pdrop", "dropout", "embd_pdrop", "hidden_dropout", "initializer_factor",
    "initializer_range", "resid_pdrop",
    // How transformers runs and returns things.
    "attn_implementation", "cache_implementation", "experts_implementation", "gradient_checkpointing", "return_dict",
    "return_dict_in_generate", "torchscript", "use_cache", "_attn_implementation", "_attn_implementation_autoset",
    "_flash_attn_2_enabled",
    // Where the file comes from.
    "auto_map", "is_llama_config", "name_or_path", "transformers.js_config", "transformers_version", "unsloth_fixed",
    "unsloth_version", "_commit_hash", "_name_or_path"};

namespace {
struct NeutralKey {
  StringLiteral key;
  /// The value, as JSON, that changes nothing; "null" where only absence, null and false do.
  const char *neutral;
  StringLiteral effect;
};
} // namespace

static constexpr NeutralKey neutralKeys[] = {
    {"add_cross_attention", "false", "hfc has no cross attention"},
    {"chunk_size_feed_forward", "0", "hfc does not cut feed-forward layers into chunks"},
    {"cross_attention_hidden_size", "null", "hfc has no cross attention"},
    {"is_decoder", "true", "hfc compiles the class as transformers builds it by itself"},
    {"is_encoder_decoder", "false", "hfc compiles encoders or decoders, not both in one"},
    {"per_layer_config", "null", "hfc gives every layer the same sizes"},
    {"pretraining_tp", "1", "it cuts products into slices that round differently; 1 is what inference uses"},
    {"pruned_heads", "{}", "hfc does not prune attention heads"},
    {"quantization_config", "null", "hfc does not read quantized checkpoints; use one in float32 or bfloat16"},
    {"rope_interleaved", "false", "this family's rotary embeddings are not interleaved"},
    {"tie_encoder_decoder", "false", "hfc compiles encoders or decoders, not both in one"},
    {"use_bfloat16", "false", "it is a TensorFlow option; choose the element type by --dtype"},
    {"use_mrope", "false", "hfc has no multimodal rotary embeddings"},
};

Inertness hfc::frontend::lookUpInertKey(StringRef key, Json &neutralValue, StringRef &effect) {
  // What a model returns beside its result does not change the result.
  if (llvm::is_contained(inertKeys, key) || key.starts_with("output_"))
    return Inertness::inert;
  const NeutralKey *found = llvm::find_if(neutralKeys, [&](const NeutralKey &entry) { return entry.key == key; });
  if (found == std::end(neutralKeys))
    return Inertness::unknown;
  neutralValue = Json::parse(found->neutral, nullptr, /*allow_exceptions=*/false);
  effect = found->effect;
  return Inertness::neutral;
}
