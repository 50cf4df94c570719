// A row kernel that also sums columns: a block is at a part's rows one after the other, and adds each to sums in scratch
// memory.
// RUN: hfc-opt %s --hfc-emit-kernels -o %t.cpu.mlir
// RUN: hfc-opt %s --hfc-emit-kernels="vector-bits=256 interleave=1" -o %t.gpu.mlir
// RUN: hfc-opt %t.gpu.mlir --hfc-map-kernels-to-gpu -o %t.simt.mlir
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=norm
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=norm
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=norm --tolerance=5e-3
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=odd
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=odd --tolerance=5e-3
// RUN: FileCheck %s --input-file=%t.gpu.mlir

// A lane for each vector, a block for each part.
// CHECK-LABEL: kernel.func @norm_gradient
// CHECK-SAME: grid(3) lanes(64) outputs(2) attributes {kernel.threads = 1024 : i64}
// CHECK: %[[SUMS:.*]] = kernel.scratch : memref<264xf32>
// CHECK: kernel.distribute
// CHECK: vector.store %{{.*}}, %[[SUMS]]
// CHECK: kernel.barrier
// CHECK: scf.for
// CHECK: kernel.reduce add
// CHECK: kernel.distribute
// CHECK-COUNT-3: vector.load
// CHECK: vector.store %{{.*}}, %[[SUMS]]
// CHECK: vector.store %{{.*}}, %arg3
// CHECK: kernel.barrier
// CHECK: kernel.distribute
// CHECK: vector.load %[[SUMS]]
// CHECK: vector.store %{{.*}}, %arg4
// CHECK: kernel.return
func.func private @norm_gradient(%x: tensor<3x5x264xbf16>, %dy: tensor<3x5x264xbf16>, %r: tensor<3x5x264xbf16>)
    -> (tensor<3x5x264xbf16> {kernel.alias = 2 : i64}, tensor<3x264xf32>) attributes {kernel.kind = "row"} {
  %0 = hf.convert %x : tensor<3x5x264xbf16> -> tensor<3x5x264xf32>
  %1 = hf.convert %dy : tensor<3x5x264xbf16> -> tensor<3x5x264xf32>
  %2 = hf.mul %0, %1 : tensor<3x5x264xf32>
  %3 = hf.reduce sum, %2 dims [2] : tensor<3x5x264xf32> -> tensor<3x5xf32>
  %4 = hf.broadcast %3 dims [0, 1] : tensor<3x5xf32> -> tensor<3x5x264xf32>
  %5 = hf.mul %0, %4 : tensor<3x5x264xf32>
  %6 = hf.convert %5 : tensor<3x5x264xf32> -> tensor<3x5x264xbf16>
  %7 = hf.add %6, %r : tensor<3x5x264xbf16>
  %8 = hf.reshape %2 : tensor<3x5x264xf32> -> tensor<3x5x264xf32>
  %9 = hf.reduce sum, %8 dims [1] : tensor<3x5x264xf32> -> tensor<3x264xf32>
  return %7, %9 : tensor<3x5x264xbf16>, tensor<3x264xf32>
}
rt.entry @norm arena 27008 {
  %x = rt.input "x" at 0 : memref<3x5x264xbf16>
  %dy = rt.input "dy" at 7936 : memref<3x5x264xbf16>
  %r = rt.input "r" at 15872 : memref<3x5x264xbf16>
  %sums = rt.output "sums" at 23808 : memref<3x264xf32>
  %y = rt.output "y" at 15872 : memref<3x5x264xbf16>
  rt.launch @norm_gradient ins(%x, %dy, %r : memref<3x5x264xbf16>, memref<3x5x264xbf16>, memref<3x5x264xbf16>) outs(%y, %sums : memref<3x5x264xbf16>, memref<3x264xf32>)
}

// Two sums, parts that are not the batches, and columns that no vector divides.
func.func private @sums(%x: tensor<2x6x7xf32>, %w: tensor<7xf32>)
    -> (tensor<3x7xf32>, tensor<2x6x7xf32>, tensor<3x7xf32>, tensor<2x6xf32>) attributes {kernel.kind = "row"} {
  %0 = hf.mul %x, %x : tensor<2x6x7xf32>
  %1 = hf.reduce sum, %0 dims [2] : tensor<2x6x7xf32> -> tensor<2x6xf32>
  %2 = hf.broadcast %1 dims [0, 1] : tensor<2x6xf32> -> tensor<2x6x7xf32>
  %3 = hf.broadcast %w dims [2] : tensor<7xf32> -> tensor<2x6x7xf32>
  %4 = hf.mul %2, %3 : tensor<2x6x7xf32>
  %5 = hf.reshape %x : tensor<2x6x7xf32> -> tensor<3x4x7xf32>
  %6 = hf.reduce sum, %5 dims [1] : tensor<3x4x7xf32> -> tensor<3x7xf32>
  %7 = hf.reshape %4 : tensor<2x6x7xf32> -> tensor<3x4x7xf32>
  %8 = hf.reduce sum, %7 dims [1] : tensor<3x4x7xf32> -> tensor<3x7xf32>
  return %6, %4, %8, %1 : tensor<3x7xf32>, tensor<2x6x7xf32>, tensor<3x7xf32>, tensor<2x6xf32>
}
rt.entry @odd arena 1216 {
  %x = rt.input "x" at 0 : memref<2x6x7xf32>
  %w = rt.input "w" at 384 : memref<7xf32>
  %a = rt.output "a" at 448 : memref<3x7xf32>
  %y = rt.output "y" at 576 : memref<2x6x7xf32>
  %b = rt.output "b" at 960 : memref<3x7xf32>
  %s = rt.output "s" at 1088 : memref<2x6xf32>
  rt.launch @sums ins(%x, %w : memref<2x6x7xf32>, memref<7xf32>) outs(%a, %y, %b, %s : memref<3x7xf32>, memref<2x6x7xf32>, memref<3x7xf32>, memref<2x6xf32>)
}
