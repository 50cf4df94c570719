// RUN: hfc-opt %s --hfc-schedule-collectives --split-input-file | FileCheck %s

// The reduction begins before the product that does not need it, and is waited for where it is used. Numbers count on over entries. What has
// nothing to run beside is not split.
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  // CHECK-LABEL: @backward
  // CHECK: %[[DX:.*]] = hf.matmul %arg0, %arg2
  // CHECK-NEXT: %[[S:.*]] = dist.all_reduce sum %[[DX]] over {"tp"} {hf.block = 2 : i64, id = 0 : i64, start}
  // CHECK-NEXT: %[[DW:.*]] = hf.matmul %arg0, %arg1
  // CHECK-NEXT: %[[G:.*]] = dist.all_reduce sum %[[DW]] over {"dp"} {id = 1 : i64}
  // CHECK-NEXT: %[[D:.*]] = dist.done %[[S]] {hf.block = 2 : i64}
  // CHECK-NEXT: return %[[D]], %[[G]]
  func.func @backward(%dy: tensor<48x64xf32>, %x: tensor<48x64xf32>, %w: tensor<64x64xf32>) -> (tensor<48x64xf32>, tensor<64x64xf32>) {
    %0 = hf.matmul %dy, %w : (tensor<48x64xf32>, tensor<64x64xf32>) -> tensor<48x64xf32>
    %1 = hf.matmul %dy, %x {transpose_lhs} : (tensor<48x64xf32>, tensor<48x64xf32>) -> tensor<64x64xf32>
    %2 = dist.all_reduce sum %0 over {"tp"} {hf.block = 2 : i64} : tensor<48x64xf32>
    %3 = dist.all_reduce sum %1 over {"dp"} : tensor<64x64xf32>
    return %2, %3 : tensor<48x64xf32>, tensor<64x64xf32>
  }

  // Two that become ready together stay in order; a bucket begins with its last tensor.
  // CHECK-LABEL: @more
  // CHECK: %[[A:.*]] = dist.all_reduce sum %arg0 over {"tp"} {id = 2 : i64, start}
  // CHECK-NEXT: %[[B:.*]] = dist.all_reduce max %arg0 over {"tp"} {id = 3 : i64, start}
  // CHECK-NEXT: %[[N:.*]] = hf.neg
  // CHECK-NEXT: %[[BUCKET:.*]]:2 = dist.all_reduce sum %arg0, %[[N]] over {"dp"} {id = 4 : i64, start}
  // CHECK-NEXT: %[[E:.*]] = hf.exp
  // CHECK-DAG: %[[DB:.*]]:2 = dist.done %[[BUCKET]]#0, %[[BUCKET]]#1
  // CHECK-DAG: dist.done %[[A]]
  // CHECK-DAG: dist.done %[[B]]
  // CHECK: return
  func.func @more(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
    %n = hf.neg %x : tensor<8xf32>
    %e = hf.exp %n : tensor<8xf32>
    %0 = dist.all_reduce sum %x over {"tp"} : tensor<8xf32>
    %1 = dist.all_reduce max %x over {"tp"} : tensor<8xf32>
    %2, %3 = dist.all_reduce sum %x, %n over {"dp"} : tensor<8xf32>, tensor<8xf32>
    return %0, %1, %2, %3, %e : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
  }

  // What is gathered for the backward pass does not begin in the forward pass, and a gather begins beside one layer before
  // its own, here the second's: memory. A reduction may begin with its data, whatever its phase; and in the backward pass all are split,
  // since products of weights' gradients may come between.
  // CHECK-LABEL: @horizon
  // CHECK: hf.exp
  // CHECK-NEXT: dist.all_reduce sum {{.*}} over {"dp"} {id = 5 : i64, start}
  // CHECK-NEXT: hf.neg %{{.*}} {hf.block = 2 : i64, hf.phase = "backward"}
  // CHECK-NEXT: dist.all_reduce sum {{.*}}, hf.phase = "backward", id = 6 : i64, start}
  // CHECK-NEXT: dist.all_gather {{.*}}, hf.phase = "backward", id = 7 : i64, start}
  // CHECK-NEXT: hf.neg %{{.*}} {hf.block = 1 : i64, hf.phase = "backward"}
  // CHECK-NEXT: hf.neg %{{.*}} {hf.block = 0 : i64, hf.phase = "backward"}
  // CHECK-NEXT: %[[Z:.*]] = dist.all_reduce sum {{.*}}, hf.phase = "backward", id = 8 : i64, start}
  // CHECK: dist.done %[[Z]]
  func.func @horizon(%x: tensor<8xf32>) -> (tensor<16xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
    %0 = hf.exp %x : tensor<8xf32>
    %1 = hf.neg %0 {hf.block = 2 : i64, hf.phase = "backward"} : tensor<8xf32>
    %2 = hf.neg %1 {hf.block = 1 : i64, hf.phase = "backward"} : tensor<8xf32>
    %3 = hf.neg %2 {hf.block = 0 : i64, hf.phase = "backward"} : tensor<8xf32>
    %4 = dist.all_reduce sum %1 over {"tp"} {hf.block = 0 : i64, hf.phase = "backward"} : tensor<8xf32>
    %5 = dist.all_gather %x dim 0 over {"tp"} {hf.block = 0 : i64, hf.phase = "backward"} : tensor<8xf32> -> tensor<16xf32>
    %6 = dist.all_reduce sum %0 over {"dp"} : tensor<8xf32>
    %7 = dist.all_reduce sum %3 over {"tp"} {hf.block = 0 : i64, hf.phase = "backward"} : tensor<8xf32>
    return %5, %4, %7, %6 : tensor<16xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
  }
}
