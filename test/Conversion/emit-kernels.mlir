// RUN: hfc-opt %s --hfc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: hfc-opt %s --hfc-emit-kernels --hfc-emit-kernels | hfc-opt | FileCheck %s --check-prefix=AGAIN
// RUN: hfc-opt %s --hfc-emit-kernels -o %t.cpu.mlir
// RUN: hfc-opt %s --hfc-emit-kernels="vector-bits=128 interleave=1" -o %t.gpu.mlir
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=silu_mul
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=silu_mul
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=add_rms_norm
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=add_rms_norm
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=softmax
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=softmax
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=range
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=range
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=rotary
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=rotary
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=join
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=join
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=embed
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=embed
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=mixed
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=mixed

// AGAIN-NOT: func.func
// AGAIN-NOT: hf.

// A flat loop stays flat, in full vectors.
// CHECK-LABEL: kernel.func @silu_mul
// CHECK-SAME: (%[[G:.*]]: memref<2x24x160xf32>, %[[U:.*]]: memref<2x24x160xf32>, %[[O:.*]]: memref<2x24x160xf32>) grid(2) lanes(128) outputs(1)
// CHECK: %[[BLOCK:.*]] = kernel.block_id
// CHECK: kernel.distribute %{{.*}} = %{{.*}} to %{{.*}} vector 8 {
// CHECK-COUNT-2: vector.load {{.*}} vector<8xf32>
// CHECK-NOT: memref.load
// CHECK: vector.store
func.func private @silu_mul(%g: tensor<2x24x160xf32>, %u: tensor<2x24x160xf32>) -> tensor<2x24x160xf32> attributes {kernel.kind = "loop"} {
  %one = hf.constant dense<1.0> : tensor<2x24x160xf32>
  %n = hf.neg %g : tensor<2x24x160xf32>
  %e = hf.exp %n : tensor<2x24x160xf32>
  %d = hf.add %e, %one : tensor<2x24x160xf32>
  %s = hf.div %g, %d : tensor<2x24x160xf32>
  %r = hf.mul %s, %u : tensor<2x24x160xf32>
  return %r : tensor<2x24x160xf32>
}

// One pass over the row for the sum, one for the outputs; no loop over single elements.
// CHECK-LABEL: kernel.func @add_rms_norm
// CHECK: scf.for
// CHECK: kernel.distribute {{.*}} vector 32 iter_args
// CHECK: arith.extf {{.*}} vector<32xbf16> to vector<32xf32>
// CHECK: kernel.reduce add {{.*}} : vector<32xf32> -> f32
// CHECK: math.rsqrt {{.*}} : f32
// CHECK: kernel.distribute {{.*}} vector 8 {
// CHECK-COUNT-2: vector.store {{.*}} vector<8xbf16>
// CHECK-NOT: kernel.distribute
func.func private @add_rms_norm(%x: tensor<2x24x64xbf16>, %r: tensor<2x24x64xbf16>, %w: tensor<64xbf16>) -> (tensor<2x24x64xbf16>, tensor<2x24x64xbf16>) attributes {kernel.kind = "row"} {
  %a = hf.add %x, %r : tensor<2x24x64xbf16>
  %f = hf.convert %a : tensor<2x24x64xbf16> -> tensor<2x24x64xf32>
  %sq = hf.mul %f, %f : tensor<2x24x64xf32>
  %sum = hf.reduce sum, %sq dims [2] : tensor<2x24x64xf32> -> tensor<2x24xf32>
  %c = hf.constant dense<0.015625> : tensor<2x24xf32>
  %mean = hf.mul %sum, %c : tensor<2x24xf32>
  %eps = hf.constant dense<1.0e-6> : tensor<2x24xf32>
  %m = hf.add %mean, %eps : tensor<2x24xf32>
  %i = hf.rsqrt %m : tensor<2x24xf32>
  %k = hf.reshape %i : tensor<2x24xf32> -> tensor<2x24x1xf32>
  %ib = hf.broadcast %k dims [0, 1, 2] : tensor<2x24x1xf32> -> tensor<2x24x64xf32>
  %y = hf.mul %f, %ib : tensor<2x24x64xf32>
  %yb = hf.convert %y : tensor<2x24x64xf32> -> tensor<2x24x64xbf16>
  %wb = hf.broadcast %w dims [2] : tensor<64xbf16> -> tensor<2x24x64xbf16>
  %z = hf.mul %wb, %yb : tensor<2x24x64xbf16>
  return %a, %z : tensor<2x24x64xbf16>, tensor<2x24x64xbf16>
}

