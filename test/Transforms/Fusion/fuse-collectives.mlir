// Collectives keep their order, also where a kernel that the first one needs holds work from behind the second.
// RUN: hfc-opt %s --hfc-fuse | FileCheck %s
// RUN: hfc-opt %s --hfc-fuse -o %t.mlir
// RUN: hfc-interpret %s --compare=%t.mlir --entry=f

module attributes {dist.materialized, dist.mesh = #dist.mesh<"tp" = 2>} {
  // CHECK-LABEL: func.func @f
  // CHECK: %[[BOTH:.*]]:2 = call
  // CHECK: dist.all_reduce {{.*}} %[[BOTH]]#{{.*}} {id = 0
  // CHECK: dist.all_reduce {{.*}} {id = 1
  func.func @f(%a: tensor<8xf32>, %b: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
    %0 = hf.mul %a, %b : tensor<8xf32>
    %1 = dist.all_reduce sum %0 over {"tp"} {id = 0 : i64} : tensor<8xf32>
    %2 = dist.all_reduce sum %b over {"tp"} {id = 1 : i64} : tensor<8xf32>
    %3 = hf.add %0, %b : tensor<8xf32>
    return %1, %2, %3 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
  }

  // CHECK-LABEL: func.func @place
  // CHECK: %[[PLACE:.*]] = dist.axis_index {"tp"}
  // CHECK: call @{{.*}}(%{{.*}}, %[[PLACE]])
  func.func @place(%a: tensor<8xi32>) -> tensor<8xi32> {
    %0 = dist.axis_index {"tp"} : tensor<i32>
    %1 = hf.broadcast %0 dims [] : tensor<i32> -> tensor<8xi32>
    %2 = hf.add %a, %1 : tensor<8xi32>
    return %2 : tensor<8xi32>
  }
}
