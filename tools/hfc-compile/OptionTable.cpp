//===- OptionTable.cpp - what the command line may say
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OptionTable.h"

#include "hfc/Target/CPU.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace hfc;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static std::string expected(StringRef what, StringRef value) {
  return ("takes " + what + ", not '" + value + "'").str();
}

/// One of several words.
template <typename T>
static std::string takeWord(StringRef value, std::optional<T> &target,
                            std::initializer_list<std::pair<StringRef, T>> words) {
  std::string known;
  for (auto &[word, meaning] : words) {
    if (word == value) {
      target = meaning;
      return "";
    }
    known += ((known.empty() ? "" : " or ") + word).str();
  }
  return expected(known, value);
}

static std::string takeCount(StringRef value, std::optional<int64_t> &target) {
  int64_t number = 0;
  if (value.getAsInteger(10, number) || number < 1)
    return expected("a positive number", value);
  target = number;
  return "";
}

static std::string takeType(StringRef value, std::optional<ProgramType> &target) {
  return takeWord<ProgramType>(value, target, {{"float32", ProgramType::float32}, {"bfloat16", ProgramType::bfloat16}});
}

//===----------------------------------------------------------------------===//
// Handlers
//===----------------------------------------------------------------------===//

static std::string takeTask(StringRef value, Options &options) {
  return takeWord<Task>(
      value, options.import.task,
      {{"forward", Task::forward}, {"train", Task::train}, {"generate", Task::generate}, {"module", Task::module}});
}

static std::string takeTarget(StringRef value, Options &options) {
  if (value != "cpu" && value != "cuda")
    return expected("cpu or cuda", value);
  options.import.target = value.str();
  return "";
}

static std::string takeCPU(StringRef value, Options &options) {
  options.cpu = resolveCPU(value);
  return options.cpu.empty() ? expected("one of " + knownCPUs(), value) : "";
}

static std::string takeGPU(StringRef value, Options &options) {
  options.gpu = value.str();
  return value.starts_with("sm_") ? "" : expected("a GPU like sm_80 or sm_90a", value);
}

static std::string takeMesh(StringRef value, Options &options) {
  SmallVector<StringRef> axes;
  value.split(axes, ',');
  options.import.mesh.emplace();
  for (StringRef axis : axes) {
    auto [name, size] = axis.split('=');
    int64_t number = 0;
    if (name.empty() || size.getAsInteger(10, number) || number < 1)
      return expected("axes and their sizes, such as dp=2,tp=4", value);
    options.import.mesh->push_back({name.str(), number});
  }
  return "";
}

/// The name and the options are looked up when there is something to partition.
static std::string takePartitioner(StringRef value, Options &options) {
  auto [name, rest] = value.split('{');
  bool closed =
      value.contains('{') ? rest.count('}') == 1 && rest.ends_with("}") && !rest.contains('{') : !value.contains('}');
  if (name.empty() || name.contains(' ') || !closed)
    return expected("a name and its options in braces, such as megatron{sequence-parallel=on}", value);
  options.import.partitioner = value.str();
  return "";
}

static std::string takePartitionSpec(StringRef value, Options &options) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> file = llvm::MemoryBuffer::getFile(value);
  if (!file)
    return ("cannot read '" + value + "': " + file.getError().message()).str();
  options.import.partitionSpec = (*file)->getBuffer().str();
  return "";
}

/// Patterns, with commas between them.
static std::string takeFreeze(StringRef value, Options &options) {
  SmallVector<StringRef> patterns;
  value.split(patterns, ',');
  if (!options.import.freeze)
    options.import.freeze.emplace();
  for (StringRef pattern : patterns) {
    if (pattern.empty())
      return expected("patterns on names of parameters, such as 'model.vision_tower.*'", value);
    options.import.freeze->push_back(pattern.str());
  }
  return "";
}

