//===- Attrs.td - meshes, shardings and sharding rules -*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_DIST_ATTRS
#define HFC_DIALECTS_DIST_ATTRS

include "dialects/dist/Dialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Dist_Attr<string name, string attrMnemonic> : AttrDef<Dist_Dialect, name> {
  let mnemonic = attrMnemonic;
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Dist_ReductionKind : I32EnumAttr<"ReductionKind", "how partial values combine", [
  I32EnumAttrCase<"sum", 0>, I32EnumAttrCase<"max", 1>, I32EnumAttrCase<"min", 2>, I32EnumAttrCase<"mean", 3>]> {
  let cppNamespace = "::hfc::dist";
  let genSpecializedAttr = 0;
}
def Dist_ReductionKindAttr : EnumAttr<Dist_Dialect, Dist_ReductionKind, "reduction"> {
  let assemblyFormat = "$value";
}

def Dist_MeshAttr : Dist_Attr<"Mesh", "mesh"> {
  let summary = "The named axes of the ranks";
  let description = [{
    Ranks are numbered row-major: the last axis varies fastest.

    Constraints:
    - (C1) names are distinct and not empty; sizes are at least 1.

    ```mlir
    #dist.mesh<"dp" = 2, "tp" = 4>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$names, ArrayRefParameter<"int64_t">:$sizes);
  let extraClassDeclaration = [{
    /// The size of an axis; 1 if the mesh does not name it.
    int64_t sizeOf(::llvm::StringRef name) const;
    int64_t ranks() const;
  }];
}

def Dist_AxisRefAttr : Dist_Attr<"AxisRef", "axis"> {
  let summary = "An axis of the mesh, or a factor of one";
  let description = [{
    `"tp"` is the whole axis. `"tp":(P)S` is the sub-axis of size `S` whose index is `(index of tp) / (N / (P * S)) mod S` with `N` the axis'
    size: `P` is the product of the sub-axes in front of it. Over `tp` of 4, `"tp":(1)2` tells ranks {0, 1} from {2, 3}, and
    `"tp":(2)2` tells even ranks from odd ones; in this order they are `"tp"`.

    Constraints:
    - (C1) the name is not empty; `pre` and `size` are both 0 (the whole axis), or `pre >= 1` and `size >= 2`.

    ```mlir
    #dist.axis<"tp":(1)2>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "int64_t":$pre, "int64_t":$size);
  let extraClassDeclaration = [{
    bool isWhole() const { return getSize() == 0; }
  }];
}

def Dist_AxisListAttr : Dist_Attr<"AxisList", "axes"> {
  let summary = "Axes in order, the first the slowest";
  let description = [{
    Constraints:
    - (C1) no two axes overlap.

    ```mlir
    #dist.axes<{"dp", "tp":(1)2}>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"AxisRefAttr">:$axes);
  let extraClassDeclaration = [{
    bool empty() const { return getAxes().empty(); }
  }];
}

def Dist_ShardingAttr : Dist_Attr<"Sharding", "sharding"> {
  let summary = "Where a tensor lives";
  let description = [{
    For each dimension the axes over which it is cut, in order; the axes over which the tensor is partial, and how partial
    values combine. Over axes not named it is replicated. A dimension of size `D` cut `n` ways has pieces of `ceil(D / n)`; what
    the last pieces have beyond `D` is padding. `global` is the whole tensor's shape; it stands wherever types are local.

    Constraints:
    - (C1) no axis is used twice, be it for dimensions or as partial.
    - (C2) a partial sharding has a kind, and `mean` is none.
    - (C3) `global`, if there, has one size for each dimension.

    ```mlir
    #dist.sharding<[{"dp"}, {}, {"tp":(1)2} ], partial sum {"tp":(2)2}, global [2, 24, 64]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"AxisListAttr">:$dims, "AxisListAttr":$partial,
                        "ReductionKind":$kind, OptionalArrayRefParameter<"int64_t">:$global);
  let extraClassDeclaration = [{
    /// Nothing cut, nothing partial.
    static ShardingAttr replicated(::mlir::MLIRContext *context, size_t rank);
    bool isPartial() const { return !getPartial().empty(); }
    bool isReplicated() const;
    ::llvm::ArrayRef<AxisRefAttr> axesOf(size_t dim) const { return getDims()[dim].getAxes(); }
    ShardingAttr withPartial(ReductionKind kind, ::llvm::ArrayRef<AxisRefAttr> axes) const;
    ShardingAttr withoutPartial() const;
    ShardingAttr withDim(size_t dim, ::llvm::ArrayRef<AxisRefAttr> axes) const;
    ShardingAttr withGlobal(::llvm::ArrayRef<int64_t> shape) const;
  }];
}

def Dist_SizeAttr : Dist_Attr<"Size", "size"> {
  let summary = "A number that is the size of a dimension";
  let description = [{
    What a constant says of itself as `dist.size`: its elements are the size of dimension `dim` of a tensor whose whole shape is `shape`, or, with
    axes, of a rank's piece of that dimension cut over them (`ceil(size / ranks)`), and `plus` more. What substitutes sizes (`hfc-shrink`) gives
    the constant the dimension's new size; an offset into a vocabulary, the count of a mean and the end of a mask are such numbers.

    Constraints:
    - (C1) `dim` is one of `shape`'s dimensions.
    - (C2) on an op, all elements of the constant are that number.

    ```mlir
    #dist.size<dim 0 of [256, 64] over {"tp"}>
    ```

    A last position is written `#dist.size<dim 0 of [1024, 64] plus -1>`.
  }];
  let parameters = (ins "int64_t":$dim, ArrayRefParameter<"int64_t">:$shape, "AxisListAttr":$axes, "int64_t":$plus);
  let extraClassDeclaration = [{
    /// The number.
    int64_t valueOn(MeshAttr mesh) const;
  }];
}

def Dist_RuleAttr : Dist_Attr<"Rule", "rule"> {
  let summary = "How an op's dimensions correspond: its sharding rule";
  let description = [{
    Each dimension of each operand and result is a product of *factors* (usually one), major first; where the same factor stands, the
    dimensions are cut together. A factor that a result lacks is reduced in it: cutting it leaves the result partial. Scalars have no dimensions: `[]`.

    - `reduce KIND {…}`: how results combine over these factors if they are cut. The default is `sum`.
    - `whole {…}`: factors that cannot be cut.
    - `lookup {…}`: factors that are an index space: the op, made local, tests whether an index is its own (rows of a table,
      an iota). The result of a table cut by rows is partial.
    - `linear [[a, b], [c]]`: groups of operands in which the op is linear: with all operands of one group partial over the same axes
      (as sums), and no other partial over them, the result is. Operands of a group are added: if a factor that the results lack cuts one
      of them, the others must have it too, or be partial over its axes.
    - `separate`: result `i` is made of operand `i` alone, as by `hf.barrier`.

    Constraints:
    - (C1) a factor's size is the same wherever it stands, and a dimension's size is the product of its factors'.
    - (C2) no factor is in more than one of `reduce`, `whole`, `lookup`; no operand in two groups of `linear`;
      `separate` comes with as many results as operands.
    - (C3) on an op, the rule has its operands and results, and their shapes.

    ```mlir
    #dist.rule<([b, s, i], [o, i]) -> ([b, s, o]), factors {b = 2, s = 24, i = 64, o = 160}, linear [[0], [1]]>
    ```

    A dimension of several factors is written `g*r`, one of none (its size is 1) `1`.
  }];
  // Factors are numbered; a dimension is a list of them. Lists are flattened into attributes of their own.
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$factorNames, ArrayRefParameter<"int64_t">:$factorSizes,
                        "::mlir::ArrayAttr":$operands, "::mlir::ArrayAttr":$results,
                        OptionalArrayRefParameter<"int64_t">:$whole, OptionalArrayRefParameter<"int64_t">:$lookup,
                        OptionalArrayRefParameter<"int64_t">:$reduced, "ReductionKind":$kind,
                        "::mlir::ArrayAttr":$linear, DefaultValuedParameter<"bool", "false">:$separate);
}

#endif // HFC_DIALECTS_DIST_ATTRS
