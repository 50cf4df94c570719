// Every op's rule, tried: cut in two along each factor, and in each linear group as a sum.
// RUN: hfc-opt %s --split-input-file --hfc-check-sharding-rules --verify-diagnostics

// expected-remark @below {{26 cuts and 8 sums agree}}
module {
func.func @elementwise(%x: tensor<4x3xf32>, %y: tensor<4x3xf32>, %c: tensor<4x3xi1>, %n: tensor<4x3xi32>) {
  %0 = hf.neg %x : tensor<4x3xf32>
  %1 = hf.exp %x : tensor<4x3xf32>
  %2 = hf.add %x, %y : tensor<4x3xf32>
  %3 = hf.sub %x, %y : tensor<4x3xf32>
  %4 = hf.mul %x, %y : tensor<4x3xf32>
  %5 = hf.div %x, %y : tensor<4x3xf32>
  %6 = hf.max %x, %y : tensor<4x3xf32>
  %7 = hf.compare lt, %x, %y : tensor<4x3xf32> -> tensor<4x3xi1>
  %8 = hf.select %c, %x, %y : tensor<4x3xi1>, tensor<4x3xf32>
  %9 = hf.convert %x : tensor<4x3xf32> -> tensor<4x3xbf16>
  %10 = hf.convert %n : tensor<4x3xi32> -> tensor<4x3xf32>
  %11 = hf.and %c, %c : tensor<4x3xi1>
  %12 = hf.random_uniform %n, %n, %n : tensor<4x3xi32> -> tensor<4x3xf32>
  return
}
}

// -----
// expected-remark @below {{32 cuts and 13 sums agree}}
module {
func.func @shapes(%x: tensor<6x4xf32>, %y: tensor<6x2xf32>, %place: tensor<i32> {hf.min = 0, hf.max = 3}) {
  %0 = hf.iota 1 : tensor<2x5xi32>
  %1 = hf.iota 0 : tensor<4xf32>
  %2 = hf.constant dense<3.0> : tensor<4x3xf32>
  %3 = hf.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %4 = hf.broadcast %x dims [1, 2] : tensor<6x4xf32> -> tensor<2x6x4xf32>
  %5 = hf.reshape %x : tensor<6x4xf32> -> tensor<2x3x2x2xf32>
  %6 = hf.reshape %x : tensor<6x4xf32> -> tensor<24xf32>
  %7 = hf.reshape %x : tensor<6x4xf32> -> tensor<4x6xf32>
  %8 = hf.reshape %x : tensor<6x4xf32> -> tensor<1x2x12x1xf32>
  %9 = hf.transpose %x perm [1, 0] : tensor<6x4xf32> -> tensor<4x6xf32>
  %10 = hf.slice %x at [0, 1] : tensor<6x4xf32> -> tensor<6x2xf32>
  %11 = hf.concat %x, %y, %x dim 1 : (tensor<6x4xf32>, tensor<6x2xf32>, tensor<6x4xf32>) -> tensor<6x10xf32>
  %12 = hf.slice_at %x, %place dim 0 : tensor<6x4xf32> -> tensor<3x4xf32>
  %13 = hf.slice_at %x, %place dim 1 : tensor<6x4xf32> -> tensor<6x4xf32>
  %14 = hf.barrier %x : (tensor<6x4xf32>) -> tensor<6x4xf32>
  %15:2 = hf.barrier %x, %y : (tensor<6x4xf32>, tensor<6x2xf32>) -> (tensor<6x4xf32>, tensor<6x2xf32>)
  return
}
}

