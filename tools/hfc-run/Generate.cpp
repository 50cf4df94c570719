//===- Generate.cpp - runs a generation program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Account.h"
#include "Generator.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace hfc::run {

namespace {
using nlohmann::ordered_json;

constexpr int64_t defaultNewTokens = 64;

/// A reference of greedy decoding: prompts and what follows.
std::optional<std::vector<Tokens>> readGreedy(const Session &session) {
  if (!session.check)
    return std::nullopt;
  const io::TensorView *greedy = session.check->find("generate.greedy");
  if (!greedy)
    greedy = session.check->find("sequences");
  if (!greedy)
    throw Error("'" + session.check->path() +
                "' has neither generate.greedy nor sequences: there is nothing to compare");
  return readRows(*greedy);
}

void checkProgram(const io::ProgramInfo &info) {
  bool complete = info.generation && !info.generation->chunks.empty() && info.generation->chunks.back().tokens == 1 &&
                  !info.generation->chunks.back().first;
  for (const io::ChunkInfo &chunk : complete ? info.generation->chunks : std::vector<io::ChunkInfo>()) {
    const io::EntryInfo *entry = info.findEntry(chunk.entry);
    const io::BindingInfo *ids = entry->findInput("input_ids"), *logits = entry->findOutput("logits");
    const io::BindingInfo *next = entry->findOutput("next");
    complete &= ids && logits && next && (chunk.first || entry->findInput("past")) && entry->findInput("count") &&
                ids->wholeShape() == std::vector<int64_t>{info.batch, chunk.tokens} &&
                logits->wholeShape() == std::vector<int64_t>{info.batch, info.generation->vocabulary} &&
                next->wholeShape() == std::vector<int64_t>{info.batch} && next->dtype == HFC_INT32;
  }
  if (!complete)
    throw Error("the program's metadata does not describe generation as this hfc-run knows it; compile it again");
}

int64_t longestOf(const std::vector<Tokens> &rows) {
  size_t most = 0;
  for (const Tokens &row : rows)
    most = std::max(most, row.size());
  return int64_t(most);
}

/// How many tokens to make, of what the user, the reference and the cache say.
int64_t chooseNewTokens(const Session &session, const std::vector<Tokens> &prompts,
                        const std::optional<std::vector<Tokens>> &reference) {
  int64_t capacity = session.info.sequence, longest = longestOf(prompts), room = capacity - longest;
  if (room < 1)
    throw Error("the longest prompt has " + std::to_string(longest) + " tokens, and the program's capacity is " +
                std::to_string(capacity) + " positions; compile it with a larger --seq");
  int64_t wanted = session.options.maxNewTokens.value_or(0);
  if (wanted == 0 && reference)
    wanted = longestOf(*reference) - longest;
  if (wanted == 0)
    return std::min(room, defaultNewTokens);
  if (wanted < 0 || wanted > room)
    throw Error("a prompt of " + std::to_string(longest) + " tokens and " + std::to_string(wanted) + " new ones need " +
                std::to_string(longest + wanted) + " positions, and the program's capacity is " +
                std::to_string(capacity) + "; compile it with --seq=" + std::to_string(longest + wanted) +
                ", or give --max-new-tokens=" + std::to_string(room));
  return wanted;
}

/// How transformers returns a batch: prompts padded on the left, new tokens on the right.
std::vector<int64_t> padSequences(const std::vector<Sequence> &sequences, int64_t pad, std::vector<int64_t> &shape) {
  size_t before = 0, after = 0;
  for (const Sequence &each : sequences) {
    before = std::max(before, each.promptSize);
    after = std::max(after, each.tokens.size() - each.promptSize);
  }
  shape = {int64_t(sequences.size()), int64_t(before + after)};
  std::vector<int64_t> values(sequences.size() * (before + after), pad);
  for (size_t row = 0; row < sequences.size(); ++row)
    std::copy(sequences[row].tokens.begin(), sequences[row].tokens.end(),
              values.begin() + row * (before + after) + before - sequences[row].promptSize);
  return values;
}

/// Compares with a reference; says in `what` where the first difference is.
bool sameAsReference(const std::vector<Sequence> &sequences, const std::vector<Tokens> &reference, std::string &what) {
  if (reference.size() != sequences.size())
    throw Error("the reference holds " + std::to_string(reference.size()) + " sequences, and there are " +
                std::to_string(sequences.size()) + " prompts");
  size_t compared = 0;
  for (size_t row = 0; row < sequences.size(); ++row) {
    const Tokens &got = sequences[row].tokens, &expected = reference[row];
    auto differ = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
    if (differ.first == got.end() && differ.second == expected.end()) {
      compared += got.size();
      continue;
    }
    auto show = [](auto it, auto end) { return it == end ? std::string("nothing") : std::to_string(*it); };
    what = "prompt " + std::to_string(row) + " differs at position " + std::to_string(differ.first - got.begin()) +
           ": " + show(differ.first, got.end()) + " instead of " + show(differ.second, expected.end());
    return false;
  }
  what = "all " + std::to_string(compared) + " tokens equal";
  return true;
}

/// One generation, from prompts to what is printed.
class Generate {
public:
  explicit Generate(Session &session) : session(session) {}

