// Each kernel computes what its body means: for a CPU's vectors, for a GPU's, and thread by thread.
// RUN: hfc-opt %s --hfc-emit-kernels -o %t.cpu.mlir
// RUN: hfc-opt %s --hfc-emit-kernels="vector-bits=128 interleave=1" -o %t.gpu.mlir
// RUN: hfc-opt %t.gpu.mlir --hfc-map-kernels-to-gpu -o %t.simt.mlir
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=column_bias
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=column_bias
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=column_bias
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=column_middle
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=column_middle
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=column_middle --tolerance=5e-3
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=column_odd
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=column_odd
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=column_odd
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=column_most
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=column_most
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=column_most
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=column_one_block
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=column_parts
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=column_parts
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=column_parts --tolerance=5e-3
// RUN: FileCheck %s --check-prefix=CPU --input-file=%t.cpu.mlir
// RUN: FileCheck %s --check-prefix=GPU --input-file=%t.gpu.mlir

// The gradients of a norm's weight and bias: one pass, producers inside, added to what is there. Rows are read in vectors
// of columns; groups of rows meet in scratch memory.
// CPU-LABEL: kernel.func @bias
// CPU-SAME: grid(3) lanes(32) outputs(2)
// CPU-COUNT-2: kernel.scratch : memref<4x32xf32>
// CPU: scf.for {{.*}} -> (vector<32xf32>, vector<32xf32>)
// CPU: vector.load {{.*}} vector<32xf32>
// CPU: kernel.barrier
// GPU-LABEL: kernel.func @bias
// GPU-SAME: grid(3) lanes(32) outputs(2)
// GPU: vector.load {{.*}} vector<4xf32>
func.func private @bias(%dy: tensor<2x37x96xf32>, %x: tensor<2x37x96xf32>, %r: tensor<2x37xf32>, %dw: tensor<96xf32>, %db: tensor<96xf32>) -> (tensor<96xf32>, tensor<96xf32>) attributes {kernel.kind = "column"} {
  %0 = hf.broadcast %r dims [0, 1] : tensor<2x37xf32> -> tensor<2x37x96xf32>
  %1 = hf.mul %x, %0 : tensor<2x37x96xf32>
  %2 = hf.mul %dy, %1 : tensor<2x37x96xf32>
  %3 = hf.reduce sum, %2 dims [0, 1] : tensor<2x37x96xf32> -> tensor<96xf32>
  %4 = hf.reduce sum, %dy dims [0, 1] : tensor<2x37x96xf32> -> tensor<96xf32>
  %5 = hf.add %dw, %3 : tensor<96xf32>
  %6 = hf.add %db, %4 : tensor<96xf32>
  return %5, %6 : tensor<96xf32>, tensor<96xf32>
}
rt.entry @column_bias arena 58880 {
  %dy = rt.input "dy" at 0 : memref<2x37x96xf32>
  %x = rt.input "x" at 28416 : memref<2x37x96xf32>
  %r = rt.input "r" at 56832 : memref<2x37xf32>
  %dw = rt.input "dw" at 57152 : memref<96xf32>
  %db = rt.input "db" at 57536 : memref<96xf32>
  %0 = rt.output "dw1" at 57920 : memref<96xf32>
  %1 = rt.output "db1" at 58304 : memref<96xf32>
  rt.launch @bias ins(%dy, %x, %r, %dw, %db : memref<2x37x96xf32>, memref<2x37x96xf32>, memref<2x37xf32>, memref<96xf32>, memref<96xf32>) outs(%0, %1 : memref<96xf32>, memref<96xf32>)
}

