// Every op of the dialect survives printing and parsing, as text and as bytecode.
// RUN: hfc-opt %s --verify-roundtrip | FileCheck %s
// RUN: hfc-opt %s --emit-bytecode | hfc-opt --mlir-print-op-generic | hfc-opt | FileCheck %s

// CHECK: hf.parameter @model.norm.weight : tensor<64xf32> from [#hf.piece<"model.norm.weight">]
hf.parameter @model.norm.weight : tensor<64xf32> from [#hf.piece<"model.norm.weight">]
// CHECK: hf.parameter @fused {{.*}} from [#hf.piece<"a", offsets = [0, 64], sizes = [64, 64], permutation = [1, 0]>, #hf.piece<"b", permutation = [1, 0]>] {no_decay}
hf.parameter @fused : tensor<128x64xbf16> from [#hf.piece<"a", offsets = [0, 64], sizes = [64, 64], permutation = [1, 0]>,
  #hf.piece<"b", permutation = [1, 0]>] {no_decay}
// CHECK: hf.state @cache.0.key : tensor<2x128x2x16xf32>
hf.state @cache.0.key : tensor<2x128x2x16xf32>

// CHECK-LABEL: func @unary
func.func @unary(%x: tensor<4x8xf32>, %i: tensor<4x8xi32>) {
  // CHECK: hf.neg %{{.*}} : tensor<4x8xi32>
  %0 = hf.neg %i : tensor<4x8xi32>
  // CHECK: hf.abs
  %1 = hf.abs %x : tensor<4x8xf32>
  // CHECK: hf.exp
  %2 = hf.exp %x : tensor<4x8xf32>
  // CHECK: hf.log
  %3 = hf.log %x : tensor<4x8xf32>
  // CHECK: hf.sqrt
  %4 = hf.sqrt %x : tensor<4x8xf32>
  // CHECK: hf.rsqrt
  %5 = hf.rsqrt %x : tensor<4x8xf32>
  // CHECK: hf.tanh
  %6 = hf.tanh %x : tensor<4x8xf32>
  // CHECK: hf.erf
  %7 = hf.erf %x : tensor<4x8xf32>
  // CHECK: hf.sin
  %8 = hf.sin %x : tensor<4x8xf32>
  // CHECK: hf.cos
  %9 = hf.cos %x : tensor<4x8xf32>
  // CHECK: hf.floor
  %10 = hf.floor %x : tensor<4x8xf32>
  return
}

// CHECK-LABEL: func @binary
func.func @binary(%a: tensor<4x8xf64>, %b: tensor<4x8xf64>, %p: tensor<4x8xi1>) {
  // CHECK: hf.add %{{.*}}, %{{.*}} : tensor<4x8xf64>
  %0 = hf.add %a, %b : tensor<4x8xf64>
  // CHECK: hf.sub
  %1 = hf.sub %a, %b : tensor<4x8xf64>
  // CHECK: hf.mul
  %2 = hf.mul %a, %b : tensor<4x8xf64>
  // CHECK: hf.div
  %3 = hf.div %a, %b : tensor<4x8xf64>
  // CHECK: hf.pow
  %4 = hf.pow %a, %b : tensor<4x8xf64>
  // CHECK: hf.max
  %5 = hf.max %a, %b : tensor<4x8xf64>
  // CHECK: hf.min
  %6 = hf.min %a, %b : tensor<4x8xf64>
  // CHECK: hf.and
  %7 = hf.and %p, %p : tensor<4x8xi1>
  // CHECK: hf.or
  %8 = hf.or %p, %p : tensor<4x8xi1>
  // CHECK: hf.compare lt, %{{.*}}, %{{.*}} : tensor<4x8xf64> -> tensor<4x8xi1>
  %9 = hf.compare lt, %a, %b : tensor<4x8xf64> -> tensor<4x8xi1>
  // CHECK: hf.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<4x8xi1>, tensor<4x8xf64>
  %10 = hf.select %9, %a, %b : tensor<4x8xi1>, tensor<4x8xf64>
  // CHECK: hf.convert %{{.*}} : tensor<4x8xf64> -> tensor<4x8xbf16>
  %11 = hf.convert %a : tensor<4x8xf64> -> tensor<4x8xbf16>
  return
}

// CHECK-LABEL: func @shapes
func.func @shapes(%x: tensor<4x8xf32>, %row: tensor<8xf32>) {
  // CHECK: hf.constant dense<1.000000e+00> : tensor<4x8xf32>
  %0 = hf.constant dense<1.0> : tensor<4x8xf32>
  // CHECK: hf.iota 1 : tensor<2x24xi32>
  %1 = hf.iota 1 : tensor<2x24xi32>
  // CHECK: hf.broadcast %{{.*}} dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %2 = hf.broadcast %row dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  // CHECK: hf.reshape %{{.*}} : tensor<4x8xf32> -> tensor<2x16xf32>
  %3 = hf.reshape %x : tensor<4x8xf32> -> tensor<2x16xf32>
  // CHECK: hf.transpose %{{.*}} perm [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  %4 = hf.transpose %x perm [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  // CHECK: hf.slice %{{.*}} at [0, 4] : tensor<4x8xf32> -> tensor<4x4xf32>
  %5 = hf.slice %x at [0, 4] : tensor<4x8xf32> -> tensor<4x4xf32>
  // CHECK: hf.concat %{{.*}}, %{{.*}} dim 1 : (tensor<4x8xf32>, tensor<4x4xf32>) -> tensor<4x12xf32>
  %6 = hf.concat %x, %5 dim 1 : (tensor<4x8xf32>, tensor<4x4xf32>) -> tensor<4x12xf32>
  return
}

// CHECK-LABEL: func @products
func.func @products(%a: tensor<2x4x8xf32>, %b: tensor<2x16x8xf32>, %table: tensor<256x64xf32>, %ids: tensor<2x24xi32>,
                    %last: tensor<2xi32>, %cache: tensor<2x128x2x16xf32>, %rows: tensor<2x8x2x16xf32>) {
  // CHECK: hf.reduce sum, %{{.*}} dims [1, 2] : tensor<2x4x8xf32> -> tensor<2xf32>
  %0 = hf.reduce sum, %a dims [1, 2] : tensor<2x4x8xf32> -> tensor<2xf32>
  // CHECK: hf.matmul %{{.*}}, %{{.*}} {transpose_rhs}
  %1 = hf.matmul %a, %b {transpose_rhs} : (tensor<2x4x8xf32>, tensor<2x16x8xf32>) -> tensor<2x4x16xf32>
  // CHECK: hf.gather
  %2 = hf.gather %table, %ids : (tensor<256x64xf32>, tensor<2x24xi32>) -> tensor<2x24x64xf32>
  // CHECK: hf.take
  %3 = hf.take %2, %last : (tensor<2x24x64xf32>, tensor<2xi32>) -> tensor<2x64xf32>
  // CHECK: hf.top_k %{{.*}} : tensor<2x64xf32> -> tensor<2x2xf32>, tensor<2x2xi32>
  %4:2 = hf.top_k %3 : tensor<2x64xf32> -> tensor<2x2xf32>, tensor<2x2xi32>
  // CHECK: hf.cache_update
  %5 = hf.cache_update %cache, %rows, %last, %last
    : (tensor<2x128x2x16xf32>, tensor<2x8x2x16xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x128x2x16xf32>
  return
}

// CHECK-LABEL: func @composites
func.func @composites(%x: tensor<2x24x64xf32>, %w: tensor<160x64xf32>, %b: tensor<160xf32>, %v: tensor<64xf32>,
                      %ids: tensor<2x24xi32>, %px: tensor<2x3x32x32xf32>, %pw: tensor<64x3x8x8xf32>) {
  // CHECK: hf.linear %{{.*}}, %{{.*}} bias %{{.*}} :
  %0 = hf.linear %x, %w bias %b : (tensor<2x24x64xf32>, tensor<160x64xf32>, tensor<160xf32>) -> tensor<2x24x160xf32>
  // CHECK: hf.linear %{{.*}}, %{{.*}} :
  %1 = hf.linear %x, %w : (tensor<2x24x64xf32>, tensor<160x64xf32>) -> tensor<2x24x160xf32>
  // CHECK: hf.embedding
  %2 = hf.embedding %w, %ids : (tensor<160x64xf32>, tensor<2x24xi32>) -> tensor<2x24x64xf32>
  // CHECK: hf.rms_norm %{{.*}}, %{{.*}} {epsilon = 9.9999999999999995E-7 : f64, unit_offset}
  %3 = hf.rms_norm %x, %v {epsilon = 1.0e-6 : f64, unit_offset} : (tensor<2x24x64xf32>, tensor<64xf32>) -> tensor<2x24x64xf32>
  // CHECK: hf.layer_norm %{{.*}}, %{{.*}} bias
  %4 = hf.layer_norm %x, %v bias %v {epsilon = 1.0e-5 : f64} : (tensor<2x24x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<2x24x64xf32>
  // CHECK: hf.softmax
  %5 = hf.softmax %x : tensor<2x24x64xf32>
  // CHECK: hf.activation gelu_pytorch_tanh
  %6 = hf.activation gelu_pytorch_tanh, %x : tensor<2x24x64xf32>
  // CHECK: hf.softcap %{{.*}} {cap = 3.000000e+01 : f64}
  %7 = hf.softcap %x {cap = 30.0 : f64} : tensor<2x24x64xf32>
  // CHECK: hf.patch_embedding
  %8 = hf.patch_embedding %px, %pw bias %v : (tensor<2x3x32x32xf32>, tensor<64x3x8x8xf32>, tensor<64xf32>) -> tensor<2x16x64xf32>
  return
}

// CHECK-LABEL: func @attention
func.func @attention(%q: tensor<2x4x24x16xf32>, %k: tensor<2x2x128x16xf32>, %positions: tensor<2x24xi32>,
                     %inv: tensor<8xf32>, %keys: tensor<2x128xi32>, %past: tensor<2xi32>, %bias: tensor<1x4x24x128xf32>) {
  // CHECK: hf.rotary_table %{{.*}}, %{{.*}} {scaling = 1.000000e+00 : f64} : (tensor<2x24xi32>, tensor<8xf32>) -> tensor<2x24x16xf32>
  %c, %s = hf.rotary_table %positions, %inv {scaling = 1.0 : f64} : (tensor<2x24xi32>, tensor<8xf32>) -> tensor<2x24x16xf32>
  // CHECK: hf.rotary %{{.*}} {interleaved, layout = #hf<head_layout bhsd>}
  %0 = hf.rotary %q, %c, %s {interleaved, layout = #hf<head_layout bhsd>} : (tensor<2x4x24x16xf32>, tensor<2x24x16xf32>) -> tensor<2x4x24x16xf32>
  // CHECK: hf.attention %{{.*}} key_mask(%{{.*}} : tensor<2x128xi32>) segments(%{{.*}}, %{{.*}} : tensor<2x24xi32>, tensor<2x128xi32>) past(%{{.*}}, %{{.*}} : tensor<2xi32>, tensor<2xi32>) bias(%{{.*}} : tensor<1x4x24x128xf32>) {causal, layout = #hf<head_layout bhsd>, scale = 2.500000e-01 : f64, softcap = 5.000000e+01 : f64, window = 16 : i64}
  %1 = hf.attention %0, %k, %k key_mask(%keys : tensor<2x128xi32>)
    segments(%positions, %keys : tensor<2x24xi32>, tensor<2x128xi32>) past(%past, %past : tensor<2xi32>, tensor<2xi32>)
    bias(%bias : tensor<1x4x24x128xf32>)
    {causal, scale = 0.25 : f64, window = 16 : i64, softcap = 50.0 : f64, layout = #hf<head_layout bhsd>}
    : (tensor<2x4x24x16xf32>, tensor<2x2x128x16xf32>, tensor<2x2x128x16xf32>) -> tensor<2x4x24x16xf32>
  return
}

// CHECK-LABEL: func @argmax
func.func @argmax(%x: tensor<2x24x256xbf16>) {
  // CHECK: hf.argmax %{{.*}} : tensor<2x24x256xbf16> -> tensor<2x24xi32>
  %0 = hf.argmax %x : tensor<2x24x256xbf16> -> tensor<2x24xi32>
  return
}

// CHECK-LABEL: func @experts
func.func @experts(%x: tensor<48x64xf32>, %logits: tensor<48x8xf32>, %up: tensor<8x48x64xf32>, %down: tensor<8x64x48xf32>) {
  // CHECK: hf.route %{{.*}} {normalize, top_k = 2 : i64}
  %0 = hf.route %logits {top_k = 2 : i64, normalize} : tensor<48x8xf32>
  // CHECK: hf.experts silu
  %1 = hf.experts silu, %x, %0, %up, %up, %down
    : (tensor<48x64xf32>, tensor<48x8xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<48x64xf32>
  return
}
