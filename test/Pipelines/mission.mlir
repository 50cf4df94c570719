// One MLP through the three passes that hfc is made for: layout, tensor-parallel partitioning, gradient reduction.
// Four ranks: two halves of the batch (dp), two halves of each weight (tp).

// RUN: hfc-opt %s --hfc-canonicalize-layout | FileCheck %s --check-prefix=LAYOUT
// RUN: hfc-opt %s --hfc-canonicalize-layout --hfc-partition-tensor-parallel | FileCheck %s --check-prefix=LOCAL

module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>,
                   hf.program = {batch = 4 : i64, task = "forward", partitioner = "megatron"}} {
  hf.parameter @up : tensor<32x8xf32> from [#hf.piece<"up">]
  hf.parameter @down : tensor<8x32xf32> from [#hf.piece<"down">]
  hf.parameter @bias : tensor<8xf32> from [#hf.piece<"bias">]

  func.func @forward(%x: tensor<4x6x8xf32> {hf.input = "x"}, %up: tensor<32x8xf32> {hf.parameter = @up},
                     %down: tensor<8x32xf32> {hf.parameter = @down}, %bias: tensor<8xf32> {hf.parameter = @bias})
      -> (tensor<4x6x8xf32> {hf.output = "y"}) {
    %turned = hf.transpose %x perm [1, 0, 2] : tensor<4x6x8xf32> -> tensor<6x4x8xf32>
    %inner = hf.linear %turned, %up : (tensor<6x4x8xf32>, tensor<32x8xf32>) -> tensor<6x4x32xf32>
    %active = hf.activation silu, %inner : tensor<6x4x32xf32>
    %outer = hf.linear %active, %down bias %bias
      : (tensor<6x4x32xf32>, tensor<8x32xf32>, tensor<8xf32>) -> tensor<6x4x8xf32>
    %y = hf.transpose %outer perm [1, 0, 2] : tensor<6x4x8xf32> -> tensor<4x6x8xf32>
    return %y : tensor<4x6x8xf32>
  }
}

// 1. Nothing is permuted any more.
// LAYOUT-NOT: hf.transpose

// 2. A rank has half of the batch, half of up's rows, half of down's columns.
// LOCAL: hf.parameter @up : tensor<16x8xf32>
// LOCAL-SAME: dist.sharding = #dist.sharding<[{"tp"}, {}], global [32, 8]>
// LOCAL: hf.parameter @down : tensor<8x16xf32>
// LOCAL: func.func @forward(%[[X:.*]]: tensor<2x6x8xf32>
// LOCAL: %[[INNER:.*]] = hf.linear %[[X]], %{{.*}} -> tensor<2x6x16xf32>
// LOCAL: %[[ACTIVE:.*]] = hf.activation silu, %[[INNER]]
// What it makes of them is one of two addends: the bias is added to the sum, once.
// LOCAL: %[[PART:.*]] = hf.linear %[[ACTIVE]], %{{[^ ]*}} {{.*}}partial sum {"tp"}{{.*}} -> tensor<2x6x8xf32>
// LOCAL: %[[SUM:.*]] = dist.all_reduce sum %[[PART]] over {"tp"} {cause = "row-parallel output"
// LOCAL: hf.add %[[SUM]]
// LOCAL-NOT: dist.all