static std::string takeEmit(StringRef value, Options &options) {
  options.emit = phaseNamed(value);
  if (options.emit)
    return "";
  std::string known;
  for (const PhaseInfo &info : getPhases())
    known += ((known.empty() ? "" : ", ") + info.name).str();
  return expected("a phase (" + known + ")", value);
}

/// "80GiB", "1.5e9", "4096".
static std::string takeBytes(StringRef value, std::optional<int64_t> &bytes) {
  static constexpr std::pair<StringLiteral, double> units[] = {{"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30},
                                                               {"TiB", 0x1p40}, {"KB", 1e3},     {"MB", 1e6},
                                                               {"GB", 1e9},     {"TB", 1e12}};
  StringRef number = value;
  double scale = 1, count = 0;
  for (auto [unit, size] : units)
    if (number.consume_back(unit)) {
      scale = size;
      break;
    }
  if (number.trim().getAsDouble(count) || !(count * scale >= 0 && count * scale < 0x1p62))
    return expected("a number of bytes, such as 80GiB", value);
  bytes = static_cast<int64_t>(count * scale);
  return "";
}

static std::string takeReport(StringRef value, Options &options) {
  std::optional<ReportFormat> format;
  if (value.empty())
    value = "text";
  std::string error = takeWord<ReportFormat>(
      value, format, {{"text", ReportFormat::Text}, {"json", ReportFormat::JSON}, {"html", ReportFormat::HTML}});
  options.report = format.value_or(ReportFormat::None);
  return error;
}

static std::string takeOutput(StringRef value, Options &options) {
  options.output = value.str();
  return value.empty() ? "needs the name of a file" : "";
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

ArrayRef<OptionInfo> hfc::getOptionTable() {
  constexpr ValueKind none = ValueKind::None, required = ValueKind::Required;
  constexpr StringLiteral program = "The program", output = "Output", parallel = "Distribution", training = "Training",
                          other = "Other";
  static const OptionInfo table[] = {
      {"task", "forward|train|generate|module", required, program, "what it computes (default forward)", takeTask,
       true},
      {"batch", "B", required, program, "sequences (or images) in a batch",
       [](StringRef value, Options &options) { return takeCount(value, options.import.batch); }, true},
      {"seq", "S", required, program, "capacity in positions",
       [](StringRef value, Options &options) { return takeCount(value, options.import.sequence); }, true},
      {"inputs", "input_ids|inputs_embeds", required, program, "what a language model reads (default input_ids)",
       [](StringRef value, Options &options) {
         return takeWord<InputKind>(value, options.import.inputs,
                                    {{"input_ids", InputKind::inputIds}, {"inputs_embeds", InputKind::inputsEmbeds}});
       },
       true},
      {"layout", "batch-first|sequence-first", required, program,
       "of activations at the boundary (default batch-first)",
       [](StringRef value, Options &options) {
         return takeWord<BoundaryLayout>(
             value, options.import.layout,
             {{"batch-first", BoundaryLayout::batchFirst}, {"sequence-first", BoundaryLayout::sequenceFirst}});
       },
       true},
      {"dtype", "float32|bfloat16", required, program, "of parameters and activations (default: the config's)",
       [](StringRef value, Options &options) { return takeType(value, options.import.dtype); }, true},
      {"target", "cpu|cuda", required, program, "what it runs on (default: cuda where there is a GPU, else cpu)",
       takeTarget},
      {"cpu", "LEVEL|native", required, program, "instruction set: x86-64, x86-64-v2, x86-64-v3 (default), x86-64-v4",
       takeCPU},
      {"gpu", "CHIP", required, program, "with --target=cuda: sm_80 or later; default sm_90a", takeGPU},
      {"deterministic", "", none, program, "the same bits at every run (always so on the CPU)",
       [](StringRef, Options &options) {
         options.deterministic = true;
         return std::string();
       }},

      {"o", "FILE", required, output, "the program; with --emit, the text (default: standard output)", takeOutput},
      {"emit", "PHASE", required, output, "print the IR after a phase instead of building", takeEmit},
      {"locations", "", none, output, "print locations with the IR: HF's module paths",
       [](StringRef, Options &options) {
         options.printLocations = true;
         return std::string();
       }},
      {"report", "text|json|html", ValueKind::Optional, output,
       "print the ledger: memory, work by layer and op, collectives and their causes", takeReport},
      {"machine", "FILE", required, output, "a machine (machines/h200x4.json): roofline times for the ledger and for hfc-run --profile",
       [](StringRef value, Options &options) {
         options.machine = value.str();
         return std::string(value.empty() ? "needs the name of a file" : "");
       }},
      {"max-memory", "BYTES", required, output, "fail if a rank needs more: parameters, states, activations (80GiB)",
       [](StringRef value, Options &options) { return takeBytes(value, options.budget.memory); }},
      {"max-collective-bytes", "BYTES", required, output, "fail if a rank's collectives carry more in a step",
       [](StringRef value, Options &options) { return takeBytes(value, options.budget.collectiveBytes); }},

      {"mesh", "dp=D,tp=T", required, parallel, "ranks along each axis; axes not named have one", takeMesh, true},
      {"partitioner", "NAME[{OPTIONS}]", required, parallel, "default megatron{sequence-parallel=off zero=0}",
       takePartitioner, true},
      {"partition-spec", "FILE", required, parallel, "patterns on HF names to axes", takePartitionSpec, true},
      {"load-pass-plugin", "FILE", required, parallel, "a plugin: strategies, passes, dialects (docs/plugins.md)",
       [](StringRef value, Options &options) {
         options.plugins.push_back(value.str());
         return std::string();
       }},
      {"verify-partition", "on|off", required, parallel, "check what ranks compute against the model (default on)",
       [](StringRef value, Options &options) {
         return takeWord<bool>(value, options.verifyPartition, {{"on", true}, {"off", false}});
       }},
      {"reference", "FILE.mlir", required, parallel,
       "what to check against where MODEL is what ranks run: the program of --emit=differentiate",
       [](StringRef value, Options &options) {
         options.reference = value.str();
         return std::string(value.empty() ? "needs the name of a file" : "");
       }},

      {"micro-batches", "N", required, training, "into how many a step divides the batch (default 1)",
       [](StringRef value, Options &options) { return takeCount(value, options.import.microBatches); }, true},
      {"master-dtype", "float32|bfloat16", required, training, "of the optimizer's parameters (default float32)",
       [](StringRef value, Options &options) { return takeType(value, options.import.masterType); }, true},
      {"moments-dtype", "float32|bfloat16", required, training, "of the optimizer's moments (default float32)",
       [](StringRef value, Options &options) { return takeType(value, options.import.momentsType); }, true},
      {"grad-dtype", "float32|bfloat16", required, training, "of gradients (default float32)",
       [](StringRef value, Options &options) { return takeType(value, options.import.gradientType); }, true},
      {"recompute", "none|selective|full", required, training, "what the backward pass computes again (default none)",
       [](StringRef value, Options &options) {
         return takeWord<Recompute>(
             value, options.import.recompute,
             {{"none", Recompute::none}, {"selective", Recompute::selective}, {"full", Recompute::full}});
       },
       true},
      {"freeze", "PATTERN[,PATTERN]", required, training, "parameters not trained: globs on state_dict() names",
       takeFreeze, true},
      {"dropout", "on|off", required, training, "the config's dropout, in training (default on)",
       [](StringRef value, Options &options) {
         return takeWord<bool>(value, options.import.dropout, {{"on", true}, {"off", false}});
       },
       true},

      {"help", "", none, other, "this text",
       [](StringRef, Options &options) {
         options.help = true;
         return std::string();
       }},
      {"version", "", none, other, "the versions of hfc and LLVM",
       [](StringRef, Options &options) {
         options.version = true;
         return std::string();
       }},
  };
  return table;
}
