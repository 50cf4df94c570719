// Every op of the dialect survives printing and parsing, as text and as bytecode.
// RUN: hfc-opt %s --verify-roundtrip | FileCheck %s
// RUN: hfc-opt %s --emit-bytecode | hfc-opt --mlir-print-op-generic | hfc-opt | FileCheck %s

hf.parameter @w : tensor<8x4xf32> from [#hf.piece<"w">]
hf.state @cache : tensor<4x4xf32>

func.func private @double(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %0 = hf.add %x, %x : tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

kernel.func @copy(%x: memref<2x8xf32>, %y: memref<2x8xf32>) grid(1) lanes(32) outputs(1) {
  kernel.return
}

// CHECK: rt.entry @forward arena 512 attributes {note} {
rt.entry @forward arena 512 attributes {note} {
  // CHECK-NEXT: %[[X:.*]] = rt.input "x" at 0 : memref<2x4xf32>
  %x = rt.input "x" at 0 : memref<2x4xf32>
  // CHECK-NEXT: %[[Y:.*]] = rt.output "y" at 64 : memref<2x8xf32>
  %y = rt.output "y" at 64 : memref<2x8xf32>
  // CHECK-NEXT: %[[T:.*]] = rt.arena at 128 : memref<2x8xf32>
  %t = rt.arena at 128 : memref<2x8xf32>
  // CHECK-NEXT: %[[W:.*]] = rt.parameter @w : memref<8x4xf32>
  %w = rt.parameter @w : memref<8x4xf32>
  // CHECK-NEXT: %[[S:.*]] = rt.state @cache : memref<4x4xf32>
  %s = rt.state @cache : memref<4x4xf32>
  // CHECK-NEXT: %[[C:.*]] = rt.constant dense<0.000000e+00> : tensor<8xf32> as memref<8xf32>
  %c = rt.constant dense<0.0> : tensor<8xf32> as memref<8xf32>
  // CHECK-NEXT: rt.view %[[T]] : memref<2x8xf32> to memref<16xf32>
  %v = rt.view %t : memref<2x8xf32> to memref<16xf32>
  // CHECK-NEXT: rt.view %[[X]] sizes [2, 2, 2] strides [2, 0, 1] : memref<2x4xf32> to memref<2x4xf32>
  %o = rt.view %x sizes [2, 2, 2] strides [2, 0, 1] : memref<2x4xf32> to memref<2x4xf32>
  // CHECK-NEXT: rt.view %[[X]] sizes [2, 2] strides [4, 1] offset 2 : memref<2x4xf32> to memref<2x2xf32>
  %p = rt.view %x sizes [2, 2] strides [4, 1] offset 2 : memref<2x4xf32> to memref<2x2xf32>
  // CHECK-NEXT: rt.gemm %[[X]], %[[W]] into %[[T]] bias(%[[C]] : memref<8xf32>) {stream = 1 : i32, transpose_b} : memref<2x4xf32>, memref<8x4xf32>, memref<2x8xf32>
  rt.gemm %x, %w into %t bias(%c : memref<8xf32>) {stream = 1 : i32, transpose_b} : memref<2x4xf32>, memref<8x4xf32>, memref<2x8xf32>
  // CHECK-NEXT: rt.record 0 {stream = 1 : i32}
  rt.record 0 {stream = 1 : i32}
  // CHECK-NEXT: rt.wait 0
  rt.wait 0
  // CHECK-NEXT: rt.launch @double ins(%[[T]] : memref<2x8xf32>) outs(%[[T]] : memref<2x8xf32>)
  rt.launch @double ins(%t : memref<2x8xf32>) outs(%t : memref<2x8xf32>)
  // CHECK-NEXT: rt.launch @copy ins(%[[T]] : memref<2x8xf32>) outs(%[[Y]] : memref<2x8xf32>)
  rt.launch @copy ins(%t : memref<2x8xf32>) outs(%y : memref<2x8xf32>)
  // CHECK-NEXT: rt.copy %[[T]] to %[[Y]] : memref<2x8xf32>
  rt.copy %t to %y : memref<2x8xf32>
}

// A product over batches: leading dimensions stay apart.
// CHECK-LABEL: rt.entry @batched
rt.entry @batched arena 4096 {
  %a = rt.arena at 0 : memref<2x4x8xf32>
  %b = rt.arena at 512 : memref<2x8x16xf32>
  %c = rt.arena at 2048 : memref<2x4x16xf32>
  // CHECK: rt.gemm
  rt.gemm %a, %b into %c : memref<2x4x8xf32>, memref<2x8x16xf32>, memref<2x4x16xf32>
}