// A mean over positions, of bfloat16: slices in front of what is reduced.
func.func private @middle(%x: tensor<3x5x20xbf16>) -> tensor<3x20xbf16> attributes {kernel.kind = "column"} {
  %0 = hf.convert %x : tensor<3x5x20xbf16> -> tensor<3x5x20xf32>
  %1 = hf.reduce sum, %0 dims [1] : tensor<3x5x20xf32> -> tensor<3x20xf32>
  %2 = hf.constant dense<0.2> : tensor<3x20xf32>
  %3 = hf.mul %1, %2 : tensor<3x20xf32>
  %4 = hf.convert %3 : tensor<3x20xf32> -> tensor<3x20xbf16>
  return %4 : tensor<3x20xbf16>
}
rt.entry @column_middle arena 768 {
  %x = rt.input "x" at 0 : memref<3x5x20xbf16>
  %0 = rt.output "y" at 640 : memref<3x20xbf16>
  rt.launch @middle ins(%x : memref<3x5x20xbf16>) outs(%0 : memref<3x20xbf16>)
}

// An odd number of columns, of which the last block has fewer, and several kept dimensions.
func.func private @odd(%x: tensor<2x70x3x13xf32>) -> tensor<2x3x13xf32> attributes {kernel.kind = "column"} {
  %0 = hf.exp %x : tensor<2x70x3x13xf32>
  %1 = hf.reduce sum, %0 dims [1] : tensor<2x70x3x13xf32> -> tensor<2x3x13xf32>
  return %1 : tensor<2x3x13xf32>
}
rt.entry @column_odd arena 22208 {
  %x = rt.input "x" at 0 : memref<2x70x3x13xf32>
  %0 = rt.output "y" at 21888 : memref<2x3x13xf32>
  rt.launch @odd ins(%x : memref<2x70x3x13xf32>) outs(%0 : memref<2x3x13xf32>)
}

func.func private @most(%x: tensor<100x8xi32>) -> (tensor<8xi32>, tensor<8xi32>) attributes {kernel.kind = "column"} {
  %0 = hf.reduce max, %x dims [0] : tensor<100x8xi32> -> tensor<8xi32>
  %1 = hf.reduce min, %x dims [0] : tensor<100x8xi32> -> tensor<8xi32>
  return %0, %1 : tensor<8xi32>, tensor<8xi32>
}
rt.entry @column_most arena 3328 {
  %x = rt.input "x" at 0 {hf.min = -9 : i64, hf.max = 9 : i64} : memref<100x8xi32>
  %0 = rt.output "max" at 3200 : memref<8xi32>
  %1 = rt.output "min" at 3264 : memref<8xi32>
  rt.launch @most ins(%x : memref<100x8xi32>) outs(%0, %1 : memref<8xi32>, memref<8xi32>)
}

// Few elements, in one block, whose last dimension is shorter than the widest vector: a narrower attempt follows a wider one.
func.func private @one_block(%x: tensor<2x1x4x16xf32>) -> tensor<1x4x16xf32> attributes {kernel.kind = "column"} {
  %0 = hf.reduce sum, %x dims [0] : tensor<2x1x4x16xf32> -> tensor<1x4x16xf32>
  return %0 : tensor<1x4x16xf32>
}
rt.entry @column_one_block arena 768 {
  %x = rt.input "x" at 0 : memref<2x1x4x16xf32>
  %y = rt.output "y" at 512 : memref<1x4x16xf32>
  rt.launch @one_block ins(%x : memref<2x1x4x16xf32>) outs(%y : memref<1x4x16xf32>)
}

// Many parts are blocks enough: each has more columns, and lanes read several rows at once.
// GPU-LABEL: kernel.func @parts
// GPU-SAME: grid(128) lanes(64) outputs(1)
// GPU: scf.for
// GPU-COUNT-4: vector.load {{.*}} vector<4xbf16>
func.func private @parts(%x: tensor<64x32x136xbf16>) -> tensor<64x136xf32> attributes {kernel.kind = "column"} {
  %0 = hf.convert %x : tensor<64x32x136xbf16> -> tensor<64x32x136xf32>
  %1 = hf.reduce sum, %0 dims [1] : tensor<64x32x136xf32> -> tensor<64x136xf32>
  return %1 : tensor<64x136xf32>
}
rt.entry @column_parts arena 591872 {
  %x = rt.input "x" at 0 : memref<64x32x136xbf16>
  %y = rt.output "y" at 557056 : memref<64x136xf32>
  rt.launch @parts ins(%x : memref<64x32x136xbf16>) outs(%y : memref<64x136xf32>)
}
