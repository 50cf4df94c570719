//===- Profiler.h - records what ranks do, and when
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_PROFILER_H
#define HFC_TOOLS_HFC_RUN_PROFILER_H

#include "Ranks.h"

#include "hfc/Runtime/IO/File.h"
#include "hfc/Runtime/IO/WorkTable.h"
#include "hfc/Runtime/hfc_profile.h"

#include <nlohmann/json_fwd.hpp>

namespace hfc::run {

/// Runs of entries that belong together: a step, a forward pass.
struct ProfilePart {
  std::string name;
  /// Which of the recorded times.
  size_t begin = 0, end = 0;
  /// Milliseconds of rank 0, as its host sees it; and what the same takes otherwise, if that is known.
  double time = 0;
  std::optional<double> unprofiled;
};

/// A rank's times, as rank 0 knows them.
struct RankTimes {
  /// Ranks of one host have the same, and one clock.
  uint64_t host = 0;
  std::vector<hfc_work_time> times;
};

/// All that a profile is made of.
struct Profile {
  std::string program;
  const io::ProgramInfo *info = nullptr;
  io::WorkTable works;
  std::vector<ProfilePart> parts;
  std::vector<RankTimes> ranks;
};

/// What --profile writes and says: rank 0's business, but for recording.
class Profiler {
public:
  /// Opens the file. Refuses a program that does not tell its work.
  Profiler(const Options &options, const io::ProgramInfo &info, Ranks &ranks);

  /// How often what is profiled should run before: libraries prepare themselves, and graphs are made, in first runs.
  int64_t warmUps(const Rank &rank) const { return rank.isHost ? 2 : 5; }

  /// Records what `body` runs, as a part of that name, or more of the last one.
  void record(const Rank &rank, const std::string &part, const std::function<void()> &body);
  /// What the part of that name took in earlier runs, of which the later half counts. Rank 0's.
  void compare(const std::string &part, std::vector<double> times);
  /// Brings all ranks' times together; every rank calls it.
  void gather(const Rank &rank);

  /// On rank 0, after that.
  void write();
  void print() const;
  nlohmann::ordered_json summary() const;

private:
  struct Recording {
    std::vector<ProfilePart> parts;
  };

  std::unique_ptr<io::OutputFile> file;
  int firstRank;
  /// Of the ranks here.
  std::vector<Recording> recordings;
  Profile profile;
};

/// The profile as JSON trace events, for Perfetto.
std::string traceEvents(const Profile &profile, const nlohmann::ordered_json &summary);

/// Shares of time, and the lines that take most of it.
nlohmann::ordered_json summarizeProfile(const Profile &profile);
std::string profileText(const nlohmann::ordered_json &summary);

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_PROFILER_H
