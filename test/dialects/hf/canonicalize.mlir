// Folders: splats, chains of shape ops, conversions that lose nothing.
// RUN: hfc-opt %s --canonicalize --split-input-file | FileCheck %s

// Splats are computed, rounded to their type.
// CHECK-LABEL: func @splats(
// CHECK-DAG: hf.constant dense<7.000000e+00> : tensor<4xf32>
// CHECK-DAG: hf.constant dense<-3.000000e+00> : tensor<2x3xf32>
// CHECK-DAG: hf.constant dense<1.000000e+00> : tensor<4xbf16>
// CHECK-DAG: hf.constant dense<0> : tensor<4xi32>
// CHECK-NOT: hf.{{[a-z_]+}} %
func.func @splats() -> (tensor<4xf32>, tensor<2x3xf32>, tensor<4xbf16>, tensor<4xi32>) {
  %a = hf.constant dense<3.0> : tensor<4xf32>
  %b = hf.constant dense<2.0> : tensor<4xf32>
  %1 = hf.mul %a, %b : tensor<4xf32>
  %2 = hf.div %b, %b : tensor<4xf32>
  %3 = hf.add %1, %2 : tensor<4xf32>
  %4 = hf.max %3, %a : tensor<4xf32>

  %c = hf.constant dense<3.0> : tensor<3x1xf32>
  %5 = hf.transpose %c perm [1, 0] : tensor<3x1xf32> -> tensor<1x3xf32>
  %6 = hf.broadcast %5 dims [0, 1] : tensor<1x3xf32> -> tensor<4x3xf32>
  %7 = hf.slice %6 at [1, 0] : tensor<4x3xf32> -> tensor<2x3xf32>
  %8 = hf.neg %7 : tensor<2x3xf32>

  %d = hf.constant dense<1.001> : tensor<4xf32>
  %9 = hf.convert %d : tensor<4xf32> -> tensor<4xbf16>

  %e = hf.constant dense<5> : tensor<4xi32>
  %zero = hf.constant dense<0> : tensor<4xi32>
  %10 = hf.div %e, %zero : tensor<4xi32>
  return %4, %8, %9, %10 : tensor<4xf32>, tensor<2x3xf32>, tensor<4xbf16>, tensor<4xi32>
}

// -----

// CHECK-LABEL: func @neutral(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>, %[[I:.*]]: tensor<4xi32>, %[[P:.*]]: tensor<4xi1>
// CHECK-NEXT: return %[[X]], %[[I]], %[[P]]
func.func @neutral(%x: tensor<4xf32>, %i: tensor<4xi32>, %p: tensor<4xi1>) -> (tensor<4xf32>, tensor<4xi32>, tensor<4xi1>) {
  %one = hf.constant dense<1.0> : tensor<4xf32>
  %zero = hf.constant dense<0.0> : tensor<4xf32>
  %1 = hf.mul %one, %x : tensor<4xf32>
  %2 = hf.div %1, %one : tensor<4xf32>
  %3 = hf.sub %2, %zero : tensor<4xf32>
  %4 = hf.pow %3, %one : tensor<4xf32>
  %5 = hf.neg %4 : tensor<4xf32>
  %6 = hf.neg %5 : tensor<4xf32>
  %7 = hf.min %6, %6 : tensor<4xf32>
  %none = hf.constant dense<0> : tensor<4xi32>
  %8 = hf.add %none, %i : tensor<4xi32>
  %true = hf.constant dense<true> : tensor<4xi1>
  %false = hf.constant dense<false> : tensor<4xi1>
  %9 = hf.and %true, %p : tensor<4xi1>
  %10 = hf.or %9, %false : tensor<4xi1>
  %11 = hf.select %true, %7, %zero : tensor<4xi1>, tensor<4xf32>
  return %11, %8, %10 : tensor<4xf32>, tensor<4xi32>, tensor<4xi1>
}

// -----

