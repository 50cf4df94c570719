// Every op of training and of cut tensors survives printing and parsing, as text and as bytecode.
// RUN: hfc-opt %s --verify-roundtrip | FileCheck %s
// RUN: hfc-opt %s --emit-bytecode | hfc-opt --mlir-print-op-generic | hfc-opt | FileCheck %s

// CHECK: hf.bucket @grads.0 : tensor<4160xf32>
hf.bucket @grads.0 : tensor<4160xf32>
// CHECK: hf.state @grad.norm : tensor<64xf32> {hf.bucket = #hf.place<@grads.0, 4096>}
hf.state @grad.norm : tensor<64xf32> {hf.bucket = #hf.place<@grads.0, 4096>}

// CHECK-LABEL: func @indexed
func.func @indexed(%base: tensor<256x64xf32>, %ids: tensor<2x24xi32>, %dy: tensor<2x24x64xf32>, %start: tensor<i32>) {
  // CHECK: hf.scatter_add %{{.*}}, %{{.*}}, %{{.*}} : (tensor<256x64xf32>, tensor<2x24xi32>, tensor<2x24x64xf32>) -> tensor<256x64xf32>
  %0 = hf.scatter_add %base, %ids, %dy : (tensor<256x64xf32>, tensor<2x24xi32>, tensor<2x24x64xf32>) -> tensor<256x64xf32>
  // CHECK: hf.slice_at %{{.*}}, %{{.*}} dim 1 : tensor<2x24x64xf32> -> tensor<2x7x64xf32>
  %1 = hf.slice_at %dy, %start dim 1 : tensor<2x24x64xf32> -> tensor<2x7x64xf32>
  return
}

// CHECK-LABEL: func @products
func.func @products(%dy: tensor<2x24x160xbf16>, %x: tensor<2x24x64xbf16>, %w: tensor<160x64xbf16>) {
  // CHECK: hf.linear_dgrad
  %0 = hf.linear_dgrad %dy, %w : (tensor<2x24x160xbf16>, tensor<160x64xbf16>) -> tensor<2x24x64xbf16>
  // CHECK: hf.linear_wgrad {{.*}} -> tensor<160x64xf32>
  %1 = hf.linear_wgrad %dy, %x : (tensor<2x24x160xbf16>, tensor<2x24x64xbf16>) -> tensor<160x64xf32>
  // CHECK: hf.linear_wgrad {{.*}} -> tensor<160x64xbf16>
  %2 = hf.linear_wgrad %dy, %x : (tensor<2x24x160xbf16>, tensor<2x24x64xbf16>) -> tensor<160x64xbf16>
  return
}

// CHECK-LABEL: func @cross_entropy
func.func @cross_entropy(%logits: tensor<2x24x256xbf16>, %labels: tensor<2x24xi32>) {
  // CHECK: hf.cross_entropy %{{.*}}, %{{.*}} : (tensor<2x24x256xbf16>, tensor<2x24xi32>) -> tensor<2x24xf32>
  %0, %1 = hf.cross_entropy %logits, %labels : (tensor<2x24x256xbf16>, tensor<2x24xi32>) -> tensor<2x24xf32>
  return
}

// CHECK-LABEL: func @attention_backward
func.func @attention_backward(%q: tensor<2x8x4x16xf32>, %kv: tensor<2x128x2x16xf32>, %mask: tensor<2x128xi32>,
                              %qs: tensor<2x8xi32>, %past: tensor<2xi32>, %bias: tensor<1x4x8x128xf32>) {
  // CHECK: hf.attention_backward %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {scale = 2.500000e-01 : f64}
  %0:3 = hf.attention_backward %q, %q, %kv, %kv, %q {scale = 0.25 : f64}
    : (tensor<2x8x4x16xf32>, tensor<2x128x2x16xf32>, tensor<2x128x2x16xf32>) -> tensor<2x8x4x16xf32>
  // CHECK: key_mask({{.*}}) segments({{.*}}) past({{.*}}) bias({{.*}}) {causal, {{.*}}softcap = 5.000000e+01 : f64, window = 4 : i64}
  %1:3 = hf.attention_backward %q, %q, %kv, %kv, %q key_mask(%mask : tensor<2x128xi32>)
      segments(%qs, %mask : tensor<2x8xi32>, tensor<2x128xi32>) past(%past, %past : tensor<2xi32>, tensor<2xi32>)
      bias(%bias : tensor<1x4x8x128xf32>) {causal, scale = 0.25 : f64, softcap = 50.0 : f64, window = 4 : i64}
    : (tensor<2x8x4x16xf32>, tensor<2x128x2x16xf32>, tensor<2x128x2x16xf32>) -> tensor<2x8x4x16xf32>
  return
}

// CHECK-LABEL: func @attention_dropout
func.func @attention_dropout(%q: tensor<2x8x4x16xf32>, %kv: tensor<2x128x2x16xf32>, %key: tensor<i32>, %rows: tensor<2x4xi32>) {
  // CHECK: hf.attention %{{.*}} drop(%{{.*}}, %{{.*}} : tensor<2x4xi32>) {causal, dropout = 1.000000e-01 : f64, scale = 2.500000e-01 : f64}
  %0 = hf.attention %q, %kv, %kv drop(%key, %rows : tensor<2x4xi32>) {causal, scale = 0.25 : f64, dropout = 0.1 : f64}
    : (tensor<2x8x4x16xf32>, tensor<2x128x2x16xf32>, tensor<2x128x2x16xf32>) -> tensor<2x8x4x16xf32>
  // CHECK: hf.attention_backward {{.*}} drop(%{{.*}}, %{{.*}} : tensor<2x4xi32>) {causal, dropout = 1.000000e-01 : f64, scale = 2.500000e-01 : f64}
  %1:3 = hf.attention_backward %q, %q, %kv, %kv, %0 drop(%key, %rows : tensor<2x4xi32>) {causal, scale = 0.25 : f64, dropout = 0.1 : f64}
    : (tensor<2x8x4x16xf32>, tensor<2x128x2x16xf32>, tensor<2x128x2x16xf32>) -> tensor<2x8x4x16xf32>
  return
}

// CHECK-LABEL: func @attention_statistics
func.func @attention_statistics(%q: tensor<2x8x4x16xf32>, %kv: tensor<2x128x2x16xf32>, %mask: tensor<2x128xi32>) {
  // CHECK: %[[S:.*]] = hf.attention_statistics %{{.*}}, %{{.*}} key_mask(%{{.*}} : tensor<2x128xi32>) {causal, scale = 2.500000e-01 : f64} :
  %0 = hf.attention_statistics %q, %kv key_mask(%mask : tensor<2x128xi32>) {causal, scale = 0.25 : f64}
    : (tensor<2x8x4x16xf32>, tensor<2x128x2x16xf32>) -> tensor<2x4x8xf32>
  // CHECK: hf.attention_backward {{.*}} log_sum(%[[S]] : tensor<2x4x8xf32>) key_mask
  %1:3 = hf.attention_backward %q, %q, %kv, %kv, %q log_sum(%0 : tensor<2x4x8xf32>) key_mask(%mask : tensor<2x128xi32>)
      {causal, scale = 0.25 : f64}
    : (tensor<2x8x4x16xf32>, tensor<2x128x2x16xf32>, tensor<2x128x2x16xf32>) -> tensor<2x8x4x16xf32>
  return
}

// CHECK-LABEL: func @attention_with_statistics
func.func @attention_with_statistics(%q: tensor<2x8x4x16xf64>, %kv: tensor<2x128x2x16xf64>, %mask: tensor<2x128xi32>) {
  // CHECK: hf.attention_with_statistics %{{.*}}, %{{.*}}, %{{.*}} key_mask(%{{.*}} : tensor<2x128xi32>) {causal, scale = 2.500000e-01 : f64} :
  // CHECK-SAME: -> (tensor<2x8x4x16xf64>, tensor<2x4x8xf64>)
  %0:2 = hf.attention_with_statistics %q, %kv, %kv key_mask(%mask : tensor<2x128xi32>) {causal, scale = 0.25 : f64}
    : (tensor<2x8x4x16xf64>, tensor<2x128x2x16xf64>, tensor<2x128x2x16xf64>) -> (tensor<2x8x4x16xf64>, tensor<2x4x8xf64>)
  return
}

// CHECK-LABEL: func @experts_backward
func.func @experts_backward(%x: tensor<48x64xbf16>, %r: tensor<48x8xbf16>, %u: tensor<8x48x64xbf16>, %d: tensor<8x64x48xbf16>) {
  // CHECK: hf.experts_backward silu, {{.*}} -> (tensor<48x64xbf16>, tensor<48x8xbf16>, tensor<8x48x64xf32>, tensor<8x48x64xbf16>, tensor<8x64x48xf32>)
  %0:5 = hf.experts_backward silu, %x, %x, %r, %u, %u, %d
    : (tensor<48x64xbf16>, tensor<48x64xbf16>, tensor<48x8xbf16>, tensor<8x48x64xbf16>, tensor<8x48x64xbf16>, tensor<8x64x48xbf16>)
    -> (tensor<48x64xbf16>, tensor<48x8xbf16>, tensor<8x48x64xf32>, tensor<8x48x64xbf16>, tensor<8x64x48xf32>)
  return
}

// CHECK-LABEL: func @update
func.func @update(%p: tensor<64xf32>, %g: tensor<64xf32>, %m: tensor<64xbf16>, %step: tensor<i32>, %s: tensor<f32>) {
  // CHECK: hf.adamw %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} step %{{.*}}, {{.*}} : tensor<64xf32>, tensor<64xf32>, tensor<64xbf16>, tensor<64xbf16>
  %0:3 = hf.adamw %p, %g, %m, %m step %step, %s, %s, %s, %s, %s, %s : tensor<64xf32>, tensor<64xf32>, tensor<64xbf16>, tensor<64xbf16>
  return
}

// CHECK-LABEL: func @noise
func.func @noise(%x: tensor<4x8xbf16>, %row: tensor<4x8xi32>, %key: tensor<i32>) {
  // CHECK: hf.random_uniform %{{.*}}, %{{.*}}, %{{.*}} : tensor<4x8xi32> -> tensor<4x8xf32>
  %0 = hf.random_uniform %row, %row, %row : tensor<4x8xi32> -> tensor<4x8xf32>
  // CHECK: hf.dropout %{{.*}}, %{{.*}} {p = 1.000000e-01 : f64} : tensor<4x8xbf16>
  %1 = hf.dropout %x, %key {p = 0.1 : f64} : tensor<4x8xbf16>
  // CHECK: hf.barrier %{{.*}}, %{{.*}} : (tensor<4x8xbf16>, tensor<4x8xi32>) -> (tensor<4x8xbf16>, tensor<4x8xi32>)
  %2:2 = hf.barrier %x, %row : (tensor<4x8xbf16>, tensor<4x8xi32>) -> (tensor<4x8xbf16>, tensor<4x8xi32>)
  return
}
