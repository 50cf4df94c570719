// RUN: hfc-interpret %s --print | FileCheck %s

func.func @forward() -> (tensor<2x3xi32> {hf.output = "iota"}, tensor<2x2x3xf32> {hf.output = "broadcast"},
    tensor<3x2xf32> {hf.output = "reshape"}, tensor<3x2xf32> {hf.output = "transpose"},
    tensor<1x2xf32> {hf.output = "slice"}, tensor<2x5xf32> {hf.output = "concat"}, tensor<i32> {hf.output = "scalar"}) {
  %x = hf.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  // CHECK-DAG: iota: [2, 3] i32 = {{\[\[}}0, 1, 2], [0, 1, 2]]
  %iota = hf.iota 1 : tensor<2x3xi32>
  %unit = hf.slice %x at [0, 0] : tensor<2x3xf32> -> tensor<2x1xf32>
  // CHECK-DAG: broadcast: [2, 2, 3] f32 = {{\[\[\[}}1, 1, 1], [1, 1, 1]], {{\[\[}}4, 4, 4], [4, 4, 4]]]
  %broadcast = hf.broadcast %unit dims [0, 2] : tensor<2x1xf32> -> tensor<2x2x3xf32>
  // CHECK-DAG: reshape: [3, 2] f32 = {{\[\[}}1, 2], [3, 4], [5, 6]]
  %reshape = hf.reshape %x : tensor<2x3xf32> -> tensor<3x2xf32>
  // CHECK-DAG: transpose: [3, 2] f32 = {{\[\[}}1, 4], [2, 5], [3, 6]]
  %transpose = hf.transpose %x perm [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  // CHECK-DAG: slice: [1, 2] f32 = {{\[\[}}5, 6]]
  %slice = hf.slice %x at [1, 1] : tensor<2x3xf32> -> tensor<1x2xf32>
  %two = hf.slice %x at [0, 1] : tensor<2x3xf32> -> tensor<2x2xf32>
  // CHECK-DAG: concat: [2, 5] f32 = {{\[\[}}1, 2, 3, 2, 3], [4, 5, 6, 5, 6]]
  %concat = hf.concat %x, %two dim 1 : (tensor<2x3xf32>, tensor<2x2xf32>) -> tensor<2x5xf32>
  // CHECK-DAG: scalar: [] i32 = 7
  %scalar = hf.constant dense<7> : tensor<i32>
  return %iota, %broadcast, %reshape, %transpose, %slice, %concat, %scalar : tensor<2x3xi32>, tensor<2x2x3xf32>,
    tensor<3x2xf32>, tensor<3x2xf32>, tensor<1x2xf32>, tensor<2x5xf32>, tensor<i32>
}
