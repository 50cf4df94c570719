// One MLP in training through the three passes that hfc is made for: layout, tensor-parallel partitioning, gradient
// reduction. Four ranks: two halves of the batch (dp), two halves of each weight (tp). Each pass is checked by running.

// RUN: hfc-opt %s --hfc-canonicalize-layout | FileCheck %s --check-prefix=LAYOUT
// RUN: hfc-opt %s --check-semantics-each --hfc-canonicalize-layout --hfc-annotate --hfc-differentiate --hfc-partition-tensor-parallel --hfc-insert-gradient-all-reduce | FileCheck %s

module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>,
                   hf.program = {batch = 4 : i64, micro_batches = 1 : i64, task = "train", partitioner = "megatron"}} {
  hf.parameter @up : tensor<32x8xf32> from [#hf.piece<"up">]
  hf.parameter @down : tensor<8x32xf32> from [#hf.piece<"down">]
  hf.parameter @bias : tensor<8xf32> from [#hf.piece<"bias">]
  hf.state @loss : tensor<f32>

  func.func @begin_step() -> (tensor<f32> {hf.state = @loss}) {
    %zero = hf.constant dense<0.0> : tensor<f32>
    return %zero : tensor<f32>
  }
  func.func @micro_step(%x: tensor<4x6x8xf32> {hf.input = "x"}, %up: tensor<32x8xf32> {hf.parameter = @up},
                        %down: tensor<8x32xf32> {hf.parameter = @down}, %bias: tensor<8xf32> {hf.parameter = @bias},
                        %loss: tensor<f32> {hf.state = @loss})
      -> (tensor<f32> {hf.state = @loss}) attributes {hf.objective = 0 : i64} {
    %turned = hf.transpose %x perm [1, 0, 2] : tensor<4x6x8xf32> -> tensor<6x4x8xf32>
    %inner = hf.linear %turned, %up : (tensor<6x4x8xf32>, tensor<32x8xf32>) -> tensor<6x4x32xf32>
    %active = hf.activation silu, %inner : tensor<6x4x32xf32>
    %outer = hf.linear %active, %down bias %bias
      : (tensor<6x4x32xf32>, tensor<8x32xf32>, tensor<8xf32>) -> tensor<6x4x8xf32>
    %y = hf.transpose %outer perm [1, 0, 2] : tensor<6x4x8xf32> -> tensor<4x6x8xf32>
    %square = hf.mul %y, %y : tensor<4x6x8xf32>
    %sum = hf.reduce sum, %square dims [0, 1, 2] : tensor<4x6x8xf32> -> tensor<f32>
    %next = hf.add %loss, %sum : tensor<f32>
    return %next : tensor<f32>
  }
}

// 1. Nothing is permuted any more.
// LAYOUT-NOT: hf.transpose

// 2. A rank has half of the batch, half of up's rows, half of down's columns.
// CHECK: hf.parameter @up : tensor<16x8xf32>
// CHECK-SAME: dist.sharding = #dist.sharding<[{"tp"}, {}], global [32, 8]>
// CHECK: hf.parameter @down : tensor<8x16xf32>
// CHECK: func.func @last_micro_step(%[[X:.*]]: tensor<2x6x8xf32>
// CHECK: %[[INNER:.*]] = hf.linear %[[X]], %{{.*}} -> tensor<2x6x16xf32>
// CHECK: %[[ACTIVE:.*]] = hf.activation silu, %[[INNER]]
// What it makes of them is one of two addends: the bias is added to the sum, once.
// CHECK: %[[PART:.*]] = hf.linear %[[ACTIVE]], %{{[^ ]*}} {{.*}}partial sum {"tp"}{{.*}} -> tensor<2x6x8xf32>
// CHECK: %[[SUM:.*]] = dist.all_reduce sum %[[PART]] over {"tp"} {cause = "row-parallel output"
// CHECK: hf.add %[[SUM]]
// CHECK-NOT: dist.all

// 3. Each half of the batch has an addend of the loss and of every gradient.
// CHECK: hf.linear_wgrad {{.*}}partial sum {"dp"}
// CHECK: dist.all_reduce sum {{.*}} over {"dp"} {cause = "loss"
// CHECK: dist.all_reduce sum {{.*}} over {"dp"} {cause = "gradient"{{.*}}global [32, 8]{{.*}} : tensor<16x8xf32>
// CHECK: dist.all_reduce sum {{.*}} over {"dp"} {cause = "gradient"{{.*}}global [8, 32]{{.*}} : tensor<8x16xf32>
// CHECK: dist.all_reduce sum {{.*}} over {"dp"} {cause = "gradient"{{.*}} : tensor<8xf32>
// CHECK-NOT: dist.all
