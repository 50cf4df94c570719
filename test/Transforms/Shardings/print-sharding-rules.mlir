// The rule of every op: by hand, derived, overridden.
// RUN: hfc-opt %s --hfc-print-sharding-rules --verify-diagnostics
// RUN: hfc-opt %s --hfc-print-sharding-rules=attributes --hfc-print-sharding-rules=attributes | FileCheck %s

func.func @elementwise(%x: tensor<4x3xf32>, %c: tensor<4x3xi1>, %n: tensor<4x3xi32>, %s: tensor<f32>) {
  // expected-remark @below {{hf.exp: #dist.rule<([i, j]) -> ([i, j]), factors {i = 4, j = 3}>}}
  %0 = hf.exp %x : tensor<4x3xf32>
  // expected-remark @below {{hf.add: #dist.rule<([i, j], [i, j]) -> ([i, j]), factors {i = 4, j = 3}, linear [[0, 1]]>}}
  %1 = hf.add %x, %x : tensor<4x3xf32>
  // expected-remark @below {{hf.mul: #dist.rule<([i, j], [i, j]) -> ([i, j]), factors {i = 4, j = 3}, linear [[0], [1]]>}}
  %2 = hf.mul %x, %x : tensor<4x3xf32>
  // expected-remark @below {{hf.div: #dist.rule<([i, j], [i, j]) -> ([i, j]), factors {i = 4, j = 3}, linear [[0]]>}}
  %3 = hf.div %x, %x : tensor<4x3xf32>
  // expected-remark @below {{hf.div: #dist.rule<([i, j], [i, j]) -> ([i, j]), factors {i = 4, j = 3}>}}
  %4 = hf.div %n, %n : tensor<4x3xi32>
  // expected-remark @below {{hf.select: #dist.rule<([i, j], [i, j], [i, j]) -> ([i, j]), factors {i = 4, j = 3}, linear [[1, 2]]>}}
  %5 = hf.select %c, %x, %x : tensor<4x3xi1>, tensor<4x3xf32>
  // expected-remark @below {{hf.convert: #dist.rule<([i, j]) -> ([i, j]), factors {i = 4, j = 3}, linear [[0]]>}}
  %6 = hf.convert %x : tensor<4x3xf32> -> tensor<4x3xbf16>
  // expected-remark @below {{hf.convert: #dist.rule<([i, j]) -> ([i, j]), factors {i = 4, j = 3}>}}
  %7 = hf.convert %n : tensor<4x3xi32> -> tensor<4x3xf32>
  // expected-remark @below {{hf.neg: #dist.rule<([]) -> ([]), factors {}, linear [[0]]>}}
  %8 = hf.neg %s : tensor<f32>
  return
}

