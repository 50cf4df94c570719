//===- Document.h - the files a model comes in
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_DOCUMENT_H
#define HFC_LIB_FRONTEND_DOCUMENT_H

#include "Json.h"
#include "Model.h"

namespace hfc::frontend {

/// A config with what stands around it.
struct Document {
  Json config;
  std::optional<Json> generationConfig;
  /// What `model.json` says where the command line says nothing.
  ImportOptions defaults;
  /// What messages call the config.
  std::string name;
};

/// Reads a checkpoint folder, a `config.json` or a `model.json`; `error` says what is wrong.
FailureOr<Document> readDocument(StringRef path, std::string &error);

/// The same for text. A document's model must be inline.
FailureOr<Document> parseDocument(StringRef json, std::optional<StringRef> generationConfig, StringRef name,
                                  std::string &error);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_DOCUMENT_H
