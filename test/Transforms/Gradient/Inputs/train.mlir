// Two layers of a decoder, with the sum of weighed logits as the objective.
module attributes {hf.program = {task = "train"}} {
hf.parameter @table : tensor<16x8xf32> from [#hf.piece<"table">]
hf.parameter @norm0 : tensor<8xf32> from [#hf.piece<"norm0">]
hf.parameter @query0 : tensor<8x8xf32> from [#hf.piece<"query0">]
hf.parameter @bias0 : tensor<8xf32> from [#hf.piece<"bias0">]
hf.parameter @key0 : tensor<4x8xf32> from [#hf.piece<"key0">]
hf.parameter @gate0 : tensor<12x8xf32> from [#hf.piece<"gate0">]
hf.parameter @up0 : tensor<12x8xf32> from [#hf.piece<"up0">]
hf.parameter @down0 : tensor<8x12xf32> from [#hf.piece<"down0">]
hf.parameter @norm1 : tensor<8xf32> from [#hf.piece<"norm1">]
hf.parameter @query1 : tensor<8x8xf32> from [#hf.piece<"query1">]
hf.parameter @bias1 : tensor<8xf32> from [#hf.piece<"bias1">]
hf.parameter @key1 : tensor<4x8xf32> from [#hf.piece<"key1">]
hf.parameter @gate1 : tensor<12x8xf32> from [#hf.piece<"gate1">]
hf.parameter @up1 : tensor<12x8xf32> from [#hf.piece<"up1">]
hf.parameter @down1 : tensor<8x12xf32> from [#hf.piece<"down1">]
func.func @begin_step() {
  return
}
func.func @micro_step(%table: tensor<16x8xf32> {hf.parameter = @table},
    %norm0: tensor<8xf32> {hf.parameter = @norm0},
    %query0: tensor<8x8xf32> {hf.parameter = @query0},
    %bias0: tensor<8xf32> {hf.parameter = @bias0},
    %key0: tensor<4x8xf32> {hf.parameter = @key0},
    %gate0: tensor<12x8xf32> {hf.parameter = @gate0},
    %up0: tensor<12x8xf32> {hf.parameter = @up0},
    %down0: tensor<8x12xf32> {hf.parameter = @down0},
    %norm1: tensor<8xf32> {hf.parameter = @norm1},
    %query1: tensor<8x8xf32> {hf.parameter = @query1},
    %bias1: tensor<8xf32> {hf.parameter = @bias1},
    %key1: tensor<4x8xf32> {hf.parameter = @key1},
    %gate1: tensor<12x8xf32> {hf.parameter = @gate1},
    %up1: tensor<12x8xf32> {hf.parameter = @up1},
    %down1: tensor<8x12xf32> {hf.parameter = @down1},
    %ids: tensor<2x3xi32> {hf.input = "ids", hf.min = 0 : i64, hf.max = 15 : i64},
    %embeds: tensor<2x3x8xf32> {hf.input = "embeds", hf.differentiate},
    %positions: tensor<2x3xi32> {hf.input = "positions", hf.default = "arange"}, %weights: tensor<2x3x16xf32> {hf.input = "grad.logits"})
    -> (tensor<2x3x16xf32> {hf.output = "logits"}, tensor<f32> {hf.output = "objective"}) attributes {hf.objective = 1 : i64} {
  %frequencies = hf.constant dense<[1.0, 0.3]> : tensor<2xf32>
  %e = hf.embedding %table, %ids : (tensor<16x8xf32>, tensor<2x3xi32>) -> tensor<2x3x8xf32>
  %x0 = hf.add %e, %embeds : tensor<2x3x8xf32>
  %cosine, %sine = hf.rotary_table %positions, %frequencies {scaling = 1.0 : f64} : (tensor<2x3xi32>, tensor<2xf32>) -> tensor<2x3x4xf32>
  %n0 = hf.rms_norm %x0, %norm0 {epsilon = 1.0e-2 : f64, hf.block = 0 : i64} : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  %q0 = hf.linear %n0, %query0 bias %bias0 {hf.block = 0 : i64} : (tensor<2x3x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  %k0 = hf.linear %n0, %key0 {hf.block = 0 : i64} : (tensor<2x3x8xf32>, tensor<4x8xf32>) -> tensor<2x3x4xf32>
  %qh0 = hf.reshape %q0 {hf.block = 0 : i64} : tensor<2x3x8xf32> -> tensor<2x3x2x4xf32>
  %kh0 = hf.reshape %k0 {hf.block = 0 : i64} : tensor<2x3x4xf32> -> tensor<2x3x1x4xf32>
  %qr0 = hf.rotary %qh0, %cosine, %sine {hf.block = 0 : i64} : (tensor<2x3x2x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x2x4xf32>
  %kr0 = hf.rotary %kh0, %cosine, %sine {hf.block = 0 : i64} : (tensor<2x3x1x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x1x4xf32>
  %a0 = hf.attention %qr0, %kr0, %kh0 {causal, scale = 0.5 : f64, hf.block = 0 : i64}
    : (tensor<2x3x2x4xf32>, tensor<2x3x1x4xf32>, tensor<2x3x1x4xf32>) -> tensor<2x3x2x4xf32>
  %ar0 = hf.reshape %a0 {hf.block = 0 : i64} : tensor<2x3x2x4xf32> -> tensor<2x3x8xf32>
  %r0 = hf.add %x0, %ar0 {hf.block = 0 : i64} : tensor<2x3x8xf32>
  %g0 = hf.linear %r0, %gate0 {hf.block = 0 : i64} : (tensor<2x3x8xf32>, tensor<12x8xf32>) -> tensor<2x3x12xf32>
  %u0 = hf.linear %r0, %up0 {hf.block = 0 : i64} : (tensor<2x3x8xf32>, tensor<12x8xf32>) -> tensor<2x3x12xf32>
  %s0 = hf.activation silu, %g0 {hf.block = 0 : i64} : tensor<2x3x12xf32>
  %m0 = hf.mul %s0, %u0 {hf.block = 0 : i64} : tensor<2x3x12xf32>
  %d0 = hf.linear %m0, %down0 {hf.block = 0 : i64} : (tensor<2x3x12xf32>, tensor<8x12xf32>) -> tensor<2x3x8xf32>
  %x1 = hf.add %r0, %d0 {hf.block = 0 : i64} : tensor<2x3x8xf32>
  %n1 = hf.rms_norm %x1, %norm1 {epsilon = 1.0e-2 : f64, hf.block = 1 : i64} : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  %q1 = hf.linear %n1, %query1 bias %bias1 {hf.block = 1 : i64} : (tensor<2x3x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  %k1 = hf.linear %n1, %key1 {hf.block = 1 : i64} : (tensor<2x3x8xf32>, tensor<4x8xf32>) -> tensor<2x3x4xf32>
  %qh1 = hf.reshape %q1 {hf.block = 1 : i64} : tensor<2x3x8xf32> -> tensor<2x3x2x4xf32>
  %kh1 = hf.reshape %k1 {hf.block = 1 : i64} : tensor<2x3x4xf32> -> tensor<2x3x1x4xf32>
  %qr1 = hf.rotary %qh1, %cosine, %sine {hf.block = 1 : i64} : (tensor<2x3x2x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x2x4xf32>
  %kr1 = hf.rotary %kh1, %cosine, %sine {hf.block = 1 : i64} : (tensor<2x3x1x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x1x4xf32>
  %a1 = hf.attention %qr1, %kr1, %kh1 {causal, scale = 0.5 : f64, hf.block = 1 : i64}
    : (tensor<2x3x2x4xf32>, tensor<2x3x1x4xf32>, tensor<2x3x1x4xf32>) -> tensor<2x3x2x4xf32>
  %ar1 = hf.reshape %a1 {hf.block = 1 : i64} : tensor<2x3x2x4xf32> -> tensor<2x3x8xf32>
  %r1 = hf.add %x1, %ar1 {hf.block = 1 : i64} : tensor<2x3x8xf32>
  %g1 = hf.linear %r1, %gate1 {hf.block = 1 : i64} : (tensor<2x3x8xf32>, tensor<12x8xf32>) -> tensor<2x3x12xf32>
  %u1 = hf.linear %r1, %up1 {hf.block = 1 : i64} : (tensor<2x3x8xf32>, tensor<12x8xf32>) -> tensor<2x3x12xf32>
  %s1 = hf.activation silu, %g1 {hf.block = 1 : i64} : tensor<2x3x12xf32>
  %m1 = hf.mul %s1, %u1 {hf.block = 1 : i64} : tensor<2x3x12xf32>
  %d1 = hf.linear %m1, %down1 {hf.block = 1 : i64} : (tensor<2x3x12xf32>, tensor<8x12xf32>) -> tensor<2x3x8xf32>
  %x2 = hf.add %r1, %d1 {hf.block = 1 : i64} : tensor<2x3x8xf32>
  %logits = hf.linear %x2, %table : (tensor<2x3x8xf32>, tensor<16x8xf32>) -> tensor<2x3x16xf32>
  %weighed = hf.mul %logits, %weights : tensor<2x3x16xf32>
  %sum = hf.reduce sum, %weighed dims [0, 1, 2] : tensor<2x3x16xf32> -> tensor<f32>
  return %logits, %sum : tensor<2x3x16xf32>, tensor<f32>
}
}
