//===- VerifyProgram.cpp - verifier of the entries of a whole program
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs once for a module that carries `hf.program`, over a table of all declarations: a look-up for each argument by
// itself would be quadratic.
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Hf.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace hfc;
using namespace hfc::hf;

namespace {

class ProgramVerifier {
public:
  explicit ProgramVerifier(ModuleOp module) {
    for (Operation &op : module.getOps())
      if (isa<ParameterOp, StateOp, BucketOp>(op))
        declarations[SymbolTable::getSymbolName(&op)] = &op;
  }

  LogicalResult verify(func::FuncOp function) {
    FunctionType type = function.getFunctionType();
    for (auto [index, argument] : llvm::enumerate(type.getInputs())) {
      Place place{function, "argument", index, argument, function.getArgAttrDict(index)};
      if (failed(verifyArgument(place)))
        return failure();
    }
    for (auto [index, result] : llvm::enumerate(type.getResults())) {
      Place place{function, "result", index, result, function.getResultAttrDict(index)};
      if (failed(verifyResult(place)))
        return failure();
    }
    return verifyObjective(function);
  }

  /// Checks what a parameter or a state says of others.
  LogicalResult verifyDeclaration(Operation *op) {
    auto type = dyn_cast<RankedTensorType>(cast<TypeAttr>(op->getAttr("type")).getValue());
    for (StringRef name : {"hf.of", "hf.initial"}) {
      Attribute value = op->getAttr(name);
      if (!value)
        continue;
      auto parameter = lookup<ParameterOp>(value);
      if (!parameter)
        return op->emitOpError("(P7) refers to ")
               << value << " as " << name << ", which is no parameter of this module";
      auto initial = dyn_cast<RankedTensorType>(parameter.getType());
      if (name == "hf.initial" && (!type || !initial || type.getShape() != initial.getShape()))
        return op->emitOpError("(P7) starts as ")
               << value << ", but its type is " << type << ", not that of " << initial;
    }
    return verifyPlace(op, type);
  }

private:
  /// An argument or a result.
  struct Place {
    func::FuncOp function;
    StringRef kind;
    size_t index;
    Type type;
    DictionaryAttr attributes;

    Attribute get(StringRef name) const { return attributes ? attributes.get(name) : Attribute(); }
    InFlightDiagnostic error(StringRef constraint) const {
      return function->emitOpError("(") << constraint << ") " << kind << ' ' << index << ' ';
    }
  };

  LogicalResult verifyArgument(const Place &place) {
    if (!!place.get("hf.parameter") + !!place.get("hf.state") + !!place.get("hf.input") != 1)
      return place.error("P2") << "must have exactly one of hf.parameter, hf.state and hf.input";
    if (Attribute input = place.get("hf.input"); input && !isa<StringAttr>(input))
      return place.error("P4") << "must have a name as hf.input, got " << input;
    if (failed(verifyDeclared<ParameterOp>(place, "hf.parameter")) ||
        failed(verifyDeclared<StateOp>(place, "hf.state")))
      return failure();
    if (Attribute wanted = place.get("hf.differentiate"); wanted && (!isa<UnitAttr>(wanted) || !isFloats(place.type)))
      return place.error("P5") << "must be a tensor of floats to be differentiated, marked by hf.differentiate alone";
    return verifyDefaults(place);
  }

  static bool isFloats(Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && isa<FloatType>(tensor.getElementType());
  }

  static LogicalResult verifyObjective(func::FuncOp function) {
    Attribute objective = function->getAttr("hf.objective");
    if (!objective)
      return success();
    auto number = dyn_cast<IntegerAttr>(objective);
    if (!number || number.getValue().getActiveBits() > 63 || number.getInt() >= function.getNumResults())
      return function->emitOpError("(P5) hf.objective must be the number of one of the ")
             << function.getNumResults() << " results, got " << objective;
    Type type = function.getResultTypes()[number.getInt()];
    if (!isFloats(type) || cast<RankedTensorType>(type).getRank() != 0)
      return function->emitOpError("(P5) hf.objective is result ")
             << number.getInt() << ", which must be a float scalar, got " << type;
    return success();
  }

