// Ops run in the order their operands stand in; what cannot vanish stands at the boundary.
// RUN: hfc-opt %s --hfc-canonicalize-layout --split-input-file | FileCheck %s
// A second run changes nothing.
// RUN: hfc-opt %s --hfc-canonicalize-layout --split-input-file > %t.once
// RUN: hfc-opt %s --hfc-canonicalize-layout --hfc-canonicalize-layout --split-input-file | diff %t.once -

// Attention as transformers writes it, heads outside the sequence, needs no transposition.
// CHECK-LABEL: func @batch_first(
// CHECK-NOT: hf.transpose
// CHECK: hf.rotary %{{.*}} : (tensor<2x24x4x16xf32>, tensor<2x24x16xf32>) -> tensor<2x24x4x16xf32>
// CHECK-NOT: hf.transpose
// CHECK: hf.attention {{.*}} {causal, scale = 2.500000e-01 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>) -> tensor<2x24x4x16xf32>
// CHECK-NEXT: hf.reshape %{{.*}} : tensor<2x24x4x16xf32> -> tensor<2x24x64xf32>
// CHECK-NOT: hf.transpose
func.func @batch_first(%q: tensor<2x24x64xf32>, %k: tensor<2x24x32xf32>, %v: tensor<2x24x32xf32>, %c: tensor<2x24x16xf32>,
                       %s: tensor<2x24x16xf32>, %mask: tensor<2x24xi32>) -> tensor<2x24x64xf32> {
  %0 = hf.reshape %q : tensor<2x24x64xf32> -> tensor<2x24x4x16xf32>
  %1 = hf.transpose %0 perm [0, 2, 1, 3] : tensor<2x24x4x16xf32> -> tensor<2x4x24x16xf32>
  %2 = hf.reshape %k : tensor<2x24x32xf32> -> tensor<2x24x2x16xf32>
  %3 = hf.transpose %2 perm [0, 2, 1, 3] : tensor<2x24x2x16xf32> -> tensor<2x2x24x16xf32>
  %4 = hf.reshape %v : tensor<2x24x32xf32> -> tensor<2x24x2x16xf32>
  %5 = hf.transpose %4 perm [0, 2, 1, 3] : tensor<2x24x2x16xf32> -> tensor<2x2x24x16xf32>
  %6 = hf.rotary %1, %c, %s {layout = #hf<head_layout bhsd>} : (tensor<2x4x24x16xf32>, tensor<2x24x16xf32>) -> tensor<2x4x24x16xf32>
  %7 = hf.rotary %3, %c, %s {layout = #hf<head_layout bhsd>} : (tensor<2x2x24x16xf32>, tensor<2x24x16xf32>) -> tensor<2x2x24x16xf32>
  %8 = hf.attention %6, %7, %5 key_mask(%mask : tensor<2x24xi32>) {causal, layout = #hf<head_layout bhsd>, scale = 0.25 : f64}
    : (tensor<2x4x24x16xf32>, tensor<2x2x24x16xf32>, tensor<2x2x24x16xf32>) -> tensor<2x4x24x16xf32>
  %9 = hf.transpose %8 perm [0, 2, 1, 3] : tensor<2x4x24x16xf32> -> tensor<2x24x4x16xf32>
  %10 = hf.reshape %9 : tensor<2x24x4x16xf32> -> tensor<2x24x64xf32>
  return %10 : tensor<2x24x64xf32>
}

// -----

// Sequence-first activations in and out: everything runs sequence-first, the attention too.
// CHECK-LABEL: func @sequence_first(
// CHECK-NOT: hf.transpose
// CHECK: hf.rms_norm {{.*}} -> tensor<24x2x64xf32>
// CHECK: hf.linear {{.*}} -> tensor<24x2x192xf32>
// CHECK-COUNT-3: hf.reshape %{{.*}} : tensor<24x2x64xf32> -> tensor<24x2x4x16xf32>
// CHECK-NOT: hf.transpose
// CHECK: hf.attention {{.*}}layout = #hf<head_layout sbhd>{{.*}} -> tensor<24x2x4x16xf32>
// CHECK: hf.add {{.*}} : tensor<24x2x64xf32>
// CHECK-NEXT: return
func.func @sequence_first(%x: tensor<24x2x64xf32>, %n: tensor<64xf32>, %w: tensor<192x64xf32>) -> tensor<24x2x64xf32> {
  %in = hf.transpose %x perm [1, 0, 2] : tensor<24x2x64xf32> -> tensor<2x24x64xf32>
  %0 = hf.rms_norm %in, %n {epsilon = 1.0e-6 : f64} : (tensor<2x24x64xf32>, tensor<64xf32>) -> tensor<2x24x64xf32>
  %1 = hf.linear %0, %w : (tensor<2x24x64xf32>, tensor<192x64xf32>) -> tensor<2x24x192xf32>
  %q0 = hf.slice %1 at [0, 0, 0] : tensor<2x24x192xf32> -> tensor<2x24x64xf32>
  %k0 = hf.slice %1 at [0, 0, 64] : tensor<2x24x192xf32> -> tensor<2x24x64xf32>
  %v0 = hf.slice %1 at [0, 0, 128] : tensor<2x24x192xf32> -> tensor<2x24x64xf32>
  %q1 = hf.reshape %q0 : tensor<2x24x64xf32> -> tensor<2x24x4x16xf32>
  %k1 = hf.reshape %k0 : tensor<2x24x64xf32> -> tensor<2x24x4x16xf32>
  %v1 = hf.reshape %v0 : tensor<2x24x64xf32> -> tensor<2x24x4x16xf32>
  %q = hf.transpose %q1 perm [0, 2, 1, 3] : tensor<2x24x4x16xf32> -> tensor<2x4x24x16xf32>
  %k = hf.transpose %k1 perm [0, 2, 1, 3] : tensor<2x24x4x16xf32> -> tensor<2x4x24x16xf32>
  %v = hf.transpose %v1 perm [0, 2, 1, 3] : tensor<2x24x4x16xf32> -> tensor<2x4x24x16xf32>
  %a = hf.attention %q, %k, %v {causal, layout = #hf<head_layout bhsd>, scale = 0.25 : f64}
    : (tensor<2x4x24x16xf32>, tensor<2x4x24x16xf32>, tensor<2x4x24x16xf32>) -> tensor<2x4x24x16xf32>
  %2 = hf.transpose %a perm [0, 2, 1, 3] : tensor<2x4x24x16xf32> -> tensor<2x24x4x16xf32>
  %3 = hf.reshape %2 : tensor<2x24x4x16xf32> -> tensor<2x24x64xf32>
  %4 = hf.add %in, %3 : tensor<2x24x64xf32>
  %5 = hf.transpose %4 perm [1, 0, 2] : tensor<2x24x64xf32> -> tensor<24x2x64xf32>
  return %5 : tensor<24x2x64xf32>
}

// -----

// Integer inputs stay [batch, sequence]; they are permuted before the embedding, and no float is.
// CHECK-LABEL: func @ids(
// CHECK-SAME: %[[IDS:.*]]: tensor<2x24xi32>
// CHECK: %[[T:.*]] = hf.transpose %[[IDS]] perm [1, 0] : tensor<2x24xi32> -> tensor<24x2xi32>
// CHECK: hf.embedding %{{.*}}, %[[T]] : {{.*}} -> tensor<24x2x64xf32>
// CHECK-NOT: hf.transpose
// CHECK: %[[L:.*]] = hf.linear {{.*}} -> tensor<24x2x256xf32>
// CHECK-NEXT: return %[[L]]
func.func @ids(%ids: tensor<2x24xi32>, %table: tensor<256x64xf32>) -> tensor<24x2x256xf32> {
  %0 = hf.embedding %table, %ids : (tensor<256x64xf32>, tensor<2x24xi32>) -> tensor<2x24x64xf32>
  %scale = hf.constant dense<8.0> : tensor<2x24x64xf32>
  %1 = hf.mul %0, %scale : tensor<2x24x64xf32>
  %2 = hf.linear %1, %table : (tensor<2x24x64xf32>, tensor<256x64xf32>) -> tensor<2x24x256xf32>
  %3 = hf.transpose %2 perm [1, 0, 2] : tensor<2x24x256xf32> -> tensor<24x2x256xf32>
  return %3 : tensor<24x2x256xf32>
}

// -----

// Splats, broadcasts and iotas are built in the other order.
// CHECK-LABEL: func @free(
// CHECK-NOT: hf.transpose
// CHECK-DAG: hf.iota 1 : tensor<8x4xf32>
// CHECK-DAG: hf.broadcast %{{.*}} dims [0] : tensor<8xf32> -> tensor<8x4xf32>
// CHECK-DAG: hf.constant dense<2.000000e+00> : tensor<8x4xf32>
// CHECK-NOT: hf.transpose
// CHECK: return
func.func @free(%x: tensor<8x4xf32>, %row: tensor<8xf32>) -> tensor<8x4xf32> {
  %0 = hf.transpose %x perm [1, 0] : tensor<8x4xf32> -> tensor<4x8xf32>
  %1 = hf.iota 0 : tensor<4x8xf32>
  %2 = hf.broadcast %row dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %3 = hf.constant dense<2.0> : tensor<4x8xf32>
  %4 = hf.add %0, %1 : tensor<4x8xf32>
  %5 = hf.add %4, %2 : tensor<4x8xf32>
  %6 = hf.compare lt, %5, %3 : tensor<4x8xf32> -> tensor<4x8xi1>
  %7 = hf.select %6, %5, %3 : tensor<4x8xi1>, tensor<4x8xf32>
  %8 = hf.transpose %7 perm [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  return %8 : tensor<8x4xf32>
}

// -----

// Of two orders the cheaper one wins: the small operand is permuted, not the large one before it is reduced.
// CHECK-LABEL: func @shapes(
// CHECK: %[[C:.*]] = hf.concat %{{.*}}, %{{.*}} dim 0 : (tensor<8x4x2xf32>, tensor<8x4x2xf32>) -> tensor<16x4x2xf32>
// CHECK: %[[S:.*]] = hf.slice %[[C]] at [8, 1, 0] : tensor<16x4x2xf32> -> tensor<8x3x2xf32>
// CHECK: %[[R:.*]] = hf.reduce max, %[[S]] dims [0] : tensor<8x3x2xf32> -> tensor<3x2xf32>
// CHECK: %[[T:.*]] = hf.transpose %[[R]] perm [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
// CHECK-NEXT: return %[[T]]
func.func @shapes(%x: tensor<8x4x2xf32>) -> tensor<2x3xf32> {
  %0 = hf.transpose %x perm [2, 1, 0] : tensor<8x4x2xf32> -> tensor<2x4x8xf32>
  %1 = hf.concat %0, %0 dim 2 : (tensor<2x4x8xf32>, tensor<2x4x8xf32>) -> tensor<2x4x16xf32>
  %2 = hf.slice %1 at [0, 1, 8] : tensor<2x4x16xf32> -> tensor<2x3x8xf32>
  %3 = hf.reduce max, %2 dims [2] : tensor<2x3x8xf32> -> tensor<2x3xf32>
  return %3 : tensor<2x3xf32>
}

// -----

// A value in two orders is permuted once; the op's location and block number stay.
// CHECK-LABEL: func @once(
// CHECK: %[[T:.*]] = hf.transpose %{{.*}} perm [1, 0]
// CHECK-NOT: hf.transpose
// CHECK: hf.matmul %[[T]], %[[T]] {transpose_rhs}
// CHECK: hf.exp %{{.*}} {hf.block = 3 : i64} : tensor<8x4xf32>
func.func @once(%x: tensor<8x4xf32>) -> (tensor<4x4xf32>, tensor<8x4xf32>) {
  %0 = hf.transpose %x perm [1, 0] : tensor<8x4xf32> -> tensor<4x8xf32>
  %1 = hf.transpose %x perm [1, 0] : tensor<8x4xf32> -> tensor<4x8xf32>
  %2 = hf.matmul %0, %1 {transpose_rhs} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x4xf32>
  %3 = hf.exp %1 {hf.block = 3 : i64} : tensor<4x8xf32>
  %4 = hf.transpose %3 perm [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  return %2, %4 : tensor<4x4xf32>, tensor<8x4xf32>
}
