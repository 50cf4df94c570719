//===- Primitives.td - ops with direct semantics -----------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_PRIMITIVES
#define HFC_DIALECTS_HF_PRIMITIVES

include "dialects/hf/OpBase.td"

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

class Hf_Unary<string mnemonic, Type type, string what, string formula>
    : Hf_Op<mnemonic, [Pure, Elementwise, SameOperandsAndResultType, Hf_Differentiable]> {
  let summary = what;
  let description = "`result[i] = " # formula # [{`, rounded to the element type.

    Example:

    ```mlir
    func.func @example(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %0 = hf.}] # mnemonic # [{ %x : tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins type:$x);
  let results = (outs type:$result);
  let assemblyFormat = "$x attr-dict `:` type($result)";
}

def Hf_NegOp : Hf_Unary<"neg", Hf_NumberTensor, "elementwise negation", "-x[i]"> {
  let hasFolder = 1;
}
def Hf_AbsOp : Hf_Unary<"abs", Hf_NumberTensor, "elementwise absolute value", "|x[i]|">;
def Hf_ExpOp : Hf_Unary<"exp", Hf_FloatTensor, "elementwise exponential", "e^x[i]">;
def Hf_LogOp : Hf_Unary<"log", Hf_FloatTensor, "elementwise natural logarithm", "ln(x[i])">;
def Hf_SqrtOp : Hf_Unary<"sqrt", Hf_FloatTensor, "elementwise square root", "sqrt(x[i])">;
def Hf_RsqrtOp : Hf_Unary<"rsqrt", Hf_FloatTensor, "elementwise reciprocal square root", "1/sqrt(x[i])">;
def Hf_TanhOp : Hf_Unary<"tanh", Hf_FloatTensor, "elementwise hyperbolic tangent", "tanh(x[i])">;
def Hf_ErfOp : Hf_Unary<"erf", Hf_FloatTensor, "elementwise error function", "erf(x[i])">;
def Hf_SinOp : Hf_Unary<"sin", Hf_FloatTensor, "elementwise sine", "sin(x[i])">;
def Hf_CosOp : Hf_Unary<"cos", Hf_FloatTensor, "elementwise cosine", "cos(x[i])">;
def Hf_FloorOp : Hf_Unary<"floor", Hf_FloatTensor, "elementwise floor", "floor(x[i])">;

class Hf_Binary<string mnemonic, Type type, string what, string formula, list<Trait> traits = []>
    : Hf_Op<mnemonic, !listconcat([Pure, Elementwise, SameOperandsAndResultType, Hf_Differentiable], traits)> {
  let summary = what;
  let description = "`result[i] = " # formula # [{`, rounded to the element type. Shapes are equal; use
    `hf.broadcast` where they are not.

    Example:

    ```mlir
    func.func @example(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %0 = hf.}] # mnemonic # [{ %a, %b : tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
  let hasFolder = 1;
}

def Hf_AddOp : Hf_Binary<"add", Hf_NumberTensor, "elementwise sum", "a[i] + b[i]", [Commutative]>;
def Hf_SubOp : Hf_Binary<"sub", Hf_NumberTensor, "elementwise difference", "a[i] - b[i]">;
def Hf_MulOp : Hf_Binary<"mul", Hf_NumberTensor, "elementwise product", "a[i] * b[i]", [Commutative]>;
def Hf_DivOp : Hf_Binary<"div", Hf_NumberTensor, "elementwise quotient; integers truncate, and by zero give 0", "a[i] / b[i]">;
def Hf_PowOp : Hf_Binary<"pow", Hf_FloatTensor, "elementwise power", "a[i] ^ b[i]">;
def Hf_MaxOp : Hf_Binary<"max", Hf_NumberTensor, "elementwise maximum; NaN if either is", "max(a[i], b[i])", [Commutative]>;
def Hf_MinOp : Hf_Binary<"min", Hf_NumberTensor, "elementwise minimum; NaN if either is", "min(a[i], b[i])", [Commutative]>;

class Hf_Logical<string mnemonic, string what>
    : Hf_Op<mnemonic, [Pure, Elementwise, SameOperandsAndResultType, Commutative]> {
  let summary = what;
  let description = [{
    Acts on truth values, element by element.

    Example:

    ```mlir
    func.func @example(%a: tensor<4x8xi1>, %b: tensor<4x8xi1>) -> tensor<4x8xi1> {
      %0 = hf.}] # mnemonic # [{ %a, %b : tensor<4x8xi1>
      return %0 : tensor<4x8xi1>
    }
    ```
  }];
  let arguments = (ins Hf_BoolTensor:$lhs, Hf_BoolTensor:$rhs);
  let results = (outs Hf_BoolTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
  let hasFolder = 1;
}

def Hf_AndOp : Hf_Logical<"and", "elementwise conjunction">;
def Hf_OrOp : Hf_Logical<"or", "elementwise disjunction">;

def Hf_CompareOp : Hf_Op<"compare", [Pure, Elementwise, SameTypeOperands, SameOperandsAndResultShape]> {
  let summary = "elementwise comparison";
  let description = [{
    `result[i] = lhs[i] <predicate> rhs[i]`; any comparison with NaN but `ne` is false.

    Example:

    ```mlir
    func.func @example(%a: tensor<4x8xi32>, %b: tensor<4x8xi32>) -> tensor<4x8xi1> {
      %0 = hf.compare lt, %a, %b : tensor<4x8xi32> -> tensor<4x8xi1>
      return %0 : tensor<4x8xi1>
    }
    ```
  }];
  let arguments = (ins Hf_CompareAttr:$predicate, Hf_NumberTensor:$lhs, Hf_NumberTensor:$rhs);
  let results = (outs Hf_BoolTensor:$result);
  let assemblyFormat = "$predicate `,` $lhs `,` $rhs attr-dict `:` type($lhs) `->` type($result)";
}

def Hf_SelectOp : Hf_Op<"select", [Pure, Elementwise, AllShapesMatch<["condition", "result"]>,
                                   AllTypesMatch<["on_true", "on_false", "result"]>, Hf_Differentiable]> {
  let summary = "elementwise choice";
  let description = [{
    `result[i] = condition[i] ? on_true[i] : on_false[i]`. The value not chosen does not matter, NaN included.

    Example:

    ```mlir
    func.func @example(%c: tensor<4x8xi1>, %a: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %0 = hf.select %c, %a, %b : tensor<4x8xi1>, tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins Hf_BoolTensor:$condition, Hf_Tensor:$on_true, Hf_Tensor:$on_false);
  let results = (outs Hf_Tensor:$result);
  let assemblyFormat = "$condition `,` $on_true `,` $on_false attr-dict `:` type($condition) `,` type($result)";
  let hasFolder = 1;
}

