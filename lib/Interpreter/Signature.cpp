//===- Signature.cpp - what an entry takes and gives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Signature.h"

#include "Primitives.h"

#include "dialects/dist/Sharding.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/rt/Rt.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::interpreter;

//===----------------------------------------------------------------------===//
// Ports
//===----------------------------------------------------------------------===//

/// The port of a value that lives as `sharding` says, if types are local; a sharding of global types is an intention.
static Port portOf(StringRef name, Type type, dist::ShardingAttr sharding = {}) {
  auto shaped = cast<ShapedType>(type);
  Port port;
  port.name = name.str();
  port.element = *elementOf(shaped.getElementType());
  port.sharding = sharding;
  port.shape.assign(shaped.getShape().begin(), shaped.getShape().end());
  if (sharding && !sharding.getGlobal().empty())
    port.shape.assign(sharding.getGlobal().begin(), sharding.getGlobal().end());
  return port;
}

/// What the caller has to know of an input.
static Port inputPort(StringRef name, Type type, dist::ShardingAttr sharding, DictionaryAttr attributes) {
  Port port = portOf(name, type, sharding);
  if (auto filling = attributes.getAs<StringAttr>("hf.default"))
    port.filling = filling.str();
  if (auto min = attributes.getAs<IntegerAttr>("hf.min"))
    port.min = min.getInt();
  if (auto max = attributes.getAs<IntegerAttr>("hf.max"))
    port.max = max.getInt();
  return port;
}

/// A symbol or a string.
static std::optional<StringRef> nameIn(DictionaryAttr attributes, StringRef key) {
  Attribute value = attributes ? attributes.get(key) : Attribute();
  if (auto symbol = dyn_cast_if_present<FlatSymbolRefAttr>(value))
    return symbol.getValue();
  if (auto text = dyn_cast_if_present<StringAttr>(value))
    return text.getValue();
  return std::nullopt;
}

static Binding bindingOf(DictionaryAttr attributes, StringRef boundary, Binding::Kind otherwise,
                         const Twine &plainName) {
  if (auto name = nameIn(attributes, "hf.parameter"))
    return {Binding::Kind::Parameter, name->str()};
  if (auto name = nameIn(attributes, "hf.state"))
    return {Binding::Kind::State, name->str()};
  std::optional<StringRef> name = nameIn(attributes, boundary);
  return {otherwise, name ? name->str() : plainName.str()};
}

Binding interpreter::bindingOfArgument(DictionaryAttr attributes, size_t number) {
  return bindingOf(attributes, "hf.input", Binding::Kind::Input, "arg" + Twine(number));
}

Binding interpreter::bindingOfResult(DictionaryAttr attributes, size_t number) {
  return bindingOf(attributes, "hf.output", Binding::Kind::Output, "result" + Twine(number));
}

//===----------------------------------------------------------------------===//
// Signatures
//===----------------------------------------------------------------------===//

static llvm::Error checkTypes(FunctionOpInterface function) {
  for (TypeRange types : {function.getArgumentTypes(), function.getResultTypes()})
    for (Type type : types) {
      auto shaped = dyn_cast<ShapedType>(type);
      if (!shaped || !shaped.hasStaticShape() || !elementOf(shaped.getElementType()))
        return makeError("an argument or result of @" + function.getName() +
                         " is no tensor of static shape of numbers or truth values");
    }
  return llvm::Error::success();
}

static Signature ofFunction(func::FuncOp entry) {
  bool isLocal = dist::isMaterialized(entry);
  auto shardingIn = [&](DictionaryAttr attributes) {
    return isLocal && attributes ? attributes.getAs<dist::ShardingAttr>(dist::shardingName) : dist::ShardingAttr();
  };
  Signature signature;
  for (auto [number, type] : llvm::enumerate(entry.getArgumentTypes())) {
    DictionaryAttr attributes = entry.getArgAttrDict(number);
    Binding binding = bindingOfArgument(attributes, number);
    if (binding.kind == Binding::Kind::Input)
      signature.inputs.push_back(inputPort(binding.name, type, shardingIn(attributes),
                                           attributes ? attributes : DictionaryAttr::get(entry.getContext())));
    else
      (binding.kind == Binding::Kind::Parameter ? signature.parameters : signature.states)
          .push_back(portOf(binding.name, type, shardingIn(attributes)));
  }
  for (auto [number, type] : llvm::enumerate(entry.getResultTypes())) {
    DictionaryAttr attributes = entry.getResultAttrDict(number);
    Binding binding = bindingOfResult(attributes, number);
    std::vector<Port> &ports = binding.kind == Binding::Kind::Parameter ? signature.newParameters
                               : binding.kind == Binding::Kind::State   ? signature.newStates
                                                                        : signature.outputs;
    ports.push_back(portOf(binding.name, type, shardingIn(attributes)));
  }
  return signature;
}

