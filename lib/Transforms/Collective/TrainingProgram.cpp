//===- TrainingProgram.cpp - parameters, their gradients, and entries
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainingProgram.h"

using namespace hfc;
using namespace hfc::collective;

FailureOr<TrainingProgram> TrainingProgram::get(ModuleOp module) {
  llvm::DenseMap<StringAttr, hf::ParameterOp> parameters;
  for (auto parameter : module.getOps<hf::ParameterOp>())
    parameters[parameter.getSymNameAttr()] = parameter;
  TrainingProgram program;
  for (auto state : module.getOps<hf::StateOp>()) {
    program.states[state.getSymNameAttr()] = state;
    auto role = state->getAttrOfType<StringAttr>("hf.role");
    auto of = state->getAttrOfType<FlatSymbolRefAttr>("hf.of");
    if (!role || role.getValue() != "gradient" || !of)
      continue;
    hf::ParameterOp parameter = parameters.lookup(of.getAttr());
    if (!parameter)
      return state.emitOpError("is the gradient of ") << of << ", which is no parameter of this module";
    program.gradients[state.getSymNameAttr()] = {state, parameter};
  }
  return program;
}

SmallVector<func::FuncOp> collective::entriesOf(ModuleOp module) {
  SmallVector<func::FuncOp> entries;
  for (auto func : module.getOps<func::FuncOp>())
    if (func.isPublic() && !func.isDeclaration() && func.getBody().hasOneBlock())
      entries.push_back(func);
  return entries;
}
