//===- CUDATables.cpp - what a CUDA program has by number
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CUDATables.h"

#include "DescribeAttention.h"
#include "hfc/Support/GPUChip.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

CUDATables::CUDATables(ModuleOp module) {
  for (Operation &op : *module.getBody()) {
    if (auto kernel = dyn_cast<gpu::GPUModuleOp>(op))
      addKernel(kernel);
    if (auto entry = dyn_cast<rt::EntryOp>(op))
      for (Operation &work : entry.getBody().front())
        addWork(work);
  }
}

void CUDATables::addKernel(gpu::GPUModuleOp module) {
  auto grid = module->getAttrOfType<IntegerAttr>("kernel.grid");
  auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(module.getName());
  if (!grid || !function)
    return;
  auto lanes = function->getAttrOfType<DenseI32ArrayAttr>(NVVM::NVVMDialect::getMaxntidAttrName());
  if (!lanes || lanes.empty())
    return;
  auto target = module.getTargets() && !module.getTargetsAttr().empty()
                    ? dyn_cast<NVVM::NVVMTargetAttr>(module.getTargetsAttr()[0])
                    : NVVM::NVVMTargetAttr();
  numbers.try_emplace(function.getSymNameAttr(), kernels.size());
  auto shared = module->getAttrOfType<IntegerAttr>("kernel.shared");
  kernels.push_back({function.getSymNameAttr(), grid.getInt(), lanes[0], function.getNumArguments(),
                     shared ? shared.getInt() : 0, target && canLaunchEarly(target.getChip())});
}

/// The bytes of a constant's values, row-major; truth values take one each.
static std::string bytesOf(DenseElementsAttr value) {
  if (value.getElementType().isInteger(1)) {
    std::string bytes;
    for (bool element : value.getValues<bool>())
      bytes.push_back(element);
    return bytes;
  }
  ArrayRef<char> raw = value.getRawData();
  if (!value.isSplat())
    return std::string(raw.begin(), raw.end());
  std::string bytes;
  bytes.reserve(raw.size() * value.getNumElements());
  for (int64_t i = 0; i < value.getNumElements(); ++i)
    bytes.append(raw.begin(), raw.end());
  return bytes;
}

void CUDATables::addConstant(rt::ConstantOp op) {
  constexpr size_t alignment = 64;
  auto value = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!value || !value.getElementType().isIntOrFloat() || !offsets.try_emplace(value, bytes.size()).second)
    return;
  bytes += bytesOf(value);
  bytes.resize(llvm::alignTo(bytes.size(), alignment));
}

/// Others are refused when they are called.
static bool isForLibrary(rt::LaunchOp launch) {
  return launch.getLibrary() && cast<MemRefType>(launch.getIns()[0].getType()).getElementType().isBF16();
}

std::string CUDATables::attentions() const {
  std::string text;
  for (Attribute fields : attentionFields)
    text += bytesOf(cast<DenseElementsAttr>(fields));
  return text;
}

void CUDATables::addWork(Operation &op) {
  if (auto constant = dyn_cast<rt::ConstantOp>(op))
    addConstant(constant);
  if (auto launch = dyn_cast<rt::LaunchOp>(op); launch && isForLibrary(launch))
    if (FailureOr<DenseElementsAttr> fields = describeAttention(launch); succeeded(fields))
      attentionFields.insert(*fields);
  if (auto record = dyn_cast<rt::RecordOp>(op))
    events = std::max<int64_t>(events, record.getEvent() + 1);
  if (isa<rt::GemmOp>(op))
    ++products;
  if (auto stream = op.getAttrOfType<IntegerAttr>("stream"))
    streams = std::max(streams, stream.getInt() + 1);
}

std::optional<int64_t> CUDATables::kernelNumber(StringAttr name) const {
  auto it = numbers.find(name);
  return it == numbers.end() ? std::nullopt : std::optional<int64_t>(it->second);
}

void CUDATables::describe(llvm::json::OStream &stream) const {
  stream.attributeArray("kernels", [&] {
    for (const CUDAKernel &kernel : kernels)
      stream.object([&] {
        stream.attribute("name", llvm::json::fixUTF8(kernel.name.getValue()));
        stream.attribute("grid", kernel.grid);
        stream.attribute("lanes", kernel.lanes);
        stream.attribute("arguments", kernel.arguments);
        stream.attribute("shared", kernel.shared);
        if (kernel.isEarly)
          stream.attribute("early", true);
      });
  });
  stream.attribute("streams", streams);
  stream.attribute("events", events);
  stream.attribute("products", products);
  if (!attentionFields.empty())
    stream.attribute("attentions", static_cast<int64_t>(attentionFields.size()));
  stream.attribute("constants", static_cast<int64_t>(bytes.size()));
}
