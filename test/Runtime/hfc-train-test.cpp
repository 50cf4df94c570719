//===- hfc-train-test.cpp - data, schedules and checkpoints of training runs
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: hfc-train-test FOLDER    an empty folder for what it writes
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include "hfc/Runtime/Train/Batches.h"
#include "hfc/Runtime/Train/LearningRate.h"
#include "hfc/Runtime/Train/SavedRun.h"
#include "hfc/Runtime/Train/Shuffle.h"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace hfc;

namespace {
void testShuffle() {
  for (uint64_t count : {1, 2, 3, 4, 5, 16, 17, 1000, 4097}) {
    std::vector<int> hits(count), moved(1);
    train::Shuffle shuffle(7, 1, count), same(7, 1, count), otherEpoch(7, 2, count), otherSeed(8, 1, count);
    uint64_t epochs = 0, seeds = 0;
    for (uint64_t i = 0; i < count; ++i) {
      expect(shuffle[i] < count, "a shuffled index lies inside");
      ++hits[shuffle[i]];
      expect(shuffle[i] == same[i], "the same seed and epoch give the same order");
      epochs += shuffle[i] != otherEpoch[i];
      seeds += shuffle[i] != otherSeed[i];
    }
    for (int each : hits)
      expect(each == 1, "every index comes once, of " + std::to_string(count));
    if (count >= 1000)
      expect(epochs > count * 9 / 10 && seeds > count * 9 / 10, "epochs and seeds differ");
  }
}

std::string writeTokens(const std::string &folder, const std::vector<int32_t> &tokens) {
  std::string path = folder + "/tokens.bin";
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char *>(tokens.data()), 4 * tokens.size());
  return path;
}

train::Batches open(const std::string &path, const train::BatchOptions &options) {
  return std::move(*train::Batches::create(*train::TokenFile::open(path), options));
}

void testPacking(const std::string &folder) {
  // Documents 5 6 0 | 7 8 9 0 | 1, in windows of 4.
  std::string path = writeTokens(folder, {5, 6, 0, 7, 8, 9, 0, 1, 2});
  train::BatchOptions options;
  options.batch = 2;
  options.sequence = 4;
  options.vocabulary = 10;
  options.separator = 0;
  train::Batches batches = open(path, options);
  expect(batches.windows() == 2, "two windows of four");
  io::Result<train::Batch> batch = batches.read(0);
  expect(bool(batch), "the batch is read");
  int64_t first = batch->inputIds[0] == 5 ? 0 : 4, second = 4 - first;
  auto at = [&](const std::vector<int32_t> &values, int64_t begin) {
    return std::vector<int32_t>(values.begin() + begin, values.begin() + begin + 4);
  };
  using Row = std::vector<int32_t>;
  expect(at(batch->inputIds, first) == Row{5, 6, 0, 7} && at(batch->inputIds, second) == Row{8, 9, 0, 1}, "tokens");
  expect(at(batch->positionIds, first) == Row{0, 1, 2, 0} && at(batch->positionIds, second) == Row{0, 1, 2, 0},
         "positions begin again after a separator");
  expect(at(batch->shiftedLabels, first) == Row{6, 0, -100, 8} &&
             at(batch->shiftedLabels, second) == Row{9, 0, -100, 2},
         "no document's first token is predicted");
  expect(batch->counted == 6, "labels that count");

  options.separator = std::nullopt;
  batch = open(path, options).read(0);
  expect(batch->counted == 8 && batch->positionIds[3] == 3, "without a separator all is one document");
  options.vocabulary = 9;
  batch = open(path, options).read(0);
  expect(!batch && batch.error().find("token 5 is 9") != std::string::npos,
         "a token outside the vocabulary is refused");
  options.sequence = 9;
  expect(!train::Batches::create(*train::TokenFile::open(path), options), "a file of less than a sequence is refused");
}