// The exponentials are computed once and kept; rows of several blocks of the grid, the last one shorter.
// CHECK-LABEL: kernel.func @softmax
// CHECK-SAME: grid(3)
// CHECK: kernel.scratch : memref<600xf32>
// CHECK: kernel.reduce max
// CHECK: math.exp
// CHECK: vector.store {{.*}} memref<600xf32>
// CHECK: kernel.reduce add
// CHECK-NOT: math.exp
// CHECK: vector.load {{.*}} memref<600xf32>
// CHECK: kernel.barrier
func.func private @softmax(%x: tensor<7x600xf32>) -> tensor<7x600xf32> attributes {kernel.kind = "row"} {
  %m = hf.reduce max, %x dims [1] : tensor<7x600xf32> -> tensor<7xf32>
  %mb = hf.broadcast %m dims [0] : tensor<7xf32> -> tensor<7x600xf32>
  %d = hf.sub %x, %mb : tensor<7x600xf32>
  %e = hf.exp %d : tensor<7x600xf32>
  %s = hf.reduce sum, %e dims [1] : tensor<7x600xf32> -> tensor<7xf32>
  %sb = hf.broadcast %s dims [0] : tensor<7xf32> -> tensor<7x600xf32>
  %r = hf.div %e, %sb : tensor<7x600xf32>
  return %r : tensor<7x600xf32>
}

// Two independent reductions share a pass.
// CHECK-LABEL: kernel.func @range
// CHECK: kernel.distribute {{.*}} iter_args({{.*}}, {{.*}})
// CHECK: kernel.reduce max
// CHECK: kernel.reduce min
func.func private @range(%x: tensor<3x5x96xf32>) -> tensor<3x5xf32> attributes {kernel.kind = "row"} {
  %m = hf.reduce max, %x dims [2] : tensor<3x5x96xf32> -> tensor<3x5xf32>
  %n = hf.reduce min, %x dims [2] : tensor<3x5x96xf32> -> tensor<3x5xf32>
  %r = hf.sub %m, %n : tensor<3x5xf32>
  return %r : tensor<3x5xf32>
}

// Rotary embedding, from [batch, sequence, heads * dimension] to heads outside the sequence: all accesses are vectors.
// CHECK-LABEL: kernel.func @rotary
// CHECK: kernel.distribute {{.*}} vector 8 {
// CHECK-NOT: memref.load
// CHECK-NOT: scf.if
// CHECK: vector.store
func.func private @rotary(%x: tensor<2x24x64xf32>, %c: tensor<2x24x16xf32>, %s: tensor<2x24x16xf32>) -> tensor<2x4x24x16xf32> attributes {kernel.kind = "loop"} {
  %h = hf.reshape %x : tensor<2x24x64xf32> -> tensor<2x24x4x16xf32>
  %t = hf.transpose %h perm [0, 2, 1, 3] : tensor<2x24x4x16xf32> -> tensor<2x4x24x16xf32>
  %cb = hf.broadcast %c dims [0, 2, 3] : tensor<2x24x16xf32> -> tensor<2x4x24x16xf32>
  %sb = hf.broadcast %s dims [0, 2, 3] : tensor<2x24x16xf32> -> tensor<2x4x24x16xf32>
  %a = hf.slice %t at [0, 0, 0, 0] : tensor<2x4x24x16xf32> -> tensor<2x4x24x8xf32>
  %b = hf.slice %t at [0, 0, 0, 8] : tensor<2x4x24x16xf32> -> tensor<2x4x24x8xf32>
  %nb = hf.neg %b : tensor<2x4x24x8xf32>
  %rot = hf.concat %nb, %a dim 3 : (tensor<2x4x24x8xf32>, tensor<2x4x24x8xf32>) -> tensor<2x4x24x16xf32>
  %p = hf.mul %t, %cb : tensor<2x4x24x16xf32>
  %q = hf.mul %rot, %sb : tensor<2x4x24x16xf32>
  %r = hf.add %p, %q : tensor<2x4x24x16xf32>
  return %r : tensor<2x4x24x16xf32>
}

