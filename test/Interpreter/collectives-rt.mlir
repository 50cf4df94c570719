// Ranks of an rt.entry take turns and meet at collectives; each begins with its own number, from 0 to 3.

// RUN: hfc-interpret %s --entry=forward --print | FileCheck %s
// RUN: hfc-interpret %s --entry=forward --print --streams=random:1 | FileCheck %s
// RUN: hfc-interpret %s --entry=forward --print --streams=random:2 | FileCheck %s
// RUN: hfc-interpret %s --entry=forward --collectives | FileCheck %s --check-prefix=COUNTS
// RUN: not hfc-interpret %s --entry=early --streams=random:4 2>&1 | FileCheck %s --check-prefix=EARLY

// CHECK-DAG: sum: [4] f32 = [1, 1, 5, 5]
// CHECK-DAG: all: [4] f32 = [0, 1, 2, 3]
// CHECK-DAG: piece: [4] f32 = [0, 4, 8, 12]
// CHECK-DAG: later: [4] f32 = [2, 4, 2, 4]

// COUNTS-DAG: @forward all_reduce over tp: 4 bytes, 1 time: a test
// COUNTS-DAG: @forward all_gather over dp, tp: 16 bytes, 1 time
// COUNTS-DAG: @forward reduce_scatter over dp, tp: 16 bytes, 1 time
// COUNTS-DAG: @forward all_reduce over dp: 4 bytes, 1 time

// EARLY: reads element 0 of output 'y'

module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>, dist.materialized} {
  func.func private @number(%place: tensor<i32>) -> tensor<1xf32> {
    %0 = hf.convert %place : tensor<i32> -> tensor<f32>
    %1 = hf.reshape %0 : tensor<f32> -> tensor<1xf32>
    return %1 : tensor<1xf32>
  }

  rt.entry @forward arena 384 {
    %place = rt.coordinate {"dp", "tp"} : memref<i32>
    %x = rt.arena at 0 : memref<1xf32>
    %four = rt.arena at 64 : memref<4xf32>
    %sum = rt.output "sum" at 128 {rt.sharding = #dist.sharding<[{"dp", "tp"}], global [4]>} : memref<1xf32>
    %all = rt.output "all" at 192 : memref<4xf32>
    %piece = rt.output "piece" at 256 {rt.sharding = #dist.sharding<[{"dp", "tp"}], global [4]>} : memref<1xf32>
    %later = rt.output "later" at 320 {rt.sharding = #dist.sharding<[{"dp", "tp"}], global [4]>} : memref<1xf32>
    rt.launch @number ins(%place : memref<i32>) outs(%x : memref<1xf32>)
    rt.launch @number ins(%place : memref<i32>) outs(%later : memref<1xf32>)
    rt.record 0
    rt.wait 0 {stream = 1 : i32}
    rt.collective all_reduce by sum ins(%later : memref<1xf32>) outs(%later : memref<1xf32>) over {"dp"}
        {id = 3 : i64, stream = 1 : i32}
    rt.record 1 {stream = 1 : i32}
    rt.collective all_reduce by sum ins(%x : memref<1xf32>) outs(%sum : memref<1xf32>) over {"tp"}
        {cause = "a test", id = 0 : i64}
    rt.collective all_gather ins(%x : memref<1xf32>) outs(%all : memref<4xf32>) over {"dp", "tp"}
        {dim = 0 : i64, id = 1 : i64}
    rt.copy %all to %four : memref<4xf32>
    rt.collective reduce_scatter by sum ins(%four : memref<4xf32>) outs(%piece : memref<1xf32>) over {"dp", "tp"}
        {dim = 0 : i64, id = 2 : i64}
    rt.wait 1
  }

  // Nothing says that the copy comes after the collective.
  rt.entry @early arena 128 {
    %place = rt.coordinate {"tp"} : memref<i32>
    %y = rt.output "y" at 0 : memref<i32>
    %z = rt.output "z" at 64 : memref<i32>
    rt.collective all_reduce by sum ins(%place : memref<i32>) outs(%y : memref<i32>) over {"tp"} {id = 4 : i64, stream = 1 : i32}
    rt.copy %y to %z : memref<i32>
  }
}
