// Of rows longer than the registers of a block hold, the beginnings stay in scratch memory between two passes, as they
// stand in memory: for a GPU's vectors, and thread by thread.
// RUN: hfc-opt %s --hfc-emit-kernels="vector-bits=64 interleave=1 row-bytes=20000" -o %t.part.mlir
// RUN: hfc-opt %t.part.mlir --hfc-map-kernels-to-gpu -o %t.simt.mlir
// RUN: hfc-opt %s --hfc-emit-kernels="vector-bits=64 interleave=1 row-bytes=100000" -o %t.whole.mlir
// RUN: hfc-opt %s --hfc-emit-kernels="vector-bits=64 interleave=1" -o %t.none.mlir
// RUN: hfc-interpret %s --compare=%t.part.mlir
// RUN: hfc-interpret %s --compare=%t.simt.mlir --tolerance=5e-3
// RUN: hfc-interpret %s --compare=%t.whole.mlir
// RUN: hfc-interpret %s --compare=%t.none.mlir
// RUN: FileCheck %s --check-prefix=PART --input-file=%t.part.mlir
// RUN: FileCheck %s --check-prefix=WHOLE --input-file=%t.whole.mlir
// RUN: FileCheck %s --check-prefix=NONE --input-file=%t.none.mlir

// The second pass begins with what is not there, backwards: it was read last.
// PART-LABEL: kernel.func @softmax
// PART: %[[KEPT:.*]] = kernel.scratch : memref<8192xbf16>
// PART: %[[FIRST:.*]]:2 = kernel.distribute %[[I:.*]] = %c0 to %c8192 vector 2
// PART: %[[READ:.*]] = vector.load %arg0
// PART: vector.store %[[READ]], %[[KEPT]][%[[I]]]
// PART: kernel.distribute {{.*}} = %c8192 to %c16416 vector 2 iter_args({{.*}} = %[[FIRST]]#0 : {{.*}} = %[[FIRST]]#1 :
// PART: kernel.reduce max
// PART: kernel.distribute %[[J:.*]] = %c8192 to %c16416 vector 2
// PART-NEXT: %[[BACK:.*]] = arith.subi %c24606, %[[J]]
// PART-NEXT: vector.load %arg0[%{{.*}}, %[[BACK]]]
// PART: kernel.distribute %[[K:.*]] = %c0 to %c8192 vector 2
// PART-NEXT: vector.load %[[KEPT]][%[[K]]]
// PART-NOT: vector.load %arg0
// PART: kernel.return

// WHOLE-LABEL: kernel.func @softmax
// WHOLE: kernel.scratch : memref<16416xbf16>
// WHOLE: kernel.distribute {{.*}} = %c0 to %c16416 vector 2
// WHOLE: kernel.distribute {{.*}} = %c0 to %c16416 vector 2
// WHOLE-NOT: kernel.distribute

// NONE-NOT: kernel.scratch
func.func private @softmax(%x: tensor<2x16416xbf16>) -> tensor<2x16416xbf16> attributes {kernel.kind = "row"} {
  %0 = hf.convert %x : tensor<2x16416xbf16> -> tensor<2x16416xf32>
  %max = hf.reduce max, %0 dims [1] : tensor<2x16416xf32> -> tensor<2xf32>
  %maxes = hf.broadcast %max dims [0] : tensor<2xf32> -> tensor<2x16416xf32>
  %shifted = hf.sub %0, %maxes : tensor<2x16416xf32>
  %exp = hf.exp %shifted : tensor<2x16416xf32>
  %sum = hf.reduce sum, %exp dims [1] : tensor<2x16416xf32> -> tensor<2xf32>
  %sums = hf.broadcast %sum dims [0] : tensor<2xf32> -> tensor<2x16416xf32>
  %y = hf.div %exp, %sums : tensor<2x16416xf32>
  %1 = hf.convert %y : tensor<2x16416xf32> -> tensor<2x16416xbf16>
  return %1 : tensor<2x16416xbf16>
}
rt.entry @rows arena 131328 {
  %x = rt.input "x" at 0 : memref<2x16416xbf16>
  %y = rt.output "y" at 65664 : memref<2x16416xbf16>
  rt.launch @softmax ins(%x : memref<2x16416xbf16>) outs(%y : memref<2x16416xbf16>)
}