func.func @shapes(%x: tensor<6x4xf32>, %y: tensor<6x2xf32>, %start: tensor<i32>) {
  // expected-remark @below {{hf.iota: #dist.rule<() -> ([i, j]), factors {i = 2, j = 5}, lookup {j}>}}
  %0 = hf.iota 1 : tensor<2x5xi32>
  // expected-remark @below {{hf.constant: #dist.rule<() -> ([i, j]), factors {i = 4, j = 3}>}}
  %1 = hf.constant dense<3.0> : tensor<4x3xf32>
  // expected-remark @below {{hf.constant: #dist.rule<() -> ([i]), factors {i = 2}, lookup {i}>}}
  %2 = hf.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // expected-remark @below {{hf.broadcast: #dist.rule<([j, k]) -> ([i, j, k]), factors {i = 2, j = 6, k = 4}, linear [[0]]>}}
  %3 = hf.broadcast %x dims [1, 2] : tensor<6x4xf32> -> tensor<2x6x4xf32>
  // expected-remark @below {{hf.reshape: #dist.rule<([i*j, k*l]) -> ([i, j, k, l]), factors {i = 2, j = 3, k = 2, l = 2}, linear [[0]]>}}
  %4 = hf.reshape %x : tensor<6x4xf32> -> tensor<2x3x2x2xf32>
  // expected-remark @below {{hf.reshape: #dist.rule<([i*j, m]) -> ([i*k, l]), factors {i = 2, j = 3, k = 2, l = 6, m = 4}, whole {j, k, l, m}, linear [[0]]>}}
  %5 = hf.reshape %x : tensor<6x4xf32> -> tensor<4x6xf32>
  // expected-remark @below {{hf.reshape: #dist.rule<([i, j]) -> ([1, i*j, 1]), factors {i = 6, j = 4}, linear [[0]]>}}
  %6 = hf.reshape %x : tensor<6x4xf32> -> tensor<1x24x1xf32>
  // expected-remark @below {{hf.transpose: #dist.rule<([i, j]) -> ([j, i]), factors {i = 6, j = 4}, linear [[0]]>}}
  %7 = hf.transpose %x perm [1, 0] : tensor<6x4xf32> -> tensor<4x6xf32>
  // expected-remark @below {{hf.slice: #dist.rule<([i, j]) -> ([i, k]), factors {i = 6, j = 4, k = 2}, whole {j, k}, linear [[0]]>}}
  %8 = hf.slice %x at [0, 1] : tensor<6x4xf32> -> tensor<6x2xf32>
  // expected-remark @below {{hf.concat: #dist.rule<([i, k], [i, l]) -> ([i, j]), factors {i = 6, j = 6, k = 4, l = 2}, whole {j, k, l}, linear [[0, 1]]>}}
  %9 = hf.concat %x, %y dim 1 : (tensor<6x4xf32>, tensor<6x2xf32>) -> tensor<6x6xf32>
  // expected-remark @below {{hf.slice_at: #dist.rule<([k, j], []) -> ([i, j]), factors {i = 3, j = 4, k = 6}, whole {k}, lookup {i}, linear [[0]]>}}
  %10 = hf.slice_at %x, %start dim 0 : tensor<6x4xf32> -> tensor<3x4xf32>
  // expected-remark @below {{hf.barrier: #dist.rule<([i, j], [k, l]) -> ([i, j], [k, l]), factors {i = 6, j = 4, k = 6, l = 2}, linear [[0], [1]], separate>}}
  %11:2 = hf.barrier %x, %y : (tensor<6x4xf32>, tensor<6x2xf32>) -> (tensor<6x4xf32>, tensor<6x2xf32>)
  return
}

