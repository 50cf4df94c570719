// RUN: hfc-opt %s --hfc-fuse --split-input-file | FileCheck %s
// RUN: hfc-opt %s --hfc-fuse --hfc-fuse --split-input-file | FileCheck %s

// Two decoder layers: their bodies are shared, and a layer takes six launches and seven products.

hf.parameter @table : tensor<256x64xf32> from [#hf.piece<"table">]
hf.parameter @wq : tensor<64x64xf32> from [#hf.piece<"wq">]
hf.parameter @wk : tensor<32x64xf32> from [#hf.piece<"wk">]
hf.parameter @wg : tensor<160x64xf32> from [#hf.piece<"wg">]
hf.parameter @wd : tensor<64x160xf32> from [#hf.piece<"wd">]
hf.parameter @norm : tensor<64xf32> from [#hf.piece<"norm">]

// The bodies: a decoder layer's sum and norm give both the sum and the normed value.
// CHECK-DAG: func.func private @[[EMBED:embedding_rms_norm_[0-9]+]]({{.*}}) -> (tensor<2x24x64xf32>, tensor<2x24x64xf32>) attributes {kernel.kind = "row"}
// CHECK-DAG: func.func private @[[ADD:add_rms_norm_[0-9]+]]({{.*}}) -> (tensor<2x24x64xf32>, tensor<2x24x64xf32>) attributes {kernel.kind = "row"}
// CHECK-DAG: func.func private @[[TABLES:rotary_table_[0-9]+]]({{.*}}) -> (tensor<2x24x16xf32>, tensor<2x24x16xf32>) attributes {kernel.kind = "loop"}
// CHECK-DAG: func.func private @[[ROTARYQ:rotary_[0-9]+]]({{.*}}) -> tensor<2x24x4x16xf32> attributes {kernel.kind = "loop"}
// CHECK-DAG: func.func private @[[ROTARYK:rotary_[0-9]+]]({{.*}}) -> tensor<2x24x2x16xf32> attributes {kernel.kind = "loop"}
// CHECK-DAG: func.func private @[[ATTENTION:attention_[0-9]+]]({{.*}}) -> tensor<2x24x4x16xf32> attributes {kernel.kind = "attention"}
// CHECK-DAG: func.func private @[[SILU:silu_mul_[0-9]+]]({{.*}}) -> tensor<2x24x160xf32> attributes {kernel.kind = "loop"}
// CHECK-DAG: func.func private @[[LAST:add_rms_norm_[0-9]+]]({{.*}}) -> tensor<2x24x64xf32> attributes {kernel.kind = "row"}

// CHECK-LABEL: func.func @forward
// CHECK-DAG: call @[[EMBED]]
// CHECK-DAG: call @[[TABLES]]
// CHECK-COUNT-3: hf.linear
// CHECK-DAG: call @[[ROTARYQ]]
// CHECK-DAG: call @[[ROTARYK]]
// CHECK: call @[[ATTENTION]]
// CHECK: hf.linear
// CHECK-NEXT: call @[[ADD]]
// CHECK-COUNT-2: hf.linear
// CHECK-NEXT: call @[[SILU]]
// CHECK-NEXT: hf.linear
// CHECK-NEXT: call @[[ADD]]
// CHECK-COUNT-3: hf.linear
// CHECK-DAG: call @[[ROTARYQ]]
// CHECK-DAG: call @[[ROTARYK]]
// CHECK: call @[[ATTENTION]]
// CHECK: hf.linear
// CHECK-NEXT: call @[[ADD]]
// CHECK-COUNT-2: hf.linear
// CHECK-NEXT: call @[[SILU]]
// CHECK-NEXT: hf.linear
// CHECK-NEXT: call @[[LAST]]
// CHECK-NEXT: return
func.func @forward(%table: tensor<256x64xf32> {hf.parameter = @table}, %wq: tensor<64x64xf32> {hf.parameter = @wq},
    %wk: tensor<32x64xf32> {hf.parameter = @wk}, %wg: tensor<160x64xf32> {hf.parameter = @wg},
    %wd: tensor<64x160xf32> {hf.parameter = @wd}, %norm: tensor<64xf32> {hf.parameter = @norm},
    %ids: tensor<2x24xi32> {hf.input = "input_ids"}, %positions: tensor<2x24xi32> {hf.input = "position_ids"})
    -> (tensor<2x24x64xf32> {hf.output = "last_hidden_state"}) {
  %frequencies = hf.constant dense<[1.0, 0.5, 0.25, 0.125, 0.1, 0.05, 0.025, 0.0125]> : tensor<8xf32>
  %cos, %sin = hf.rotary_table %positions, %frequencies {scaling = 1.0 : f64}
    : (tensor<2x24xi32>, tensor<8xf32>) -> tensor<2x24x16xf32>
  %x0 = hf.embedding %table, %ids : (tensor<256x64xf32>, tensor<2x24xi32>) -> tensor<2x24x64xf32>

  %n0 = hf.rms_norm %x0, %norm {epsilon = 1.0e-6 : f64, hf.block = 0 : i64} : (tensor<2x24x64xf32>, tensor<64xf32>) -> tensor<2x24x64xf32>
  %q0 = hf.linear %n0, %wq {hf.block = 0 : i64} : (tensor<2x24x64xf32>, tensor<64x64xf32>) -> tensor<2x24x64xf32>
  %k0 = hf.linear %n0, %wk {hf.block = 0 : i64} : (tensor<2x24x64xf32>, tensor<32x64xf32>) -> tensor<2x24x32xf32>
  %v0 = hf.linear %n0, %wk {hf.block = 0 : i64, other} : (tensor<2x24x64xf32>, tensor<32x64xf32>) -> tensor<2x24x32xf32>
  %qh0 = hf.reshape %q0 : tensor<2x24x64xf32> -> tensor<2x24x4x16xf32>
  %kh0 = hf.reshape %k0 : tensor<2x24x32xf32> -> tensor<2x24x2x16xf32>
  %vh0 = hf.reshape %v0 : tensor<2x24x32xf32> -> tensor<2x24x2x16xf32>
  %qr0 = hf.rotary %qh0, %cos, %sin {hf.block = 0 : i64} : (tensor<2x24x4x16xf32>, tensor<2x24x16xf32>) -> tensor<2x24x4x16xf32>
  %kr0 = hf.rotary %kh0, %cos, %sin {hf.block = 0 : i64} : (tensor<2x24x2x16xf32>, tensor<2x24x16xf32>) -> tensor<2x24x2x16xf32>
  %a0 = hf.attention %qr0, %kr0, %vh0 {causal, scale = 0.25 : f64, hf.block = 0 : i64}
    : (tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>) -> tensor<2x24x4x16xf32>
  %ar0 = hf.reshape %a0 : tensor<2x24x4x16xf32> -> tensor<2x24x64xf32>
  %o0 = hf.linear %ar0, %wq {hf.block = 0 : i64} : (tensor<2x24x64xf32>, tensor<64x64xf32>) -> tensor<2x24x64xf32>
  %h0 = hf.add %x0, %o0 {hf.block = 0 : i64} : tensor<2x24x64xf32>
  %m0 = hf.rms_norm %h0, %norm {epsilon = 1.0e-6 : f64, hf.block = 0 : i64} : (tensor<2x24x64xf32>, tensor<64xf32>) -> tensor<2x24x64xf32>
  %g0 = hf.linear %m0, %wg {hf.block = 0 : i64} : (tensor<2x24x64xf32>, tensor<160x64xf32>) -> tensor<2x24x160xf32>
  %u0 = hf.linear %m0, %wg {hf.block = 0 : i64, other} : (tensor<2x24x64xf32>, tensor<160x64xf32>) -> tensor<2x24x160xf32>
  %s0 = hf.activation silu, %g0 {hf.block = 0 : i64} : tensor<2x24x160xf32>
  %p0 = hf.mul %s0, %u0 {hf.block = 0 : i64} : tensor<2x24x160xf32>
  %d0 = hf.linear %p0, %wd {hf.block = 0 : i64} : (tensor<2x24x160xf32>, tensor<64x160xf32>) -> tensor<2x24x64xf32>
  %x1 = hf.add %h0, %d0 {hf.block = 0 : i64} : tensor<2x24x64xf32>

  %n1 = hf.rms_norm %x1, %norm {epsilon = 1.0e-6 : f64, hf.block = 1 : i64} : (tensor<2x24x64xf32>, tensor<64xf32>) -> tensor<2x24x64xf32>
  %q1 = hf.linear %n1, %wq {hf.block = 1 : i64} : (tensor<2x24x64xf32>, tensor<64x64xf32>) -> tensor<2x24x64xf32>
  %k1 = hf.linear %n1, %wk {hf.block = 1 : i64} : (tensor<2x24x64xf32>, tensor<32x64xf32>) -> tensor<2x24x32xf32>
  %v1 = hf.linear %n1, %wk {hf.block = 1 : i64, other} : (tensor<2x24x64xf32>, tensor<32x64xf32>) -> tensor<2x24x32xf32>
  %qh1 = hf.reshape %q1 : tensor<2x24x64xf32> -> tensor<2x24x4x16xf32>
  %kh1 = hf.reshape %k1 : tensor<2x24x32xf32> -> tensor<2x24x2x16xf32>
  %vh1 = hf.reshape %v1 : tensor<2x24x32xf32> -> tensor<2x24x2x16xf32>
  %qr1 = hf.rotary %qh1, %cos, %sin {hf.block = 1 : i64} : (tensor<2x24x4x16xf32>, tensor<2x24x16xf32>) -> tensor<2x24x4x16xf32>
  %kr1 = hf.rotary %kh1, %cos, %sin {hf.block = 1 : i64} : (tensor<2x24x2x16xf32>, tensor<2x24x16xf32>) -> tensor<2x24x2x16xf32>
  %a1 = hf.attention %qr1, %kr1, %vh1 {causal, scale = 0.25 : f64, hf.block = 1 : i64}
    : (tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>) -> tensor<2x24x4x16xf32>
  %ar1 = hf.reshape %a1 : tensor<2x24x4x16xf32> -> tensor<2x24x64xf32>
  %o1 = hf.linear %ar1, %wq {hf.block = 1 : i64} : (tensor<2x24x64xf32>, tensor<64x64xf32>) -> tensor<2x24x64xf32>
  %h1 = hf.add %x1, %o1 {hf.block = 1 : i64} : tensor<2x24x64xf32>
  %m1 = hf.rms_norm %h1, %norm {epsilon = 1.0e-6 : f64, hf.block = 1 : i64} : (tensor<2x24x64xf32>, tensor<64xf32>) -> tensor<2x24x64xf32>
  %g1 = hf.linear %m1, %wg {hf.block = 1 : i64} : (tensor<2x24x64xf32>, tensor<160x64xf32>) -> tensor<2x24x160xf32>
  %u1 = hf.linear %m1, %wg {hf.block = 1 : i64, other} : (tensor<2x24x64xf32>, tensor<160x64xf32>) -> tensor<2x24x160xf32>
  %s1 = hf.activation silu, %g1 {hf.block = 1 : i64} : tensor<2x24x160xf32>
  %p1 = hf.mul %s1, %u1 {hf.block = 1 : i64} : tensor<2x24x160xf32>
  %d1 = hf.linear %p1, %wd {hf.block = 1 : i64} : (tensor<2x24x160xf32>, tensor<64x160xf32>) -> tensor<2x24x64xf32>
  %x2 = hf.add %h1, %d1 {hf.block = 1 : i64} : tensor<2x24x64xf32>
  %y = hf.rms_norm %x2, %norm {epsilon = 1.0e-6 : f64} : (tensor<2x24x64xf32>, tensor<64xf32>) -> tensor<2x24x64xf32>
  return %y : tensor<2x24x64xf32>
}
