// Every op of the dialect survives printing and parsing, as text and as bytecode.
// RUN: hfc-opt %s --verify-roundtrip | FileCheck %s
// RUN: hfc-opt %s --emit-bytecode | hfc-opt --mlir-print-op-generic | hfc-opt | FileCheck %s

// CHECK: module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 4>}
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 4>} {

// CHECK-LABEL: func @reshard
// CHECK-SAME: dist.sharding = #dist.sharding<[{"dp"}, {"tp"}]>
func.func @reshard(%x: tensor<8x64xf32> {dist.sharding = #dist.sharding<[{"dp"}, {"tp"}]>})
    -> (tensor<8x64xf32> {dist.sharding = #dist.sharding<[{}, {}]>}) {
  // CHECK: dist.reshard %{{.*}} to <[{"dp", "tp":(1)2}, {}]> {cause = "an example"} : tensor<8x64xf32>
  %0 = dist.reshard %x to #dist.sharding<[{"dp", "tp":(1)2}, {}]> {cause = "an example"} : tensor<8x64xf32>
  // CHECK: dist.reshard %{{.*}} to <[{}, {}], partial sum {"tp":(2)2}> : tensor<8x64xf32>
  %1 = dist.reshard %0 to <[{}, {}], partial sum {"tp":(2)2}> : tensor<8x64xf32>
  return %1 : tensor<8x64xf32>
}

// CHECK-LABEL: func @collectives
func.func @collectives(%x: tensor<2x12x64xf32>, %v: tensor<30xf32>) {
  // CHECK: dist.axis_index {"tp", "dp"} : tensor<i32>
  %place = dist.axis_index {"tp", "dp"} : tensor<i32>
  // CHECK: dist.all_reduce sum %{{.*}} over {"tp"} {cause = "row-parallel output", id = 3 : i64} : tensor<2x12x64xf32>
  %0 = dist.all_reduce sum %x over {"tp"} {cause = "row-parallel output", id = 3} : tensor<2x12x64xf32>
  // CHECK: dist.all_reduce max %{{.*}}, %{{.*}} over {"dp", "tp":(2)2} : tensor<2x12x64xf32>, tensor<30xf32>
  %1:2 = dist.all_reduce max %x, %v over {"dp", "tp":(2)2} : tensor<2x12x64xf32>, tensor<30xf32>
  // CHECK: dist.agree %{{.*}} over {"tp"} : tensor<30xf32>
  %2 = dist.agree %v over {"tp"} : tensor<30xf32>
  // CHECK: dist.all_gather %{{.*}} dim 1 over {"tp"} : tensor<2x12x64xf32> -> tensor<2x46x64xf32>
  %3 = dist.all_gather %x dim 1 over {"tp"} : tensor<2x12x64xf32> -> tensor<2x46x64xf32>
  // CHECK: dist.reduce_scatter sum %{{.*}} dim 0 over {"tp"} : tensor<30xf32> -> tensor<8xf32>
  %4 = dist.reduce_scatter sum %v dim 0 over {"tp"} : tensor<30xf32> -> tensor<8xf32>
  // CHECK: dist.all_to_all %{{.*}} split 2 concat 1 over {"tp"} : tensor<2x12x64xf32> -> tensor<2x48x16xf32>
  %5 = dist.all_to_all %x split 2 concat 1 over {"tp"} : tensor<2x12x64xf32> -> tensor<2x48x16xf32>
  // CHECK: dist.broadcast %{{.*}} from 1 over {"dp"} : tensor<30xf32>
  %6 = dist.broadcast %v from 1 over {"dp"} : tensor<30xf32>
  // CHECK: dist.send_receive %{{.*}} by -1 over {"tp"} : tensor<30xf32>
  %7 = dist.send_receive %v by -1 over {"tp"} : tensor<30xf32>
  // CHECK: dist.reduce_scatter_bucket sum %{{.*}}, %{{.*}} over {"dp"} : tensor<2x12x64xf32>, tensor<30xf32> -> tensor<783xf32>
  %8 = dist.reduce_scatter_bucket sum %x, %v over {"dp"} : tensor<2x12x64xf32>, tensor<30xf32> -> tensor<783xf32>
  // CHECK: dist.all_gather_bucket %{{.*}} over {"dp"} : tensor<783xf32> -> tensor<2x12x64xf32>, tensor<30xf32>
  %9:2 = dist.all_gather_bucket %8 over {"dp"} : tensor<783xf32> -> tensor<2x12x64xf32>, tensor<30xf32>
  // CHECK: %[[BEGUN:.*]]:2 = dist.all_reduce sum %{{.*}} over {"dp"} {start} : tensor<2x12x64xf32>, tensor<30xf32>
  %10:2 = dist.all_reduce sum %x, %v over {"dp"} {start} : tensor<2x12x64xf32>, tensor<30xf32>
  // CHECK: dist.done %[[BEGUN]]#0, %[[BEGUN]]#1 : tensor<2x12x64xf32>, tensor<30xf32>
  %11:2 = dist.done %10#0, %10#1 : tensor<2x12x64xf32>, tensor<30xf32>
  return
}
}
