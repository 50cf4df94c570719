//===- Options.cpp - hfc-run's command line
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string_view>
#include <vector>

namespace hfc::run {

const char *const helpText = R"(usage: hfc-run PROGRAM [options]

Runs a program that hfc-compile wrote.

  --weights=DIR|FILE       a Hugging Face checkpoint: a folder, a .safetensors file, or a .safetensors.index.json
  --weights=random:SEED    weights as transformers would initialize them
  --inputs=FILE            safetensors with the inputs by their Hugging Face names (input_ids, attention_mask, …)
  --inputs=random:SEED     random inputs, to measure time
  --outputs=FILE           writes the outputs (logits; last_hidden_state and pooler_output; sequences)
  --check=FILE             compares every output that FILE also has; exits with 1 above the tolerance
  --tolerance=T            largest relative error, default 1e-5 (bfloat16: 2e-2)
  --threads=N              of each rank; default: one a core, divided by the ranks here
  --timeout=S              how long a rank waits for others before all end; default 600
  --time=N                 runs N times and prints the median and the shortest time; of generation, the time until the
                           prompts' first tokens, and that from each token to the next, the host's part included
  --profile=FILE           records one more run (of training, the last step) and writes it as JSON trace events, for
                           ui.perfetto.dev: every call with its module path, layer, FLOPs and bytes; prints where time goes
  --json                   prints results as JSON

Programs compiled for several ranks (--mesh): all of them run here, as threads, or with GPUs as processes. Under torchrun's variables (RANK, WORLD_SIZE,
MASTER_ADDR, MASTER_PORT), or mpirun's or srun's with MASTER_ADDR and MASTER_PORT set, this is one of them, and rank 0 prints and
writes.

Programs compiled with --task=module:
                           --inputs also has grad.logits (or of whatever the outputs are); --outputs and --check also take
                           grad.NAME of every parameter that is trained, grad.inputs_embeds

Programs compiled with --task=train:
                           --inputs has labels (or shifted_labels); --outputs and --check: loss, grad.NAME of every
                           parameter that is trained, per_token_loss, grad.inputs_embeds
  --tokens=FILE            trains on a file of tokens (python-frontend-spec/tokens.md) instead of the one batch of --inputs
  --separator=ID|none      the token that ends a document in it; default: the config's eos_token_id
  --steps=N                optimizer steps (AdamW) in all, those before --resume included; without it only the loss and the
                           gradients of one batch
  --lr=1e-3 --betas=0.9,0.999 --eps=1e-8 --weight-decay=0.01
  --warmup=N --schedule=constant|linear|cosine
                           the learning rate rises for N steps, then stays or decays toward 0 until the last step
  --clip=NORM              clips gradients by their global norm
  --seed=N                 of the order of sequences and of dropout; default 0
  --save=DIR               writes a checkpoint after the last step, and after every N with --save-every=N
  --resume=DIR             goes on where the run stopped that wrote DIR, on whatever mesh
  --log=FILE               appends a line of JSON for each step

Programs compiled with --task=generate:
  --prompt-ids=1,2,3       token ids; ';' separates several prompts of any lengths
                           (or --inputs=FILE with input_ids and attention_mask, or generate.prompt)
  --max-new-tokens=N       default: as many as fit, at most 64
  --temperature=T --top-k=K --top-p=P --seed=N
                           draw tokens instead of taking the likeliest; defaults are the model's generation_config.json's
  --ignore-eos             go on after a token that ends the text

  --help  --version

Exit status: 0 done; 1 a comparison failed; 2 the input is wrong, nothing was written; 3 an internal error.
)";

