//===- Composites.td - ops defined by their decomposition --*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_HF_COMPOSITES
#define HFC_DIALECTS_HF_COMPOSITES

include "dialects/hf/OpBase.td"

def Hf_LinearOp : Hf_Composite<"linear", [Hf_Differentiable]> {
  let summary = "affine map of the last dimension, as torch.nn.Linear";
  let description = [{
    `result[…, o] = sum_i x[…, i] * weight[o, i] (+ bias[o])`.

    Constraints:
    - (C1) `weight` is `[out, in]`, `in` the last size of `x`.
    - (C2) `bias`, if any, is `[out]`.
    - (C3) `shape(result)` is `shape(x)` with the last size `out`; element types agree.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x24x64xf32>, %w: tensor<160x64xf32>, %b: tensor<160xf32>) -> tensor<2x24x160xf32> {
      %0 = hf.linear %x, %w bias %b
        : (tensor<2x24x64xf32>, tensor<160x64xf32>, tensor<160xf32>) -> tensor<2x24x160xf32>
      return %0 : tensor<2x24x160xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$x, Hf_FloatTensor:$weight, Optional<Hf_FloatTensor>:$bias);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$x `,` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
}

def Hf_EmbeddingOp : Hf_Composite<"embedding", [Hf_Differentiable]> {
  let summary = "rows of an embedding table, as torch.nn.Embedding";
  let description = [{
    `result[i…, h] = table[ids[i…], h]`.

    Constraints:
    - (C1) `table` is `[vocabulary, hidden]`; `shape(result) = shape(ids) ++ [hidden]`.

    Example:

    ```mlir
    func.func @example(%table: tensor<256x64xf32>, %ids: tensor<2x24xi32>) -> tensor<2x24x64xf32> {
      %0 = hf.embedding %table, %ids : (tensor<256x64xf32>, tensor<2x24xi32>) -> tensor<2x24x64xf32>
      return %0 : tensor<2x24x64xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$table, Hf_IntTensor:$ids);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$table `,` $ids attr-dict `:` functional-type(operands, results)";
}

def Hf_RmsNormOp : Hf_Composite<"rms_norm", [AllTypesMatch<["x", "result"]>]> {
  let summary = "root-mean-square normalisation of the last dimension";
  let description = [{
    `y = x * rsqrt(mean(x^2) + epsilon)` in float32, then `result = weight * y`. By default `y` is rounded
    to the element type before the weight multiplies it, as LlamaRMSNorm does; with `unit_offset` the
    result is `y * (1 + weight)`, multiplied in float32, as GemmaRMSNorm does.

    Constraints:
    - (C1) `weight` has rank 1, the last size of `x` and its element type.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x24x64xf32>, %w: tensor<64xf32>) -> tensor<2x24x64xf32> {
      %0 = hf.rms_norm %x, %w {epsilon = 1.0e-6 : f64} : (tensor<2x24x64xf32>, tensor<64xf32>) -> tensor<2x24x64xf32>
      return %0 : tensor<2x24x64xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$x, Hf_FloatTensor:$weight, F64Attr:$epsilon, UnitAttr:$unit_offset);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$x `,` $weight attr-dict `:` functional-type(operands, results)";
}

def Hf_LayerNormOp : Hf_Composite<"layer_norm", [AllTypesMatch<["x", "result"]>]> {
  let summary = "layer normalisation of the last dimension, as torch.nn.LayerNorm";
  let description = [{
    `result = (x - mean(x)) * rsqrt(var(x) + epsilon) * weight (+ bias)`, in float32, the variance biased.

    Constraints:
    - (C1) `weight`, and `bias` if any, have rank 1, the last size of `x` and its element type.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x16x64xf32>, %w: tensor<64xf32>, %b: tensor<64xf32>) -> tensor<2x16x64xf32> {
      %0 = hf.layer_norm %x, %w bias %b {epsilon = 1.0e-5 : f64}
        : (tensor<2x16x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<2x16x64xf32>
      return %0 : tensor<2x16x64xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$x, Hf_FloatTensor:$weight, Optional<Hf_FloatTensor>:$bias, F64Attr:$epsilon);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$x `,` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
}

def Hf_SoftmaxOp : Hf_Composite<"softmax", [SameOperandsAndResultType, Hf_Differentiable]> {
  let summary = "softmax of the last dimension, in float32";
  let description = [{
    `result = exp(x - max(x)) / sum(exp(x - max(x)))`.

    Constraints:
    - (C1) the rank is at least 1.

    Example:

    ```mlir
    func.func @example(%x: tensor<48x8xf32>) -> tensor<48x8xf32> {
      %0 = hf.softmax %x : tensor<48x8xf32>
      return %0 : tensor<48x8xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$x);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($result)";
}

def Hf_ActivationOp : Hf_Composite<"activation", [SameOperandsAndResultType, Hf_Differentiable]> {
  let summary = "an activation function by its transformers name";
  let description = [{
    Applies `transformers.activations.ACT2FN[kind]`, element by element, computed in float32.

    Constraints:
    - (C1) the rank is at least 1.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x24x160xf32>) -> tensor<2x24x160xf32> {
      %0 = hf.activation silu, %x : tensor<2x24x160xf32>
      return %0 : tensor<2x24x160xf32>
    }
    ```
  }];
  let arguments = (ins Hf_ActivationAttr:$kind, Hf_FloatTensor:$x);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$kind `,` $x attr-dict `:` type($result)";
}

def Hf_SoftcapOp : Hf_Composite<"softcap", [SameOperandsAndResultType, Hf_Differentiable]> {
  let summary = "squashes values smoothly into (-cap, cap)";
  let description = [{
    `result = cap * tanh(x / cap)`, as Gemma 2 does to its logits.

    Constraints:
    - (C1) `cap > 0`.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x24x256xf32>) -> tensor<2x24x256xf32> {
      %0 = hf.softcap %x {cap = 30.0 : f64} : tensor<2x24x256xf32>
      return %0 : tensor<2x24x256xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$x, F64Attr:$cap);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($result)";
}

def Hf_RotaryTableOp : Hf_Composite<"rotary_table", [AllTypesMatch<["cosine", "sine"]>]> {
  let summary = "cosines and sines of rotary position embeddings";
  let description = [{
    `angle[…, i] = positions[…] * inverse_frequencies[i mod (R/2)]` for `i < R`, and
    `cosine = cos(angle) * scaling`, `sine = sin(angle) * scaling`, computed in float32: the table that
    transformers' `rotary_emb` modules return, both halves equal.

    Constraints:
    - (C1) `inverse_frequencies` is float32 of rank 1, or of rank 2 with the batch in front.
    - (C2) results have `shape(positions) ++ [R]`, with `R` twice the last size of `inverse_frequencies`.

    Example:

    ```mlir
    func.func @example(%positions: tensor<2x24xi32>, %inv: tensor<8xf32>)
            -> (tensor<2x24x16xf32>, tensor<2x24x16xf32>) {
      %c, %s = hf.rotary_table %positions, %inv {scaling = 1.0 : f64}
        : (tensor<2x24xi32>, tensor<8xf32>) -> tensor<2x24x16xf32>
      return %c, %s : tensor<2x24x16xf32>, tensor<2x24x16xf32>
    }
    ```
  }];
  let arguments = (ins Hf_IntTensor:$positions, StaticShapeTensorOf<[F32]>:$inverse_frequencies, F64Attr:$scaling);
  let results = (outs Hf_FloatTensor:$cosine, Hf_FloatTensor:$sine);
  let assemblyFormat = [{
    $positions `,` $inverse_frequencies attr-dict `:` `(` type($positions) `,` type($inverse_frequencies) `)` `->` type($cosine)
  }];
}

def Hf_RotaryOp : Hf_Composite<"rotary", [AllTypesMatch<["x", "result"]>, AllTypesMatch<["cosine", "sine"]>, Hf_Differentiable]> {
  let summary = "applies rotary position embeddings to the heads of a tensor";
  let description = [{
    With `R` the last size of the tables, rotates the first `R` elements of each head and leaves the rest:
    `result = x * cosine + rotate(x) * sine`, where `rotate` maps `(a, b)`, the two halves, to `(-b, a)`; with
    `interleaved` the halves are the even and the odd elements (and the table's entry `i` belongs to the
    pair `i`, `i < R/2`). It is computed in float32 and rounded once.

    Constraints:
    - (C1) `x` has rank 4 and its dimensions stand in `layout`'s order.
    - (C2) tables are `[batch, sequence, R]`, or `[1, sequence, R]`, `R` even and at most the head dimension.

    Example:

    ```mlir
    func.func @example(%q: tensor<2x24x4x16xf32>, %c: tensor<2x24x16xf32>, %s: tensor<2x24x16xf32>)
            -> tensor<2x24x4x16xf32> {
      %0 = hf.rotary %q, %c, %s : (tensor<2x24x4x16xf32>, tensor<2x24x16xf32>) -> tensor<2x24x4x16xf32>
      return %0 : tensor<2x24x4x16xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$x, Hf_FloatTensor:$cosine, Hf_FloatTensor:$sine, UnitAttr:$interleaved,
                       DefaultValuedAttr<Hf_HeadLayoutAttr, "::hfc::hf::HeadLayout::bshd">:$layout);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = [{
    $x `,` $cosine `,` $sine attr-dict `:` `(` type($x) `,` type($cosine) `)` `->` type($result)
  }];
}

def Hf_AttentionOp : Hf_Composite<"attention", [AttrSizedOperandSegments, Hf_Differentiable]> {
  let summary = "scaled dot-product attention, composed of parts";
  let description = [{
    For query `i` and key `j` of the same batch element and head (query head `h` uses key head
    `h / (query heads / key heads)`): `score = scale * <q_i, k_j>`, then `softcap * tanh(score / softcap)` if
    `softcap` is there, then `+ bias[b, h, i, j]`. A key is visible to a query if every part that is present
    agrees:

    | part | key `j` is visible to query `i` if |
    |---|---|
    | `causal` | `j <= past[b] + i` (`past` 0 if absent) |
    | `window` | `past[b] + i - j < window` |
    | `key_mask` | `key_mask[b, j] != 0` |
    | `segments` | `query_segments[b, i] == key_segments[b, j]` |
    | `past`, `count` | `j < past[b] + count[b]` |

    `result_i = sum_j softmax_j(score) v_j` over visible keys, in float32; a query that sees no key gives 0. With `drop` each weight of
    the softmax is dropped with probability `dropout`, and else multiplied by `1 / (1 - dropout)`: it is kept if `u >= dropout`, with
    `u` the `hf.random_uniform` of row `dropout_rows[b, h] + i`, column `j` and `dropout_key`. Rows are numbered in the whole tensor,
    so that every mesh drops the same: `(b * heads + h) * queries`.

    Dimensions stand in the order `layout` says for queries, keys, values and the result. With `past`, keys and
    values are caches (capacity in the sequence dimension) that already hold the chunk's own rows.

    Constraints:
    - (C1) `query`, `key`, `value` have rank 4, one element type, one batch size; `key` and `value` agree in sequence and heads, `query`
      and `key` in the head dimension; the result is the query with `value`'s head dimension.
    - (C2) the number of query heads is a multiple of the number of key heads.
    - (C3) `key_mask` is `[batch, keys]`; `query_segments` is `[batch, queries]`, `key_segments` `[batch, keys]`, and
      one comes only with the other.
    - (C4) `past` and `count` are `[batch]`, and come together.
    - (C5) `window`, if any, is positive and comes with `causal`; `softcap`, if any, is positive.
    - (C6) `bias` broadcasts to `[batch, query heads, queries, keys]` (sizes 1 or equal).
    - (C8) `dropout_rows` is `[batch, query heads]`; it, the key and `dropout` come together, and `0 <= dropout < 1`.

    Example:

    ```mlir
    func.func @example(%q: tensor<2x24x4x16xf32>, %k: tensor<2x24x2x16xf32>, %v: tensor<2x24x2x16xf32>,
                       %m: tensor<2x24xi32>) -> tensor<2x24x4x16xf32> {
      %0 = hf.attention %q, %k, %v key_mask(%m : tensor<2x24xi32>) {causal, scale = 0.25 : f64}
        : (tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>) -> tensor<2x24x4x16xf32>
      return %0 : tensor<2x24x4x16xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$query, Hf_FloatTensor:$key, Hf_FloatTensor:$value,
    Optional<Hf_IntTensor>:$key_mask, Optional<Hf_IntTensor>:$query_segments, Optional<Hf_IntTensor>:$key_segments,
    Optional<Hf_IntTensor>:$past, Optional<Hf_IntTensor>:$count, Optional<Hf_FloatTensor>:$bias,
    Optional<Hf_I32Scalar>:$dropout_key, Optional<StaticShapeTensorOf<[I32]>>:$dropout_rows,
    F64Attr:$scale, UnitAttr:$causal, OptionalAttr<I64Attr>:$window, OptionalAttr<F64Attr>:$softcap, OptionalAttr<F64Attr>:$dropout,
    DefaultValuedAttr<Hf_HeadLayoutAttr, "::hfc::hf::HeadLayout::bshd">:$layout);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`key_mask` `(` $key_mask^ `:` type($key_mask) `)`)?
    (`segments` `(` $query_segments^ `,` $key_segments `:` type($query_segments) `,` type($key_segments) `)`)?
    (`past` `(` $past^ `,` $count `:` type($past) `,` type($count) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`drop` `(` $dropout_key^ `,` $dropout_rows `:` type($dropout_rows) `)`)?
    attr-dict `:` `(` type($query) `,` type($key) `,` type($value) `)` `->` type($result)
  }];
}

def Hf_PatchEmbeddingOp : Hf_Composite<"patch_embedding"> {
  let summary = "cuts images into patches and projects each, as a convolution whose stride is its size";
  let description = [{
    `result[b, n, o] = sum_{c,y,x} image[b, c, P*(n / W') + y, P*(n mod W') + x] * weight[o, c, y, x] (+ bias[o])`,
    with `W' = width / P`; rows and columns that fill no patch are ignored.

    Constraints:
    - (C1) `image` is `[batch, channels, height, width]`, `weight` `[out, channels, P, P]`, `bias` `[out]`.
    - (C2) the result is `[batch, (height / P) * (width / P), out]`.

    Example:

    ```mlir
    func.func @example(%px: tensor<2x3x32x32xf32>, %w: tensor<64x3x8x8xf32>, %b: tensor<64xf32>)
            -> tensor<2x16x64xf32> {
      %0 = hf.patch_embedding %px, %w bias %b
        : (tensor<2x3x32x32xf32>, tensor<64x3x8x8xf32>, tensor<64xf32>) -> tensor<2x16x64xf32>
      return %0 : tensor<2x16x64xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$image, Hf_FloatTensor:$weight, Optional<Hf_FloatTensor>:$bias);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$image `,` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
}

def Hf_RouteOp : Hf_Composite<"route", [SameOperandsAndResultType]> {
  let summary = "weights of the chosen experts, zero elsewhere";
  let description = [{
    `p = softmax(logits)` in float32; keeps each row's `top_k` largest and, with `normalize`, divides them by
    their sum. `[tokens, experts]` in and out, dense: an expert not chosen has weight 0.

    Constraints:
    - (C1) rank 2 and `1 <= top_k <= experts`.

    Example:

    ```mlir
    func.func @example(%logits: tensor<48x8xf32>) -> tensor<48x8xf32> {
      %0 = hf.route %logits {top_k = 2 : i64, normalize} : tensor<48x8xf32>
      return %0 : tensor<48x8xf32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$logits, I64Attr:$top_k, UnitAttr:$normalize);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = "$logits attr-dict `:` type($result)";
}

def Hf_ExpertsOp : Hf_Composite<"experts", [AllTypesMatch<["x", "result"]>, Hf_Differentiable]> {
  let summary = "a mixture of gated MLPs, weighted by a routing";
  let description = [{
    `result[t] = sum_e route[t, e] * down[e] (act(gate[e] x[t]) * (up[e] x[t]))`; experts are stacked in front.

    Constraints:
    - (C1) `x` is `[tokens, hidden]`, `route` `[tokens, experts]`; all element types agree.
    - (C2) `gate` and `up` are `[experts, inner, hidden]`, `down` `[experts, hidden, inner]`.

    Example:

    ```mlir
    func.func @example(%x: tensor<48x64xf32>, %r: tensor<48x8xf32>, %g: tensor<8x48x64xf32>,
                       %u: tensor<8x48x64xf32>, %d: tensor<8x64x48xf32>) -> tensor<48x64xf32> {
      %0 = hf.experts silu, %x, %r, %g, %u, %d : (tensor<48x64xf32>, tensor<48x8xf32>, tensor<8x48x64xf32>,
        tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<48x64xf32>
      return %0 : tensor<48x64xf32>
    }
    ```
  }];
  let arguments = (ins Hf_ActivationAttr:$activation, Hf_FloatTensor:$x, Hf_FloatTensor:$route, Hf_FloatTensor:$gate,
                       Hf_FloatTensor:$up, Hf_FloatTensor:$down);
  let results = (outs Hf_FloatTensor:$result);
  let assemblyFormat = [{
    $activation `,` $x `,` $route `,` $gate `,` $up `,` $down attr-dict `:` functional-type(operands, results)
  }];
}

def Hf_ArgmaxOp : Hf_Composite<"argmax"> {
  let summary = "where each row's largest element stands";
  let description = [{
    `result[i…]` is the least `v` for which `x[i…, v]` is the largest element of its row; the size of the row if the row holds NaN,
    and no element is the largest. The greedy choice of a token.

    Constraints:
    - (C1) `x` has rank 1 or more, its last dimension is not empty, and the result has its shape without it.

    Example:

    ```mlir
    func.func @example(%logits: tensor<2x256xf32>) -> tensor<2xi32> {
      %0 = hf.argmax %logits : tensor<2x256xf32> -> tensor<2xi32>
      return %0 : tensor<2xi32>
    }
    ```
  }];
  let arguments = (ins Hf_FloatTensor:$x);
  let results = (outs Hf_IntTensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
}

#endif // HFC_DIALECTS_HF_COMPOSITES
