// RUN: hfc-opt %s --hfc-schedule --hfc-verify-schedule --split-input-file | FileCheck %s

// Two gradients that lie one behind the other are one product, but where there are collectives and each part lasts long
// enough to hide one: then each is a product of some columns of the cotangent.
// CHECK-LABEL: rt.entry @together
// CHECK: rt.gemm {{.*}} transpose_a{{.*}} memref<8192x8192xf32>, memref<8192x4096xf32>, memref<8192x4096xf32>
// CHECK-NOT: rt.gemm
module {
  hf.bucket @grads : tensor<33554432xf32>
  hf.state @first : tensor<4096x4096xf32> {hf.bucket = #hf.place<@grads, 0>}
  hf.state @second : tensor<4096x4096xf32> {hf.bucket = #hf.place<@grads, 16777216>}
  func.func @together(%dy: tensor<8192x8192xf32> {hf.input = "dy"}, %x: tensor<8192x4096xf32> {hf.input = "x"})
      -> (tensor<4096x4096xf32> {hf.state = @first}, tensor<4096x4096xf32> {hf.state = @second}) {
    %w = hf.linear_wgrad %dy, %x {hf.phase = "backward"} : (tensor<8192x8192xf32>, tensor<8192x4096xf32>) -> tensor<8192x4096xf32>
    %a = hf.slice %w at [0, 0] : tensor<8192x4096xf32> -> tensor<4096x4096xf32>
    %b = hf.slice %w at [4096, 0] : tensor<8192x4096xf32> -> tensor<4096x4096xf32>
    return %a, %b : tensor<4096x4096xf32>, tensor<4096x4096xf32>
  }
}

// -----

// CHECK-LABEL: rt.entry @apart
// CHECK-DAG: %[[FIRST:.*]] = rt.state @first
// CHECK-DAG: %[[SECOND:.*]] = rt.state @second
// CHECK-DAG: %[[DY:.*]] = rt.input "dy"
// CHECK: %[[LEFT:.*]] = rt.view %[[DY]] sizes [8192, 4096] strides [8192, 1] : memref<8192x8192xf32> to memref<8192x4096xf32>
// CHECK-NEXT: rt.gemm %[[LEFT]], %{{.*}} into %[[FIRST]]
// CHECK-NEXT: %[[RIGHT:.*]] = rt.view %[[DY]] sizes [8192, 4096] strides [8192, 1] offset 4096 : memref<8192x8192xf32> to memref<8192x4096xf32>
// CHECK-NEXT: rt.gemm %[[RIGHT]], %{{.*}} into %[[SECOND]]
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  hf.bucket @grads : tensor<33554432xf32>
  hf.state @first : tensor<4096x4096xf32> {hf.bucket = #hf.place<@grads, 0>}
  hf.state @second : tensor<4096x4096xf32> {hf.bucket = #hf.place<@grads, 16777216>}
  func.func @apart(%dy: tensor<8192x8192xf32> {hf.input = "dy"}, %x: tensor<8192x4096xf32> {hf.input = "x"})
      -> (tensor<4096x4096xf32> {hf.state = @first}, tensor<4096x4096xf32> {hf.state = @second}) {
    %w = hf.linear_wgrad %dy, %x {hf.phase = "backward"} : (tensor<8192x8192xf32>, tensor<8192x4096xf32>) -> tensor<8192x4096xf32>
    %a = hf.slice %w at [0, 0] : tensor<8192x4096xf32> -> tensor<4096x4096xf32>
    %b = hf.slice %w at [4096, 0] : tensor<8192x4096xf32> -> tensor<4096x4096xf32>
    return %a, %b : tensor<4096x4096xf32>, tensor<4096x4096xf32>
  }
}
