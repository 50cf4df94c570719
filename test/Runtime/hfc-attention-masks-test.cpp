//===- hfc-attention-masks-test.cpp - what a GPU's rank knows of attention's masks
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The device's memory is an array here; whatever is asked must be what that array says, however it came there.
//
//===----------------------------------------------------------------------===//

#include "Expect.h"

#include "lib/Runtime/CUDA/AttentionMasks.h"

#include <cstring>
#include <random>

using namespace hfc;
using cuda::AttentionMasks;

namespace {
constexpr int64_t batch = 3, queries = 5, keys = 7;

/// A device whose memory holds a mask of keys and segments of queries and keys, anywhere.
struct Device {
  std::vector<int32_t> memory = std::vector<int32_t>(256, 1);
  AttentionMasks masks;
  int reads = 0;

  AttentionMasks::Reader reader() {
    return [this](void *host, const void *address, int64_t bytes) {
      ++reads;
      std::memcpy(host, address, size_t(bytes));
      return io::Status();
    };
  }
  /// As the runtime does: what is known, and the memory itself.
  void write(int64_t at, const std::vector<int32_t> &values) {
    masks.written(&memory[size_t(at)], values.data(), int64_t(values.size() * sizeof(int32_t)));
    std::copy(values.begin(), values.end(), memory.begin() + at);
  }
};

struct Places {
  int64_t keyMask = 0, querySegments = 64, keySegments = 128;
};

/// By the definition: is any key of any query hidden?
bool isHidden(const Device &device, const hfc_attention &attention, const Places &places) {
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t query = 0; query < queries; ++query)
      for (int64_t key = 0; key < keys; ++key) {
        int32_t shown = device.memory[size_t(places.keyMask + b * keys + key)];
        int32_t own = device.memory[size_t(places.querySegments + b * queries + query)];
        int32_t other = device.memory[size_t(places.keySegments + b * keys + key)];
        if ((attention.key_mask && !shown) || (attention.segments && own != other))
          return true;
      }
  return false;
}

bool ask(Device &device, const hfc_attention &attention, const Places &places) {
  std::vector<void *> args(cuda::firstMask(attention));
  if (attention.key_mask)
    args.push_back(&device.memory[size_t(places.keyMask)]);
  if (attention.segments) {
    args.push_back(&device.memory[size_t(places.querySegments)]);
    args.push_back(&device.memory[size_t(places.keySegments)]);
  }
  io::Result<bool> hidden = device.masks.hide(attention, args.data(), device.reader());
  expect(bool(hidden), "masks can be read");
  return hidden && *hidden;
}

hfc_attention attentionOf(bool keyMask, bool segments, hfc_attention_kind kind = HFC_ATTENTION_FORWARD) {
  hfc_attention attention = {};
  attention.kind = kind;
  attention.key_mask = keyMask;
  attention.segments = segments;
  attention.batch = batch;
  attention.queries = queries;
  attention.keys = keys;
  return attention;
}

/// Random writes, of parts, of wholes and of more: answers are those of the memory.
void testWrites() {
  std::mt19937 random(1);
  auto below = [&](int64_t limit) { return int64_t(random() % uint64_t(limit)); };
  for (int trial = 0; trial < 300; ++trial) {
    Device device;
    Places places;
    hfc_attention attention =
        attentionOf(below(2), below(3) != 0, below(2) ? HFC_ATTENTION_FORWARD : HFC_ATTENTION_BACKWARD);
    for (int write = 0; write < 12; ++write) {
      int64_t at = below(3) ? 64 * below(3) : below(180), size = below(2) ? batch * keys : 1 + below(70);
      // Mostly nothing is hidden, or one element is another.
      std::vector<int32_t> values(size_t(size), int32_t(1 + below(2)));
      if (below(3) == 0)
        values[size_t(below(size))] = int32_t(below(3));
      device.write(at, values);
      expect(ask(device, attention, places) == isHidden(device, attention, places),
             "masks hide what they hide, trial " + std::to_string(trial));
    }
  }
}

/// What the host writes whole need not be read; what was there before it was known to be a mask is read once.
void testReads() {
  Device device;
  hfc_attention attention = attentionOf(true, true);
  device.write(0, std::vector<int32_t>(batch * keys, 1));
  ask(device, attention, {});
  expect(device.reads == 3, "masks that were written early are read");
  for (int run = 0; run < 4; ++run) {
    device.write(0, std::vector<int32_t>(batch * keys, run));
    expect(ask(device, attention, {}) == (run == 0), "a padded mask hides, an unpadded one does not");
  }
  device.write(200, {0, 0, 0});
  ask(device, attention, {});
  expect(device.reads == 3, "nothing is read that the host wrote");
  device.write(1, {1});
  ask(device, attention, {});
  expect(device.reads == 4, "a mask that was written in part is read");
}

/// Runs with the same answers share a graph.
void testAnswers() {
  Device device;
  hfc_attention padded = attentionOf(true, false), packed = attentionOf(false, true);
  (void)ask(device, padded, {});
  (void)ask(device, padded, {});
  (void)ask(device, packed, {});
  AttentionMasks::Answers plain = device.masks.takeAnswers();
  expect(plain.size() == 2, "each question is noted once");
  auto agree = [&](const AttentionMasks::Answers &answers) {
    io::Result<bool> agrees = device.masks.agree(answers, device.reader());
    return agrees && *agrees;
  };
  expect(agree(plain) && device.masks.takeAnswers().empty(), "nothing has changed");
  std::vector<int32_t> values(batch * keys, 1);
  values[4] = 0;
  device.write(0, values);
  expect(!agree(plain), "a mask hides a key now");
  expect(ask(device, padded, {}), "and says so");
  AttentionMasks::Answers other = device.masks.takeAnswers();
  expect(agree(other) && !agree(plain), "answers of another outcome");
  values[4] = 3;
  device.write(0, values);
  expect(!agree(other) && agree(plain) && agree({}), "and back again");
}
} // namespace

int main() {
  testWrites();
  testReads();
  testAnswers();
  if (failures)
    return 1;
  std::printf("masks are known for what they hide\n");
  return 0;
}
