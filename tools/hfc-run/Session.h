//===- Session.h - a loaded program and what its tasks share
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_TOOLS_HFC_RUN_SESSION_H
#define HFC_TOOLS_HFC_RUN_SESSION_H

#include "Options.h"

#include "hfc/Runtime/IO/Inputs.h"
#include "hfc/Runtime/IO/Metadata.h"
#include "hfc/Runtime/IO/SafeTensors.h"
#include "hfc/Runtime/IO/Weights.h"
#include "hfc/Runtime/hfc_runtime.h"

#include <memory>
#include <optional>
#include <vector>

namespace hfc::run {

/// The value, or Error.
template <typename T>
T orThrow(io::Result<T> result) {
  if (!result)
    throw Error(result.error());
  return std::move(*result);
}
inline void orThrow(const io::Status &status) {
  if (!status)
    throw Error(status.error());
}

/// A program that is loaded, and the user's files.
class Session {
public:
  explicit Session(const Options &options);

  /// After everything cheap has been checked.
  void loadWeights();

  /// Runs an entry; returns milliseconds.
  double run(const std::string &entry);

  template <typename T>
  T *input(const std::string &entry, const std::string &name) {
    return static_cast<T *>(hfc_program_input(program.get(), entry.c_str(), name.c_str()));
  }
  const void *output(const std::string &entry, const std::string &name) {
    return hfc_program_output(program.get(), entry.c_str(), name.c_str());
  }

  const Options &options;
  io::ProgramInfo info;
  /// What --inputs and --check name, if given and if a file.
  std::optional<io::SafeTensors> inputs, check;
  /// What --outputs names, opened before the run and complete after it, or gone.
  std::unique_ptr<io::OutputFile> outputs;

private:
  struct Close {
    void operator()(hfc_program *program) const { hfc_program_close(program); }
  };
  /// Before the program, which reads them.
  std::optional<io::Weights> randomWeights;
  std::unique_ptr<hfc_program, Close> program;
};

/// "random:SEED" → SEED; nothing if the value does not begin so.
std::optional<uint64_t> parseRandom(const std::string &option, const std::string &value);

/// Whether stdout is a terminal that wants colours.
bool useColors();

struct Times {
  double median, least;
};
Times summarize(std::vector<double> times);

/// The tasks; each returns the exit status.
ExitCode runForward(Session &session);
ExitCode runGenerate(Session &session);

} // namespace hfc::run

#endif // HFC_TOOLS_HFC_RUN_SESSION_H
