//===- ProfileSummary.cpp - where the time of a profile goes
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Profiler.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <tuple>

namespace hfc::run {

namespace {
using nlohmann::ordered_json;

/// In the order in which an instant is counted where several run: what is only beside something else costs nothing.
constexpr std::array<const char *, 4> categories = {"kernels", "libraries", "copies", "collectives"};
static_assert(int(io::WorkKind::By::Kernel) == 0 && int(io::WorkKind::By::Library) == 1 &&
              int(io::WorkKind::By::Copy) == 2 && int(io::WorkKind::By::Collective) == 3);
constexpr size_t shownLines = 10;

double milliseconds(int64_t nanoseconds) { return double(nanoseconds) / 1e6; }

/// Nanoseconds of one rank in one part.
struct Shares {
  int64_t total = 0;
  /// Each instant once; what is left of the total are gaps.
  std::array<int64_t, 4> counted{};
  /// All of it, also what is beside other work.
  std::array<int64_t, 4> busy{};
  std::array<int64_t, 4> works{};

  int64_t gaps() const {
    int64_t left = total;
    for (int64_t each : counted)
      left -= each;
    return left;
  }
};

/// A run of an entry: begins and ends of its works.
class Instants {
public:
  void add(size_t category, int64_t begin, int64_t end) {
    changes.push_back({begin, category, 1});
    changes.push_back({end, category, -1});
  }

  void countTo(Shares &shares) {
    std::sort(changes.begin(), changes.end());
    std::array<int, 4> running{};
    for (size_t i = 0; i < changes.size(); ++i) {
      auto [time, category, change] = changes[i];
      running[category] += change;
      auto first = std::find_if(running.begin(), running.end(), [](int count) { return count > 0; });
      if (first != running.end() && i + 1 < changes.size())
        shares.counted[first - running.begin()] += std::get<0>(changes[i + 1]) - time;
    }
    changes.clear();
  }

private:
  std::vector<std::tuple<int64_t, size_t, int>> changes;
};

/// Works that differ only in their layer.
struct Lines {
  const io::WorkKind *kind = nullptr;
  std::string path;
  int64_t count = 0, time = 0, flops = 0, bytes = 0;
  double planned = 0;
};

/// "model.layers.*.mlp": numbers between dots, and before commas, become `*`.
std::string patternOf(const std::string &path) {
  std::string pattern, word;
  auto finish = [&] {
    bool isNumber =
        !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c); });
    pattern += isNumber ? "*" : word;
    word.clear();
  };
  for (char c : path) {
    if (c == '.' || c == ',') {
      finish();
      pattern += c;
    } else {
      word += c;
    }
  }
  finish();
  return pattern;
}

class Summary {
public:
  explicit Summary(const Profile &profile) : profile(profile) {}

  ordered_json parts() const {
    ordered_json list = ordered_json::array();
    for (const ProfilePart &part : profile.parts)
      list.push_back(describe(part));
    return list;
  }

private:
  const io::Work &workOf(const hfc_work_time &time) const { return profile.works.entries[time.entry][time.work]; }

  Shares sharesOf(const ProfilePart &part, const RankTimes &rank) const {
    Shares shares;
    Instants instants;
    for (size_t i = part.begin; i < part.end; ++i) {
      const hfc_work_time &time = rank.times[i];
      if (time.work < 0) {
        // The entry itself stands behind its works.
        instants.countTo(shares);
        shares.total += time.end - time.begin;
        continue;
      }
      size_t category = size_t(workOf(time).kind->by);
      instants.add(category, time.begin, time.end);
      shares.busy[category] += time.end - time.begin;
      ++shares.works[category];
    }
    return shares;
  }

  std::vector<Lines> linesOf(const ProfilePart &part) const {
    using Key = std::tuple<std::string, std::string, std::string, std::string>;
    std::map<Key, Lines> groups;
    for (size_t i = part.begin; i < part.end; ++i) {
      const hfc_work_time &time = profile.ranks[0].times[i];
      if (time.work < 0)
        continue;
      const io::Work &work = workOf(time);
      std::string path = patternOf(*work.path);
      Lines &lines = groups[{work.kind->kind, work.kind->name, path, work.kind->phase}];
      lines.kind = work.kind;
      lines.path = path;
      ++lines.count;
      lines.time += time.end - time.begin;
      lines.flops += work.kind->flops;
      lines.bytes += work.kind->read + work.kind->written;
      lines.planned += work.kind->planned.value_or(0);
    }
    std::vector<Lines> list;
    for (auto &[key, lines] : groups)
      list.push_back(std::move(lines));
    auto key = [](const Lines &lines) {
      return std::tie(lines.time, lines.kind->kind, lines.kind->name, lines.path, lines.kind->phase);
    };
    std::sort(list.begin(), list.end(), [&](const Lines &a, const Lines &b) { return key(a) > key(b); });
    return list;
  }

  static ordered_json describe(const Shares &shares) {
    ordered_json value;
    auto share = [&](int64_t time) { return shares.total > 0 ? double(time) / double(shares.total) : 0; };
    value["entries_ms"] = milliseconds(shares.total);
    for (size_t i = 0; i < categories.size(); ++i)
      value[categories[i]] = {{"ms", milliseconds(shares.counted[i])},
                              {"share", share(shares.counted[i])},
                              {"busy_ms", milliseconds(shares.busy[i])},
                              {"works", shares.works[i]}};
    value["gaps"] = {{"ms", milliseconds(shares.gaps())}, {"share", share(shares.gaps())}};
    return value;
  }

