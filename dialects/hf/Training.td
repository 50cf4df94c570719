//===- Training.td - ops of training and of cut tensors ----*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_TRAINING
#define HFC_DIALECTS_HF_TRAINING

include "dialects/hf/OpBase.td"

//===----------------------------------------------------------------------===//
// Primitives
//===----------------------------------------------------------------------===//

def Hf_ScatterAddOp : Hf_Op<"scatter_add", [Pure, AllTypesMatch<["base", "result"]>]> {
  let summary = "adds rows to rows of a table, by index";
  let description = [{
    `result` is `base`, and then, for each `i…` in row-major order, `result[indices[i…], r…] += updates[i…, r…]`: the adjoint of
    `hf.gather`. Rows of an index outside the table are skipped. Compiled programs update `base` in place. Sums are rounded
    to the element type after each addition, in this order.

    Constraints:
    - (C1) `base` has rank 1 or more, and `shape(updates) = shape(indices) ++ shape(base)[1:]`, with the element type of `base`.

    Example:

    ```mlir
    func.func @example(%grad: tensor<256x64xf32>, %ids: tensor<2x24xi32>, %dy: tensor<2x24x64xf32>) -> tensor<256x64xf32> {
      %0 = hf.scatter_add %grad, %ids, %dy
        : (tensor<256x64xf32>, tensor<2x24xi32>, tensor<2x24x64xf32>) -> tensor<256x64xf32>
      return %0 : tensor<256x64xf32>
    }
    ```
  }];
  let arguments = (ins Hf_NumberTensor:$base, Hf_IntTensor:$indices, Hf_NumberTensor:$updates);
  let results = (outs Hf_NumberTensor:$result);
  let assemblyFormat = "$base `,` $indices `,` $updates attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Hf_SliceAtOp : Hf_Op<"slice_at", [Pure, AllElementTypesMatch<["x", "result"]>]> {
  let summary = "a part of one dimension, from a place that is data";
  let description = [{
    `result[…, i, …] = x[…, start + i, …]` in dimension `dim`, whose size is the result's; 0 (or false) where `start + i` is outside `x`. A
    rank takes its piece of a tensor with it.

    Constraints:
    - (C1) `0 <= dim < rank(x)`.
    - (C2) shapes agree but along `dim`.

    Example:

    ```mlir
    func.func @example(%x: tensor<10x8xf32>, %start: tensor<i32>) -> tensor<4x8xf32> {
      %0 = hf.slice_at %x, %start dim 0 : tensor<10x8xf32> -> tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins Hf_Tensor:$x, Hf_I32Scalar:$start, I64Attr:$dim);
  let results = (outs Hf_Tensor:$result);
  let assemblyFormat = "$x `,` $start `dim` $dim attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
}

def Hf_RandomUniformOp : Hf_Op<"random_uniform", [Pure, Elementwise, AllTypesMatch<["row", "column", "key"]>,
                                                  AllShapesMatch<["row", "result"]>]> {
  let summary = "a random number for each place: a hash of three numbers";
  let description = [{
    `result[i] = (x >> 8) * 2^-24`, in [0, 1), where `x` is the first word of Threefry-2x32 with 13 rounds (Salmon, Moraes, Dror, Shaw:
    "Parallel random numbers: as easy as 1, 2, 3", SC 2011) of the counter `(row[i], column[i])` under the key `(key[i], 0)`. All on unsigned
    32-bit words that wrap around, `>>` shifting zeros in:

    ```
    k = [key, 0, 0x1BD11BDA ^ key]                    rotation = [13, 15, 26, 6, 17, 29, 16, 24]
    x = row + k[0];  y = column + k[1]
    for r in 0..12:
      x = x + y
      y = (y << rotation[r mod 8]) | (y >> (32 - rotation[r mod 8]))
      y = y ^ x
      if r mod 4 == 3:                                s = r / 4 + 1  (1, 2, 3)
        x = x + k[s mod 3];  y = y + k[(s + 1) mod 3] + s
    ```

    The same numbers on every rank, target and mesh: a place is numbered in the whole tensor.

    Example:

    ```mlir
    func.func @example(%row: tensor<4x8xi32>, %column: tensor<4x8xi32>, %key: tensor<4x8xi32>) -> tensor<4x8xf32> {
      %0 = hf.random_uniform %row, %column, %key : tensor<4x8xi32> -> tensor<4x8xf32>
      return %0 : tensor<4x8xf32>
    }
    ```
  }];
  let arguments = (ins StaticShapeTensorOf<[I32]>:$row, StaticShapeTensorOf<[I32]>:$column, StaticShapeTensorOf<[I32]>:$key);
  let results = (outs StaticShapeTensorOf<[F32]>:$result);
  let assemblyFormat = "$row `,` $column `,` $key attr-dict `:` type($row) `->` type($result)";
}

def Hf_BarrierOp : Hf_Op<"barrier", [Pure, Hf_Differentiable]> {
  let summary = "the identity, which CSE and folding respect";
  let description = [{
    `results[i] = inputs[i]`, once all inputs are there. What is computed from a result is never taken for what is computed from the input:
    a backward pass that recomputes its forward part from `hf.barrier` of a saved value does so, and not before the cotangent that
    it takes along.

    Constraints:
    - (C1) there is at least one input, and each result has the type of its input.

    Example:

    ```mlir
    func.func @example(%x: tensor<4x8xf32>, %dy: tensor<4x16xf32>) -> (tensor<4x8xf32>, tensor<4x16xf32>) {
      %0:2 = hf.barrier %x, %dy
        : (tensor<4x8xf32>, tensor<4x16xf32>) -> (tensor<4x8xf32>, tensor<4x16xf32>)
      return %0#0, %0#1 : tensor<4x8xf32>, tensor<4x16xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Hf_Tensor>:$inputs);
  let results = (outs Variadic<Hf_Tensor>:$outputs);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Loss and derivatives
//===----------------------------------------------------------------------===//

def Hf_CrossEntropyOp : Hf_Composite<"cross_entropy", [AllTypesMatch<["loss", "log_sum"]>, Hf_Differentiable]> {
  let summary = "cross-entropy of logits against labels, for each row";
  let description = [{
    For each row of `logits`, in float32: `log_sum = log(sum_v exp(logits[v]))` and `loss = log_sum - logits[label]`, or 0 where the
    label is -100. Any other label outside the row counts as the largest logit. `log_sum` is what the backward pass needs: with it,
    no row is reduced a second time.

    Constraints:
    - (C1) `logits` has rank 1 or more, and `labels` its shape without the last dimension.
    - (C2) results have the shape of `labels`, and are float32, or float64 for such logits.

    Example:

    ```mlir
    func.func @example(%logits: tensor<2x24x256xbf16>, %labels: tensor<2x24xi32>) -> (tensor<2x24xf32>, tensor<2x24xf32>) {
      %loss, %log_sum = hf.cross_entropy %logits, %labels : (tensor<2x24x256xbf16>, tensor<2x24xi32>) -> tensor<2x24xf32>
      return %loss, %log_sum : tensor<2x24xf32>, tensor<2x24xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$logits, Hf_IntTensor:$labels);
  let results = (outs Hf_FloatTensor:$loss, Hf_FloatTensor:$log_sum);
  let assemblyFormat = [{
    $logits `,` $labels attr-dict `:` `(` type($logits) `,` type($labels) `)` `->` type($loss)
  }];
  let extraClassDeclaration = [{
    /// The label of a row that does not count, as in PyTorch.
    static constexpr int64_t ignoredLabel = -100;
  }];
}

def Hf_LinearDgradOp : Hf_Composite<"linear_dgrad"> {
  let summary = "gradient of hf.linear with respect to its input";
  let description = [{
    `result[…, i] = sum_o cotangent[…, o] * weight[o, i]`.

    Constraints:
    - (C1) `weight` is `[out, in]`, `out` the last size of `cotangent`.
    - (C2) `shape(result)` is `shape(cotangent)` with the last size `in`; element types agree.

    Example:

    ```mlir
    func.func @example(%dy: tensor<2x24x160xf32>, %w: tensor<160x64xf32>) -> tensor<2x24x64xf32> {
      %0 = hf.linear_dgrad %dy, %w : (tensor<2x24x160xf32>, tensor<160x64xf32>) -> tensor<2x24x64xf32>
      return %0 : tensor<2x24x64xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$cotangent, Hf_FloatTensor:$weight);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$cotangent `,` $weight attr-dict `:` functional-type(operands, results)";
}

def Hf_LinearWgradOp : Hf_Composite<"linear_wgrad"> {
  let summary = "gradient of hf.linear with respect to its weight";
  let description = [{
    `result[o, i] = sum_… cotangent[…, o] * x[…, i]`, over all dimensions but the last. Gradients accumulate in float32, so the result may be
    wider than the operands: the sum is then not rounded to their type.

    Constraints:
    - (C1) `cotangent` and `x` have one element type and the same shape, of rank 1 or more, but for the last size.
    - (C2) the result is `[out, in]`, of the operands' element type or of float32.

    Example:

    ```mlir
    func.func @example(%dy: tensor<2x24x160xbf16>, %x: tensor<2x24x64xbf16>) -> tensor<160x64xf32> {
      %0 = hf.linear_wgrad %dy, %x : (tensor<2x24x160xbf16>, tensor<2x24x64xbf16>) -> tensor<160x64xf32>
      return %0 : tensor<160x64xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$cotangent, Hf_FloatTensor:$x);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$cotangent `,` $x attr-dict `:` functional-type(operands, results)";
}

def Hf_AttentionStatisticsOp : Hf_Composite<"attention_statistics", [AttrSizedOperandSegments]> {
  let summary = "what attention's backward pass needs to know of each row of scores";
  let description = [{
    `result[b, h, i] = log(sum_j exp(score))` over the keys that are visible to query `i` of head `h`, with `hf.attention`'s scores and
    parts; 0 for a query that sees no key. With it each weight of the softmax is `exp(score - result)`, by itself.

    Constraints: those of `hf.attention` (C1 to C6) for the operands that are here, and
    - (C7) the result is `[batch, query heads, queries]`, float32, or float64 for such operands.

    Example:

    ```mlir
    func.func @example(%q: tensor<2x24x4x16xf32>, %k: tensor<2x24x2x16xf32>, %m: tensor<2x24xi32>) -> tensor<2x4x24xf32> {
      %0 = hf.attention_statistics %q, %k key_mask(%m : tensor<2x24xi32>) {causal, scale = 0.25 : f64}
        : (tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>) -> tensor<2x4x24xf32>
      return %0 : tensor<2x4x24xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$query, Hf_FloatTensor:$key,
    Optional<Hf_IntTensor>:$key_mask, Optional<Hf_IntTensor>:$query_segments, Optional<Hf_IntTensor>:$key_segments,
    Optional<Hf_IntTensor>:$past, Optional<Hf_IntTensor>:$count, Optional<Hf_FloatTensor>:$bias,
    F64Attr:$scale, UnitAttr:$causal, OptionalAttr<I64Attr>:$window, OptionalAttr<F64Attr>:$softcap,
    DefaultValuedAttr<Hf_HeadLayoutAttr, "::hfc::hf::HeadLayout::bshd">:$layout);
  let results = (outs Hf_FloatTensor:$result);
  let builders = [OpBuilder<(ins "AttentionBackwardOp":$backward)>];
  let assemblyFormat = [{
    $query `,` $key (`key_mask` `(` $key_mask^ `:` type($key_mask) `)`)?
    (`segments` `(` $query_segments^ `,` $key_segments `:` type($query_segments) `,` type($key_segments) `)`)?
    (`past` `(` $past^ `,` $count `:` type($past) `,` type($count) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    attr-dict `:` `(` type($query) `,` type($key) `)` `->` type($result)
  }];
}

def Hf_AttentionWithStatisticsOp : Hf_Composite<"attention_with_statistics", [AttrSizedOperandSegments]> {
  let summary = "hf.attention, and what its backward pass needs to know of each row of scores";
  let description = [{
    `result` is that of `hf.attention`, and `log_sum` that of `hf.attention_statistics`, of the same operands: a kernel that has computed the
    one knows the other. `hfc-fuse` makes it of an attention whose gradients the entry computes.

    Constraints: those of `hf.attention` (C1 to C6, C8), and
    - (C7) `log_sum` is `[batch, query heads, queries]`, float32, or float64 for such operands.

    Example:

    ```mlir
    func.func @example(%q: tensor<2x24x4x16xf32>, %k: tensor<2x24x2x16xf32>, %v: tensor<2x24x2x16xf32>)
            -> (tensor<2x24x4x16xf32>, tensor<2x4x24xf32>) {
      %0, %sum = hf.attention_with_statistics %q, %k, %v {causal, scale = 0.25 : f64}
        : (tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>) -> (tensor<2x24x4x16xf32>, tensor<2x4x24xf32>)
      return %0, %sum : tensor<2x24x4x16xf32>, tensor<2x4x24xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$query, Hf_FloatTensor:$key, Hf_FloatTensor:$value,
    Optional<Hf_IntTensor>:$key_mask, Optional<Hf_IntTensor>:$query_segments, Optional<Hf_IntTensor>:$key_segments,
    Optional<Hf_IntTensor>:$past, Optional<Hf_IntTensor>:$count, Optional<Hf_FloatTensor>:$bias,
    Optional<Hf_I32Scalar>:$dropout_key, Optional<StaticShapeTensorOf<[I32]>>:$dropout_rows,
    F64Attr:$scale, UnitAttr:$causal, OptionalAttr<I64Attr>:$window, OptionalAttr<F64Attr>:$softcap, OptionalAttr<F64Attr>:$dropout,
    DefaultValuedAttr<Hf_HeadLayoutAttr, "::hfc::hf::HeadLayout::bshd">:$layout);
  let results = (outs Hf_FloatTensor:$result, Hf_FloatTensor:$log_sum);
  let builders = [OpBuilder<(ins "AttentionOp":$attention)>];
  let assemblyFormat = [{
    $query `,` $key `,` $value (`key_mask` `(` $key_mask^ `:` type($key_mask) `)`)?
    (`segments` `(` $query_segments^ `,` $key_segments `:` type($query_segments) `,` type($key_segments) `)`)?
    (`past` `(` $past^ `,` $count `:` type($past) `,` type($count) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`drop` `(` $dropout_key^ `,` $dropout_rows `:` type($dropout_rows) `)`)?
    attr-dict `:` `(` type($query) `,` type($key) `,` type($value) `)` `->` `(` type($result) `,` type($log_sum) `)`
  }];
}

def Hf_AttentionBackwardOp : Hf_Composite<"attention_backward", [AttrSizedOperandSegments,
    AllTypesMatch<["cotangent", "output"]>, AllTypesMatch<["query", "query_grad"]>, AllTypesMatch<["key", "key_grad"]>,
    AllTypesMatch<["value", "value_grad"]>]> {
  let summary = "gradients of hf.attention with respect to query, key and value";
  let description = [{
    Given an attention's operands, its result `output` and that result's cotangent. The scores and their softmax are computed
    again: nothing of the size queries x keys is kept between the passes. With `P` the softmax, in float32:

    ```
    dV = D(P)^T cotangent             dP = D(cotangent V^T)
    dS = P * (dP - rowsum(cotangent * output)), times 1 - (score / softcap)^2 if there is a softcap
    dQ = scale * dS K                 dK = scale * dS^T Q
    ```

    where `D` drops what the attention dropped, and scales up the rest; without `drop` it does nothing.

    `log_sum`, if there, is the `hf.attention_statistics` of the same operands, which says nothing new: with it the weights need no
    second pass over the keys. Gradients of a key head are sums over the query heads that share it. A query that sees no key contributes nothing. There is no gradient of
    `bias` here: an attention whose bias wants one is differentiated through its decomposition.

    Constraints: those of `hf.attention` (C1 to C6, C8), and
    - (C7) `cotangent` and `output` have the type of the attention's result, gradients the types of what they are gradients of;
      `log_sum` is `[batch, query heads, queries]`.

    Example:

    ```mlir
    func.func @example(%dy: tensor<2x24x4x16xf32>, %q: tensor<2x24x4x16xf32>, %k: tensor<2x24x2x16xf32>,
                       %v: tensor<2x24x2x16xf32>, %y: tensor<2x24x4x16xf32>, %m: tensor<2x24xi32>)
            -> (tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>) {
      %dq, %dk, %dv = hf.attention_backward %dy, %q, %k, %v, %y key_mask(%m : tensor<2x24xi32>) {causal, scale = 0.25 : f64}
        : (tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>) -> tensor<2x24x4x16xf32>
      return %dq, %dk, %dv : tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>
    }
    ```
    The types are those of `hf.attention`: query, key, value and the attention's result.
  }];
  let arguments = (ins Hf_FloatTensor:$cotangent, Hf_FloatTensor:$query, Hf_FloatTensor:$key, Hf_FloatTensor:$value,
    Hf_FloatTensor:$output, Optional<Hf_FloatTensor>:$log_sum,
    Optional<Hf_IntTensor>:$key_mask, Optional<Hf_IntTensor>:$query_segments, Optional<Hf_IntTensor>:$key_segments,
    Optional<Hf_IntTensor>:$past, Optional<Hf_IntTensor>:$count, Optional<Hf_FloatTensor>:$bias,
    Optional<Hf_I32Scalar>:$dropout_key, Optional<StaticShapeTensorOf<[I32]>>:$dropout_rows,
    F64Attr:$scale, UnitAttr:$causal, OptionalAttr<I64Attr>:$window, OptionalAttr<F64Attr>:$softcap, OptionalAttr<F64Attr>:$dropout,
    DefaultValuedAttr<Hf_HeadLayoutAttr, "::hfc::hf::HeadLayout::bshd">:$layout);
  let results = (outs Hf_FloatTensor:$query_grad, Hf_FloatTensor:$key_grad, Hf_FloatTensor:$value_grad);
  let assemblyFormat = [{
    $cotangent `,` $query `,` $key `,` $value `,` $output (`log_sum` `(` $log_sum^ `:` type($log_sum) `)`)? (`key_mask` `(` $key_mask^ `:` type($key_mask) `)`)?
    (`segments` `(` $query_segments^ `,` $key_segments `:` type($query_segments) `,` type($key_segments) `)`)?
    (`past` `(` $past^ `,` $count `:` type($past) `,` type($count) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`drop` `(` $dropout_key^ `,` $dropout_rows `:` type($dropout_rows) `)`)?
    attr-dict `:` `(` type($query) `,` type($key) `,` type($value) `)` `->` type($output)
  }];
}

def Hf_ExpertsBackwardOp : Hf_Composite<"experts_backward", [AllTypesMatch<["x", "cotangent", "x_grad"]>,
    AllTypesMatch<["route", "route_grad"]>]> {
  let summary = "gradients of hf.experts with respect to all its operands";
  let description = [{
    Given the operands of an `hf.experts` and the cotangent of its result. What the experts compute inside is computed again.

    Constraints: those of `hf.experts` (C1, C2), and
    - (C3) gradients have the types of what they are gradients of; those of `gate`, `up` and `down` may be float32 instead.

    Example:

    ```mlir
    func.func @example(%dy: tensor<48x64xf32>, %x: tensor<48x64xf32>, %r: tensor<48x8xf32>, %g: tensor<8x48x64xf32>,
                       %u: tensor<8x48x64xf32>, %d: tensor<8x64x48xf32>)
            -> (tensor<48x64xf32>, tensor<48x8xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) {
      %dx, %dr, %dg, %du, %dd = hf.experts_backward silu, %dy, %x, %r, %g, %u, %d
        : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x8xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>)
        -> (tensor<48x64xf32>, tensor<48x8xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>)
      return %dx, %dr, %dg, %du, %dd
        : tensor<48x64xf32>, tensor<48x8xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>
    }
    ```
  }];
  let arguments = (ins Hf_ActivationAttr:$activation, Hf_FloatTensor:$cotangent, Hf_FloatTensor:$x, Hf_FloatTensor:$route,
                       Hf_FloatTensor:$gate, Hf_FloatTensor:$up, Hf_FloatTensor:$down);
  let results = (outs Hf_FloatTensor:$x_grad, Hf_FloatTensor:$route_grad, Hf_FloatTensor:$gate_grad,
                      Hf_FloatTensor:$up_grad, Hf_FloatTensor:$down_grad);
  let assemblyFormat = [{
    $activation `,` $cotangent `,` $x `,` $route `,` $gate `,` $up `,` $down attr-dict `:` functional-type(operands, results)
  }];
}

//===----------------------------------------------------------------------===//
// Updates and noise
//===----------------------------------------------------------------------===//

def Hf_AdamWOp : Hf_Composite<"adamw", [AllTypesMatch<["parameter", "new_parameter"]>,
    AllTypesMatch<["moment1", "new_moment1"]>, AllTypesMatch<["moment2", "new_moment2"]>,
    AllShapesMatch<["parameter", "gradient", "moment1", "moment2"]>]> {
  let summary = "one step of AdamW, as torch.optim.AdamW";
  let description = [{
    In float32, whatever the storage types; `step` counts from 1, and `scale` multiplies the gradient first (clipping by norm):

    ```
    g = scale * gradient
    new_moment1 = beta1 * moment1 + (1 - beta1) * g
    new_moment2 = beta2 * moment2 + (1 - beta2) * g^2
    denominator = sqrt(new_moment2) / sqrt(1 - beta2^step) + epsilon
    new_parameter = (1 - learning_rate * weight_decay) * parameter
                  - learning_rate / (1 - beta1^step) * new_moment1 / denominator
    ```

    The parameter is updated with the moments before they are rounded to their storage type. Each result may take the place of
    its operand.

    Constraints:
    - (C1) parameter, gradient and moments have one shape.

    Example:

    ```mlir
    func.func @example(%p: tensor<64xf32>, %g: tensor<64xf32>, %m: tensor<64xbf16>, %v: tensor<64xbf16>, %step: tensor<i32>,
                       %lr: tensor<f32>, %beta1: tensor<f32>, %beta2: tensor<f32>, %eps: tensor<f32>, %decay: tensor<f32>,
                       %scale: tensor<f32>) -> (tensor<64xf32>, tensor<64xbf16>, tensor<64xbf16>) {
      %p1, %m1, %v1 = hf.adamw %p, %g, %m, %v step %step, %lr, %beta1, %beta2, %eps, %decay, %scale
        : tensor<64xf32>, tensor<64xf32>, tensor<64xbf16>, tensor<64xbf16>
      return %p1, %m1, %v1 : tensor<64xf32>, tensor<64xbf16>, tensor<64xbf16>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$parameter, Hf_FloatTensor:$gradient, Hf_FloatTensor:$moment1, Hf_FloatTensor:$moment2,
    Hf_I32Scalar:$step, Hf_F32Scalar:$learning_rate, Hf_F32Scalar:$beta1, Hf_F32Scalar:$beta2, Hf_F32Scalar:$epsilon,
    Hf_F32Scalar:$weight_decay, Hf_F32Scalar:$scale);
  let results = (outs Hf_FloatTensor:$new_parameter, Hf_FloatTensor:$new_moment1, Hf_FloatTensor:$new_moment2);
  let assemblyFormat = [{
    $parameter `,` $gradient `,` $moment1 `,` $moment2 `step` $step `,` $learning_rate `,` $beta1 `,` $beta2 `,` $epsilon `,`
    $weight_decay `,` $scale attr-dict `:` type($parameter) `,` type($gradient) `,` type($moment1) `,` type($moment2)
  }];
}

def Hf_DropoutOp : Hf_Composite<"dropout", [AllTypesMatch<["x", "result"]>, Hf_Differentiable]> {
  let summary = "zeroes elements at random, and scales the others";
  let description = [{
    `result[i] = u[i] >= p ? x[i] / (1 - p) : 0`, with `u` the `hf.random_uniform` of `i`'s row (its place among all rows of the last dimension,
    row-major), its place in the row, and `key`. The backward pass draws the same numbers again from the same key. Every
    op, layer and micro-batch needs a key of its own.

    Constraints:
    - (C1) `x` has rank 1 or more, and `0 <= p < 1`.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x24x64xf32>, %key: tensor<i32>) -> tensor<2x24x64xf32> {
      %0 = hf.dropout %x, %key {p = 0.1 : f64} : tensor<2x24x64xf32>
      return %0 : tensor<2x24x64xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$x, Hf_I32Scalar:$key, F64Attr:$p);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$x `,` $key attr-dict `:` type($x)";
}

#endif // HFC_DIALECTS_HF_TRAINING
