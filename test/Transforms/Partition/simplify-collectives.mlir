// RUN: hfc-opt %s --hfc-simplify-collectives | FileCheck %s

module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>, dist.materialized} {
  // The sum of three reduced is reduced once.
  // CHECK-LABEL: @sum(
  // CHECK: %[[A:.*]] = hf.add
  // CHECK: %[[B:.*]] = hf.add %[[A]]
  // CHECK: dist.all_reduce sum %[[B]]
  // CHECK-NOT: dist.
  // CHECK: return
  func.func @sum(%a: tensor<64xf32>, %b: tensor<64xf32>, %c: tensor<64xf32>) -> tensor<64xf32> {
    %0 = dist.all_reduce sum %a over {"tp"} : tensor<64xf32>
    %1 = dist.all_reduce sum %b over {"tp"} : tensor<64xf32>
    %2 = dist.all_reduce sum %c over {"tp"} : tensor<64xf32>
    %3 = hf.add %0, %1 : tensor<64xf32>
    %4 = hf.add %3, %2 : tensor<64xf32>
    return %4 : tensor<64xf32>
  }

  // But not maxima, nor what someone else reads, nor over other axes.
  // CHECK-LABEL: @different(
  // CHECK-COUNT-5: dist.all_reduce
  // CHECK: return
  func.func @different(%a: tensor<64xf32>, %b: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>, tensor<64xf32>) {
    %0 = dist.all_reduce max %a over {"tp"} : tensor<64xf32>
    %1 = dist.all_reduce max %b over {"tp"} : tensor<64xf32>
    %2 = hf.add %0, %1 : tensor<64xf32>
    %3 = dist.all_reduce sum %a over {"tp"} : tensor<64xf32>
    %4 = dist.all_reduce sum %b over {"dp"} : tensor<64xf32>
    %5 = hf.add %3, %4 : tensor<64xf32>
    %6 = dist.all_reduce sum %b over {"tp"} : tensor<64xf32>
    %7 = hf.add %6, %6 : tensor<64xf32>
    return %2, %5, %7 : tensor<64xf32>, tensor<64xf32>, tensor<64xf32>
  }

  // CHECK-LABEL: @slice(
  // CHECK: %[[R:.*]] = dist.reduce_scatter sum %{{.*}} dim 0 over {"tp"}
  // CHECK-NEXT: return %[[R]]
  func.func @slice(%a: tensor<64xf32>) -> tensor<32xf32> {
    %0 = dist.all_reduce sum %a over {"tp"} : tensor<64xf32>
    %1 = dist.axis_index {"tp"} : tensor<i32>
    %2 = hf.constant dense<32> : tensor<i32>
    %3 = hf.mul %1, %2 : tensor<i32>
    %4 = hf.slice_at %0, %3 dim 0 : tensor<64xf32> -> tensor<32xf32>
    return %4 : tensor<32xf32>
  }

  // One of two equal gathers goes, a gather of a gather is one, and what nobody reads goes.
  // CHECK-LABEL: @gathers(
  // CHECK: %[[G:.*]] = dist.all_gather %{{.*}} dim 0 over {"dp", "tp"}
  // CHECK-NEXT: hf.add %[[G]], %[[G]]
  // CHECK-NEXT: return
  func.func @gathers(%a: tensor<16xf32>) -> tensor<64xf32> {
    %0 = dist.all_gather %a dim 0 over {"tp"} : tensor<16xf32> -> tensor<32xf32>
    %1 = dist.all_gather %0 dim 0 over {"dp"} : tensor<32xf32> -> tensor<64xf32>
    %2 = dist.all_gather %a dim 0 over {"tp"} : tensor<16xf32> -> tensor<32xf32>
    %3 = dist.all_gather %2 dim 0 over {"dp"} : tensor<32xf32> -> tensor<64xf32>
    %4 = dist.all_gather %a dim 0 over {"dp"} : tensor<16xf32> -> tensor<32xf32>
    %5 = hf.add %1, %3 : tensor<64xf32>
    return %5 : tensor<64xf32>
  }
}