// -----
// expected-remark @below {{39 cuts and 12 sums agree}}
module {
func.func @contractions(%x: tensor<4x6xf32>, %a: tensor<2x4x6xf32>, %b: tensor<2x6x3xf32>, %at: tensor<2x6x4xf32>, %bt: tensor<2x3x6xf32>,
                        %table: tensor<6x4xf32>, %ids: tensor<2x3xi32> {hf.min = 0, hf.max = 5}, %odd: tensor<5x4xf32>,
                        %fewer: tensor<2x3xi32> {hf.min = 0, hf.max = 4}, %rows: tensor<2x3x4xf32>, %outside: tensor<2x3xi32> {hf.min = -2, hf.max = 7},
                        %last: tensor<4xi32> {hf.min = 0, hf.max = 5}, %cache: tensor<2x6x4xf32>, %chunk: tensor<2x2x4xf32>,
                        %past: tensor<2xi32> {hf.min = 0, hf.max = 4}, %count: tensor<2xi32> {hf.min = 0, hf.max = 2}) {
  %0 = hf.reduce sum, %x dims [1] : tensor<4x6xf32> -> tensor<4xf32>
  %1 = hf.reduce max, %x dims [0] : tensor<4x6xf32> -> tensor<6xf32>
  %2 = hf.reduce min, %a dims [0, 2] : tensor<2x4x6xf32> -> tensor<4xf32>
  %3 = hf.matmul %a, %b : (tensor<2x4x6xf32>, tensor<2x6x3xf32>) -> tensor<2x4x3xf32>
  %4 = hf.matmul %at, %bt {transpose_lhs, transpose_rhs} : (tensor<2x6x4xf32>, tensor<2x3x6xf32>) -> tensor<2x4x3xf32>
  %5 = hf.gather %table, %ids : (tensor<6x4xf32>, tensor<2x3xi32>) -> tensor<2x3x4xf32>
  %6 = hf.gather %odd, %fewer : (tensor<5x4xf32>, tensor<2x3xi32>) -> tensor<2x3x4xf32>
  %7 = hf.embedding %table, %ids : (tensor<6x4xf32>, tensor<2x3xi32>) -> tensor<2x3x4xf32>
  %8 = hf.scatter_add %table, %outside, %rows : (tensor<6x4xf32>, tensor<2x3xi32>, tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %9 = hf.scatter_add %odd, %outside, %rows : (tensor<5x4xf32>, tensor<2x3xi32>, tensor<2x3x4xf32>) -> tensor<5x4xf32>
  %10 = hf.take %x, %last : (tensor<4x6xf32>, tensor<4xi32>) -> tensor<4xf32>
  %11, %12 = hf.top_k %x : tensor<4x6xf32> -> tensor<4x2xf32>, tensor<4x2xi32>
  %13 = hf.cache_update %cache, %chunk, %past, %count : (tensor<2x6x4xf32>, tensor<2x2x4xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x6x4xf32>
  return
}
}

// -----
// expected-remark @below {{36 cuts and 11 sums agree}}
module {
func.func @composites(%x: tensor<2x3x4xf32>, %w: tensor<6x4xf32>, %b: tensor<6xf32>, %norm: tensor<4xf32>, %shift: tensor<4xf32>, %rows: tensor<6x4xf32>,
                      %positions: tensor<2x3xi32> {hf.min = 0, hf.max = 9}, %inv: tensor<2xf32>, %invs: tensor<2x2xf32>, %heads: tensor<2x3x6x4xf32>,
                      %cos: tensor<2x3x4xf32>, %key: tensor<i32> {hf.min = 0, hf.max = 99}, %image: tensor<2x3x4x4xf32>, %patch: tensor<6x3x2x2xf32>) {
  %0 = hf.linear %x, %w : (tensor<2x3x4xf32>, tensor<6x4xf32>) -> tensor<2x3x6xf32>
  %1 = hf.linear %x, %w bias %b : (tensor<2x3x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<2x3x6xf32>
  %2 = hf.rms_norm %x, %norm {epsilon = 1.0e-6 : f64} : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  %3 = hf.layer_norm %x, %norm bias %shift {epsilon = 1.0e-5 : f64} : (tensor<2x3x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  %4 = hf.softmax %x : tensor<2x3x4xf32>
  %5 = hf.activation gelu, %x : tensor<2x3x4xf32>
  %6 = hf.softcap %x {cap = 30.0 : f64} : tensor<2x3x4xf32>
  %7, %8 = hf.rotary_table %positions, %inv {scaling = 1.0 : f64} : (tensor<2x3xi32>, tensor<2xf32>) -> tensor<2x3x4xf32>
  %9, %10 = hf.rotary_table %positions, %invs {scaling = 2.0 : f64} : (tensor<2x3xi32>, tensor<2x2xf32>) -> tensor<2x3x4xf32>
  %11 = hf.rotary %heads, %cos, %cos : (tensor<2x3x6x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x6x4xf32>
  %12 = hf.rotary %heads, %cos, %cos {interleaved} : (tensor<2x3x6x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x6x4xf32>
  %13 = hf.dropout %x, %key {p = 0.5 : f64} : tensor<2x3x4xf32>
  %14 = hf.patch_embedding %image, %patch bias %b : (tensor<2x3x4x4xf32>, tensor<6x3x2x2xf32>, tensor<6xf32>) -> tensor<2x4x6xf32>
  return
}
}

// -----
// expected-remark @below {{27 cuts and 7 sums agree}}
module {
func.func @attention(%q: tensor<2x3x4x4xf32>, %k: tensor<2x3x2x4xf32>, %v: tensor<2x3x2x4xf32>, %m: tensor<2x3xi32>,
                     %qh: tensor<2x4x3x4xf32>, %kh: tensor<2x2x3x4xf32>, %qs: tensor<3x2x4x4xf32>, %ks: tensor<3x2x2x4xf32>,
                     %seg: tensor<2x3xi32>, %past: tensor<2xi32>, %count: tensor<2xi32> {hf.min = 1, hf.max = 2}, %bias: tensor<1x4x3x3xf32>, %dy: tensor<2x3x4x4xf32>,
                     %dropkey: tensor<i32>, %rows: tensor<2x4xi32> {hf.max = 1000}) {
  %0 = hf.attention %q, %k, %v key_mask(%m : tensor<2x3xi32>) {causal, scale = 0.25 : f64}
    : (tensor<2x3x4x4xf32>, tensor<2x3x2x4xf32>, tensor<2x3x2x4xf32>) -> tensor<2x3x4x4xf32>
  %1 = hf.attention %qh, %kh, %kh segments(%seg, %seg : tensor<2x3xi32>, tensor<2x3xi32>) bias(%bias : tensor<1x4x3x3xf32>)
    {causal, window = 2 : i64, scale = 0.25 : f64, softcap = 2.0 : f64, layout = #hf<head_layout bhsd>}
    : (tensor<2x4x3x4xf32>, tensor<2x2x3x4xf32>, tensor<2x2x3x4xf32>) -> tensor<2x4x3x4xf32>
  %2 = hf.attention %qs, %ks, %ks past(%past, %count : tensor<2xi32>, tensor<2xi32>) {causal, scale = 0.25 : f64, layout = #hf<head_layout sbhd>}
    : (tensor<3x2x4x4xf32>, tensor<3x2x2x4xf32>, tensor<3x2x2x4xf32>) -> tensor<3x2x4x4xf32>
  %both:2 = hf.attention_with_statistics %q, %k, %v key_mask(%m : tensor<2x3xi32>) {causal, scale = 0.25 : f64}
    : (tensor<2x3x4x4xf32>, tensor<2x3x2x4xf32>, tensor<2x3x2x4xf32>) -> (tensor<2x3x4x4xf32>, tensor<2x4x3xf32>)
  %3 = hf.attention_statistics %q, %k key_mask(%m : tensor<2x3xi32>) {causal, scale = 0.25 : f64} : (tensor<2x3x4x4xf32>, tensor<2x3x2x4xf32>) -> tensor<2x4x3xf32>
  %dq, %dk, %dv = hf.attention_backward %dy, %q, %k, %v, %q log_sum(%3 : tensor<2x4x3xf32>) key_mask(%m : tensor<2x3xi32>) {causal, scale = 0.25 : f64}
    : (tensor<2x3x4x4xf32>, tensor<2x3x2x4xf32>, tensor<2x3x2x4xf32>) -> tensor<2x3x4x4xf32>
  %dq1, %dk1, %dv1 = hf.attention_backward %qs, %qs, %ks, %ks, %qs {scale = 0.25 : f64, layout = #hf<head_layout sbhd>}
    : (tensor<3x2x4x4xf32>, tensor<3x2x2x4xf32>, tensor<3x2x2x4xf32>) -> tensor<3x2x4x4xf32>
  %4 = hf.attention %q, %k, %v drop(%dropkey, %rows : tensor<2x4xi32>) {causal, scale = 0.25 : f64, dropout = 0.4 : f64}
    : (tensor<2x3x4x4xf32>, tensor<2x3x2x4xf32>, tensor<2x3x2x4xf32>) -> tensor<2x3x4x4xf32>
  %dq2, %dk2, %dv2 = hf.attention_backward %dy, %q, %k, %v, %q drop(%dropkey, %rows : tensor<2x4xi32>) {scale = 0.25 : f64, dropout = 0.4 : f64}
    : (tensor<2x3x4x4xf32>, tensor<2x3x2x4xf32>, tensor<2x3x2x4xf32>) -> tensor<2x3x4x4xf32>
  return
}
}

// -----
// expected-remark @below {{17 cuts and 7 sums agree}}
module {
func.func @training(%x: tensor<4x6xf32>, %route: tensor<4x2xf32>, %gate: tensor<2x4x6xf32>, %down: tensor<2x6x4xf32>, %dy: tensor<4x6xf32>,
                    %labels: tensor<4xi32> {hf.min = 0, hf.max = 5}, %w: tensor<6x4xf32>, %dz: tensor<4x6xf32>,
                    %p: tensor<4x3xf32>, %step: tensor<i32> {hf.min = 1, hf.max = 9}, %s: tensor<f32>) {
  %0 = hf.route %route {top_k = 1 : i64, normalize} : tensor<4x2xf32>
  %1 = hf.experts silu, %x, %route, %gate, %gate, %down
    : (tensor<4x6xf32>, tensor<4x2xf32>, tensor<2x4x6xf32>, tensor<2x4x6xf32>, tensor<2x6x4xf32>) -> tensor<4x6xf32>
  %dx, %dr, %dg, %du, %dd = hf.experts_backward silu, %dy, %x, %route, %gate, %gate, %down
    : (tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x2xf32>, tensor<2x4x6xf32>, tensor<2x4x6xf32>, tensor<2x6x4xf32>)
    -> (tensor<4x6xf32>, tensor<4x2xf32>, tensor<2x4x6xf32>, tensor<2x4x6xf32>, tensor<2x6x4xf32>)
  %loss, %log_sum = hf.cross_entropy %x, %labels : (tensor<4x6xf32>, tensor<4xi32>) -> tensor<4xf32>
  %place = hf.argmax %x : tensor<4x6xf32> -> tensor<4xi32>
  %2 = hf.linear_dgrad %dz, %w : (tensor<4x6xf32>, tensor<6x4xf32>) -> tensor<4x4xf32>
  %3 = hf.linear_wgrad %dz, %x : (tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<6x6xf32>
  %p1, %m1, %v1 = hf.adamw %p, %p, %p, %p step %step, %s, %s, %s, %s, %s, %s
    : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>
  return
}
}