namespace {
using Setter = std::function<void(Options &, const std::string &option, const std::string &value)>;

struct Description {
  std::string_view name;
  Setter set;
};

double parseNumber(const std::string &option, const std::string &value) {
  char *end = nullptr;
  errno = 0;
  double number = std::strtod(value.c_str(), &end);
  if (value.empty() || *end || !std::isfinite(number))
    throw Error("--" + option + " needs a number, not '" + value + "'");
  return number;
}

int64_t parseInteger(const std::string &option, const std::string &value, int64_t least, int64_t most) {
  char *end = nullptr;
  errno = 0;
  long long number = std::strtoll(value.c_str(), &end, 10);
  if (value.empty() || *end || errno || number < least || number > most)
    throw Error("--" + option + " needs an integer from " + std::to_string(least) + " to " + std::to_string(most) +
                ", not '" + value + "'");
  return number;
}

Setter text(std::string Options::*member) {
  return [=](Options &options, const std::string &option, const std::string &value) {
    if (value.empty())
      throw Error("--" + option + " needs a value: --" + option + "=…");
    options.*member = value;
  };
}

Setter number(std::optional<double> Options::*member, double least, double most) {
  return [=](Options &options, const std::string &option, const std::string &value) {
    double parsed = parseNumber(option, value);
    if (parsed < least || parsed > most)
      throw Error("--" + option + "=" + value + " is out of range");
    options.*member = parsed;
  };
}

Setter integer(std::optional<int64_t> Options::*member, int64_t least, int64_t most) {
  return [=](Options &options, const std::string &option, const std::string &value) {
    options.*member = parseInteger(option, value, least, most);
  };
}

Setter forTraining(Setter set) {
  return [=](Options &options, const std::string &option, const std::string &value) {
    if (options.trainingOption.empty())
      options.trainingOption = "--" + option;
    set(options, option, value);
  };
}

/// "0.9,0.95".
void setBetas(Options &options, const std::string &option, const std::string &value) {
  size_t comma = value.find(',');
  if (comma == std::string::npos)
    throw Error("--" + option + " needs two numbers, as in --" + option + "=0.9,0.999");
  options.beta1 = parseNumber(option, value.substr(0, comma));
  options.beta2 = parseNumber(option, value.substr(comma + 1));
  if (!(*options.beta1 >= 0 && *options.beta1 < 1 && *options.beta2 >= 0 && *options.beta2 < 1))
    throw Error("--" + option + "=" + value + ": both must be at least 0 and less than 1");
}

void setTimeout(Options &options, const std::string &option, const std::string &value) {
  options.timeout = parseNumber(option, value);
  constexpr double most = 1e6;
  if (options.timeout < 1e-3 || options.timeout > most)
    throw Error("--" + option + "=" + value + ": seconds, from 0.001 to a million");
}

void setSeparator(Options &options, const std::string &option, const std::string &value) {
  options.noSeparator = value == "none";
  if (!options.noSeparator)
    options.separator = parseInteger(option, value, 0, std::numeric_limits<int32_t>::max());
}

Setter forGeneration(Setter set) {
  return [=](Options &options, const std::string &option, const std::string &value) {
    if (options.generationOption.empty())
      options.generationOption = "--" + option;
    set(options, option, value);
  };
}

const std::vector<Description> &withValue() {
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  constexpr double infinity = std::numeric_limits<double>::max();
  static const std::vector<Description> descriptions = {
      {"weights", text(&Options::weights)},
      {"inputs", text(&Options::inputs)},
      {"outputs", text(&Options::outputs)},
      {"check", text(&Options::check)},
      {"tolerance", number(&Options::tolerance, 0, infinity)},
      {"profile", text(&Options::profile)},
      {"time", integer(&Options::time, 1, 1'000'000)},
      {"seed", integer(&Options::seed, 0, most)},
      {"threads", [](Options &options, const std::string &option,
                     const std::string &value) { options.threads = int(parseInteger(option, value, 1, 1024)); }},
      {"timeout", setTimeout},
      {"steps", forTraining(integer(&Options::steps, 1, most))},
      {"lr", forTraining(number(&Options::lr, 0, infinity))},
      {"betas", forTraining(setBetas)},
      {"eps", forTraining(number(&Options::eps, 0, infinity))},
      {"weight-decay", forTraining(number(&Options::weightDecay, 0, infinity))},
      {"clip", forTraining(number(&Options::clip, 0, infinity))},
      {"tokens", forTraining(text(&Options::tokens))},
      {"separator", forTraining(setSeparator)},
      {"warmup", forTraining(integer(&Options::warmup, 0, most))},
      {"schedule", forTraining(text(&Options::schedule))},
      {"save", forTraining(text(&Options::save))},
      {"save-every", forTraining(integer(&Options::saveEvery, 1, most))},
      {"resume", forTraining(text(&Options::resume))},
      {"log", forTraining(text(&Options::log))},
      {"prompt-ids", forGeneration(text(&Options::promptIds))},
      {"max-new-tokens", forGeneration(integer(&Options::maxNewTokens, 1, 1 << 30))},
      {"temperature", forGeneration(number(&Options::temperature, 0, infinity))},
      {"top-k", forGeneration(integer(&Options::topK, 0, 1 << 30))},
      {"top-p", forGeneration(number(&Options::topP, 1e-9, 1))},
  };
  return descriptions;
}

struct Flag {
  std::string_view name;
  bool Options::*member;
};
constexpr Flag flags[] = {{"ignore-eos", &Options::ignoreEos},
                          {"json", &Options::json},
                          {"help", &Options::help},
                          {"version", &Options::version}};

bool parseFlag(Options &options, const std::string &name, bool hasValue) {
  for (const Flag &flag : flags)
    if (flag.name == name) {
      if (hasValue)
        throw Error("--" + name + " takes no value");
      options.*flag.member = true;
      if (name == "ignore-eos" && options.generationOption.empty())
        options.generationOption = "--ignore-eos";
      return true;
    }
  return false;
}

void parseOption(Options &options, const std::string &argument) {
  size_t equals = argument.find('=');
  std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
  bool hasValue = equals != std::string::npos;
  if (parseFlag(options, name, hasValue))
    return;
  for (const Description &description : withValue())
    if (description.name == name) {
      if (!hasValue)
        throw Error("--" + name + " needs a value: --" + name + "=…");
      return description.set(options, name, argument.substr(equals + 1));
    }
  throw Error("unknown option '" + argument + "'; see hfc-run --help");
}
} // namespace

Options parseOptions(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "-h")
      options.help = true;
    else if (argument.rfind("--", 0) == 0)
      parseOption(options, argument);
    else if (!options.program.empty())
      throw Error("one program at a time: '" + options.program + "' or '" + argument + "'?");
    else
      options.program = argument;
  }
  if (options.program.empty() && !options.help && !options.version)
    throw Error("which program? usage: hfc-run PROGRAM [options]; see hfc-run --help");
  return options;
}

} // namespace hfc::run