  ordered_json describe(const Lines &lines) const {
    ordered_json value = {{"what", lines.kind->name.empty() ? lines.kind->kind : lines.kind->name},
                          {"kind", lines.kind->kind},
                          {"path", lines.path},
                          {"phase", lines.kind->phase},
                          {"count", lines.count},
                          {"ms", milliseconds(lines.time)},
                          {"flops", lines.flops},
                          {"bytes", lines.bytes}};
    if (lines.kind->planned)
      value["planned_ms"] = lines.planned / 1e3;
    return value;
  }

  ordered_json describe(const ProfilePart &part) const {
    ordered_json value = {{"name", part.name}, {"profiled_ms", part.time}};
    if (part.unprofiled)
      value["unprofiled_ms"] = *part.unprofiled;
    for (const RankTimes &rank : profile.ranks)
      value["ranks"].push_back(describe(sharesOf(part, rank)));
    value["lines"] = ordered_json::array();
    for (const Lines &lines : linesOf(part))
      value["lines"].push_back(describe(lines));
    return value;
  }

  const Profile &profile;
};

/// printf into a string.
template <typename... Values>
std::string format(const char *pattern, Values... values) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

std::string headline(const ordered_json &part) {
  double profiled = part["profiled_ms"].get<double>();
  std::string text = format("profile of %s: %.3f ms", part["name"].get<std::string>().c_str(), profiled);
  if (!part.contains("unprofiled_ms"))
    return text + " (too few runs before it to say what recording adds)\n";
  double otherwise = part["unprofiled_ms"].get<double>();
  return text + format(", %.3f ms without recording: work launched call by call, with events, adds %.3f ms\n",
                       otherwise, std::max(profiled - otherwise, 0.0));
}

std::string shareTable(const ordered_json &part) {
  constexpr std::pair<const char *, const char *> rows[] = {{"kernels", "generated kernels"},
                                                            {"libraries", "libraries (products, attention)"},
                                                            {"collectives", "collectives, beside nothing else"},
                                                            {"copies", "copies"},
                                                            {"gaps", "gaps (all streams idle)"}};
  const ordered_json &rank = part["ranks"][0];
  std::string text;
  for (auto [key, label] : rows) {
    const ordered_json &row = rank[key];
    text += format("  %-34s %11.3f ms %6.1f %%", label, row["ms"].get<double>(), 100 * row["share"].get<double>());
    if (row.contains("works"))
      text += format("  %6lld calls", static_cast<long long>(row["works"].get<int64_t>()));
    double hidden = row.contains("busy_ms") ? row["busy_ms"].get<double>() - row["ms"].get<double>() : 0;
    if (std::string(key) == "collectives" && hidden > 0)
      text += format(", and %.3f ms beside other work", hidden);
    text += "\n";
  }
  return text + format("  %-34s %11.3f ms\n", "between entries (the host)",
                       std::max(part["profiled_ms"].get<double>() - rank["entries_ms"].get<double>(), 0.0));
}

/// How far ranks differ.
std::string rankRange(const ordered_json &part) {
  const ordered_json &ranks = part["ranks"];
  if (ranks.size() < 2)
    return "";
  auto time = [](const ordered_json &rank) { return rank["entries_ms"].get<double>(); };
  auto byTime = [&](const ordered_json &a, const ordered_json &b) { return time(a) < time(b); };
  auto [least, most] = std::minmax_element(ranks.begin(), ranks.end(), byTime);
  return format("  rank 0 of %zu; entries take %.3f ms (rank %d) to %.3f ms (rank %d)\n", ranks.size(), time(*least),
                int(least - ranks.begin()), time(*most), int(most - ranks.begin()));
}

std::string lineTable(const ordered_json &part) {
  double total = part["ranks"][0]["entries_ms"].get<double>();
  bool isPlanned = false;
  for (const ordered_json &line : part["lines"])
    isPlanned |= line.contains("planned_ms");
  std::string text = format("  %11s %6s %6s %9s %9s %s", "ms", "%", "calls", "TFLOP/s", "GB/s",
                            isPlanned ? " planned ms  what\n" : " what\n");
  for (size_t i = 0; i < std::min(shownLines, part["lines"].size()); ++i) {
    const ordered_json &line = part["lines"][i];
    double time = line["ms"].get<double>(), seconds = std::max(time / 1e3, 1e-12);
    text += format("  %11.3f %6.1f %6lld %9.2f %9.1f  ", time, total > 0 ? 100 * time / total : 0,
                   static_cast<long long>(line["count"].get<int64_t>()), line["flops"].get<double>() / seconds / 1e12,
                   line["bytes"].get<double>() / seconds / 1e9);
    if (isPlanned)
      text += format("%10.3f  ", line.value("planned_ms", 0.0));
    text += line["what"].get<std::string>() + " " + line["path"].get<std::string>() + ", " +
            line["phase"].get<std::string>() + "\n";
  }
  return text;
}
} // namespace

ordered_json summarizeProfile(const Profile &profile) {
  ordered_json summary = {{"program", profile.program}, {"task", profile.info->task}, {"target", profile.info->target}};
  if (!profile.works.machine.empty())
    summary["machine"] = profile.works.machine;
  summary["parts"] = Summary(profile).parts();
  return summary;
}

std::string profileText(const ordered_json &summary) {
  std::string text;
  for (const ordered_json &part : summary["parts"])
    text += headline(part) + shareTable(part) + rankRange(part) + lineTable(part);
  return text;
}

} // namespace hfc::run