// Adding zero turns -0 into 0, and a comparison of unequal floats need not be one of equal ones: both stay.
// CHECK-LABEL: func @kept(
// CHECK: hf.add
// CHECK: hf.compare
func.func @kept(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi1>) {
  %zero = hf.constant dense<0.0> : tensor<4xf32>
  %1 = hf.add %x, %zero : tensor<4xf32>
  %2 = hf.compare eq, %x, %x : tensor<4xf32> -> tensor<4xi1>
  return %1, %2 : tensor<4xf32>, tensor<4xi1>
}

// -----

// CHECK-LABEL: func @shapes(
// CHECK-SAME: %[[X:.*]]: tensor<2x24x64xf32>
// CHECK: hf.reshape %[[X]] : tensor<2x24x64xf32> -> tensor<48x4x16xf32>
// CHECK: hf.slice %[[X]] at [1, 8, 4] : tensor<2x24x64xf32> -> tensor<1x4x8xf32>
// CHECK: hf.transpose %[[X]] perm [2, 0, 1]
// CHECK: hf.broadcast %{{.*}} dims [2] : tensor<8xf32> -> tensor<2x4x8xf32>
// CHECK-NEXT: return %[[X]],
func.func @shapes(%x: tensor<2x24x64xf32>, %row: tensor<8xf32>)
    -> (tensor<2x24x64xf32>, tensor<48x4x16xf32>, tensor<1x4x8xf32>, tensor<64x2x24xf32>, tensor<2x4x8xf32>) {
  %1 = hf.reshape %x : tensor<2x24x64xf32> -> tensor<48x64xf32>
  %2 = hf.reshape %1 : tensor<48x64xf32> -> tensor<2x24x64xf32>
  %3 = hf.reshape %1 : tensor<48x64xf32> -> tensor<48x4x16xf32>
  %4 = hf.slice %2 at [1, 4, 0] : tensor<2x24x64xf32> -> tensor<1x20x64xf32>
  %5 = hf.slice %4 at [0, 4, 4] : tensor<1x20x64xf32> -> tensor<1x4x8xf32>
  %6 = hf.transpose %2 perm [1, 2, 0] : tensor<2x24x64xf32> -> tensor<24x64x2xf32>
  %7 = hf.transpose %6 perm [1, 2, 0] : tensor<24x64x2xf32> -> tensor<64x2x24xf32>
  %8 = hf.broadcast %row dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %9 = hf.broadcast %8 dims [1, 2] : tensor<4x8xf32> -> tensor<2x4x8xf32>
  %10 = hf.concat %2 dim 0 : (tensor<2x24x64xf32>) -> tensor<2x24x64xf32>
  return %10, %3, %5, %7, %9 : tensor<2x24x64xf32>, tensor<48x4x16xf32>, tensor<1x4x8xf32>, tensor<64x2x24xf32>, tensor<2x4x8xf32>
}

// -----

// What was only widened comes back as it was; a rounding in between stays.
// CHECK-LABEL: func @conversions(
// CHECK-SAME: %[[X:.*]]: tensor<4xbf16>, %[[Y:.*]]: tensor<4xf32>
// CHECK-NEXT: hf.convert %[[X]] : tensor<4xbf16> -> tensor<4xf64>
// CHECK-NEXT: %[[N:.*]] = hf.convert %[[Y]] : tensor<4xf32> -> tensor<4xbf16>
// CHECK-NEXT: %[[W:.*]] = hf.convert %[[N]] : tensor<4xbf16> -> tensor<4xf32>
// CHECK-NEXT: return %[[X]], %{{.*}}, %[[W]]
func.func @conversions(%x: tensor<4xbf16>, %y: tensor<4xf32>) -> (tensor<4xbf16>, tensor<4xf64>, tensor<4xf32>) {
  %1 = hf.convert %x : tensor<4xbf16> -> tensor<4xf32>
  %2 = hf.convert %1 : tensor<4xf32> -> tensor<4xbf16>
  %3 = hf.convert %1 : tensor<4xf32> -> tensor<4xf64>
  %4 = hf.convert %y : tensor<4xf32> -> tensor<4xbf16>
  %5 = hf.convert %4 : tensor<4xbf16> -> tensor<4xf32>
  return %2, %3, %5 : tensor<4xbf16>, tensor<4xf64>, tensor<4xf32>
}
