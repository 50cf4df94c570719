//===- Interfaces.td - sharding rules and collectives -*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_DIST_INTERFACES
#define HFC_DIALECTS_DIST_INTERFACES

include "mlir/IR/OpBase.td"

def Dist_ShardingRuleOpInterface : OpInterface<"ShardingRuleOpInterface"> {
  let cppNamespace = "::hfc::dist";
  let description = [{
    An op that says how its dimensions correspond. The attribute `dist.rule` on an op overrides it: ask `dist::getRule(op)`, never this
    interface itself.
  }];
  let methods = [InterfaceMethod<
    "The rule over the op's present operand and result shapes.",
    "::hfc::dist::RuleAttr", "getShardingRule", (ins)>];
}

def Dist_LocalizeOpInterface : OpInterface<"LocalizeOpInterface"> {
  let cppNamespace = "::hfc::dist";
  let description = [{
    An op whose work on one rank's piece is not the same op on smaller shapes: an iota starts at the rank's offset, a lookup
    tests whose row it is. Others are cloned with local types.
  }];
  let methods = [InterfaceMethod<[{
    Builds the local computation and returns its values. `operands` are local; `results` are the shardings of the
    results, with their global shapes; `operandShardings` likewise. Does not erase the op.
    }],
    "::llvm::SmallVector<::mlir::Value>", "localize",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands,
         "::llvm::ArrayRef<::hfc::dist::ShardingAttr>":$operandShardings,
         "::llvm::ArrayRef<::hfc::dist::ShardingAttr>":$results, "::hfc::dist::MeshAttr":$mesh)>];
}

def Dist_SizeRelationsOpInterface : OpInterface<"SizeRelationsOpInterface"> {
  let cppNamespace = "::hfc::dist";
  let description = [{
    An op that says how the sizes of its operands, results and attributes depend on each other, so that they can be changed together
    (`docs/verification.md`). An op without it has its sharding rule's factors as sizes; `whole` ones keep theirs.
  }];
  let methods = [InterfaceMethod<
    "States what holds between the op's sizes, whatever they are.",
    "void", "relateSizes", (ins "::hfc::dist::SizeRelations &":$sizes)>];
}

def Dist_CollectiveOpInterface : OpInterface<"CollectiveOpInterface"> {
  let cppNamespace = "::hfc::dist";
  let description = [{
    Work in which all ranks of a group take part: the ranks that differ only in their places along `axes`.
  }];
  let methods = [
    InterfaceMethod<"The axes that span a group.", "::hfc::dist::AxisListAttr", "getAxes", (ins)>,
    InterfaceMethod<"Why it is here: what a person reads in the ledger.", "::std::optional<::llvm::StringRef>", "getCause", (ins)>,
    InterfaceMethod<"Whether it is only begun: its results are read by `dist.done`.", "bool", "getStart", (ins)>];
}

#endif // HFC_DIALECTS_DIST_INTERFACES
