// Attention of one query over a long cache: parts of it, and what they make together; computes the same.
// RUN: hfc-opt %s --hfc-fuse --hfc-split-attention="min-keys=256 blocks=24" -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: hfc-interpret %s --compare=%t.mlir --seed=1
// RUN: hfc-interpret %s --compare=%t.mlir --seed=2
// RUN: hfc-opt %t.mlir --hfc-schedule --hfc-verify-schedule -o %t.rt.mlir
// RUN: hfc-interpret %s --compare=%t.rt.mlir --seed=3
// RUN: hfc-opt %s --hfc-fuse --hfc-split-attention="min-keys=2048" | FileCheck %s --check-prefix=WHOLE

// No cache here is as long as that.
// WHOLE-NOT: attention_parts

// 24 blocks for 6 heads are 4 parts.
// CHECK-LABEL: func.func private @attention_parts_0(
// CHECK-SAME: -> (tensor<1x4x6x8xf32>, tensor<1x4x6xf32>) attributes {kernel.kind = "attention_parts"}
// CHECK: hf.attention_with_statistics {{.*}} {causal, {{.*}} -> (tensor<4x1x6x8xf32>, tensor<4x6x1xf32>)
// CHECK-LABEL: func.func private @attention_join_0(
// CHECK-SAME: %{{.*}}: tensor<1x4x6x8xf32>, %{{.*}}: tensor<1x4x6xf32>) -> tensor<1x1x6x8xbf16> attributes {kernel.kind = "attention_join"}
// CHECK-LABEL: func.func @decode(
// CHECK: %[[PARTS:.*]]:2 = call @attention_parts_0(
// CHECK: call @attention_join_0(%[[PARTS]]#0, %[[PARTS]]#1)
// Layers share the bodies.
// CHECK: call @attention_parts_0(
// CHECK: call @attention_join_0(
// CHECK-NOT: call @attention_0
func.func @decode(%q: tensor<1x1x6x8xbf16> {hf.input = "q"}, %k: tensor<1x1024x2x8xbf16> {hf.input = "k"},
                  %v: tensor<1x1024x2x8xbf16> {hf.input = "v"},
                  %past: tensor<1xi32> {hf.input = "past", hf.min = 0 : i64, hf.max = 1023 : i64},
                  %count: tensor<1xi32> {hf.input = "count", hf.min = 0 : i64, hf.max = 1 : i64})
    -> (tensor<1x1x6x8xbf16> {hf.output = "o"}) {
  %0 = hf.attention %q, %k, %v past(%past, %count : tensor<1xi32>, tensor<1xi32>) {causal, scale = 0.5 : f64}
    : (tensor<1x1x6x8xbf16>, tensor<1x1024x2x8xbf16>, tensor<1x1024x2x8xbf16>) -> tensor<1x1x6x8xbf16>
  %1 = hf.attention %0, %k, %v past(%past, %count : tensor<1xi32>, tensor<1xi32>) {causal, scale = 0.5 : f64}
    : (tensor<1x1x6x8xbf16>, tensor<1x1024x2x8xbf16>, tensor<1x1024x2x8xbf16>) -> tensor<1x1x6x8xbf16>
  return %1 : tensor<1x1x6x8xbf16>
}

// Another number of heads, a softcap, sequences of different lengths; 3 parts, since 4 do not divide 390 keys.
// CHECK-LABEL: func.func @ragged(
// CHECK: call @attention_parts_{{.*}} -> (tensor<3x3x2x11xf32>, tensor<3x3x2xf32>)
func.func @ragged(%q: tensor<3x1x2x8xf32> {hf.input = "q"}, %k: tensor<3x390x1x8xf32> {hf.input = "k"},
                  %v: tensor<3x390x1x11xf32> {hf.input = "v"},
                  %past: tensor<3xi32> {hf.input = "past", hf.min = 0 : i64, hf.max = 389 : i64},
                  %count: tensor<3xi32> {hf.input = "count", hf.min = 0 : i64, hf.max = 1 : i64})
    -> (tensor<3x1x2x11xf32> {hf.output = "o"}) {
  %0 = hf.attention %q, %k, %v past(%past, %count : tensor<3xi32>, tensor<3xi32>) {causal, scale = 0.5 : f64, softcap = 2.0 : f64}
    : (tensor<3x1x2x8xf32>, tensor<3x390x1x8xf32>, tensor<3x390x1x11xf32>) -> tensor<3x1x2x11xf32>
  return %0 : tensor<3x1x2x11xf32>
}

// Two queries, a window, few keys: as they were.
// CHECK-LABEL: func.func @others(
// CHECK-NOT: attention_parts
// CHECK: return
func.func @others(%q: tensor<1x2x2x8xf32> {hf.input = "q"}, %one: tensor<1x1x2x8xf32> {hf.input = "one"},
                  %k: tensor<1x512x1x8xf32> {hf.input = "k"}, %few: tensor<1x128x1x8xf32> {hf.input = "few"},
                  %past: tensor<1xi32> {hf.input = "past", hf.min = 0 : i64, hf.max = 126 : i64},
                  %count: tensor<1xi32> {hf.input = "count", hf.min = 1 : i64, hf.max = 1 : i64})
    -> (tensor<1x2x2x8xf32> {hf.output = "a"}, tensor<1x1x2x8xf32> {hf.output = "b"}, tensor<1x1x2x8xf32> {hf.output = "c"}) {
  %0 = hf.attention %q, %k, %k past(%past, %count : tensor<1xi32>, tensor<1xi32>) {causal, scale = 0.5 : f64}
    : (tensor<1x2x2x8xf32>, tensor<1x512x1x8xf32>, tensor<1x512x1x8xf32>) -> tensor<1x2x2x8xf32>
  %1 = hf.attention %one, %k, %k past(%past, %count : tensor<1xi32>, tensor<1xi32>) {causal, scale = 0.5 : f64, window = 64 : i64}
    : (tensor<1x1x2x8xf32>, tensor<1x512x1x8xf32>, tensor<1x512x1x8xf32>) -> tensor<1x1x2x8xf32>
  %2 = hf.attention %one, %few, %few past(%past, %count : tensor<1xi32>, tensor<1xi32>) {causal, scale = 0.5 : f64}
    : (tensor<1x1x2x8xf32>, tensor<1x128x1x8xf32>, tensor<1x128x1x8xf32>) -> tensor<1x1x2x8xf32>
  return %0, %1, %2 : tensor<1x2x2x8xf32>, tensor<1x1x2x8xf32>, tensor<1x1x2x8xf32>
}