  LogicalResult verifyResult(const Place &place) {
    if (!!place.get("hf.output") + !!place.get("hf.state") + !!place.get("hf.parameter") != 1)
      return place.error("P2") << "must have exactly one of hf.output, hf.state and hf.parameter";
    if (Attribute output = place.get("hf.output"); output && !isa<StringAttr>(output))
      return place.error("P4") << "must have a name as hf.output, got " << output;
    if (failed(verifyDeclared<ParameterOp>(place, "hf.parameter")))
      return failure();
    return verifyDeclared<StateOp>(place, "hf.state");
  }

  /// The declaration that `reference` names, if it is of that kind.
  template <typename DeclarationTy>
  DeclarationTy lookup(Attribute reference) const {
    auto symbol = dyn_cast<FlatSymbolRefAttr>(reference);
    return symbol ? dyn_cast_or_null<DeclarationTy>(declarations.lookup(symbol.getAttr())) : DeclarationTy();
  }

  /// Checks that what lies in a bucket fits there.
  LogicalResult verifyPlace(Operation *op, RankedTensorType type) const {
    Attribute value = op->getAttr("hf.bucket");
    if (!value)
      return success();
    auto place = dyn_cast<PlaceAttr>(value);
    auto bucket = place ? lookup<BucketOp>(place.getBucket()) : BucketOp();
    if (!bucket)
      return op->emitOpError("(P6) hf.bucket must be a #hf.place in a bucket of this module, got ") << value;
    auto whole = dyn_cast<RankedTensorType>(bucket.getType());
    if (!type || !whole || whole.getElementType() != type.getElementType() ||
        place.getOffset() > whole.getNumElements() - type.getNumElements())
      return op->emitOpError("(P6) does not fit at ") << value << " with type " << type << "; the bucket is " << whole;
    return success();
  }

  template <typename DeclarationTy>
  LogicalResult verifyDeclared(const Place &place, StringRef name) {
    Attribute value = place.get(name);
    if (!value)
      return success();
    auto declaration = lookup<DeclarationTy>(value);
    if (!declaration)
      return place.error("P3") << "refers to " << value << ", which is no " << name << " of this module";
    if (declaration.getType() != place.type)
      return place.error("P3") << "has type " << place.type << ", but " << value << " is declared as "
                               << declaration.getType();
    return success();
  }

  LogicalResult verifyDefaults(const Place &place) {
    if (Attribute value = place.get("hf.default")) {
      auto name = dyn_cast<StringAttr>(value);
      if (!name || !llvm::is_contained({"ones", "arange", "zeros", "segments", "labels"}, name.getValue()))
        return place.error("P4") << "must have \"ones\", \"arange\", \"zeros\", \"segments\" or \"labels\" as "
                                    "hf.default, got "
                                 << value;
    }
    Attribute least = place.get("hf.min"), most = place.get("hf.max");
    auto leastNumber = dyn_cast_or_null<IntegerAttr>(least), mostNumber = dyn_cast_or_null<IntegerAttr>(most);
    bool areNumbers = (!least || leastNumber) && (!most || mostNumber);
    if (!areNumbers || (least && most && leastNumber.getValue().getSExtValue() > mostNumber.getValue().getSExtValue()))
      return place.error("P4") << "must have numbers as hf.min and hf.max, the first at most the second";
    return success();
  }

  DenseMap<StringAttr, Operation *> declarations;
};

} // namespace

LogicalResult HfDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  auto module = dyn_cast<ModuleOp>(op);
  if (attribute.getName() != "hf.program" || !module)
    return success();
  if (!isa<DictionaryAttr>(attribute.getValue()))
    return op->emitOpError("(P1) hf.program must be a dictionary, got ") << attribute.getValue();
  ProgramVerifier verifier(module);
  for (Operation &declaration : module.getOps())
    if (isa<ParameterOp, StateOp>(declaration) && failed(verifier.verifyDeclaration(&declaration)))
      return failure();
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && failed(verifier.verify(function)))
      return failure();
  return success();
}
