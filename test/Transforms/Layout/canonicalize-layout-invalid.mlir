// What needs its operands' dimensions in order keeps a transposition in front of it.
// RUN: hfc-opt %s --hfc-canonicalize-layout --split-input-file | FileCheck %s

// A reshape that merges dimensions which do not stand side by side.
// CHECK-LABEL: func @merge(
// CHECK: hf.transpose
// CHECK-NEXT: hf.reshape %{{.*}} : tensor<2x24x64xf32> -> tensor<48x64xf32>
func.func @merge(%x: tensor<24x2x64xf32>) -> tensor<48x64xf32> {
  %0 = hf.transpose %x perm [1, 0, 2] : tensor<24x2x64xf32> -> tensor<2x24x64xf32>
  %1 = hf.reshape %0 : tensor<2x24x64xf32> -> tensor<48x64xf32>
  return %1 : tensor<48x64xf32>
}

// -----

// Softmax, norms and linear maps work along the last dimension, so it must be last.
// CHECK-LABEL: func @last(
// CHECK: hf.transpose
// CHECK-NEXT: hf.softmax %{{.*}} : tensor<4x8xf32>
func.func @last(%x: tensor<8x4xf32>) -> tensor<4x8xf32> {
  %0 = hf.transpose %x perm [1, 0] : tensor<8x4xf32> -> tensor<4x8xf32>
  %1 = hf.softmax %0 : tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// -----

// A row by index stands under the batch.
// CHECK-LABEL: func @take(
// CHECK: hf.transpose
// CHECK-NEXT: hf.take
func.func @take(%x: tensor<24x2x64xf32>, %i: tensor<2xi32>) -> tensor<2x64xf32> {
  %0 = hf.transpose %x perm [1, 0, 2] : tensor<24x2x64xf32> -> tensor<2x24x64xf32>
  %1 = hf.take %0, %i : (tensor<2x24x64xf32>, tensor<2xi32>) -> tensor<2x64xf32>
  return %1 : tensor<2x64xf32>
}

// -----

// No attention layout has the head dimension in front: its operands are put in order.
// CHECK-LABEL: func @order(
// CHECK: hf.transpose %{{.*}} perm [1, 2, 3, 0]
// CHECK-NEXT: hf.rotary
func.func @order(%x: tensor<16x2x24x4xf32>, %c: tensor<2x24x16xf32>) -> tensor<2x24x4x16xf32> {
  %0 = hf.transpose %x perm [1, 2, 3, 0] : tensor<16x2x24x4xf32> -> tensor<2x24x4x16xf32>
  %1 = hf.rotary %0, %c, %c : (tensor<2x24x4x16xf32>, tensor<2x24x16xf32>) -> tensor<2x24x4x16xf32>
  return %1 : tensor<2x24x4x16xf32>
}

// -----

// Functions of several blocks are left alone.
// CHECK-LABEL: func @blocks(
// CHECK: hf.transpose
// CHECK-NEXT: hf.transpose
func.func @blocks(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  cf.br ^next
^next:
  %0 = hf.transpose %x perm [1, 0] : tensor<8x4xf32> -> tensor<4x8xf32>
  %1 = hf.transpose %0 perm [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}

// -----

// So are kernel bodies, which fusion made as they are.
// CHECK-LABEL: func private @body(
// CHECK: hf.transpose
// CHECK-NEXT: hf.exp
func.func private @body(%x: tensor<8x4xf32>) -> tensor<4x8xf32> attributes {kernel.kind = "loop"} {
  %0 = hf.transpose %x perm [1, 0] : tensor<8x4xf32> -> tensor<4x8xf32>
  %1 = hf.exp %0 : tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
