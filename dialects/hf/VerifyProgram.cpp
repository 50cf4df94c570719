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
      if (isa<ParameterOp, StateOp>(op))
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
    return success();
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
    return verifyDefaults(place);
  }

  LogicalResult verifyResult(const Place &place) {
    if (!!place.get("hf.output") + !!place.get("hf.state") != 1)
      return place.error("P2") << "must have exactly one of hf.output and hf.state";
    if (Attribute output = place.get("hf.output"); output && !isa<StringAttr>(output))
      return place.error("P4") << "must have a name as hf.output, got " << output;
    return verifyDeclared<StateOp>(place, "hf.state");
  }

  template <typename DeclarationTy>
  LogicalResult verifyDeclared(const Place &place, StringRef name) {
    Attribute value = place.get(name);
    if (!value)
      return success();
    auto symbol = dyn_cast<FlatSymbolRefAttr>(value);
    auto declaration =
        symbol ? dyn_cast_or_null<DeclarationTy>(declarations.lookup(symbol.getAttr())) : DeclarationTy();
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
      if (!name || !llvm::is_contained({"ones", "arange", "zeros", "segments"}, name.getValue()))
        return place.error("P4") << "must have \"ones\", \"arange\", \"zeros\" or \"segments\" as hf.default, got "
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
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && failed(verifier.verify(function)))
      return failure();
  return success();
}
