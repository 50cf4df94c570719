// RUN: hfc-interpret %s --print | FileCheck %s

// Composites run through their decompositions; the values were computed by hand.
func.func @forward() -> (tensor<1x2xf32> {hf.output = "linear"}, tensor<2x2xf32> {hf.output = "embedding"},
    tensor<1x2xf32> {hf.output = "rms_norm"}, tensor<1x2xf32> {hf.output = "layer_norm"},
    tensor<1x2xf32> {hf.output = "softmax"}, tensor<3xf32> {hf.output = "silu"}, tensor<1xf32> {hf.output = "softcap"},
    tensor<1x2x1x2xf32> {hf.output = "attention"}) {
  %x = hf.constant dense<[[3.0, 4.0]]> : tensor<1x2xf32>
  %w = hf.constant dense<[[1.0, 2.0], [0.5, -1.0]]> : tensor<2x2xf32>
  %b = hf.constant dense<[1.0, 0.0]> : tensor<2xf32>
  // CHECK-DAG: linear: [1, 2] f32 = {{\[\[}}12, -2.5]]
  %linear = hf.linear %x, %w bias %b : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %ids = hf.constant dense<[1, 0]> : tensor<2xi32>
  // CHECK-DAG: embedding: [2, 2] f32 = {{\[\[}}0.5, -1], [1, 2]]
  %embedding = hf.embedding %w, %ids : (tensor<2x2xf32>, tensor<2xi32>) -> tensor<2x2xf32>
  %scale = hf.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // Mean square 12.5: 3 / sqrt(12.5), 2 * 4 / sqrt(12.5).
  // CHECK-DAG: rms_norm: [1, 2] f32 = {{\[\[}}0.848528, 2.26274]]
  %rms = hf.rms_norm %x, %scale {epsilon = 0.0 : f64} : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  // CHECK-DAG: layer_norm: [1, 2] f32 = {{\[\[}}0, 2]]
  %layer = hf.layer_norm %x, %scale bias %b {epsilon = 0.0 : f64}
    : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  // CHECK-DAG: softmax: [1, 2] f32 = {{\[\[}}0.268941, 0.731059]]
  %softmax = hf.softmax %x : tensor<1x2xf32>
  %three = hf.constant dense<[0.0, 1.0, -2.0]> : tensor<3xf32>
  // CHECK-DAG: silu: [3] f32 = [0, 0.731059, -0.238406]
  %silu = hf.activation silu, %three : tensor<3xf32>
  %big = hf.constant dense<[60.0]> : tensor<1xf32>
  // CHECK-DAG: softcap: [1] f32 = [28.9208]
  %cap = hf.softcap %big {cap = 30.0 : f64} : tensor<1xf32>
  // Query 0 sees key 0 alone; query 1 weighs both by softmax(1, 0).
  %q = hf.constant dense<[[[[1.0, 0.0]], [[1.0, 0.0]]]]> : tensor<1x2x1x2xf32>
  %k = hf.constant dense<[[[[1.0, 0.0]], [[0.0, 1.0]]]]> : tensor<1x2x1x2xf32>
  %v = hf.constant dense<[[[[1.0, 2.0]], [[3.0, 4.0]]]]> : tensor<1x2x1x2xf32>
  // CHECK-DAG: attention: [1, 2, 1, 2] f32 = {{\[\[\[\[}}1, 2]], {{\[\[}}1.53788, 2.53788]]]]
  %attention = hf.attention %q, %k, %v {causal, scale = 1.0 : f64}
    : (tensor<1x2x1x2xf32>, tensor<1x2x1x2xf32>, tensor<1x2x1x2xf32>) -> tensor<1x2x1x2xf32>
  return %linear, %embedding, %rms, %layer, %softmax, %silu, %cap, %attention
    : tensor<1x2xf32>, tensor<2x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<3xf32>, tensor<1xf32>,
    tensor<1x2x1x2xf32>
}
