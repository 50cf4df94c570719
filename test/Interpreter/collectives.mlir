// Each rank of dp × tp = 2 × 2 begins with its own number, and the outputs show what each has then, in the order of the
// ranks: one element each where it is one.

// RUN: hfc-interpret %s --entry=forward --print | FileCheck %s
// RUN: hfc-interpret %s --entry=forward --print --domain=float64 | FileCheck %s
// RUN: hfc-interpret %s --entry=forward --print --domain=bfloat16 | FileCheck %s
// RUN: hfc-interpret %s --entry=buckets --print | FileCheck %s --check-prefix=BUCKETS
// RUN: hfc-interpret %s --entry=forward --collectives | FileCheck %s --check-prefix=COUNTS
// RUN: hfc-interpret %s --entry=buckets --collectives --json | FileCheck %s --check-prefix=JSON

// CHECK: sum: [4] f32 = [1, 1, 5, 5]
// CHECK: max: [4] f32 = [2, 3, 2, 3]
// CHECK: min: [4] f32 = [0, 0, 0, 0]
// CHECK: agree: [4] f32 = [0.5, 0.5, 2.5, 2.5]
// CHECK: gathered: [2] f32 = [0, 2]
// CHECK: scattered: [4] f32 = [3, 3, 3, 3]
// CHECK: exchanged: [4, 2] f32 = {{\[}}[0, 1], [0, 1], [2, 3], [2, 3]]
// CHECK: broadcast: [4] f32 = [1, 1, 3, 3]
// CHECK: received: [4] f32 = [3, 0, 1, 2]
// CHECK: begun: [4] f32 = [6, 6, 6, 6]

// COUNTS: @forward all_reduce over tp: 4 bytes, 1 time: a test
// COUNTS: @forward all_reduce over dp: 4 bytes, 1 time
// COUNTS: @forward reduce_scatter over dp, tp: 12 bytes, 1 time

// BUCKETS: piece: [4, 6] f32 = {{\[}}[0, 0, 0, 2, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 2, 4], [4, 4, 8, 0, 0, 0]]
// BUCKETS: first: [2, 2] f32 = {{\[}}[0, 0], [0, 2]]
// BUCKETS: second: [5] f32 = [2, 4, 4, 4, 8]
// JSON: {"check": [], "collectives": [{"axes":"dp, tp","bytes":36,"cause":"","count":1,"entry":"buckets","kind":"reduce_scatter_bucket"}

module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>, dist.materialized} {
  func.func @forward() -> (
      tensor<1xf32> {hf.output = "sum", dist.sharding = #dist.sharding<[{"dp", "tp"}], global [4]>},
      tensor<1xf32> {hf.output = "max", dist.sharding = #dist.sharding<[{"dp", "tp"}], global [4]>},
      tensor<1xf32> {hf.output = "min", dist.sharding = #dist.sharding<[{"dp", "tp"}], global [4]>},
      tensor<1xf32> {hf.output = "agree", dist.sharding = #dist.sharding<[{"dp", "tp"}], global [4]>},
      tensor<2xf32> {hf.output = "gathered", dist.sharding = #dist.sharding<[{}], partial min {"tp"}, global [2]>},
      tensor<1xf32> {hf.output = "scattered", dist.sharding = #dist.sharding<[{"dp", "tp"}], global [4]>},
      tensor<1x2xf32> {hf.output = "exchanged", dist.sharding = #dist.sharding<[{"dp", "tp"}, {}], global [4, 2]>},
      tensor<1xf32> {hf.output = "broadcast", dist.sharding = #dist.sharding<[{"dp", "tp"}], global [4]>},
      tensor<1xf32> {hf.output = "received", dist.sharding = #dist.sharding<[{"dp", "tp"}], global [4]>},
      tensor<1xf32> {hf.output = "begun", dist.sharding = #dist.sharding<[{"dp", "tp"}], global [4]>}) {
    %place = dist.axis_index {"dp", "tp"} : tensor<i32>
    %number = hf.convert %place : tensor<i32> -> tensor<f32>
    %x = hf.reshape %number : tensor<f32> -> tensor<1xf32>
    %sum = dist.all_reduce sum %x over {"tp"} {cause = "a test"} : tensor<1xf32>
    %max = dist.all_reduce max %x over {"dp"} : tensor<1xf32>
    %min = dist.all_reduce min %x over {"dp", "tp"} : tensor<1xf32>
    %agree = dist.agree %x over {"tp"} : tensor<1xf32>
    %gathered = dist.all_gather %x dim 0 over {"dp"} : tensor<1xf32> -> tensor<2xf32>
    %three = hf.broadcast %x dims [0] : tensor<1xf32> -> tensor<3xf32>
    %padded = dist.reduce_scatter max %three dim 0 over {"dp", "tp"} : tensor<3xf32> -> tensor<1xf32>
    %full = dist.all_gather %padded dim 0 over {"dp", "tp"} : tensor<1xf32> -> tensor<3xf32>
    %scattered = hf.slice %full at [2] : tensor<3xf32> -> tensor<1xf32>
    %pair = hf.broadcast %x dims [1] : tensor<1xf32> -> tensor<2x1xf32>
    %exchanged = dist.all_to_all %pair split 0 concat 1 over {"tp"} : tensor<2x1xf32> -> tensor<1x2xf32>
    %broadcast = dist.broadcast %x from 1 over {"tp"} : tensor<1xf32>
    %received = dist.send_receive %x by 1 over {"dp", "tp"} : tensor<1xf32>
    %begun = dist.all_reduce sum %x over {"dp", "tp"} {start} : tensor<1xf32>
    %done = dist.done %begun : tensor<1xf32>
    return %sum, %max, %min, %agree, %gathered, %scattered, %exchanged, %broadcast, %received, %done : tensor<1xf32>,
        tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1x2xf32>, tensor<1xf32>,
        tensor<1xf32>, tensor<1xf32>
  }

  // The bucket's elements are 4 of the first and, from the 16th on, 5 of the second, times the rank's number; the last
  // piece has padding.
  func.func @buckets() -> (
      tensor<1x6xf32> {hf.output = "piece", dist.sharding = #dist.sharding<[{"dp", "tp"}, {}], global [4, 6]>},
      tensor<2x2xf32> {hf.output = "first"}, tensor<5xf32> {hf.output = "second"}) {
    %a = hf.constant dense<[[0.0, 0.0], [0.0, 1.0]]> : tensor<2x2xf32>
    %b = hf.constant dense<[1.0, 2.0, 2.0, 2.0, 4.0]> : tensor<5xf32>
    %place = dist.axis_index {"dp"} : tensor<i32>
    %number = hf.convert %place : tensor<i32> -> tensor<f32>
    %four = hf.broadcast %number dims [] : tensor<f32> -> tensor<2x2xf32>
    %five = hf.broadcast %number dims [] : tensor<f32> -> tensor<5xf32>
    %x = hf.mul %a, %four : tensor<2x2xf32>
    %y = hf.mul %b, %five : tensor<5xf32>
    %piece = dist.reduce_scatter_bucket sum %x, %y over {"dp", "tp"} : tensor<2x2xf32>, tensor<5xf32> -> tensor<6xf32>
    %first, %second = dist.all_gather_bucket %piece over {"dp", "tp"} : tensor<6xf32> -> tensor<2x2xf32>, tensor<5xf32>
    %row = hf.reshape %piece : tensor<6xf32> -> tensor<1x6xf32>
    return %row, %first, %second : tensor<1x6xf32>, tensor<2x2xf32>, tensor<5xf32>
  }
}