// The boundary of the parts is no multiple of 8, but of 4.
// CHECK-LABEL: kernel.func @join
// CHECK: kernel.distribute {{.*}} vector 4 {
func.func private @join(%a: tensor<5x12xf32>, %b: tensor<5x20xf32>) -> tensor<5x32xf32> attributes {kernel.kind = "loop"} {
  %r = hf.concat %a, %b dim 1 : (tensor<5x12xf32>, tensor<5x20xf32>) -> tensor<5x32xf32>
  return %r : tensor<5x32xf32>
}

// A row's index is loaded once for its vector.
// CHECK-LABEL: kernel.func @embed
// CHECK: kernel.distribute {{.*}} vector 8 {
// CHECK: memref.load {{.*}} memref<2x24xi32>
// CHECK-NOT: memref.load
// CHECK: vector.load {{.*}} memref<256x64xbf16>, vector<8xbf16>
func.func private @embed(%table: tensor<256x64xbf16>, %ids: tensor<2x24xi32>, %pos: tensor<24x64xbf16>) -> tensor<2x24x64xbf16> attributes {kernel.kind = "loop"} {
  %g = hf.gather %table, %ids : (tensor<256x64xbf16>, tensor<2x24xi32>) -> tensor<2x24x64xbf16>
  %p = hf.broadcast %pos dims [1, 2] : tensor<24x64xbf16> -> tensor<2x24x64xbf16>
  %r = hf.add %g, %p : tensor<2x24x64xbf16>
  return %r : tensor<2x24x64xbf16>
}

// Outputs of different shapes, integers, an index for each lane, a transposed load.
// CHECK-LABEL: kernel.func @mixed
// CHECK: vector.from_elements
// CHECK: kernel.distribute
func.func private @mixed(%x: tensor<8x16xf32>, %i: tensor<16xi32>, %t: tensor<32xf32>) -> (tensor<16x8xf32>, tensor<16xf32>, tensor<3x7xi32>) attributes {kernel.kind = "loop"} {
  %a = hf.transpose %x perm [1, 0] : tensor<8x16xf32> -> tensor<16x8xf32>
  %g = hf.gather %t, %i : (tensor<32xf32>, tensor<16xi32>) -> tensor<16xf32>
  %n = hf.iota 1 : tensor<3x7xi32>
  %two = hf.constant dense<2> : tensor<3x7xi32>
  %m = hf.div %n, %two : tensor<3x7xi32>
  return %a, %g, %m : tensor<16x8xf32>, tensor<16xf32>, tensor<3x7xi32>
}

// Blocks are smaller where they are some hundred, so that the last ones do not work alone; not where they are few or many.
// CHECK-LABEL: kernel.func @few
// CHECK-SAME: grid(100)
func.func private @few(%x: tensor<100x4096xf32>) -> tensor<100x4096xf32> attributes {kernel.kind = "loop"} {
  %0 = hf.exp %x : tensor<100x4096xf32>
  return %0 : tensor<100x4096xf32>
}
// CHECK-LABEL: kernel.func @some
// CHECK-SAME: grid(4000)
func.func private @some(%x: tensor<1000x4096xf32>) -> tensor<1000x4096xf32> attributes {kernel.kind = "loop"} {
  %0 = hf.exp %x : tensor<1000x4096xf32>
  return %0 : tensor<1000x4096xf32>
}
// CHECK-LABEL: kernel.func @many
// CHECK-SAME: grid(10000)
func.func private @many(%x: tensor<10000x4096xf32>) -> tensor<10000x4096xf32> attributes {kernel.kind = "loop"} {
  %0 = hf.exp %x : tensor<10000x4096xf32>
  return %0 : tensor<10000x4096xf32>
}
