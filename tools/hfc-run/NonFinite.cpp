//===- NonFinite.cpp - training ends where numbers are none any more
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NonFinite.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace hfc::run {

namespace {
/// Of a tensor's piece on one rank; sent between ranks as it lies in memory.
struct Count {
  int64_t values = 0, nans = 0, infinities = 0;
  double largest = 0;

  int64_t bad() const { return nans + infinities; }
};

/// A tensor that belongs to a parameter: itself, or its gradient.
struct Tensor {
  const io::ParameterInfo *parameter;
  const io::TensorInfo *info;
  const void *data;
};

/// As users know it; the first of several that make up the parameter.
std::string nameOf(const io::ParameterInfo &parameter) {
  const std::vector<io::Piece> &pieces = parameter.stateDict.empty() ? parameter.pieces : parameter.stateDict;
  if (pieces.empty())
    return parameter.name;
  std::string others = pieces.size() == 1 ? "" : " and " + std::to_string(pieces.size() - 1) + " that lie beside it";
  return pieces.front().tensor + others;
}

std::vector<Tensor> weightsOf(const Rank &rank, const io::ProgramInfo &program) {
  std::vector<Tensor> tensors;
  for (const io::ParameterInfo &parameter : program.parameters)
    if (io::isFloat(parameter.dtype))
      tensors.push_back({&parameter, &parameter, rank.parameter(parameter.name)});
  return tensors;
}

/// In the order in which the backward pass has made them, more or less: the last parameter's first. With ZeRO each rank
/// still has what it has added, which says more than the sum.
std::vector<Tensor> gradientsOf(const Rank &rank, const io::ProgramInfo &program) {
  std::vector<Tensor> tensors;
  for (const io::StateInfo &state : program.states) {
    if (state.of.empty() || (state.role != "gradient" && state.role != "accumulator"))
      continue;
    auto parameter = std::find_if(program.parameters.begin(), program.parameters.end(),
                                  [&](const io::ParameterInfo &each) { return each.name == state.of; });
    if (parameter != program.parameters.end())
      tensors.push_back({&*parameter, &state, rank.state(state.name)});
  }
  std::sort(tensors.begin(), tensors.end(), [](const Tensor &a, const Tensor &b) {
    return std::tie(a.parameter, a.info) > std::tie(b.parameter, b.info);
  });
  return tensors;
}

Count countIn(const Rank &rank, const Tensor &tensor) {
  Count count;
  count.values = tensor.info->elements();
  std::vector<char> buffer;
  const char *data = rank.view(tensor.data, tensor.info->bytes(), buffer);
  for (int64_t i = 0; i < count.values; ++i) {
    double value = std::fabs(io::loadElement(data, tensor.info->dtype, i));
    count.nans += std::isnan(value);
    count.infinities += std::isinf(value);
    if (std::isfinite(value))
      count.largest = std::max(count.largest, value);
  }
  return count;
}

/// Of each tensor on each rank, on rank 0.
using Counts = std::vector<std::vector<Count>>;

Counts gatherCounts(const Rank &rank, const io::ProgramInfo &program, const std::vector<Tensor> &tensors) {
  std::vector<Count> own;
  for (const Tensor &tensor : tensors)
    own.push_back(countIn(rank, tensor));
  Counts all(program.mesh.ranks());
  std::vector<void *> targets;
  for (std::vector<Count> &ofRank : all) {
    ofRank.resize(tensors.size());
    targets.push_back(ofRank.data());
  }
  rank.gather(own.data(), std::vector<int64_t>(all.size(), int64_t(own.size() * sizeof(Count))), targets);
  return all;
}

std::string ranksWhere(const Counts &counts, size_t tensor) {
  std::string ranks;
  int64_t number = 0;
  for (size_t rank = 0; rank < counts.size(); ++rank)
    if (counts[rank][tensor].bad())
      ranks += (number++ ? ", " : "") + std::to_string(rank);
  if (number == int64_t(counts.size()))
    return number == 1 ? "" : " on all ranks";
  return (number == 1 ? " on rank " : " on ranks ") + ranks;
}

/// "3 NaN and 1 infinite".
std::string badText(const Count &count) {
  std::string text = count.nans ? std::to_string(count.nans) + " NaN" : "";
  if (count.infinities)
    text += (count.nans ? " and " : "") + std::to_string(count.infinities) + " infinite";
  return text;
}

/// A line for each of the first tensors that are not finite; empty if all are.
std::string listBad(const std::vector<Tensor> &tensors, const Counts &counts) {
  constexpr int64_t most = 8;
  std::string lines;
  int64_t number = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    Count sum;
    for (const std::vector<Count> &ofRank : counts) {
      sum.nans += ofRank[i].nans;
      sum.infinities += ofRank[i].infinities;
      sum.values += ofRank[i].bad() ? ofRank[i].values : 0;
    }
    if (!sum.bad() || ++number > most)
      continue;
    lines += "\n  " + nameOf(*tensors[i].parameter) + ": of " + std::to_string(sum.values) + " values " + badText(sum) +
             ranksWhere(counts, i);
  }
  if (number > most)
    lines += "\n  and " + std::to_string(number - most) + " more";
  return lines;
}

/// The gradient with the largest value, where all are finite but the sum of their squares is not.
std::string describeLargest(const std::vector<Tensor> &tensors, const Counts &counts) {
  double largest = -1;
  std::string text;
  for (size_t rank = 0; rank < counts.size(); ++rank)
    for (size_t i = 0; i < tensors.size(); ++i)
      if (counts[rank][i].largest > largest) {
        largest = counts[rank][i].largest;
        char number[32];
        std::snprintf(number, sizeof number, "%.3g", largest);
        text = std::string("\n  the largest value, ") + number + ", is in " + nameOf(*tensors[i].parameter) +
               (counts.size() > 1 ? " on rank " + std::to_string(rank) : "");
      }
  return text;
}

/// Throws rank 0's message on every rank, so that it is the one that the user sees.
[[noreturn]] void fail(const Rank &rank, std::string message) {
  int64_t size = int64_t(message.size());
  rank.broadcast(&size, sizeof size);
  message.resize(size);
  rank.broadcast(message.data(), size);
  throw Error(message);
}

std::string textOf(double value) { return std::isnan(value) ? "NaN" : value < 0 ? "-infinity" : "infinite"; }
} // namespace