/// What is read does not depend on where reading begins.
void testEpochs(const std::string &folder) {
  std::vector<int32_t> tokens(101);
  for (size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = int32_t(i);
  train::BatchOptions options;
  options.batch = 1;
  options.sequence = 10;
  options.vocabulary = 101;
  options.seed = 3;
  std::string path = writeTokens(folder, tokens);
  train::Batches single = open(path, options);
  options.batch = 7;
  train::Batches wide = open(path, options);
  std::vector<int> hits(10);
  for (int64_t step = 0; step < 10; ++step) {
    io::Result<train::Batch> batch = wide.read(7 * step);
    for (int64_t row = 0; row < 7; ++row) {
      io::Result<train::Batch> alone = single.read(7 * step + row);
      expect(alone->inputIds[0] == batch->inputIds[10 * row], "a batch is its sequences");
      ++hits[alone->inputIds[0] / 10];
    }
  }
  for (int each : hits)
    expect(each == 7, "seven epochs visit every sequence seven times");
}

void testLearningRate() {
  auto near = [](double a, double b) { return std::fabs(a - b) < 1e-12; };
  train::LearningRate rate{1.0, train::Decay::linear, 2, 6};
  expect(near(rate.at(1), 0.5) && near(rate.at(2), 1.0) && near(rate.at(3), 1.0), "warm-up, and the peak");
  expect(near(rate.at(4), 0.75) && near(rate.at(6), 0.25) && near(rate.at(9), 0), "linear decay");
  rate.decay = train::Decay::cosine;
  expect(near(rate.at(3), 1.0) && near(rate.at(5), 0.5), "cosine decay");
  rate.decay = train::Decay::constant;
  rate.warmup = 0;
  expect(near(rate.at(1), 1.0) && near(rate.at(100), 1.0), "constant");
  expect(train::parseDecay("cosine") == train::Decay::cosine && !train::parseDecay("step"), "names");
}

void testSavedRun(const std::string &folder) {
  std::string path = folder + "/run";
  std::vector<float> weights = {1, 2, 3, 4}, moments = {5, 6, 7, 8};
  auto begin = [&](int64_t step) {
    return train::RunWriter::create(path, {step, 10 * step, 99}, {{"w", HFC_FLOAT32, {2, 2}, nullptr}},
                                    {{"moment1.w", HFC_FLOAT32, {4}, nullptr}});
  };
  auto save = [&](int64_t step) {
    io::Result<train::RunWriter> writer = begin(step);
    return writer && writer->addParameter(weights.data()) && writer->addOptimizer(moments.data()) && writer->commit();
  };
  expect(bool(save(1)), "saved");
  weights[3] = 40;
  expect(bool(save(2)), "saved again");
  expect(!std::filesystem::exists(path + "/model-1.safetensors"), "the checkpoint before is removed");
  io::Result<train::SavedRun> run = train::openRun(path);
  expect(run && run->progress.step == 2 && run->progress.position == 20 && run->progress.seed == 99, "where it stands");
  const io::TensorView *moment = run->optimizer.find("moment1.w");
  expect(moment && reinterpret_cast<const float *>(moment->data)[2] == 7, "the optimizer's states");
  io::Result<io::SafeTensors> model = io::SafeTensors::open(path);
  expect(model && reinterpret_cast<const float *>(model->find("w")->data)[3] == 40, "the folder is a checkpoint");
  io::Result<train::RunWriter> half = begin(3);
  expect(half && half->addOptimizer(moments.data()) && !half->commit(), "a checkpoint that lacks tensors is none");
  expect(!half->addOptimizer(moments.data()), "nor is one with too many");
  run = train::openRun(path);
  expect(run && run->progress.step == 2, "the one before it stays");

  // A run that was killed while it wrote leaves files that nothing names.
  std::ofstream(path + "/model-3.safetensors") << "half";
  expect(bool(train::openRun(path)), "what is half written does not matter");
  expect(bool(save(4)) && !std::filesystem::exists(path + "/model-3.safetensors"), "and goes away");
  std::ofstream(path + "/model.safetensors.index.json") << "{\"weight_map\": {}}";
  expect(!train::openRun(path), "an index of no run is refused");
  std::ofstream(path + "/model.safetensors") << "";
  expect(!save(5), "a folder whose model.safetensors hides the checkpoint is refused");
}
} // namespace

int main(int, char **argv) {
  std::string folder = argv[1];
  testShuffle();
  testPacking(folder);
  testEpochs(folder);
  testLearningRate();
  testSavedRun(folder);
  std::printf("%s\n", failures ? "training runs are wrong" : "data, schedules and checkpoints are right");
  return failures != 0;
}
