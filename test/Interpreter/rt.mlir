// RUN: hfc-interpret %s --print --entry=update | FileCheck %s
// RUN: hfc-interpret %s --print --entry=products | FileCheck %s --check-prefix=PRODUCTS

hf.state @cache : tensor<4xf32>

func.func private @double(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = hf.add %x, %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

func.func private @add(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = hf.add %x, %y : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK: y: [4] f32 = [3, 6, 9, 12]
rt.entry @update arena 192 {
  %c = rt.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> as memref<4xf32>
  %s = rt.state @cache : memref<4xf32>
  %t = rt.arena at 0 : memref<2x2xf32>
  %v = rt.view %t : memref<2x2xf32> to memref<4xf32>
  %u = rt.arena at 64 : memref<4xf32>
  %y = rt.output "y" at 128 : memref<4xf32>
  rt.launch @add ins(%s, %c : memref<4xf32>, memref<4xf32>) outs(%s : memref<4xf32>)
  rt.launch @double ins(%s : memref<4xf32>) outs(%v : memref<4xf32>)
  rt.copy %v to %u : memref<4xf32>
  rt.launch @add ins(%u, %c : memref<4xf32>, memref<4xf32>) outs(%y : memref<4xf32>)
}

// PRODUCTS-DAG: ab: [2, 2] f32 = {{\[\[}}8, 9], [17, 18]]
// PRODUCTS-DAG: batched: [2, 1, 1] f32 = {{\[\[\[}}14]], {{\[\[}}77]]]
// PRODUCTS-DAG: leading: [1, 2, 2] f32 = {{\[\[\[}}14, 32], [32, 77]]]
// PRODUCTS-DAG: transposed: [3, 3] f32 = {{\[\[}}17, 22, 27], [22, 29, 36], [27, 36, 45]]
// PRODUCTS-DAG: twice: [3, 3] f32 = {{\[\[}}34, 44, 54], [44, 58, 72], [54, 72, 90]]
// PRODUCTS-DAG: widened: [1, 1] f32 = {{\[\[}}16641]]
rt.entry @products arena 384 {
  %a = rt.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32> as memref<2x3xf32>
  %b = rt.constant dense<[[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]]> : tensor<3x2xf32> as memref<3x2xf32>
  %one = rt.constant dense<1.0> : tensor<2xf32> as memref<2xf32>
  %rows = rt.view %a : memref<2x3xf32> to memref<2x1x3xf32>
  %lead = rt.view %a : memref<2x3xf32> to memref<1x2x3xf32>
  %ab = rt.output "ab" at 0 : memref<2x2xf32>
  %batched = rt.output "batched" at 64 : memref<2x1x1xf32>
  %leading = rt.output "leading" at 128 : memref<1x2x2xf32>
  %transposed = rt.output "transposed" at 192 : memref<3x3xf32>
  rt.gemm %a, %b into %ab bias(%one : memref<2xf32>) : memref<2x3xf32>, memref<3x2xf32>, memref<2x2xf32>
  rt.gemm %rows, %rows into %batched {transpose_b} : memref<2x1x3xf32>, memref<2x1x3xf32>, memref<2x1x1xf32>
  rt.gemm %lead, %a into %leading {transpose_b} : memref<1x2x3xf32>, memref<2x3xf32>, memref<1x2x2xf32>
  rt.gemm %a, %a into %transposed {transpose_a} : memref<2x3xf32>, memref<2x3xf32>, memref<3x3xf32>
  %twice = rt.output "twice" at 256 : memref<3x3xf32>
  rt.gemm %a, %a into %twice {transpose_a} : memref<2x3xf32>, memref<2x3xf32>, memref<3x3xf32>
  rt.gemm %a, %a into %twice {accumulate, transpose_a} : memref<2x3xf32>, memref<2x3xf32>, memref<3x3xf32>
  // 129 * 129 has more digits than bfloat16.
  %narrow = rt.constant dense<[[129.0]]> : tensor<1x1xbf16> as memref<1x1xbf16>
  %widened = rt.output "widened" at 320 : memref<1x1xf32>
  rt.gemm %narrow, %narrow into %widened : memref<1x1xbf16>, memref<1x1xbf16>, memref<1x1xf32>
}