std::string FiniteGuard::advice() const {
  std::string text = "\nNothing of this step is saved. ";
  if (checkpoint)
    text += "The checkpoint of step " + std::to_string(checkpoint->second) + " in '" + checkpoint->first +
            "' is whole: go on from it (--resume=" + checkpoint->first + ") with ";
  else
    text += "There is no checkpoint yet: begin again with ";
  return text + "a smaller --lr, a --warmup, or gradients clipped to a norm (--clip=1)" +
         (options.clip ? ", smaller than now" : "") + "; if that does not help, look at the data of this step";
}

void FiniteGuard::checkLoss(const Rank &rank, int64_t step, std::optional<double> loss) const {
  if (!loss || std::isfinite(*loss))
    return;
  std::vector<Tensor> weights = weightsOf(rank, program), gradients = gradientsOf(rank, program);
  Counts ofWeights = gatherCounts(rank, program, weights), ofGradients = gatherCounts(rank, program, gradients);
  std::string message;
  if (rank.leads()) {
    message = "step " + std::to_string(step) + ": the loss is " + textOf(*loss);
    std::string bad = listBad(weights, ofWeights), badGradients = listBad(gradients, ofGradients);
    message += bad.empty() ? "; the weights are finite, so it has become so in the forward pass"
                           : "; these weights are not finite:" + bad;
    if (!badGradients.empty())
      message += "\nand these gradients, the last of the model first:" + badGradients;
    bool isLoaded = !bad.empty() && (checkpoint ? checkpoint->second + 1 == step : step == 1);
    message +=
        isLoaded ? "\nNothing of this step is saved. The weights were so when they were loaded: take others" : advice();
  }
  fail(rank, message);
}

void FiniteGuard::checkNorm(const Rank &rank, int64_t step, std::optional<double> norm) const {
  if (!norm || std::isfinite(*norm))
    return;
  std::vector<Tensor> gradients = gradientsOf(rank, program);
  Counts counts = gatherCounts(rank, program, gradients);
  std::string message;
  if (rank.leads()) {
    std::string bad = listBad(gradients, counts);
    message =
        "step " + std::to_string(step) + ": the norm of the gradients is " + textOf(*norm) +
        (bad.empty() ? ", though each of them is finite: they are too large for it" + describeLargest(gradients, counts)
                     : "; these are not finite, the last of the model first:" + bad) +
        advice();
  }
  fail(rank, message);
}

} // namespace hfc::run
