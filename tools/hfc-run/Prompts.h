//===- Prompts.h - what generation starts from
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_PROMPTS_H
#define HFC_TOOLS_HFC_RUN_PROMPTS_H

#include "Session.h"

#include <vector>

namespace hfc::run {

using Tokens = std::vector<int32_t>;

/// The prompts of --prompt-ids, or of the files of --inputs or --check: generate.prompt, or else input_ids without
/// what attention_mask hides. All tokens are in the vocabulary, and there are at most as many prompts as the
/// program's batch.
std::vector<Tokens> readPrompts(const Session &session);

/// Rows of a tensor of token ids.
std::vector<Tokens> readRows(const io::TensorView &tensor);

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_PROMPTS_H
