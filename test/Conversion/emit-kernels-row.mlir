// Row kernels compute what their bodies mean: for a CPU's vectors, for a GPU's, and thread by thread.
// RUN: hfc-opt %s --hfc-emit-kernels -o %t.cpu.mlir
// RUN: hfc-opt %s --hfc-emit-kernels="vector-bits=256 interleave=1" -o %t.gpu.mlir
// RUN: hfc-opt %t.gpu.mlir --hfc-map-kernels-to-gpu -o %t.simt.mlir
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=row_norm
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=row_norm
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=row_norm --tolerance=5e-3
// RUN: FileCheck %s --check-prefix=GPU --input-file=%t.gpu.mlir

// A warp has a row: its lanes hold four vectors of it, the last of which some lack, and meet without shared memory.
// GPU-LABEL: kernel.func @norm
// GPU-SAME: grid(3) lanes(32) outputs(1)
func.func private @norm(%x: tensor<5x904xbf16>, %w: tensor<904xbf16>) -> tensor<5x904xf32> attributes {kernel.kind = "row"} {
  %0 = hf.convert %x : tensor<5x904xbf16> -> tensor<5x904xf32>
  %1 = hf.mul %0, %0 : tensor<5x904xf32>
  %2 = hf.reduce sum, %1 dims [1] : tensor<5x904xf32> -> tensor<5xf32>
  %3 = hf.rsqrt %2 : tensor<5xf32>
  %4 = hf.broadcast %3 dims [0] : tensor<5xf32> -> tensor<5x904xf32>
  %5 = hf.mul %0, %4 : tensor<5x904xf32>
  %6 = hf.convert %w : tensor<904xbf16> -> tensor<904xf32>
  %7 = hf.broadcast %6 dims [1] : tensor<904xf32> -> tensor<5x904xf32>
  %8 = hf.mul %5, %7 : tensor<5x904xf32>
  return %8 : tensor<5x904xf32>
}
rt.entry @row_norm arena 29056 {
  %x = rt.input "x" at 0 : memref<5x904xbf16>
  %w = rt.input "w" at 9088 : memref<904xbf16>
  %y = rt.output "y" at 10944 : memref<5x904xf32>
  rt.launch @norm ins(%x, %w : memref<5x904xbf16>, memref<904xbf16>) outs(%y : memref<5x904xf32>)
}
