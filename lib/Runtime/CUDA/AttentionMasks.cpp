//===- AttentionMasks.cpp - whether attention's masks hide something
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionMasks.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace hfc::cuda {

void AttentionMasks::Mask::learn(const int32_t *values) {
  isKnown = true;
  isFull = std::find(values, values + rows * columns, 0) == values + rows * columns;
  rowValues.clear();
  for (int64_t row = 0; row < rows; ++row) {
    const int32_t *first = values + row * columns, *end = first + columns;
    if (std::adjacent_find(first, end, std::not_equal_to<>()) != end)
      return rowValues.clear();
    rowValues.push_back(*first);
  }
}

void AttentionMasks::written(const void *address, const void *values, int64_t bytes) {
  const char *begin = static_cast<const char *>(address), *end = begin + bytes;
  for (Mask &mask : masks) {
    const char *maskEnd = mask.address + mask.bytes();
    if (end <= mask.address || begin >= maskEnd)
      continue;
    mask.isKnown = false;
    if (begin > mask.address || end < maskEnd)
      continue;
    // Nothing says how the host's memory is aligned.
    std::vector<int32_t> copy(size_t(mask.rows * mask.columns));
    std::memcpy(copy.data(), static_cast<const char *>(values) + (mask.address - begin), size_t(mask.bytes()));
    mask.learn(copy.data());
  }
}

size_t AttentionMasks::maskAt(const void *address, int64_t rows, int64_t columns) {
  auto found = std::find_if(masks.begin(), masks.end(), [&](const Mask &mask) {
    return mask.address == address && mask.rows == rows && mask.columns == columns;
  });
  size_t place = size_t(found - masks.begin());
  if (found == masks.end()) {
    masks.emplace_back();
    masks.back().address = static_cast<const char *>(address);
    masks.back().rows = rows;
    masks.back().columns = columns;
  }
  return place;
}

size_t AttentionMasks::numberOf(const Question &question) {
  auto found = std::find_if(questions.begin(), questions.end(), [&](const Question &known) {
    return known.keyMask == question.keyMask && known.querySegments == question.querySegments &&
           known.keySegments == question.keySegments;
  });
  size_t number = size_t(found - questions.begin());
  if (found == questions.end())
    questions.push_back(question);
  return number;
}

io::Result<bool> AttentionMasks::answer(const Question &question, const Reader &reader) {
  for (size_t mask : {question.keyMask, question.querySegments, question.keySegments})
    if (mask != none && !masks[mask].isKnown) {
      Mask &unknown = masks[mask];
      std::vector<int32_t> values(size_t(unknown.rows * unknown.columns));
      if (io::Status status = reader(values.data(), unknown.address, unknown.bytes()); !status)
        return io::Failure{status.error()};
      unknown.learn(values.data());
    }
  if (question.keyMask != none && !masks[question.keyMask].isFull)
    return true;
  if (question.querySegments == none)
    return false;
  const std::vector<int32_t> &queries = masks[question.querySegments].rowValues;
  return queries.empty() || queries != masks[question.keySegments].rowValues;
}

io::Result<bool> AttentionMasks::hide(const hfc_attention &attention, void *const *args, const Reader &reader) {
  if (countMasks(attention) == 0)
    return false;
  void *const *next = args + firstMask(attention);
  Question question;
  if (attention.key_mask)
    question.keyMask = maskAt(*next++, attention.batch, attention.keys);
  if (attention.segments) {
    question.querySegments = maskAt(*next++, attention.batch, attention.queries);
    question.keySegments = maskAt(*next++, attention.batch, attention.keys);
  }
  io::Result<bool> hidden = answer(question, reader);
  if (!hidden)
    return hidden;
  std::pair<size_t, bool> told(numberOf(question), *hidden);
  if (std::find(recent.begin(), recent.end(), told) == recent.end())
    recent.push_back(told);
  return hidden;
}

AttentionMasks::Answers AttentionMasks::takeAnswers() { return std::exchange(recent, {}); }

io::Result<bool> AttentionMasks::agree(const Answers &answers, const Reader &reader) {
  for (auto [question, told] : answers) {
    io::Result<bool> now = answer(questions[question], reader);
    if (!now || *now != told)
      return now ? io::Result<bool>(false) : now;
  }
  return true;
}

} // namespace hfc::cuda
