//===- Generation.h - what a generating program needs to know
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_GENERATION_H
#define HFC_LIB_FRONTEND_GENERATION_H

#include "ConfigReader.h"
#include "Document.h"
#include "Model.h"

namespace hfc::frontend {

/// The special tokens and sampling defaults of `generation_config.json`, the config, and the class, in this order.
struct Generation {
  SmallVector<int64_t> eos;
  std::optional<int64_t> bos, pad;
  bool doSample = false;
  double temperature = 1.0, topP = 1.0;
  int64_t topK = 50;
};

/// Reads both files. Settings that change what transformers generates and that hfc-run does not follow give a warning.
Generation readGeneration(const Document &document, const Model &model, Problems &problems,
                          std::vector<std::string> &warnings);

/// The token that ends a document in training data: the first of the config's `eos_token_id`.
std::optional<int64_t> readSeparator(const Document &document, const Model &model);

/// Adds the chunks that a program reads prompts in: of these sizes behind other tokens, and larger ones to begin with
/// where these pay. Sizes beyond the capacity are left out.
void decideChunks(Request &request, ArrayRef<int64_t> sizes);

/// `hf.program`'s `generation`.
DictionaryAttr generationAttribute(MLIRContext *context, const Generation &generation, const Model &model,
                                   const Request &request);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_GENERATION_H
