// RUN: hfc-opt %s --hfc-mark-constants | FileCheck %s
// RUN: hfc-opt %s --hfc-mark-constants --hfc-emit-kernels --hfc-map-kernels-to-gpu | FileCheck %s --check-prefix=KERNEL

// A parameter that no entry updates, in all launches, also where another shape is seen in it.
// CHECK: func.func private @linear_0(%{{.*}}: tensor<1x4xf32>, %{{.*}}: tensor<4x4xf32> {kernel.constant})
// KERNEL: gpu.func @linear_0(%{{[a-z0-9]*}}: memref<1x4xf32> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly}, %{{[a-z0-9]*}}: memref<4x4xf32> {kernel.constant,
func.func private @linear_0(%x: tensor<1x4xf32>, %w: tensor<4x4xf32>) -> tensor<1x4xf32> attributes {kernel.kind = "few_rows"} {
  %0 = hf.linear %x, %w : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}

// Once it is a parameter that changes, and once what another kernel has made.
// CHECK: func.func private @linear_1(%{{.*}}: tensor<1x4xf32>, %{{.*}}: tensor<2x4xf32>)
func.func private @linear_1(%x: tensor<1x4xf32>, %w: tensor<2x4xf32>) -> tensor<1x2xf32> attributes {kernel.kind = "few_rows"} {
  %0 = hf.linear %x, %w : (tensor<1x4xf32>, tensor<2x4xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

hf.parameter @fixed : tensor<4x4xf32> from [#hf.piece<"fixed">]
hf.parameter @flat : tensor<16xf32> from [#hf.piece<"flat">]
hf.parameter @learned : tensor<2x4xf32> from [#hf.piece<"learned">]
hf.parameter @other : tensor<2x4xf32> from [#hf.piece<"other">]

rt.entry @read arena 192 {
  %fixed = rt.parameter @fixed : memref<4x4xf32>
  %flat = rt.parameter @flat : memref<16xf32>
  %square = rt.view %flat : memref<16xf32> to memref<4x4xf32>
  %learned = rt.parameter @learned : memref<2x4xf32>
  %other = rt.parameter @other : memref<2x4xf32>
  %x = rt.input "x" at 0 : memref<1x4xf32>
  %y = rt.output "y" at 64 : memref<1x4xf32>
  %z = rt.output "z" at 128 : memref<1x2xf32>
  rt.launch @linear_0 ins(%x, %fixed : memref<1x4xf32>, memref<4x4xf32>) outs(%y : memref<1x4xf32>)
  rt.launch @linear_0 ins(%x, %square : memref<1x4xf32>, memref<4x4xf32>) outs(%y : memref<1x4xf32>)
  rt.launch @linear_1 ins(%y, %other : memref<1x4xf32>, memref<2x4xf32>) outs(%z : memref<1x2xf32>)
  rt.launch @linear_1 ins(%y, %learned : memref<1x4xf32>, memref<2x4xf32>) outs(%z : memref<1x2xf32>)
}

rt.entry @learn arena 0 {
  %learned = rt.parameter updated @learned : memref<2x4xf32>
}
