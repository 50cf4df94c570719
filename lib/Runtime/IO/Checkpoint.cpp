//===- Checkpoint.cpp - finds a program's parameters in a checkpoint
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Checkpoint.h"

#include <algorithm>

namespace hfc::io {

bool isContiguous(const PieceSource &source) {
  int64_t expected = 1;
  for (size_t i = source.shape.size(); i-- > 0;) {
    if (source.shape[i] != 1 && source.strides[i] != expected)
      return false;
    expected *= source.shape[i];
  }
  return true;
}

namespace {
/// A few hundred names help nobody.
constexpr size_t maxListed = 40;

bool endsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Buffers that older transformers saved and that hold nothing learned.
bool isInertBuffer(const TensorView &tensor) {
  for (std::string_view end : {"rotary_emb.inv_freq", "rotary_emb.original_inv_freq", "position_ids",
                               "rotary_emb.cos_cached", "rotary_emb.sin_cached", ".masked_bias"})
    if (endsWith(tensor.name, end))
      return true;
  // Causal masks of GPT-2 and GPT-NeoX, [1, 1, n, n].
  bool isMask = endsWith(tensor.name, "attn.bias") || endsWith(tensor.name, "attention.bias");
  return isMask && tensor.shape.size() == 4 && tensor.shape[0] == 1 && tensor.shape[1] == 1;
}

bool isOutputEmbedding(std::string_view name) {
  return endsWith(name, "lm_head.weight") || endsWith(name, "embed_out.weight") || endsWith(name, "decoder.weight");
}

/// The table of a model that reads input_ids; programs that take inputs_embeds have no use for it.
bool isInputEmbedding(std::string_view name) {
  return endsWith(name, "embed_tokens.weight") || endsWith(name, "wte.weight") || endsWith(name, "embed_in.weight") ||
         endsWith(name, "word_embeddings.weight");
}

bool takesEmbeddings(const ProgramInfo &program) {
  return std::any_of(program.entries.begin(), program.entries.end(),
                     [](const EntryInfo &entry) { return entry.findInput("inputs_embeds"); });
}

bool sameBytes(const TensorView &a, const TensorView &b) {
  constexpr int64_t step = 4 << 20;
  for (int64_t at = 0; at < a.bytes; at += step) {
    int64_t count = std::min(step, a.bytes - at);
    bool same = std::memcmp(a.data + at, b.data + at, count) == 0;
    a.file->drop(a.data + at, count);
    b.file->drop(b.data + at, count);
    if (!same)
      return false;
  }
  return true;
}

bool isPermutation(std::vector<int64_t> permutation, size_t rank) {
  std::sort(permutation.begin(), permutation.end());
  for (size_t i = 0; i < permutation.size(); ++i)
    if (permutation[i] != int64_t(i))
      return false;
  return permutation.size() == rank;
}

/// Takes a slice and permutes its dimensions; false if the tensor is too small or has another rank.
bool slice(const Piece &piece, PieceSource &source) {
  std::vector<int64_t> full = source.tensor->shape;
  size_t rank = full.size();
  std::vector<int64_t> offsets = piece.offsets.empty() ? std::vector<int64_t>(rank, 0) : piece.offsets;
  std::vector<int64_t> sizes = piece.sizes.empty() ? full : piece.sizes;
  if (offsets.size() != rank || sizes.size() != rank)
    return false;
  std::vector<int64_t> strides(rank);
  int64_t stride = 1;
  source.offset = 0;
  for (size_t i = rank; i-- > 0;) {
    if (offsets[i] < 0 || sizes[i] < 0 || offsets[i] > full[i] || sizes[i] > full[i] - offsets[i])
      return false;
    strides[i] = stride;
    source.offset += offsets[i] * stride;
    stride *= full[i];
  }
  source.shape = sizes;
  source.strides = strides;
  if (!piece.permutation.empty()) {
    if (!isPermutation(piece.permutation, rank))
      return false;
    for (size_t i = 0; i < rank; ++i) {
      source.shape[i] = sizes[piece.permutation[i]];
      source.strides[i] = strides[piece.permutation[i]];
    }
  }
  source.elements = elementCount(source.shape).value_or(0);
  source.contiguous = isContiguous(source);
  return true;
}

std::string describeSlice(const Piece &piece) {
  if (piece.sizes.empty())
    return "";
  return " (of which it reads " + shapeToString(piece.sizes) + " from " + shapeToString(piece.offsets) + ")";
}

void append(std::string &message, const char *title, const std::vector<std::string> &lines) {
  if (lines.empty())
    return;
  message += std::string("\n  ") + title + " (" + std::to_string(lines.size()) + "):";
  for (size_t i = 0; i < std::min(lines.size(), maxListed); ++i)
    message += "\n    " + lines[i];
  if (lines.size() > maxListed)
    message += "\n    … and " + std::to_string(lines.size() - maxListed) + " more";
}
} // namespace

/// `name` with a prefix in front; where the prefix is "-…", with that beginning taken away; where it is "OLD>NEW", with
/// another beginning.
static std::string withPrefix(const std::string &prefix, const std::string &name) {
  if (size_t arrow = prefix.find('>'); arrow != std::string::npos)
    return name.compare(0, arrow, prefix, 0, arrow) == 0 ? prefix.substr(arrow + 1) + name.substr(arrow) : name;
  if (prefix.rfind('-', 0) != 0)
    return prefix + name;
  return name.rfind(prefix.substr(1), 0) == 0 ? name.substr(prefix.size() - 1) : name;
}

const TensorView *Checkpoint::findTensor(const std::string &name) {
  for (const std::string &prefix : program.checkpointPrefixes)
    if (const TensorView *tensor = tensors.find(withPrefix(prefix, name))) {
      prefixesThatFit.insert(prefix);
      return tensor;
    }
  missing.insert(program.checkpointPrefixes[0] + name);
  return nullptr;
}

bool Checkpoint::resolvePiece(const ParameterInfo &parameter, const Piece &piece, PieceSource &source) {
  source.tensor = findTensor(piece.tensor);
  if (!source.tensor)
    return false;
  used.insert(source.tensor);
  const TensorView &tensor = *source.tensor;
  bool readable = tensor.dtype == HFC_FLOAT32 || tensor.dtype == HFC_BFLOAT16 || tensor.dtype == HFC_FLOAT16;
  if (!readable) {
    problems.push_back(tensor.name + ": is " + tensor.dtypeName + "; hfc reads F32, BF16 and F16");
    return false;
  }
  if (!slice(piece, source)) {
    problems.push_back(tensor.name + ": is " + shapeToString(tensor.shape) + describeSlice(piece) +
                       ", which does not fit " + parameter.name + " " + shapeToString(parameter.shape));
    return false;
  }
  return true;
}

void Checkpoint::checkShape(const ParameterInfo &parameter, const std::vector<PieceSource> &pieces) {
  // Pieces of a lower rank get leading ones; then they are concatenated along dimension 0.
  const std::vector<int64_t> &shape = parameter.shape;
  int64_t rows = 0;
  for (const PieceSource &piece : pieces) {
    std::vector<int64_t> full = piece.shape;
    if (full.size() < shape.size())
      full.insert(full.begin(), shape.size() - full.size(), 1);
    bool fits = full.size() == shape.size() &&
                std::equal(full.begin() + !full.empty(), full.end(), shape.begin() + !shape.empty());
    if (!fits) {
      problems.push_back(piece.tensor->name + ": is " + shapeToString(piece.tensor->shape) + ", but the program's " +
                         parameter.name + " is " + shapeToString(shape));
      return;
    }
    rows += full.empty() ? 1 : full[0];
  }
  if (rows != (shape.empty() ? 1 : shape[0]))
    problems.push_back(pieces[0].tensor->name + ": is " + shapeToString(pieces[0].tensor->shape) +
                       (pieces.size() > 1 ? " (and " + std::to_string(pieces.size() - 1) + " more)" : "") +
                       ", but the program's " + parameter.name + " is " + shapeToString(shape));
}

std::vector<PieceSource> Checkpoint::resolve(const ParameterInfo &parameter) {
  std::vector<PieceSource> pieces;
  for (const Piece &piece : parameter.pieces) {
    PieceSource source;
    if (resolvePiece(parameter, piece, source))
      pieces.push_back(std::move(source));
  }
  if (pieces.size() == parameter.pieces.size() && !pieces.empty())
    checkShape(parameter, pieces);
  else if (parameter.pieces.empty())
    problems.push_back(parameter.name + ": the program does not say where it stands in a checkpoint");
  return pieces;
}

bool Checkpoint::isKnownUnused(const std::string &name) const {
  return std::any_of(program.checkpointUnused.begin(), program.checkpointUnused.end(),
                     [&](const std::string &beginning) { return name.rfind(beginning, 0) == 0; });
}

bool Checkpoint::isTiedCopy(const TensorView &tensor) const {
  if (!isOutputEmbedding(tensor.name))
    return false;
  for (const TensorView *other : used)
    if (other->shape == tensor.shape && other->dtypeName == tensor.dtypeName && sameBytes(tensor, *other))
      return true;
  return false;
}

void Checkpoint::findUnused() {
  bool noIds = takesEmbeddings(program);
  for (const auto &[name, tensor] : tensors.tensors()) {
    if (used.count(&tensor) || isInertBuffer(tensor) || (noIds && isInputEmbedding(name)))
      continue;
    // A program may be one part of a larger model: what stands outside its prefix is not its business.
    bool inside = std::any_of(prefixesThatFit.begin(), prefixesThatFit.end(),
                              [&, &name = name](const std::string &prefix) { return name.rfind(prefix, 0) == 0; });
    if (!inside || isKnownUnused(name) || isTiedCopy(tensor))
      continue;
    std::string line = name + " " + tensor.dtypeName + shapeToString(tensor.shape);
    if (isOutputEmbedding(name))
      line += ": differs from the embedding, but the config ties the two (tie_word_embeddings)";
    unused.insert(line);
  }
}

Status Checkpoint::status() const {
  if (missing.empty() && unused.empty() && problems.empty())
    return {};
  std::string message = "the weights of '" + tensors.path() + "' do not fit the program (" + program.architecture + ")";
  append(message, "missing", {missing.begin(), missing.end()});
  append(message, "of another shape or type", problems);
  append(message, "not used by the program", {unused.begin(), unused.end()});
  return Failure{message};
}

} // namespace hfc::io
