//===- RuntimeMemory.cpp - what running takes of a GPU beside the program's own
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Ledger/Ledger.h"

#include "dialects/dist/Sharding.h"
#include "dialects/rt/AttentionCall.h"
#include "hfc/Runtime/hfc_runtime.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/Support/MathExtras.h"

#include <map>

using namespace hfc;
using namespace hfc::ledger;

/// What cuDNN is given to work in: of a backward pass the sums over rows, float32 sums of the query's gradient (in the
/// order in which they come, or of each block of keys by itself), and the keys' gradients of each query head.
static int64_t scratchOf(rt::LaunchOp launch) {
  rt::AttentionCall call(launch);
  if (!call.isBackward())
    return 0;
  constexpr int64_t alignment = 256, floatBytes = 4, halfBytes = 2;
  rt::AttentionCall::Sizes query = call.sizesOf(call.query()), key = call.sizesOf(call.key());
  int64_t valueDepth = call.sizesOf(call.value()).depth;
  int64_t rows = query.batch * query.heads * query.positions, columns = query.batch * query.heads * key.positions;
  auto aligned = [](int64_t bytes) { return static_cast<int64_t>(llvm::alignTo(bytes, alignment)); };
  int64_t bytes = aligned(rows * floatBytes);
  bytes += launch.getLibrary()->getDeterministic() ? aligned(rows * key.positions * halfBytes)
                                                   : aligned(rows * query.depth * floatBytes);
  if (query.heads != key.heads)
    bytes += aligned(columns * query.depth * halfBytes) + aligned(columns * valueDepth * halfBytes);
  return bytes;
}

namespace {
/// What entries use of a GPU.
struct Use {
  llvm::SmallSet<int64_t, 4> productStreams;
  /// By stream, which they share one after the other.
  std::map<int64_t, int64_t> attention;
  llvm::DenseSet<StringAttr> kernels;
  llvm::SetVector<dist::AxisListAttr> groups;
  int64_t calls = 0;

  Use(ModuleOp module, dist::MeshAttr mesh) {
    for (auto entry : module.getOps<rt::EntryOp>())
      for (Operation &op : entry.getBody().front())
        add(op, mesh);
  }

  void add(Operation &op, dist::MeshAttr mesh) {
    calls += isa<rt::LaunchOp, rt::GemmOp, rt::CopyOp, rt::CollectiveOp>(op);
    if (auto gemm = dyn_cast<rt::GemmOp>(op))
      productStreams.insert(gemm.getStream());
    if (auto collective = dyn_cast<rt::CollectiveOp>(op); collective && mesh)
      groups.insert(dist::AxisListAttr::get(op.getContext(), dist::canonical(collective.getAxes().getAxes(), mesh)));
    auto launch = dyn_cast<rt::LaunchOp>(op);
    if (!launch)
      return;
    kernels.insert(launch.getCalleeAttr().getAttr());
    if (launch.getLibrary())
      attention[launch.getStream()] = std::max(attention[launch.getStream()], scratchOf(launch));
  }
};
} // namespace

std::vector<std::pair<std::string, int64_t>> ledger::countRuntimeMemory(ModuleOp module, const Overhead &overhead) {
  auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
  auto target = program ? program.getAs<StringAttr>("target") : StringAttr();
  if (!target || target.getValue() != "cuda")
    return {};
  dist::MeshAttr mesh = dist::findMesh(module);
  Use use(module, mesh);
  int64_t attention = 0, communicators = 0;
  for (auto [stream, bytes] : use.attention)
    attention += bytes;
  for (dist::AxisListAttr group : use.groups)
    if (int64_t ranks = dist::sizeOf(group.getAxes(), mesh); ranks > 1)
      communicators += overhead.communicator;
  std::vector<std::pair<std::string, int64_t>> lines;
  auto add = [&](StringRef what, int64_t bytes) {
    if (bytes > 0)
      lines.emplace_back(what.str(), bytes);
  };
  add("cuBLASLt workspace", static_cast<int64_t>(use.productStreams.size()) * HFC_CUDA_PRODUCT_SCRATCH);
  add("cuDNN workspace", attention);
  add("code of kernels", static_cast<int64_t>(use.kernels.size()) * overhead.kernel);
  add("graphs", use.calls * overhead.call);
  add("NCCL", communicators > 0 ? overhead.nccl + communicators : 0);
  add("CUDA context", overhead.context);
  return lines;
}