namespace {
/// The buffers that work reads and writes, by the ops that name them.
struct UsedBuffers {
  explicit UsedBuffers(rt::EntryOp entry) {
    for (Operation &op : entry.getBody().front()) {
      if (auto launch = dyn_cast<rt::LaunchOp>(op)) {
        add(read, launch.getIns());
        add(written, launch.getOuts());
      } else if (auto gemm = dyn_cast<rt::GemmOp>(op)) {
        add(read, {gemm.getA(), gemm.getB()});
        if (gemm.getBias())
          add(read, gemm.getBias());
        if (gemm.getAccumulate())
          add(read, gemm.getC());
        add(written, gemm.getC());
      } else if (auto copy = dyn_cast<rt::CopyOp>(op)) {
        add(read, copy.getSource());
        add(written, copy.getTarget());
      } else if (auto collective = dyn_cast<rt::CollectiveOp>(op)) {
        add(read, collective.getIns());
        add(written, collective.getOuts());
      }
    }
  }

  llvm::DenseSet<Operation *> read, written;

private:
  static void add(llvm::DenseSet<Operation *> &set, ValueRange buffers) {
    for (Value buffer : buffers) {
      while (auto view = buffer.getDefiningOp<rt::ViewOp>())
        buffer = view.getSource();
      set.insert(buffer.getDefiningOp());
      if (auto join = buffer.getDefiningOp<rt::JoinOp>())
        add(set, join.getParts());
    }
  }
};
} // namespace

namespace {
/// Reads the signature of an rt.entry off the ops that name its buffers.
class ScheduleSignature {
public:
  explicit ScheduleSignature(rt::EntryOp entry) : entry(entry), isLocal(dist::isMaterialized(entry)), used(entry) {}

  Signature read() {
    for (Operation &op : entry.getBody().front())
      llvm::TypeSwitch<Operation *>(&op)
          .Case([&](rt::InputOp op) {
            signature.inputs.push_back(
                inputPort(op.getName(), op.getType(), shardingOf(op, {}, 0), op->getAttrDictionary()));
          })
          .Case([&](rt::OutputOp op) {
            signature.outputs.push_back(portOf(op.getName(), op.getType(), shardingOf(op, {}, 0)));
          })
          .Case([&](rt::ParameterOp op) {
            add(op, op.getParameterAttr(), signature.parameters, signature.newParameters);
          })
          .Case([&](rt::StateOp op) { add(op, op.getStateAttr(), signature.states, signature.newStates); });
    return std::move(signature);
  }

private:
  void add(Operation *op, FlatSymbolRefAttr symbol, std::vector<Port> &taken, std::vector<Port> &given) {
    Type type = op->getResult(0).getType();
    auto [place, isNew] = places.try_emplace(symbol.getValue(), taken.size());
    if (isNew) {
      taken.push_back(portOf(symbol.getValue(), type, shardingOf(op, symbol, 0)));
      taken.back().isRead = false;
    }
    taken[place->second].isRead |= used.read.contains(op);
    if (used.written.contains(op))
      given.push_back(portOf(symbol.getValue(), type, shardingOf(op, symbol, 1)));
  }

  /// The sharding of a buffer, or of the symbol that it is; `number` is 0 before the entry runs, 1 after.
  dist::ShardingAttr shardingOf(Operation *op, FlatSymbolRefAttr symbol, unsigned number) {
    if (!isLocal)
      return {};
    if (auto shardings = op->getAttrOfType<ArrayAttr>("rt.shardings"); shardings && shardings.size() > number)
      return dyn_cast<dist::ShardingAttr>(shardings[number]);
    if (auto sharding = op->getAttrOfType<dist::ShardingAttr>("rt.sharding"))
      return sharding;
    Operation *declaration = symbol ? SymbolTable::lookupNearestSymbolFrom(entry, symbol) : nullptr;
    return declaration ? declaration->getAttrOfType<dist::ShardingAttr>(dist::shardingName) : dist::ShardingAttr();
  }

  rt::EntryOp entry;
  bool isLocal;
  UsedBuffers used;
  llvm::StringMap<size_t> places; ///< where a symbol stands among what the entry takes
  Signature signature;
};
} // namespace

static Signature ofKernel(kernel::FuncOp entry) {
  Signature signature;
  size_t inputs = entry.getArgumentTypes().size() - entry.getOutputs();
  for (auto [number, type] : llvm::enumerate(entry.getArgumentTypes())) {
    if (number < inputs)
      signature.inputs.push_back(portOf(bindingOfArgument({}, number).name, type));
    else
      signature.outputs.push_back(portOf(bindingOfResult({}, number - inputs).name, type));
  }
  return signature;
}

llvm::Expected<Signature> interpreter::signatureOf(Operation *entry, StringRef name) {
  if (auto op = dyn_cast_if_present<rt::EntryOp>(entry))
    return ScheduleSignature(op).read();
  if (auto function = dyn_cast_if_present<FunctionOpInterface>(entry))
    if (llvm::Error error = checkTypes(function))
      return error;
  if (auto op = dyn_cast_if_present<func::FuncOp>(entry))
    return ofFunction(op);
  if (auto op = dyn_cast_if_present<kernel::FuncOp>(entry))
    return ofKernel(op);
  return makeError("there is no entry @" + name);
}
