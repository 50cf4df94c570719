//===- Threads.cpp - what threads know of each other
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include "dialects/kernel/Kernel.h"

using namespace hfc;
using namespace hfc::simt;

/// Grid and block are one-dimensional: other dimensions have number 0 and size 1.
template <typename OpT, typename Fn>
static void addNumber(HandlerTable &table, int64_t elsewhere, Fn number) {
  addHandler<OpT>(table, [elsewhere, number](Machine &machine, OpT op, const Mask &) {
    bool isX = op.getDimension() == gpu::Dimension::x;
    std::vector<int64_t> &values = machine.result(op).integers;
    for (int64_t thread = 0; thread < machine.threads; ++thread)
      values[thread] = isX ? number(machine, thread) : elsewhere;
    return success();
  });
}

static LogicalResult runBarrier(Machine &machine, gpu::BarrierOp op, const Mask &mask) {
  if (mask.count != machine.threads)
    return machine.error(op) << "only " << mask.count << " of the block's " << machine.threads
                             << " threads reach this barrier";
  machine.passBarrier();
  return success();
}

/// The lane of the warp whose value `lane` gets.
static int64_t sourceLane(gpu::ShuffleMode mode, int64_t lane, int64_t offset) {
  switch (mode) {
  case gpu::ShuffleMode::XOR:
    return lane ^ offset;
  case gpu::ShuffleMode::UP:
    return lane - offset;
  case gpu::ShuffleMode::DOWN:
    return lane + offset;
  case gpu::ShuffleMode::IDX:
    return offset;
  }
  llvm_unreachable("a shuffle mode that the dialect does not have");
}

/// shfl.sync waits for all lanes that its mask names: hfc names all of the warp.
static LogicalResult checkWholeWarps(Machine &machine, gpu::ShuffleOp op, const Mask &mask) {
  for (int64_t warp = 0; warp < machine.threads; warp += kWarpSize) {
    int64_t size = std::min(kWarpSize, machine.threads - warp);
    int64_t active = std::count(mask.on.begin() + warp, mask.on.begin() + warp + size, 1);
    if (active != 0 && active != size)
      return machine.error(op) << "only " << active << " of the " << size << " threads of warp " << warp / kWarpSize
                               << " reach this shuffle";
  }
  return success();
}

template <typename T>
static void shuffle(std::vector<T> &to, const std::vector<T> &from, ArrayRef<int64_t> sources, int64_t width) {
  for (size_t thread = 0; thread < sources.size() && !from.empty(); ++thread)
    std::copy_n(from.begin() + sources[thread] * width, width, to.begin() + thread * width);
}

static LogicalResult runShuffle(Machine &machine, gpu::ShuffleOp op, const Mask &mask) {
  if (failed(checkWholeWarps(machine, op, mask)))
    return failure();
  const Register &value = machine.at(op.getValue());
  std::vector<int64_t> sources(machine.threads);
  std::vector<int64_t> &valid = machine.at(op.getValid()).integers;
  for (int64_t thread = 0; thread < machine.threads; ++thread) {
    int64_t width = machine.at(op.getWidth()).integers[thread];
    if (mask[thread] && (width < 1 || width > kWarpSize))
      return machine.error(op, thread) << "shuffles among " << width << " lanes";
    int64_t lane = thread % kWarpSize;
    int64_t source = sourceLane(op.getMode(), lane, machine.at(op.getOffset()).integers[thread]);
    bool isValid = source >= 0 && source < width && thread - lane + source < machine.threads;
    valid[thread] = isValid ? -1 : 0;
    sources[thread] = isValid ? thread - lane + source : thread;
  }
  shuffle(machine.at(op.getShuffleResult()).floats, value.floats, sources, value.width);
  shuffle(machine.at(op.getShuffleResult()).integers, value.integers, sources, value.width);
  return success();
}

void hfc::simt::addThreadHandlers(HandlerTable &table) {
  addNumber<gpu::ThreadIdOp>(table, 0, [](Machine &, int64_t thread) { return thread; });
  addNumber<gpu::BlockIdOp>(table, 0, [](Machine &machine, int64_t) { return machine.block; });
  addNumber<gpu::BlockDimOp>(table, 1, [](Machine &machine, int64_t) { return machine.threads; });
  addNumber<gpu::GridDimOp>(table, 1, [](Machine &machine, int64_t) { return machine.grid; });
  addHandler<gpu::LaneIdOp>(table, [](Machine &machine, gpu::LaneIdOp op, const Mask &) {
    for (int64_t thread = 0; thread < machine.threads; ++thread)
      machine.result(op).integers[thread] = thread % kWarpSize;
    return success();
  });
  addHandler<gpu::BarrierOp>(table, runBarrier);
  // Kernels run one after the other.
  addHandler<kernel::AwaitOp>(table, [](Machine &, kernel::AwaitOp, const Mask &) { return success(); });
  addHandler<gpu::ShuffleOp>(table, runShuffle);
}
