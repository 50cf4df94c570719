// The results are the same as before the pass.
// RUN: hfc-opt %s --hfc-canonicalize-layout -o %t.mlir
// RUN: hfc-interpret %s --compare=%t.mlir --tolerance=0 --entry=sequence_first
// RUN: hfc-interpret %s --compare=%t.mlir --tolerance=0 --entry=shapes
// RUN: FileCheck %s < %t.mlir

hf.parameter @table : tensor<32x16xf32> from [#hf.piece<"table">]
hf.parameter @norm : tensor<16xf32> from [#hf.piece<"norm">]
hf.parameter @qkv : tensor<32x16xf32> from [#hf.piece<"qkv">]

// A block over ids, with grouped heads and a position table; logits come out sequence-first.
// CHECK-LABEL: func @sequence_first(
// CHECK-COUNT-2: hf.transpose %{{.*}} : tensor<2x6xi32>
// CHECK-NOT: hf.transpose
// CHECK: hf.rotary {{.*}}layout = #hf<head_layout sbhd>
// CHECK-NOT: hf.transpose
// CHECK: hf.attention {{.*}}layout = #hf<head_layout sbhd>
// CHECK-NOT: hf.transpose
// CHECK: return
func.func @sequence_first(%ids: tensor<2x6xi32> {hf.input = "input_ids", hf.min = 0 : i64, hf.max = 31 : i64},
                          %positions: tensor<2x6xi32> {hf.input = "position_ids", hf.min = 0 : i64, hf.max = 31 : i64},
                          %mask: tensor<2x6xi32> {hf.input = "attention_mask", hf.min = 0 : i64, hf.max = 1 : i64},
                          %table: tensor<32x16xf32> {hf.parameter = @table}, %norm: tensor<16xf32> {hf.parameter = @norm},
                          %qkv: tensor<32x16xf32> {hf.parameter = @qkv})
    -> (tensor<6x2x32xf32> {hf.output = "logits"}) {
  %tokens = hf.embedding %table, %ids : (tensor<32x16xf32>, tensor<2x6xi32>) -> tensor<2x6x16xf32>
  %places = hf.embedding %table, %positions : (tensor<32x16xf32>, tensor<2x6xi32>) -> tensor<2x6x16xf32>
  %x = hf.add %tokens, %places : tensor<2x6x16xf32>
  %n = hf.rms_norm %x, %norm {epsilon = 1.0e-6 : f64} : (tensor<2x6x16xf32>, tensor<16xf32>) -> tensor<2x6x16xf32>
  %all = hf.linear %n, %qkv : (tensor<2x6x16xf32>, tensor<32x16xf32>) -> tensor<2x6x32xf32>
  %q0 = hf.slice %all at [0, 0, 0] : tensor<2x6x32xf32> -> tensor<2x6x16xf32>
  %k0 = hf.slice %all at [0, 0, 16] : tensor<2x6x32xf32> -> tensor<2x6x8xf32>
  %v0 = hf.slice %all at [0, 0, 24] : tensor<2x6x32xf32> -> tensor<2x6x8xf32>
  %q1 = hf.reshape %q0 : tensor<2x6x16xf32> -> tensor<2x6x4x4xf32>
  %k1 = hf.reshape %k0 : tensor<2x6x8xf32> -> tensor<2x6x2x4xf32>
  %v1 = hf.reshape %v0 : tensor<2x6x8xf32> -> tensor<2x6x2x4xf32>
  %q2 = hf.transpose %q1 perm [0, 2, 1, 3] : tensor<2x6x4x4xf32> -> tensor<2x4x6x4xf32>
  %k2 = hf.transpose %k1 perm [0, 2, 1, 3] : tensor<2x6x2x4xf32> -> tensor<2x2x6x4xf32>
  %v2 = hf.transpose %v1 perm [0, 2, 1, 3] : tensor<2x6x2x4xf32> -> tensor<2x2x6x4xf32>
  %frequencies = hf.constant dense<[1.0, 0.1]> : tensor<2xf32>
  %c, %s = hf.rotary_table %positions, %frequencies {scaling = 1.0 : f64} : (tensor<2x6xi32>, tensor<2xf32>) -> tensor<2x6x4xf32>
  %q = hf.rotary %q2, %c, %s {layout = #hf<head_layout bhsd>} : (tensor<2x4x6x4xf32>, tensor<2x6x4xf32>) -> tensor<2x4x6x4xf32>
  %k = hf.rotary %k2, %c, %s {layout = #hf<head_layout bhsd>} : (tensor<2x2x6x4xf32>, tensor<2x6x4xf32>) -> tensor<2x2x6x4xf32>
  %a = hf.attention %q, %k, %v2 key_mask(%mask : tensor<2x6xi32>) {causal, scale = 0.5 : f64, layout = #hf<head_layout bhsd>}
    : (tensor<2x4x6x4xf32>, tensor<2x2x6x4xf32>, tensor<2x2x6x4xf32>) -> tensor<2x4x6x4xf32>
  %a1 = hf.transpose %a perm [0, 2, 1, 3] : tensor<2x4x6x4xf32> -> tensor<2x6x4x4xf32>
  %a2 = hf.reshape %a1 : tensor<2x6x4x4xf32> -> tensor<2x6x16xf32>
  %y = hf.add %x, %a2 : tensor<2x6x16xf32>
  %logits = hf.linear %y, %table : (tensor<2x6x16xf32>, tensor<32x16xf32>) -> tensor<2x6x32xf32>
  %out = hf.transpose %logits perm [1, 0, 2] : tensor<2x6x32xf32> -> tensor<6x2x32xf32>
  return %out : tensor<6x2x32xf32>
}

// Every op that hands a permutation on, with sizes that tell the dimensions apart.
// CHECK-LABEL: func @shapes(
func.func @shapes(%x: tensor<5x3x2x4xf32> {hf.input = "x"}, %row: tensor<3x4xf32> {hf.input = "row"})
    -> (tensor<3x6xf32> {hf.output = "reduced"}, tensor<2x3x5x4xf32> {hf.output = "chosen"},
        tensor<6x20xf32> {hf.output = "merged"}) {
  %t = hf.transpose %x perm [2, 1, 0, 3] : tensor<5x3x2x4xf32> -> tensor<2x3x5x4xf32>
  %wide = hf.broadcast %row dims [1, 3] : tensor<3x4xf32> -> tensor<2x3x5x4xf32>
  %count = hf.iota 2 : tensor<2x3x5x4xf32>
  %0 = hf.add %t, %wide : tensor<2x3x5x4xf32>
  %1 = hf.mul %0, %count : tensor<2x3x5x4xf32>
  %2 = hf.concat %1, %t dim 0 : (tensor<2x3x5x4xf32>, tensor<2x3x5x4xf32>) -> tensor<4x3x5x4xf32>
  %3 = hf.slice %2 at [1, 0, 2, 0] : tensor<4x3x5x4xf32> -> tensor<2x3x3x4xf32>
  %4 = hf.reduce sum, %3 dims [1, 3] : tensor<2x3x3x4xf32> -> tensor<2x3xf32>
  %5 = hf.transpose %4 perm [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %6 = hf.concat %5, %5, %5 dim 1 : (tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x6xf32>
  %7 = hf.softmax %1 : tensor<2x3x5x4xf32>
  %8 = hf.compare lt, %t, %7 : tensor<2x3x5x4xf32> -> tensor<2x3x5x4xi1>
  %9 = hf.select %8, %t, %7 : tensor<2x3x5x4xi1>, tensor<2x3x5x4xf32>
  %10 = hf.activation gelu, %9 : tensor<2x3x5x4xf32>
  %11 = hf.reshape %1 : tensor<2x3x5x4xf32> -> tensor<6x20xf32>
  return %6, %10, %11 : tensor<3x6xf32>, tensor<2x3x5x4xf32>, tensor<6x20xf32>
}
