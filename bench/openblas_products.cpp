//===- openblas_products.cpp - how long a model's products take alone
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// usage: openblas-products CONFIG.json [--seq=128] [--batch=1] [--threads=N] [--repeat=20] [--through=openblas|hfc]
//
// Runs every product of a Llama-shaped model's forward once per repetition, each layer with weights of its own, all in
// memory, through OpenBLAS with its own threads (or through hfc's runtime) and prints the median time.

#include "lib/Runtime/CPU/Gemm.h"

#include <algorithm>
#include <cblas.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {
struct Product {
  int64_t outputs, inputs;
  const float *weight;
};

struct Options {
  int64_t sequence = 128, batch = 1, repeat = 20;
  int threads = int(std::thread::hardware_concurrency());
  bool throughHfc = false;
};

/// The linear layers of one forward, in order.
std::vector<Product> productsOf(const nlohmann::json &config) {
  int64_t hidden = config.at("hidden_size"), inner = config.at("intermediate_size"),
          heads = config.at("num_attention_heads");
  int64_t keyHeads = config.value("num_key_value_heads", heads), headSize = config.value("head_dim", hidden / heads);
  std::vector<Product> products;
  for (int64_t layer = 0; layer < config.at("num_hidden_layers"); ++layer) {
    products.push_back({heads * headSize, hidden, nullptr});
    products.push_back({keyHeads * headSize, hidden, nullptr});
    products.push_back({keyHeads * headSize, hidden, nullptr});
    products.push_back({hidden, heads * headSize, nullptr});
    products.push_back({inner, hidden, nullptr});
    products.push_back({inner, hidden, nullptr});
    products.push_back({hidden, inner, nullptr});
  }
  products.push_back({config.at("vocab_size"), hidden, nullptr});
  return products;
}

bool parseOption(const char *argument, const char *name, std::string &value) {
  size_t length = std::strlen(name);
  if (std::strncmp(argument, name, length) != 0)
    return false;
  value = argument + length;
  return true;
}

Options parse(int argc, char **argv) {
  Options options;
  std::string value;
  for (int i = 2; i < argc; ++i) {
    if (parseOption(argv[i], "--seq=", value))
      options.sequence = std::atoll(value.c_str());
    else if (parseOption(argv[i], "--batch=", value))
      options.batch = std::atoll(value.c_str());
    else if (parseOption(argv[i], "--threads=", value))
      options.threads = std::atoi(value.c_str());
    else if (parseOption(argv[i], "--repeat=", value))
      options.repeat = std::atoll(value.c_str());
    else if (parseOption(argv[i], "--through=", value))
      options.throughHfc = value == "hfc";
    else
      std::exit((std::fprintf(stderr, "unknown option %s\n", argv[i]), 2));
  }
  return options;
}

void fill(std::vector<float> &values) {
  uint32_t state = 1;
  for (float &value : values)
    value = float((state = state * 1664525u + 1013904223u) >> 9) * 0x1p-23f - 0.5f;
}
} // namespace

int main(int argc, char **argv) {
  std::ifstream file(argc > 1 ? argv[1] : "");
  nlohmann::json config = nlohmann::json::parse(file, nullptr, false);
  if (!config.is_object())
    return std::fprintf(stderr,
                        "usage: openblas-products CONFIG.json [--seq= --batch= --threads= --repeat= --through=]\n"),
           2;
  Options options = parse(argc, argv);
  std::vector<Product> products = productsOf(config);

  int64_t total = 0, widestIn = 0, widestOut = 0, rows = options.batch * options.sequence;
  for (const Product &product : products) {
    total += product.outputs * product.inputs;
    widestIn = std::max(widestIn, product.inputs);
    widestOut = std::max(widestOut, product.outputs);
  }
  std::vector<float> weights(total), in(rows * widestIn), out(rows * widestOut);
  fill(weights);
  fill(in);
  const float *next = weights.data();
  for (Product &product : products) {
    product.weight = next;
    next += product.outputs * product.inputs;
  }

  hfc_context context(options.throughHfc ? options.threads : 1);
  openblas_set_num_threads(options.throughHfc ? 1 : options.threads);
  std::vector<double> times;
  for (int64_t i = 0; i < options.repeat + 2; ++i) {
    auto start = std::chrono::steady_clock::now();
    for (const Product &product : products) {
      if (options.throughHfc) {
        hfc_gemm gemm{
            HFC_FLOAT32, HFC_FLOAT32,    0,       1,          0,       1,      rows, product.outputs, product.inputs,
            in.data(),   product.weight, nullptr, out.data(), nullptr, nullptr};
        hfc_rt_gemm(&context, &gemm);
      } else {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, product.outputs, product.inputs, 1.0f, in.data(),
                    product.inputs, product.weight, product.inputs, 0.0f, out.data(), product.outputs);
      }
    }
    if (i >= 2) // The first two bring everything into memory.
      times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  double median = times[times.size() / 2];
  std::printf("{\"median_ms\": %.3f, \"min_ms\": %.3f, \"products\": %zu, \"threads\": %d, \"core\": \"%s\", "
              "\"gflops\": %.1f}\n",
              median, times[0], products.size(), options.threads, openblas_get_corename(),
              2e-6 * double(total) * double(rows) / median);
  return 0;
}
