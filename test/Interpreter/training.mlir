// RUN: hfc-interpret %s --print | FileCheck %s

// Primitives of training and of cut tensors, and the composites over them; the values were computed by hand, but for
// Threefry's, which are those that its authors publish (Random123, kat_vectors) for 13 rounds: 0x9d1c5ec6 for zeros and
// 0xfd36d048 for a counter of ones under the key (0xffffffff, 0xffffffff).
func.func @forward() -> (tensor<3x2xf32> {hf.output = "scatter_add"}, tensor<2x3xf32> {hf.output = "slice_at"},
    tensor<1xi32> {hf.output = "random_uniform"}, tensor<2x3xf32> {hf.output = "barrier"},
    tensor<3xf32> {hf.output = "loss"}, tensor<3xf32> {hf.output = "log_sum"},
    tensor<1xf32> {hf.output = "parameter"}, tensor<1xf32> {hf.output = "moment1"}, tensor<1xf32> {hf.output = "moment2"}) {
  // Row 1 twice, rows -1 and 3 nowhere.
  %base = hf.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %rows = hf.constant dense<[1, -1, 1, 3]> : tensor<4xi32>
  %updates = hf.constant dense<[[10.0, 20.0], [7.0, 7.0], [100.0, 200.0], [7.0, 7.0]]> : tensor<4x2xf32>
  // CHECK-DAG: scatter_add: [3, 2] f32 = {{\[\[}}1, 2], [113, 224], [5, 6]]
  %scattered = hf.scatter_add %base, %rows, %updates : (tensor<3x2xf32>, tensor<4xi32>, tensor<4x2xf32>) -> tensor<3x2xf32>

  %x = hf.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>
  %start = hf.constant dense<2> : tensor<i32>
  // CHECK-DAG: slice_at: [2, 3] f32 = {{\[\[}}3, 4, 0], [7, 8, 0]]
  %slice = hf.slice_at %x, %start dim 1 : tensor<2x4xf32> -> tensor<2x3xf32>
  // CHECK-DAG: barrier: [2, 3] f32 = {{\[\[}}3, 4, 0], [7, 8, 0]]
  %barrier:2 = hf.barrier %slice, %x : (tensor<2x3xf32>, tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<2x4xf32>)

  // 0x9d1c5e is 10296414.
  %zero = hf.constant dense<0> : tensor<1xi32>
  %uniform = hf.random_uniform %zero, %zero, %zero : tensor<1xi32> -> tensor<1xf32>
  %scale = hf.constant dense<16777216.0> : tensor<1xf32>
  %scaled = hf.mul %uniform, %scale : tensor<1xf32>
  // CHECK-DAG: random_uniform: [1] i32 = [10296414]
  %bits = hf.convert %scaled : tensor<1xf32> -> tensor<1xi32>

  // log(e^0 + e^0), minus the label's logit; the second row is ignored, the third's label is none of the row's.
  %logits = hf.constant dense<[[1000.0, 1000.0], [0.0, 0.0], [0.0, 0.0]]> : tensor<3x2xf32>
  %labels = hf.constant dense<[1, -100, 2]> : tensor<3xi32>
  // CHECK-DAG: loss: [3] f32 = [0.693147, 0, 0.693147]
  // CHECK-DAG: log_sum: [3] f32 = [1000.69, 0.693147, 0.693147]
  %loss, %log_sum = hf.cross_entropy %logits, %labels : (tensor<3x2xf32>, tensor<3xi32>) -> tensor<3xf32>

  // The second step: g = 0.5 * 4 = 2, m = 0.5 * 1 + 0.5 * 2 = 1.5, v = 0.75 * 1 + 0.25 * 4 = 1.75; corrections 1 - 0.25 and
  // 1 - 0.5625, so the root is 2, the denominator 2.5, the step 0.1 / 0.75 * 1.5 / 2.5 = 0.08; decay takes 0.1 * 0.5 * 10.
  %p = hf.constant dense<10.0> : tensor<1xf32>
  %g = hf.constant dense<4.0> : tensor<1xf32>
  %m = hf.constant dense<1.0> : tensor<1xf32>
  %step = hf.constant dense<2> : tensor<i32>
  %rate = hf.constant dense<0.1> : tensor<f32>
  %half = hf.constant dense<0.5> : tensor<f32>
  %beta2 = hf.constant dense<0.75> : tensor<f32>
  // CHECK-DAG: parameter: [1] f32 = [9.42]
  // CHECK-DAG: moment1: [1] f32 = [1.5]
  // CHECK-DAG: moment2: [1] f32 = [1.75]
  %p1, %m1, %v1 = hf.adamw %p, %g, %m, %m step %step, %rate, %half, %beta2, %half, %half, %half
    : tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>
  return %scattered, %slice, %bits, %barrier#0, %loss, %log_sum, %p1, %m1, %v1
    : tensor<3x2xf32>, tensor<2x3xf32>, tensor<1xi32>, tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<1xf32>,
      tensor<1xf32>, tensor<1xf32>
}