  ExitCode run() {
    checkProgram(session.info);
    std::vector<Tokens> prompts = readPrompts(session);
    std::optional<std::vector<Tokens>> reference = readGreedy(session);
    Sampler sampler(session.options, *session.info.generation, /*forceGreedy=*/reference.has_value());
    if (reference && !sampler.greedy())
      throw Error("--check compares greedy decoding; leave --temperature, --top-k and --top-p away");
    int64_t newTokens = chooseNewTokens(session, prompts, reference);
    session.loadWeights();
    session.ranks.forEach([&](Rank &rank) { runOn(rank, {session, rank, sampler, newTokens}, prompts); });
    if (!session.ranks.leads())
      return done;
    bool passed = true;
    std::string comparison;
    if (reference)
      passed = sameAsReference(sequences, *reference, comparison);
    write();
    if (session.profiler)
      session.profiler->write();
    if (session.options.json)
      printJson(reference.has_value(), passed, comparison);
    else
      printText(comparison, passed);
    if (session.profiler && !session.options.json)
      session.profiler->print();
    return passed ? done : comparisonFailed;
  }

private:
  /// What each rank does. Members are rank 0's to change.
  void runOn(const Rank &rank, Generator generator, const std::vector<Tokens> &prompts) {
    for (int64_t i = 0; i < runsOn(session, rank); ++i) {
      generator.generate(prompts);
      if (!rank.leads())
        continue;
      if (!session.firstStepAt)
        session.firstStepAt = secondsSinceStart() - generator.decodeTime / 1e3;
      prefillTimes.push_back(generator.prefillTime);
      if (generator.decodeSteps)
        tokenTimes.push_back(generator.decodeTime / double(generator.decodeSteps));
    }
    if (session.profiler)
      profile(rank, generator, prompts, *session.profiler);
    if (rank.leads())
      sequences = std::move(generator.sequences);
  }

  void profile(const Rank &rank, Generator &generator, const std::vector<Tokens> &prompts, Profiler &profiler) {
    generator.profile(prompts, profiler);
    if (rank.leads()) {
      profiler.compare(Generator::prefillPart, prefillTimes);
      profiler.compare(Generator::decodePart, tokenTimes);
    }
    profiler.gather(rank);
  }

  void write() {
    if (!session.outputs)
      return;
    int64_t pad = std::max<int64_t>(session.info.generation->pad, 0);
    if (session.info.generation->pad < 0 && !session.info.generation->eos.empty())
      pad = session.info.generation->eos[0];
    std::vector<int64_t> shape, values = padSequences(sequences, pad, shape);
    orThrow(io::writeSafeTensors(*session.outputs, {{"sequences", HFC_INT64, shape, values.data()}}));
    orThrow(session.outputs->commit());
  }

  void printText(const std::string &comparison, bool passed) {
    for (const Sequence &each : sequences) {
      for (size_t i = 0; i < each.tokens.size(); ++i)
        std::printf("%s%d", i ? "," : "", each.tokens[i]);
      std::puts("");
    }
    if (!comparison.empty())
      std::fprintf(stderr, "check: %s: %s\n", comparison.c_str(), passed ? "ok" : "FAILED");
    if (session.options.time) {
      Times prefill = summarize(prefillTimes);
      std::fprintf(stderr, "prefill: median %.3f ms, min %.3f ms of %zu\n", prefill.median, prefill.least,
                   prefillTimes.size());
      if (tokenTimes.empty())
        return;
      Times token = summarize(tokenTimes);
      std::fprintf(stderr, "a token: median %.3f ms, min %.3f ms\n", token.median, token.least);
    }
  }

  void printJson(bool checked, bool passed, const std::string &comparison) {
    ordered_json document = {{"task", "generate"}, {"sequences", ordered_json::array()}};
    for (const Sequence &each : sequences) {
      document["sequences"].push_back(each.tokens);
      document["new_tokens"].push_back(Tokens(each.tokens.begin() + int64_t(each.promptSize), each.tokens.end()));
    }
    if (checked) {
      document["check"] = comparison;
      document["passed"] = passed;
    }
    Times prefill = summarize(prefillTimes);
    document["prefill_ms"] = {{"median", prefill.median}, {"min", prefill.least}, {"runs", prefillTimes.size()}};
    if (!tokenTimes.empty()) {
      Times token = summarize(tokenTimes);
      document["token_ms"] = {{"median", token.median}, {"min", token.least}};
    }
    addAccount(document, session);
    if (session.profiler)
      document["profile"] = session.profiler->summary();
    std::puts(document.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
  }

  Session &session;
  std::vector<Sequence> sequences;
  std::vector<double> prefillTimes, tokenTimes;
};
} // namespace

ExitCode runGenerate(Session &session) { return Generate(session).run(); }

} // namespace hfc::run
