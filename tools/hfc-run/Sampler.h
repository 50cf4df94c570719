//===- Sampler.h - chooses the next token
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_SAMPLER_H
#define HFC_TOOLS_HFC_RUN_SAMPLER_H

#include "Options.h"

#include "hfc/Runtime/IO/Metadata.h"

#include <vector>

namespace hfc::run {

/// Draws tokens as transformers' `generate` does: temperature, then top-k, then top-p. Or does not: the likeliest ones
/// are known to the program.
class Sampler {
public:
  /// What the user asks for goes before what generation_config.json says. `forceGreedy`: unless asked otherwise.
  Sampler(const Options &options, const io::GenerationInfo &generation, bool forceGreedy);

  bool greedy() const { return !sampling; }

  /// The token after `logits`. What is drawn depends on the seed, the prompt's number and the position alone.
  int32_t draw(const void *logits, hfc_dtype dtype, int64_t vocabulary, int64_t prompt, int64_t position);

  /// There is no token after logits that hold NaN.
  [[noreturn]] static void refuse(int64_t prompt, int64_t position);

private:
  int32_t drawAt(double uniform);

  bool sampling = false;
  double temperature = 1, topP = 1;
  int64_t topK = 0;
  uint64_t key = 0;
  std::vector<float> values;
  std::vector<int32_t> order;
};

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_SAMPLER_H
