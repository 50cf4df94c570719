//===- Profiler.cpp - records what ranks do, and when
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Profiler.h"

#include "Session.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace hfc::run {

namespace {
/// Differs between hosts, and between starts of one.
uint64_t hostNumber() {
  std::string text;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), text);
  return std::hash<std::string>()(text);
}
} // namespace

Profiler::Profiler(const Options &options, const io::ProgramInfo &info, Ranks &ranks)
    : firstRank(ranks.first().number), recordings(ranks.local().size()) {
  profile.program = options.program;
  profile.info = &info;
  profile.works = orThrow(io::parseWorkTable(ranks.metadata(), info));
  if (ranks.leads())
    file = orThrow(io::OutputFile::create(options.profile));
}

void Profiler::record(const Rank &rank, const std::string &part, const std::function<void()> &body) {
  std::vector<ProfilePart> &parts = recordings[rank.number - firstRank].parts;
  int64_t count = 0;
  hfc_program_work_times(rank.get(), &count);
  if (parts.empty() || parts.back().name != part)
    parts.push_back({part, size_t(count), size_t(count), 0, std::nullopt});
  checkStatus(hfc_program_profile(rank.get(), /*on=*/1));
  parts.back().time += timed(body);
  checkStatus(hfc_program_profile(rank.get(), /*on=*/0));
  hfc_program_work_times(rank.get(), &count);
  parts.back().end = size_t(count);
}

void Profiler::compare(const std::string &part, std::vector<double> times) {
  if (times.size() < 2)
    return;
  times.erase(times.begin(), times.begin() + int64_t(times.size() - times.size() / 2));
  for (ProfilePart &each : recordings.front().parts)
    if (each.name == part)
      each.unprofiled = summarize(times).median;
}

void Profiler::gather(const Rank &rank) {
  size_t ranks = size_t(profile.info->mesh.ranks());
  int64_t count = 0;
  const hfc_work_time *times = hfc_program_work_times(rank.get(), &count);
  std::vector<RankTimes> all(rank.leads() ? ranks : 0);
  std::vector<void *> hosts(ranks), lists(ranks);
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].times.resize(count);
    hosts[i] = &all[i].host;
    lists[i] = all[i].times.data();
  }
  // Ranks run the same entries, and so do the same works.
  uint64_t host = hostNumber();
  rank.gather(&host, std::vector<int64_t>(ranks, sizeof host), hosts);
  rank.gather(times, std::vector<int64_t>(ranks, count * int64_t(sizeof *times)), lists);
  if (!rank.leads())
    return;
  profile.ranks = std::move(all);
  profile.parts = recordings.front().parts;
}

void Profiler::write() {
  std::string text = traceEvents(profile, summary());
  orThrow(file->write(text.data(), int64_t(text.size())));
  orThrow(file->commit());
}

nlohmann::ordered_json Profiler::summary() const { return summarizeProfile(profile); }

void Profiler::print() const { std::fputs(profileText(summary()).c_str(), stdout); }

} // namespace hfc::run