def Hf_ConvertOp : Hf_Op<"convert", [Pure, Elementwise, SameOperandsAndResultShape, Hf_Differentiable]> {
  let summary = "conversion between element types";
  let description = [{
    Floats round to nearest even; a float becomes an integer by truncation toward zero; a truth value
    becomes 0 or 1; an integer becomes a truth value by comparison with zero.

    Example:

    ```mlir
    func.func @example(%x: tensor<4x8xbf16>) -> tensor<4x8xf32> {
      %0 = hf.convert %x : tensor<4x8xbf16> -> tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins Hf_Tensor:$x);
  let results = (outs Hf_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Constants and shapes
//===----------------------------------------------------------------------===//

def Hf_ConstantOp : Hf_Op<"constant", [Pure, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a constant tensor";
  let description = [{
    Example:

    ```mlir
    func.func @example() -> tensor<4x8xf32> {
      %0 = hf.constant dense<1.0> : tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Hf_Tensor:$result);
  let assemblyFormat = "$value attr-dict";
  let hasFolder = 1;
}

def Hf_IotaOp : Hf_Op<"iota", [Pure]> {
  let summary = "each element's index along one dimension";
  let description = [{
    `result[i0, …] = i_dim`.

    Constraints:
    - (C1) `0 <= dim < rank(result)`.

    Example:

    ```mlir
    func.func @example() -> tensor<2x24xi32> {
      %0 = hf.iota 1 : tensor<2x24xi32>
      return %0 : tensor<2x24xi32>
    }
    ```
  }];
  let arguments = (ins I64Attr:$dim);
  let results = (outs Hf_NumberTensor:$result);
  let assemblyFormat = "$dim attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Hf_BroadcastOp : Hf_Op<"broadcast", [Pure, SameOperandsAndResultElementType, Hf_Differentiable]> {
  let summary = "repeats a tensor along new or unit dimensions";
  let description = [{
    Dimension `i` of the operand is dimension `dims[i]` of the result; all other dimensions repeat.

    Constraints:
    - (C1) `dims` has one entry for each dimension of `x`, strictly increasing, below `rank(result)`.
    - (C2) each operand dimension is 1 or equals the result's.

    Example:

    ```mlir
    func.func @example(%w: tensor<8xf32>) -> tensor<4x8xf32> {
      %0 = hf.broadcast %w dims [1] : tensor<8xf32> -> tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins Hf_Tensor:$x, DenseI64ArrayAttr:$dims);
  let results = (outs Hf_Tensor:$result);
  let assemblyFormat = "$x `dims` $dims attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Hf_ReshapeOp : Hf_Op<"reshape", [Pure, SameOperandsAndResultElementType, Hf_Differentiable]> {
  let summary = "the same elements in row-major order under another shape";
  let description = [{
    Constraints:
    - (C1) both shapes have the same number of elements.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x24x64xf32>) -> tensor<2x24x4x16xf32> {
      %0 = hf.reshape %x : tensor<2x24x64xf32> -> tensor<2x24x4x16xf32>
      return %0 : tensor<2x24x4x16xf32>
    }
    ```
  }];
  let arguments = (ins Hf_Tensor:$x);
  let results = (outs Hf_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Hf_TransposeOp : Hf_Op<"transpose", [Pure, SameOperandsAndResultElementType, Hf_Differentiable]> {
  let summary = "permutes dimensions";
  let description = [{
    Dimension `i` of the result is dimension `permutation[i]` of the operand.

    Constraints:
    - (C1) `permutation` is a permutation of the operand's dimensions.
    - (C2) the result's shape is the operand's, permuted.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x24x4x16xf32>) -> tensor<2x4x24x16xf32> {
      %0 = hf.transpose %x perm [0, 2, 1, 3] : tensor<2x24x4x16xf32> -> tensor<2x4x24x16xf32>
      return %0 : tensor<2x4x24x16xf32>
    }
    ```
  }];
  let arguments = (ins Hf_Tensor:$x, DenseI64ArrayAttr:$permutation);
  let results = (outs Hf_Tensor:$result);
  let assemblyFormat = "$x `perm` $permutation attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Hf_SliceOp : Hf_Op<"slice", [Pure, SameOperandsAndResultElementType, Hf_Differentiable]> {
  let summary = "a contiguous box of a tensor";
  let description = [{
    `result[i] = x[offsets + i]`; the sizes are the result's shape.

    Constraints:
    - (C1) `offsets` has one entry for each dimension, none negative.
    - (C2) `offsets[d] + shape(result)[d] <= shape(x)[d]`.

    Example:

    ```mlir
    func.func @example(%x: tensor<4x16xf32>) -> tensor<4x8xf32> {
      %0 = hf.slice %x at [0, 8] : tensor<4x16xf32> -> tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins Hf_Tensor:$x, DenseI64ArrayAttr:$offsets);
  let results = (outs Hf_Tensor:$result);
  let assemblyFormat = "$x `at` $offsets attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Hf_ConcatOp : Hf_Op<"concat", [Pure, SameOperandsAndResultElementType, Hf_Differentiable]> {
  let summary = "joins tensors along one dimension";
  let description = [{
    Constraints:
    - (C1) at least one operand, `0 <= dim < rank`.
    - (C2) shapes agree but along `dim`, where the operands' sizes add up to the result's.

    Example:

    ```mlir
    func.func @example(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> tensor<4x16xf32> {
      %0 = hf.concat %a, %b dim 1 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x16xf32>
      return %0 : tensor<4x16xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Hf_Tensor>:$inputs, I64Attr:$dim);
  let results = (outs Hf_Tensor:$result);
  let assemblyFormat = "$inputs `dim` $dim attr-dict `:` functional-type($inputs, $result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Reductions, products, indexed access
//===----------------------------------------------------------------------===//

def Hf_ReduceOp : Hf_Op<"reduce", [Pure, SameOperandsAndResultElementType, Hf_Differentiable]> {
  let summary = "reduces dimensions away";
  let description = [{
    Sums, or takes the maximum or minimum, over `dims`, which disappear. An accumulation of floats is
    done in float32 or wider whatever the element type (`docs/numerics.md`).

    Constraints:
    - (C1) `dims` is not empty, strictly increasing, below `rank(x)`.
    - (C2) the result's shape is the operand's without `dims`.

    Example:

    ```mlir
    func.func @example(%x: tensor<4x8xf32>) -> tensor<4xf32> {
      %0 = hf.reduce sum, %x dims [1] : tensor<4x8xf32> -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Hf_ReductionAttr:$kind, Hf_NumberTensor:$x, DenseI64ArrayAttr:$dims);
  let results = (outs Hf_NumberTensor:$result);
  let assemblyFormat = "$kind `,` $x `dims` $dims attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
}

def Hf_MatmulOp : Hf_Op<"matmul", [Pure, Hf_Differentiable]> {
  let summary = "batched matrix product";
  let description = [{
    `result[…, m, n] = sum_k lhs[…, m, k] * rhs[…, k, n]`; `transpose_lhs` and `transpose_rhs` swap the
    last two dimensions of that operand first. Leading dimensions are batch dimensions. Products
    accumulate in float32 or wider.

    Constraints:
    - (C1) operands have the same element type, the same rank, at least 2, and equal batch dimensions.
    - (C2) the contracted sizes agree.
    - (C3) the result's shape is batch, m, n.

    Example:

    ```mlir
    func.func @example(%a: tensor<2x4x8xf32>, %b: tensor<2x16x8xf32>) -> tensor<2x4x16xf32> {
      %0 = hf.matmul %a, %b {transpose_rhs} : (tensor<2x4x8xf32>, tensor<2x16x8xf32>) -> tensor<2x4x16xf32>
      return %0 : tensor<2x4x16xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$lhs, Hf_FloatTensor:$rhs, UnitAttr:$transpose_lhs, UnitAttr:$transpose_rhs);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Hf_GatherOp : Hf_Op<"gather", [Pure, Hf_Differentiable]> {
  let summary = "rows of a table, by index";
  let description = [{
    `result[i…, r…] = table[indices[i…], r…]`. An index outside the table is undefined: the program's
    boundary checks what a user passes in.

    Constraints:
    - (C1) `shape(result) = shape(indices) ++ shape(table)[1:]`, with the table's element type.

    Example:

    ```mlir
    func.func @example(%table: tensor<256x64xf32>, %ids: tensor<2x24xi32>) -> tensor<2x24x64xf32> {
      %0 = hf.gather %table, %ids : (tensor<256x64xf32>, tensor<2x24xi32>) -> tensor<2x24x64xf32>
      return %0 : tensor<2x24x64xf32>
    }
    ```
  }];
  let arguments = (ins Hf_Tensor:$table, Hf_IntTensor:$indices);
  let results = (outs Hf_Tensor:$result);
  let assemblyFormat = "$table `,` $indices attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Hf_TakeOp : Hf_Op<"take", [Pure, Hf_Differentiable]> {
  let summary = "one row for each batch element, by index";
  let description = [{
    `result[b, r…] = x[b, index[b], r…]`, as in picking the logits of each sequence's last token. An index
    outside the dimension is undefined.

    Constraints:
    - (C1) `index` has rank 1 and the batch size of `x`, whose rank is at least 2.
    - (C2) `shape(result)` is `shape(x)` without dimension 1, with the same element type.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x24x64xf32>, %last: tensor<2xi32>) -> tensor<2x64xf32> {
      %0 = hf.take %x, %last : (tensor<2x24x64xf32>, tensor<2xi32>) -> tensor<2x64xf32>
      return %0 : tensor<2x64xf32>
    }
    ```
  }];
  let arguments = (ins Hf_Tensor:$x, Hf_IntTensor:$index);
  let results = (outs Hf_Tensor:$result);
  let assemblyFormat = "$x `,` $index attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Hf_TopKOp : Hf_Op<"top_k", [Pure, Hf_Differentiable]> {
  let summary = "the k largest elements of the last dimension, in descending order";
  let description = [{
    Returns values and indices. Of equal elements the one with the lower index comes first.

    Constraints:
    - (C1) both results have the operand's shape with the last dimension replaced by `1 <= k <= size`.

    Example:

    ```mlir
    func.func @example(%x: tensor<48x8xf32>) -> (tensor<48x2xf32>, tensor<48x2xi32>) {
      %v, %i = hf.top_k %x : tensor<48x8xf32> -> tensor<48x2xf32>, tensor<48x2xi32>
      return %v, %i : tensor<48x2xf32>, tensor<48x2xi32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$x);
  let results = (outs Hf_FloatTensor:$values, Hf_IntTensor:$indices);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($values) `,` type($indices)";
  let hasVerifier = 1;
}

def Hf_CacheUpdateOp : Hf_Op<"cache_update", [Pure, AllTypesMatch<["cache", "result"]>]> {
  let summary = "writes a chunk of new rows into a cache, at each sequence's own offset";
  let description = [{
    For each batch element `b` and `i < count[b]`: `result[b, past[b] + i, …] = rows[b, i, …]`; everything
    else is the cache's. Compiled programs update in place. Rows that would fall outside the cache are
    dropped; the runtime refuses such a call beforehand.

    Constraints:
    - (C1) `shape(rows)` is `shape(cache)` but in dimension 1, where it is at most the cache's; same element type.
    - (C2) `past` and `count` have shape [batch].

    Example:

    ```mlir
    func.func @example(%cache: tensor<2x128x2x16xf32>, %k: tensor<2x8x2x16xf32>, %past: tensor<2xi32>,
                       %count: tensor<2xi32>) -> tensor<2x128x2x16xf32> {
      %0 = hf.cache_update %cache, %k, %past, %count
        : (tensor<2x128x2x16xf32>, tensor<2x8x2x16xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x128x2x16xf32>
      return %0 : tensor<2x128x2x16xf32>
    }
    ```
  }];
  let arguments = (ins Hf_Tensor:$cache, Hf_Tensor:$rows, Hf_IntTensor:$past, Hf_IntTensor:$count);
  let results = (outs Hf_Tensor:$result);
  let assemblyFormat = "$cache `,` $rows `,` $past `,` $count attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // HFC_DIALECTS_HF_PRIMITIVES
