// RUN: hfc-interpret %s --print | FileCheck %s

func.func @forward() -> (tensor<2xf32> {hf.output = "sum"}, tensor<3xf32> {hf.output = "max"},
    tensor<f32> {hf.output = "min"}, tensor<2xi32> {hf.output = "sum_int"}, tensor<2x2xf32> {hf.output = "matmul"},
    tensor<2x2xf32> {hf.output = "matmul_nt"}, tensor<3x3xf32> {hf.output = "matmul_tn"},
    tensor<2x1x1xf32> {hf.output = "batched"}, tensor<2x2xf32> {hf.output = "values"},
    tensor<2x2xi32> {hf.output = "indices"}, tensor<2x3xf32> {hf.output = "gather"}, tensor<2xf32> {hf.output = "take"},
    tensor<2x3xf32> {hf.output = "cache"}, tensor<4xi32> {hf.output = "argmax"}) {
  %x = hf.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %y = hf.constant dense<[[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]]> : tensor<3x2xf32>
  %i = hf.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  // CHECK-DAG: sum: [2] f32 = [6, 15]
  %sum = hf.reduce sum, %x dims [1] : tensor<2x3xf32> -> tensor<2xf32>
  // CHECK-DAG: max: [3] f32 = [4, 5, 6]
  %max = hf.reduce max, %x dims [0] : tensor<2x3xf32> -> tensor<3xf32>
  // CHECK-DAG: min: [] f32 = 1
  %min = hf.reduce min, %x dims [0, 1] : tensor<2x3xf32> -> tensor<f32>
  // CHECK-DAG: sum_int: [2] i32 = [6, 15]
  %sum_int = hf.reduce sum, %i dims [1] : tensor<2x3xi32> -> tensor<2xi32>
  // CHECK-DAG: matmul: [2, 2] f32 = {{\[\[}}7, 8], [16, 17]]
  %matmul = hf.matmul %x, %y : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  // CHECK-DAG: matmul_nt: [2, 2] f32 = {{\[\[}}14, 32], [32, 77]]
  %matmul_nt = hf.matmul %x, %x {transpose_rhs} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x2xf32>
  // CHECK-DAG: matmul_tn: [3, 3] f32 = {{\[\[}}17, 22, 27], [22, 29, 36], [27, 36, 45]]
  %matmul_tn = hf.matmul %x, %x {transpose_lhs} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<3x3xf32>
  %rows = hf.reshape %x : tensor<2x3xf32> -> tensor<2x1x3xf32>
  // CHECK-DAG: batched: [2, 1, 1] f32 = {{\[\[\[}}14]], {{\[\[}}77]]]
  %batched = hf.matmul %rows, %rows {transpose_rhs} : (tensor<2x1x3xf32>, tensor<2x1x3xf32>) -> tensor<2x1x1xf32>
  %ties = hf.constant dense<[[1.0, 3.0, 3.0], [2.0, -1.0, 0.0]]> : tensor<2x3xf32>
  // CHECK-DAG: values: [2, 2] f32 = {{\[\[}}3, 3], [2, 0]]
  // CHECK-DAG: indices: [2, 2] i32 = {{\[\[}}1, 2], [0, 2]]
  %values, %indices = hf.top_k %ties : tensor<2x3xf32> -> tensor<2x2xf32>, tensor<2x2xi32>
  // CHECK-DAG: argmax: [4] i32 = [1, 0, 0, 3]
  %extremes = hf.constant dense<[[1.0, 3.0, 3.0], [2.0, -1.0, 0.0], [0xFF800000, 0xFF800000, 0xFF800000],
                                 [2.0, 0x7FC00000, 0x7F800000]]> : tensor<4x3xf32>
  %argmax = hf.argmax %extremes : tensor<4x3xf32> -> tensor<4xi32>
  %ids = hf.constant dense<[1, 0]> : tensor<2xi32>
  // CHECK-DAG: gather: [2, 3] f32 = {{\[\[}}4, 5, 6], [1, 2, 3]]
  %gather = hf.gather %x, %ids : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  %last = hf.constant dense<[2, 0]> : tensor<2xi32>
  // CHECK-DAG: take: [2] f32 = [3, 4]
  %take = hf.take %x, %last : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<2xf32>
  // Sequence 0 gets one row at 1; sequence 1 two rows from 2 on, of which the second falls outside.
  %rows_new = hf.constant dense<[[10.0, 11.0], [20.0, 21.0]]> : tensor<2x2xf32>
  %past = hf.constant dense<[1, 2]> : tensor<2xi32>
  %count = hf.constant dense<[1, 2]> : tensor<2xi32>
  // CHECK-DAG: cache: [2, 3] f32 = {{\[\[}}1, 10, 3], [4, 5, 20]]
  %cache = hf.cache_update %x, %rows_new, %past, %count
    : (tensor<2x3xf32>, tensor<2x2xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x3xf32>
  return %sum, %max, %min, %sum_int, %matmul, %matmul_nt, %matmul_tn, %batched, %values, %indices, %gather, %take, %cache, %argmax
    : tensor<2xf32>, tensor<3xf32>, tensor<f32>, tensor<2xi32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<3x3xf32>,
    tensor<2x1x1xf32>, tensor<2x2xf32>, tensor<2x2xi32>, tensor<2x3xf32>, tensor<2xf32>, tensor<2x3xf32>, tensor<4xi32>
}
