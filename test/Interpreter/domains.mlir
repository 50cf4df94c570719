// RUN: hfc-interpret %s --print | FileCheck %s --check-prefixes=CHECK,TYPED
// RUN: hfc-interpret %s --print --domain=float64 | FileCheck %s --check-prefixes=CHECK,F64
// RUN: hfc-interpret %s --print --domain=bfloat16 | FileCheck %s --check-prefixes=CHECK,BF16

func.func @forward() -> (tensor<2xf32> {hf.output = "float32"}, tensor<2xbf16> {hf.output = "bfloat16"},
    tensor<2xf16> {hf.output = "float16"}, tensor<4xi32> {hf.output = "integer"}, tensor<3xi1> {hf.output = "truth"},
    tensor<1xf32> {hf.output = "wide"}) {
  // 1 + 2^-8 + 2^-30, in steps that each type keeps or loses.
  %one = hf.constant dense<1.0> : tensor<2xf32>
  %small = hf.constant dense<[0.00390625, 9.31322574615478515625e-10]> : tensor<2xf32>
  %sum = hf.add %one, %small : tensor<2xf32>
  %big = hf.constant dense<1024.0> : tensor<2xf32>
  // The remainders tell what was kept.
  // TYPED-DAG: float32: [2] f32 = [4, 0]
  // F64-DAG: float32: [2] f32 = [4, 9.53674e-07]
  // BF16-DAG: float32: [2] f32 = [0, 0]
  %rest = hf.sub %sum, %one : tensor<2xf32>
  %scaled = hf.mul %rest, %big : tensor<2xf32>
  // 1 + 2^-8 lies halfway between bfloat16's 1 and 1 + 2^-7: it becomes the even one.
  // TYPED-DAG: bfloat16: [2] bf16 = [1, 1]
  // F64-DAG: bfloat16: [2] bf16 = [1.00391, 1]
  // BF16-DAG: bfloat16: [2] bf16 = [1, 1]
  %bf = hf.convert %sum : tensor<2xf32> -> tensor<2xbf16>
  // TYPED-DAG: float16: [2] f16 = [1.00391, 1]
  %half = hf.convert %sum : tensor<2xf32> -> tensor<2xf16>
  %mixed = hf.constant dense<[1.75, -1.75, 0.5, -3.0]> : tensor<4xf32>
  // CHECK-DAG: integer: [4] i32 = [1, -1, 0, -3]
  %int = hf.convert %mixed : tensor<4xf32> -> tensor<4xi32>
  %ints = hf.constant dense<[0, 2, -1]> : tensor<3xi32>
  // CHECK-DAG: truth: [3] i1 = [false, true, true]
  %truth = hf.convert %ints : tensor<3xi32> -> tensor<3xi1>
  // A sum in bfloat16 accumulates wider: 256 + 1 + 1 is 258, though 256 + 1 is 256.
  // CHECK-DAG: wide: [1] f32 = [258]
  %terms = hf.constant dense<[[256.0, 1.0, 1.0]]> : tensor<1x3xbf16>
  %wide = hf.reduce sum, %terms dims [1] : tensor<1x3xbf16> -> tensor<1xbf16>
  %wide32 = hf.convert %wide : tensor<1xbf16> -> tensor<1xf32>
  return %scaled, %bf, %half, %int, %truth, %wide32
    : tensor<2xf32>, tensor<2xbf16>, tensor<2xf16>, tensor<4xi32>, tensor<3xi1>, tensor<1xf32>
}
