// Parts of one value in another order, as rotary embeddings join them: no lane waits for another's branch. The place is
// chosen, and read once.
// RUN: hfc-opt %s --hfc-emit-kernels -o %t.cpu.mlir
// RUN: hfc-opt %s --hfc-emit-kernels="vector-bits=256 interleave=1" -o %t.gpu.mlir
// RUN: hfc-opt %t.gpu.mlir --hfc-map-kernels-to-gpu -o %t.simt.mlir
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=halves
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=halves --tolerance=5e-3
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=thirds
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=thirds --tolerance=5e-3
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=two_values
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=two_values --tolerance=5e-3
// RUN: FileCheck %s --input-file=%t.gpu.mlir

// The second half, negated, before the first.
// CHECK-LABEL: kernel.func @rotate
// CHECK: kernel.distribute %{{.*}} vector 8
// CHECK: %[[FIRST:.*]] = arith.cmpi ult, %[[AT:.*]], %c16
// CHECK: %[[BY:.*]] = arith.select %[[FIRST]], %c16{{.*}}, %c-16
// CHECK: %[[FROM:.*]] = arith.addi %[[AT]], %[[BY]]
// CHECK-NOT: scf.if
// CHECK-COUNT-1: vector.load %arg0
// CHECK: %[[NEGATED:.*]] = arith.negf %[[READ:[0-9]+]] {{.*}} : vector<8xf32>
// CHECK: arith.select %[[FIRST]], %[[NEGATED]], %[[READ]] : vector<8xf32>
// CHECK: kernel.return
func.func private @rotate(%x: tensor<3x5x32xbf16>) -> tensor<3x5x32xbf16> attributes {kernel.kind = "loop"} {
  %0 = hf.convert %x : tensor<3x5x32xbf16> -> tensor<3x5x32xf32>
  %1 = hf.slice %0 at [0, 0, 16] : tensor<3x5x32xf32> -> tensor<3x5x16xf32>
  %2 = hf.neg %1 : tensor<3x5x16xf32>
  %3 = hf.slice %0 at [0, 0, 0] : tensor<3x5x32xf32> -> tensor<3x5x16xf32>
  %4 = hf.concat %2, %3 dim 2 : (tensor<3x5x16xf32>, tensor<3x5x16xf32>) -> tensor<3x5x32xf32>
  %5 = hf.mul %4, %4 : tensor<3x5x32xf32>
  %6 = hf.mul %5, %4 : tensor<3x5x32xf32>
  %7 = hf.convert %6 : tensor<3x5x32xf32> -> tensor<3x5x32xbf16>
  return %7 : tensor<3x5x32xbf16>
}
rt.entry @halves arena 1984 {
  %x = rt.input "x" at 0 : memref<3x5x32xbf16>
  %y = rt.output "y" at 1024 : memref<3x5x32xbf16>
  rt.launch @rotate ins(%x : memref<3x5x32xbf16>) outs(%y : memref<3x5x32xbf16>)
}

// Parts of different sizes along an outer dimension, one of them twice, with a gap: where lanes choose differently, one
// by one.
// CHECK-LABEL: kernel.func @shuffle
// CHECK-NOT: scf.if
// CHECK: kernel.return
func.func private @shuffle(%x: tensor<7x3xf32>) -> tensor<6x3xf32> attributes {kernel.kind = "loop"} {
  %0 = hf.slice %x at [5, 0] : tensor<7x3xf32> -> tensor<2x3xf32>
  %1 = hf.slice %x at [0, 0] : tensor<7x3xf32> -> tensor<1x3xf32>
  %2 = hf.slice %x at [4, 0] : tensor<7x3xf32> -> tensor<3x3xf32>
  %3 = hf.concat %0, %1, %2 dim 0 : (tensor<2x3xf32>, tensor<1x3xf32>, tensor<3x3xf32>) -> tensor<6x3xf32>
  %4 = hf.mul %3, %3 : tensor<6x3xf32>
  return %4 : tensor<6x3xf32>
}
rt.entry @thirds arena 256 {
  %x = rt.input "x" at 0 : memref<7x3xf32>
  %y = rt.output "y" at 128 : memref<6x3xf32>
  rt.launch @shuffle ins(%x : memref<7x3xf32>) outs(%y : memref<6x3xf32>)
}

// Of two values, one is read.
// CHECK-LABEL: kernel.func @join
// CHECK: scf.if
// CHECK: kernel.return
func.func private @join(%x: tensor<4x16xf32>, %y: tensor<4x32xf32>) -> tensor<4x24xf32> attributes {kernel.kind = "loop"} {
  %0 = hf.slice %y at [0, 8] : tensor<4x32xf32> -> tensor<4x16xf32>
  %1 = hf.slice %x at [0, 0] : tensor<4x16xf32> -> tensor<4x8xf32>
  %2 = hf.concat %0, %1 dim 1 : (tensor<4x16xf32>, tensor<4x8xf32>) -> tensor<4x24xf32>
  %3 = hf.neg %2 : tensor<4x24xf32>
  return %3 : tensor<4x24xf32>
}
rt.entry @two_values arena 1216 {
  %x = rt.input "x" at 0 : memref<4x16xf32>
  %y = rt.input "y" at 256 : memref<4x32xf32>
  %z = rt.output "z" at 768 : memref<4x24xf32>
  rt.launch @join ins(%x, %y : memref<4x16xf32>, memref<4x32xf32>) outs(%z : memref<4x24xf32>)
}
