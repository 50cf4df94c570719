//===- ProfileTrace.cpp - a profile as trace events
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The JSON that Perfetto and chrome://tracing read: a process for each rank; in it a track of entries, one for each
// stream, and where the program knows a machine one beside it with the planned times.
//
//===----------------------------------------------------------------------===//

#include "Profiler.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace hfc::run {

namespace {
using nlohmann::ordered_json;

/// Tracks: entries, then streams, then what was planned of them.
constexpr int entryTrack = 0, streamTrack = 1, planTrack = 1000;

const char *categoryOf(io::WorkKind::By by) {
  switch (by) {
  case io::WorkKind::By::Kernel:
    return "kernel";
  case io::WorkKind::By::Library:
    return "library";
  case io::WorkKind::By::Copy:
    return "copy";
  case io::WorkKind::By::Collective:
    return "collective";
  }
  return "";
}

class TraceWriter {
public:
  TraceWriter(const Profile &profile, std::string &text) : profile(profile), text(text) {}

  void write(const ordered_json &summary) {
    text += "{\"displayTimeUnit\":\"ms\",\n\"traceEvents\":[\n";
    std::vector<int64_t> starts = findStarts();
    for (size_t rank = 0; rank < profile.ranks.size(); ++rank)
      writeRank(int(rank), profile.ranks[rank].times, starts[rank]);
    text += "],\n\"summary\":" + dump(summary) + "}\n";
  }

private:
  /// When the trace begins. Clocks of different hosts have nothing in common: there each rank begins at 0.
  std::vector<int64_t> findStarts() const {
    std::map<uint64_t, int64_t> first;
    for (const RankTimes &rank : profile.ranks)
      for (const hfc_work_time &time : rank.times) {
        int64_t &start = first.try_emplace(rank.host, time.begin).first->second;
        start = std::min(start, time.begin);
      }
    std::vector<int64_t> starts;
    for (const RankTimes &rank : profile.ranks)
      starts.push_back(first[rank.host]);
    return starts;
  }

  static std::string dump(const ordered_json &value) {
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  }

  void add(const ordered_json &event) {
    text += (isFirst ? "" : ",\n") + dump(event);
    isFirst = false;
  }

  void name(const char *what, int rank, int track, const std::string &value) {
    add({{"ph", "M"}, {"name", what}, {"pid", rank}, {"tid", track}, {"args", {{"name", value}}}});
    if (std::string(what) == "thread_name")
      add({{"ph", "M"},
           {"name", "thread_sort_index"},
           {"pid", rank},
           {"tid", track},
           {"args", {{"sort_index", track < planTrack ? 2 * track : 2 * (track - planTrack) + 3}}}});
  }

  void nameTracks(int rank, const std::vector<hfc_work_time> &times) {
    std::set<int32_t> streams;
    for (const hfc_work_time &time : times)
      streams.insert(time.stream);
    bool isCpu = profile.info->target == "cpu";
    name("process_name", rank, entryTrack, "rank " + std::to_string(rank));
    name("thread_name", rank, entryTrack, "entries");
    for (int32_t stream : streams) {
      std::string label = isCpu ? "work" : "stream " + std::to_string(stream) + (stream ? "" : " (computes)");
      name("thread_name", rank, streamTrack + stream, label);
      if (!profile.works.machine.empty())
        name("thread_name", rank, planTrack + stream, label + ", planned for " + profile.works.machine);
    }
  }

  static ordered_json slice(const std::string &name, const char *category, int rank, int track, double begin,
                            double duration) {
    return {{"ph", "X"},    {"name", name}, {"cat", category}, {"pid", rank},
            {"tid", track}, {"ts", begin},  {"dur", duration}};
  }

  void writeRank(int rank, const std::vector<hfc_work_time> &times, int64_t start) {
    nameTracks(rank, times);
    // In microseconds: where each stream's planned work ends.
    std::map<int32_t, double> planned;
    for (const hfc_work_time &time : times) {
      double begin = double(time.begin - start) / 1e3, duration = double(time.end - time.begin) / 1e3;
      if (time.work < 0) {
        add(slice(profile.info->entries[time.entry].name, "entry", rank, entryTrack, begin, duration));
        continue;
      }
      const io::Work &work = profile.works.entries[time.entry][time.work];
      ordered_json event =
          slice(nameOf(work), categoryOf(work.kind->by), rank, streamTrack + time.stream, begin, duration);
      event["args"] = argumentsOf(work, time);
      add(event);
      if (!work.kind->planned)
        continue;
      double from = std::max(begin, planned[time.stream]);
      add(slice(nameOf(work), "planned", rank, planTrack + time.stream, from, *work.kind->planned));
      planned[time.stream] = from + *work.kind->planned;
    }
  }

  /// "gemm model.layers.0.mlp.down_proj".
  static std::string nameOf(const io::Work &work) {
    const std::string &what = work.kind->name.empty() ? work.kind->kind : work.kind->name;
    return work.path->empty() ? what : what + " " + *work.path;
  }

  ordered_json argumentsOf(const io::Work &work, const hfc_work_time &time) const {
    const io::WorkKind &kind = *work.kind;
    ordered_json values = {{"path", *work.path}, {"kind", kind.kind}};
    if (!kind.name.empty())
      values["kernel"] = kind.name;
    if (work.block)
      values["layer"] = *work.block;
    values["phase"] = kind.phase;
    values["work"] = time.work;
    values["entry"] = profile.info->entries[time.entry].name;
    values["flops"] = kind.flops;
    values["read"] = kind.read;
    values["written"] = kind.written;
    if (double seconds = double(time.end - time.begin) / 1e9; seconds > 0) {
      if (kind.flops > 0)
        values["tflops_per_second"] = double(kind.flops) / seconds / 1e12;
      values["gigabytes_per_second"] = double(kind.read + kind.written) / seconds / 1e9;
    }
    if (kind.planned)
      values["planned_us"] = *kind.planned;
    if (work.collective) {
      const io::CollectiveInfo &collective = profile.info->collectives[*work.collective];
      values["collective"] = *work.collective;
      values["axes"] = io::toString(profile.info->groups[collective.group], profile.info->mesh);
      values["cause"] = collective.cause;
      values["bytes"] = collective.bytes;
    }
    return values;
  }

  const Profile &profile;
  std::string &text;
  bool isFirst = true;
};
} // namespace

std::string traceEvents(const Profile &profile, const ordered_json &summary) {
  std::string text;
  TraceWriter(profile, text).write(summary);
  return text;
}

} // namespace hfc::run
