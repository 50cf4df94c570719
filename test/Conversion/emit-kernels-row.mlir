// Row kernels compute what their bodies mean: for a CPU's vectors, for a GPU's, and thread by thread.
// RUN: hfc-opt %s --hfc-emit-kernels -o %t.cpu.mlir
// RUN: hfc-opt %s --hfc-emit-kernels="vector-bits=256 interleave=1" -o %t.gpu.mlir
// RUN: hfc-opt %t.gpu.mlir --hfc-map-kernels-to-gpu -o %t.simt.mlir
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=row_norm
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=row_norm
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=row_norm --tolerance=5e-3
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=row_loss
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=row_loss
// RUN: hfc-interpret %s --compare=%t.simt.mlir --entry=row_loss
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

// A row too long to keep: one pass finds the maximum and the sum of exponentials, one, backwards, writes the gradient. The
// label's logit is loaded.
// GPU-LABEL: kernel.func @loss
// GPU-SAME: grid(3) lanes(512) outputs(2)
// GPU-NOT: kernel.scratch
// GPU: kernel.distribute {{.*}} vector 8 iter_args({{.*}} : vector<8xf32>, {{.*}} : vector<8xf32>)
// GPU-COUNT-1: vector.load
// GPU-COUNT-1: math.exp
// GPU: kernel.reduce max
// GPU: kernel.reduce add
// GPU: kernel.distribute {{.*}} vector 1
// GPU: scf.if
// GPU: memref.load {{.*}} : memref<3x8216xf32>
// GPU: kernel.distribute %[[I:.*]] = {{.*}} vector 8
// GPU: arith.subi %{{.*}}, %[[I]]
func.func private @loss(%x: tensor<3x8216xf32>, %label: tensor<3xi32>) -> (tensor<3xf32>, tensor<3x8216xf32>) attributes {kernel.kind = "row"} {
  %max = hf.reduce max, %x dims [1] : tensor<3x8216xf32> -> tensor<3xf32>
  %maxes = hf.broadcast %max dims [0] : tensor<3xf32> -> tensor<3x8216xf32>
  %shifted = hf.sub %x, %maxes : tensor<3x8216xf32>
  %exp = hf.exp %shifted : tensor<3x8216xf32>
  %sum = hf.reduce sum, %exp dims [1] : tensor<3x8216xf32> -> tensor<3xf32>
  %log = hf.log %sum : tensor<3xf32>
  %iota = hf.iota 1 : tensor<3x8216xi32>
  %labels = hf.broadcast %label dims [0] : tensor<3xi32> -> tensor<3x8216xi32>
  %hit = hf.compare eq, %iota, %labels : tensor<3x8216xi32> -> tensor<3x8216xi1>
  %zero = hf.constant dense<0.0> : tensor<3x8216xf32>
  %one = hf.constant dense<1.0> : tensor<3x8216xf32>
  %own = hf.select %hit, %shifted, %zero : tensor<3x8216xi1>, tensor<3x8216xf32>
  %picked = hf.reduce sum, %own dims [1] : tensor<3x8216xf32> -> tensor<3xf32>
  %loss = hf.sub %log, %picked : tensor<3xf32>
  %logsum = hf.add %log, %max : tensor<3xf32>
  %logsums = hf.broadcast %logsum dims [0] : tensor<3xf32> -> tensor<3x8216xf32>
  %difference = hf.sub %x, %logsums : tensor<3x8216xf32>
  %probability = hf.exp %difference : tensor<3x8216xf32>
  %onehot = hf.select %hit, %one, %zero : tensor<3x8216xi1>, tensor<3x8216xf32>
  %gradient = hf.sub %probability, %onehot : tensor<3x8216xf32>
  return %loss, %gradient : tensor<3xf32>, tensor<3x8216xf32>
}
rt.entry @row_loss arena 197376 {
  %x = rt.input "x" at 0 : memref<3x8216xf32>
  %label = rt.input "label" at 98624 {hf.min = -1 : i64, hf.max = 8216 : i64} : memref<3xi32>
  %l = rt.output "loss" at 98688 : memref<3xf32>
  %g = rt.output "gradient" at 98752 : memref<3x8216xf32>
  rt.launch @loss ins(%x, %label : memref<3x8216xf32>, memref<3xi32>) outs(%l, %g : memref<3xf32>, memref<3x8216xf32>)
}
