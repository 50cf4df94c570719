// RUN: hfc-opt %s --hfc-plan-collective-scratch --hfc-verify-schedule | FileCheck %s
// RUN: hfc-opt %s --hfc-plan-collective-scratch | hfc-opt --hfc-plan-collective-scratch --hfc-verify-schedule | FileCheck %s
// RUN: hfc-opt %s --hfc-plan-collective-scratch -o %t.mlir
// RUN: hfc-interpret %s --compare=%t.mlir
module attributes {dist.materialized, dist.mesh = #dist.mesh<"tp" = 4>} {
  // One piece of memory for all, behind the other buffers, as large as the largest needs: 4 pieces of 20 x 2.
  // CHECK-LABEL: rt.entry @forward arena 1536
  // CHECK: %[[X:.*]] = rt.input "x"
  // CHECK: %[[Y:.*]] = rt.output "y"
  // CHECK: %[[SUM:.*]] = rt.output "sum"
  rt.entry @forward arena 896 {
    %x = rt.input "x" at 0 : memref<20x2xf32>
    %y = rt.output "y" at 192 : memref<20x7xf32>
    %sum = rt.output "sum" at 768 : memref<1x7xf32>
    %z = rt.input "z" at 832 : memref<1x2xf32>
    // CHECK: %[[PIECES:.*]] = rt.arena at 896 : memref<160xf32>
    // CHECK-NEXT: rt.collective all_gather ins(%[[X]] : memref<20x2xf32>) outs(%[[Y]] : memref<20x7xf32>) scratch(%[[PIECES]] : memref<160xf32>) over {"tp"}
    rt.collective all_gather ins(%x : memref<20x2xf32>) outs(%y : memref<20x7xf32>) over {"tp"} {dim = 1 : i64, id = 0 : i64}
    // CHECK: %[[PIECES:.*]] = rt.arena at 896 : memref<16xf32>
    // CHECK-NEXT: rt.collective all_gather ins(%{{.*}} : memref<1x2xf32>) outs(%[[SUM]] : memref<1x7xf32>) scratch(%[[PIECES]] : memref<16xf32>)
    rt.collective all_gather ins(%z : memref<1x2xf32>) outs(%sum : memref<1x7xf32>) over {"tp"} {dim = 1 : i64, id = 1 : i64}
  }
  // CHECK-LABEL: rt.entry @contiguous arena 128
  // CHECK-NOT: scratch
  rt.entry @contiguous arena 128 {
    %x = rt.input "x" at 0 : memref<2xf32>
    %y = rt.output "y" at 64 : memref<8xf32>
    rt.collective all_gather ins(%x : memref<2xf32>) outs(%y : memref<8xf32>) over {"tp"} {dim = 0 : i64, id = 2 : i64}
  }
}