func.func @contractions(%x: tensor<4x6xf32>, %a: tensor<2x4x6xf32>, %b: tensor<2x3x6xf32>, %table: tensor<5x4xf32>, %mask: tensor<5x4xi1>, %ids: tensor<2x3xi32>,
                        %rows: tensor<2x3x4xf32>, %last: tensor<4xi32>, %cache: tensor<2x6x4xf32>, %chunk: tensor<2x2x4xf32>, %past: tensor<2xi32>) {
  // expected-remark @below {{hf.reduce: #dist.rule<([i, j]) -> ([i]), factors {i = 4, j = 6}, linear [[0]]>}}
  %0 = hf.reduce sum, %x dims [1] : tensor<4x6xf32> -> tensor<4xf32>
  // expected-remark @below {{hf.reduce: #dist.rule<([i, j]) -> ([i]), factors {i = 4, j = 6}, reduce max {j}>}}
  %1 = hf.reduce max, %x dims [1] : tensor<4x6xf32> -> tensor<4xf32>
  // expected-remark @below {{hf.matmul: #dist.rule<([i, j, k], [i, l, k]) -> ([i, j, l]), factors {i = 2, j = 4, k = 6, l = 3}, linear [[0], [1]]>}}
  %2 = hf.matmul %a, %b {transpose_rhs} : (tensor<2x4x6xf32>, tensor<2x3x6xf32>) -> tensor<2x4x3xf32>
  // expected-remark @below {{hf.gather: #dist.rule<([i, j], [k, l]) -> ([k, l, j]), factors {i = 5, j = 4, k = 2, l = 3}, lookup {i}, linear [[0]]>}}
  %3 = hf.gather %table, %ids : (tensor<5x4xf32>, tensor<2x3xi32>) -> tensor<2x3x4xf32>
  // expected-remark @below {{hf.gather: #dist.rule<([i, j], [k, l]) -> ([k, l, j]), factors {i = 5, j = 4, k = 2, l = 3}, whole {i}, linear [[0]]>}}
  %4 = hf.gather %mask, %ids : (tensor<5x4xi1>, tensor<2x3xi32>) -> tensor<2x3x4xi1>
  // expected-remark @below {{hf.scatter_add: #dist.rule<([i, j], [k, l], [k, l, j]) -> ([i, j]), factors {i = 5, j = 4, k = 2, l = 3}, lookup {i}, linear [[0, 2]]>}}
  %5 = hf.scatter_add %table, %ids, %rows : (tensor<5x4xf32>, tensor<2x3xi32>, tensor<2x3x4xf32>) -> tensor<5x4xf32>
  // expected-remark @below {{hf.take: #dist.rule<([i, j], [i]) -> ([i]), factors {i = 4, j = 6}, whole {j}, linear [[0]]>}}
  %6 = hf.take %x, %last : (tensor<4x6xf32>, tensor<4xi32>) -> tensor<4xf32>
  // expected-remark @below {{hf.top_k: #dist.rule<([i, j]) -> ([i, k], [i, k]), factors {i = 4, j = 6, k = 2}, whole {j, k}>}}
  %7, %8 = hf.top_k %x : tensor<4x6xf32> -> tensor<4x2xf32>, tensor<4x2xi32>
  // expected-remark @below {{hf.cache_update: #dist.rule<([i, j, k], [i, l, k], [i], [i]) -> ([i, j, k]), factors {i = 2, j = 6, k = 4, l = 2}, whole {j, l}, linear [[0, 1]]>}}
  %9 = hf.cache_update %cache, %chunk, %past, %past : (tensor<2x6x4xf32>, tensor<2x2x4xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x6x4xf32>
  return
}

// What the decompositions say.
func.func @derived(%x: tensor<2x3x4xf32>, %norm: tensor<4xf32>, %positions: tensor<2x3xi32>, %inv: tensor<2xf32>, %heads: tensor<2x3x6x4xf32>,
                   %cos: tensor<2x3x4xf32>, %dy: tensor<2x3x6xf32>, %w: tensor<6x4xf32>, %labels: tensor<2x3xi32>, %s: tensor<f32>, %step: tensor<i32>) {
  // expected-remark @below {{hf.rms_norm: #dist.rule<([i, j, k], [k]) -> ([i, j, k]), factors {i = 2, j = 3, k = 4}, whole {k}, linear [[1]]>}}
  %0 = hf.rms_norm %x, %norm {epsilon = 1.0e-6 : f64} : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  // expected-remark @below {{hf.softmax: #dist.rule<([i, j, k]) -> ([i, j, k]), factors {i = 2, j = 3, k = 4}, whole {k}>}}
  %1 = hf.softmax %x : tensor<2x3x4xf32>
  // expected-remark @below {{hf.activation: #dist.rule<([i, j, k]) -> ([i, j, k]), factors {i = 2, j = 3, k = 4}>}}
  %2 = hf.activation silu, %x : tensor<2x3x4xf32>
  // expected-remark @below {{hf.rotary_table: #dist.rule<([i, j], [k]) -> ([i, j, l], [i, j, m]), factors {i = 2, j = 3, k = 2, l = 4, m = 4}, whole {k, l, m}>}}
  %3, %4 = hf.rotary_table %positions, %inv {scaling = 1.0 : f64} : (tensor<2x3xi32>, tensor<2xf32>) -> tensor<2x3x4xf32>
  // expected-remark @below {{hf.rotary: #dist.rule<([i, j, k, l], [i, j, l], [i, j, l]) -> ([i, j, k, l]), factors {i = 2, j = 3, k = 6, l = 4}, whole {l}, linear [[0], [1, 2]]>}}
  %5 = hf.rotary %heads, %cos, %cos : (tensor<2x3x6x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x6x4xf32>
  // expected-remark @below {{hf.linear_dgrad: #dist.rule<([i, j, k], [k, l]) -> ([i, j, l]), factors {i = 2, j = 3, k = 6, l = 4}, linear [[0], [1]]>}}
  %6 = hf.linear_dgrad %dy, %w : (tensor<2x3x6xf32>, tensor<6x4xf32>) -> tensor<2x3x4xf32>
  // expected-remark @below {{hf.linear_wgrad: #dist.rule<([i, j, k], [i, j, l]) -> ([k, l]), factors {i = 2, j = 3, k = 6, l = 4}, linear [[0], [1]]>}}
  %7 = hf.linear_wgrad %dy, %x : (tensor<2x3x6xf32>, tensor<2x3x4xf32>) -> tensor<6x4xf32>
  // expected-remark @below {{hf.cross_entropy: #dist.rule<([i, j, k], [i, j]) -> ([i, j], [i, j]), factors {i = 2, j = 3, k = 4}, whole {k}>}}
  %8, %9 = hf.cross_entropy %x, %labels : (tensor<2x3x4xf32>, tensor<2x3xi32>) -> tensor<2x3xf32>
  // expected-remark @below {{hf.argmax: #dist.rule<([i, j, k]) -> ([i, j]), factors {i = 2, j = 3, k = 4}, whole {k}>}}
  %13 = hf.argmax %x : tensor<2x3x4xf32> -> tensor<2x3xi32>
  // expected-remark @below {{hf.adamw: #dist.rule<([i], [i], [i], [i], [], [], [], [], [], [], []) -> ([i], [i], [i]), factors {i = 4}>}}
  %10, %11, %12 = hf.adamw %norm, %norm, %norm, %norm step %step, %s, %s, %s, %s, %s, %s : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  return
}

// What ops say better than their decompositions.
func.func @composites(%x: tensor<2x3x4xf32>, %w: tensor<6x4xf32>, %b: tensor<6xf32>, %q: tensor<2x3x4x8xf32>, %k: tensor<2x3x2x8xf32>, %m: tensor<2x3xi32>,
                      %qs: tensor<3x2x4x8xf32>, %ks: tensor<3x2x2x8xf32>, %bias: tensor<1x4x3x3xf32>, %key: tensor<i32>,
                      %rows: tensor<6x4xf32>, %route: tensor<6x2xf32>, %gate: tensor<2x5x4xf32>, %down: tensor<2x4x5xf32>) {
  // expected-remark @below {{hf.linear: #dist.rule<([i, j, k], [l, k]) -> ([i, j, l]), factors {i = 2, j = 3, k = 4, l = 6}, linear [[0], [1]]>}}
  %0 = hf.linear %x, %w : (tensor<2x3x4xf32>, tensor<6x4xf32>) -> tensor<2x3x6xf32>
  // expected-remark @below {{hf.linear: #dist.rule<([i, j, k], [l, k], [l]) -> ([i, j, l]), factors {i = 2, j = 3, k = 4, l = 6}, linear [[0, 2]]>}}
  %1 = hf.linear %x, %w bias %b : (tensor<2x3x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<2x3x6xf32>
  // Query heads are groups (j) times the queries that share a key head (k).
  // expected-remark @below {{hf.attention: #dist.rule<([i, l, j*k, n], [i, m, j, n], [i, m, j, o], [i, m]) -> ([i, l, j*k, o]), factors {i = 2, j = 2, k = 2, l = 3, m = 3, n = 8, o = 8}, whole {l, m, n, o}, linear [[2]]>}}
  %2 = hf.attention %q, %k, %k key_mask(%m : tensor<2x3xi32>) {causal, scale = 0.25 : f64}
    : (tensor<2x3x4x8xf32>, tensor<2x3x2x8xf32>, tensor<2x3x2x8xf32>) -> tensor<2x3x4x8xf32>
  // expected-remark @below {{hf.attention: #dist.rule<([l, i, j*k, n], [m, i, j, n], [m, i, j, o], [1, j*k, l, m]) -> ([l, i, j*k, o])}}
  %3 = hf.attention %qs, %ks, %ks bias(%bias : tensor<1x4x3x3xf32>) {scale = 0.25 : f64, layout = #hf<head_layout sbhd>}
    : (tensor<3x2x4x8xf32>, tensor<3x2x2x8xf32>, tensor<3x2x2x8xf32>) -> tensor<3x2x4x8xf32>
  // expected-remark @below {{hf.attention_statistics: #dist.rule<([i, l, j*k, n], [i, m, j, n]) -> ([i, j*k, l]), factors}}
  %4 = hf.attention_statistics %q, %k {causal, scale = 0.25 : f64} : (tensor<2x3x4x8xf32>, tensor<2x3x2x8xf32>) -> tensor<2x4x3xf32>
  // expected-remark @below {{hf.attention_with_statistics: #dist.rule<([i, l, j*k, n], [i, m, j, n], [i, m, j, o]) -> ([i, l, j*k, o], [i, j*k, l]), factors {i = 2, j = 2, k = 2, l = 3, m = 3, n = 8, o = 8}, whole {l, m, n, o}>}}
  %both:2 = hf.attention_with_statistics %q, %k, %k {causal, scale = 0.25 : f64}
    : (tensor<2x3x4x8xf32>, tensor<2x3x2x8xf32>, tensor<2x3x2x8xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x4x3xf32>)
  // The key's gradient lacks k: partial where it is cut.
  // expected-remark @below {{hf.attention_backward: #dist.rule<([i, l, j*k, o], [i, l, j*k, n], [i, m, j, n], [i, m, j, o], [i, l, j*k, o], [i, j*k, l]) -> ([i, l, j*k, n], [i, m, j, n], [i, m, j, o])}}
  %dq, %dk, %dv = hf.attention_backward %q, %q, %k, %k, %q log_sum(%4 : tensor<2x4x3xf32>) {causal, scale = 0.25 : f64}
    : (tensor<2x3x4x8xf32>, tensor<2x3x2x8xf32>, tensor<2x3x2x8xf32>) -> tensor<2x3x4x8xf32>
  // expected-remark @below {{hf.experts: #dist.rule<([i, l], [i, j], [j, k, l], [j, k, l], [j, l, k]) -> ([i, l]), factors {i = 6, j = 2, k = 5, l = 4}, whole {l}, linear [[1], [4]]>}}
  %5 = hf.experts silu, %rows, %route, %gate, %gate, %down
    : (tensor<6x4xf32>, tensor<6x2xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>, tensor<2x4x5xf32>) -> tensor<6x4xf32>
  // expected-remark @below {{hf.experts_backward: #dist.rule<([i, l], [i, l], [i, j], [j, k, l], [j, k, l], [j, l, k]) -> ([i, l], [i, j], [j, k, l], [j, k, l], [j, l, k])}}
  %dx, %dr, %dg, %du, %dd = hf.experts_backward silu, %rows, %rows, %route, %gate, %gate, %down
    : (tensor<6x4xf32>, tensor<6x4xf32>, tensor<6x2xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>, tensor<2x4x5xf32>)
    -> (tensor<6x4xf32>, tensor<6x2xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>, tensor<2x4x5xf32>)
  // expected-remark @below {{hf.dropout: #dist.rule<([i, j, k], []) -> ([i, j, k]), factors {i = 2, j = 3, k = 4}, lookup {i, j, k}, linear [[0]]>}}
  %6 = hf.dropout %x, %key {p = 0.5 : f64} : tensor<2x3x4xf32>
  return
}

// An attribute overrides the op's own rule, and what is derived from the decomposition.
// CHECK-LABEL: func @overridden
func.func @overridden(%x: tensor<4x6xf32>) {
  // CHECK: hf.softmax {{.*}} {dist.rule = #dist.rule<([t, v]) -> ([t, v]), factors {t = 4, v = 6}, whole {t, v}>}
  // expected-remark @below {{hf.softmax: #dist.rule<([t, v]) -> ([t, v]), factors {t = 4, v = 6}, whole {t, v}>}}
  %0 = hf.softmax %x {dist.rule = #dist.rule<([t, v]) -> ([t, v]), factors {t = 4, v = 6}, whole {t, v}>} : tensor<4x6xf32>
  // CHECK: hf.softmax {{.*}} {dist.rule = #dist.rule<([i, j]) -> ([i, j]), factors {i = 4, j = 6}, whole {j}>}
  // expected-remark @below {{hf.softmax: #dist.rule<([i, j]) -> ([i, j]), factors {i = 4, j = 6}, whole {j}>}}
  %1 = hf.softmax %x : tensor<4x6xf32>
  return
}
