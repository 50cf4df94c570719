// RUN: hfc-opt %s --hfc-insert-gradient-all-reduce --split-input-file | FileCheck %s
// RUN: hfc-opt %s --hfc-insert-gradient-all-reduce --hfc-insert-gradient-all-reduce --split-input-file | FileCheck %s

// Data parallel, sequence parallel, both at once in one collective, and what is complete. Nothing before the last micro-batch.
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>, dist.materialized} {
  hf.parameter @cut : tensor<8x4xf32> from [#hf.piece<"cut">] {dist.sharding = #dist.sharding<[{"tp"}, {}], global [16, 4]>}
  hf.parameter @norm : tensor<4xf32> from [#hf.piece<"norm">] {dist.sharding = #dist.sharding<[{}], global [4]>}
  hf.parameter @heads : tensor<4xf32> from [#hf.piece<"heads">] {dist.sharding = #dist.sharding<[{}], global [4]>}
  hf.state @grad.cut : tensor<8x4xf32> {hf.of = @cut, hf.role = "gradient"}
  hf.state @grad.norm : tensor<4xf32> {hf.of = @norm, hf.role = "gradient"}
  hf.state @grad.heads : tensor<4xf32> {hf.of = @heads, hf.role = "gradient"}
  hf.state @loss : tensor<f32>

  // CHECK-LABEL: @micro_step
  // CHECK-NOT: dist.all_reduce
  // CHECK: return
  func.func @micro_step(%g: tensor<8x4xf32> {hf.state = @grad.cut, dist.sharding = #dist.sharding<[{"tp"}, {}], partial sum {"dp"}, global [16, 4]>})
      -> (tensor<8x4xf32> {hf.state = @grad.cut, dist.sharding = #dist.sharding<[{"tp"}, {}], partial sum {"dp"}, global [16, 4]>}) {
    return %g : tensor<8x4xf32>
  }
  // CHECK-LABEL: @last_micro_step
  // CHECK-SAME: -> (tensor<8x4xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [16, 4]>, hf.state = @grad.cut}
  // CHECK: %[[T:.*]] = hf.neg
  // CHECK: %[[CUT:.*]] = dist.all_reduce sum %[[T]] over {"dp"} {cause = "gradient", dist.shardings = [#dist.sharding<[{"tp"}, {}], global [16, 4]>], hf.block = 3 : i64, hf.phase = "backward"} : tensor<8x4xf32>
  // CHECK: %[[NORM:.*]] = dist.all_reduce sum %{{.*}} over {"dp", "tp"} {cause = "gradient"
  // CHECK: %[[LOSS:.*]] = dist.all_reduce sum %{{.*}} over {"dp"} {cause = "loss"
  // CHECK: return %[[CUT]], %[[NORM]], %{{.*}}, %[[LOSS]], %[[LOSS]] :
  func.func @last_micro_step(
      %g: tensor<8x4xf32> {hf.state = @grad.cut, dist.sharding = #dist.sharding<[{"tp"}, {}], partial sum {"dp"}, global [16, 4]>},
      %n: tensor<4xf32> {hf.state = @grad.norm, dist.sharding = #dist.sharding<[{}], partial sum {"dp", "tp"}, global [4]>},
      %h: tensor<4xf32> {hf.state = @grad.heads, dist.sharding = #dist.sharding<[{}], global [4]>},
      %l: tensor<f32> {hf.state = @loss, dist.sharding = #dist.sharding<[], partial sum {"dp"}, global []>})
      -> (tensor<8x4xf32> {hf.state = @grad.cut, dist.sharding = #dist.sharding<[{"tp"}, {}], partial sum {"dp"}, global [16, 4]>},
          tensor<4xf32> {hf.state = @grad.norm, dist.sharding = #dist.sharding<[{}], partial sum {"dp", "tp"}, global [4]>},
          tensor<4xf32> {hf.state = @grad.heads, dist.sharding = #dist.sharding<[{}], global [4]>},
          tensor<f32> {hf.state = @loss, dist.sharding = #dist.sharding<[], partial sum {"dp"}, global []>},
          tensor<f32> {hf.output = "loss", dist.sharding = #dist.sharding<[], partial sum {"dp"}, global []>}) {
    %0 = hf.neg %g {dist.shardings = [#dist.sharding<[{"tp"}, {}], partial sum {"dp"}, global [16, 4]>], hf.block = 3 : i64, hf.phase = "backward"} : tensor<8x4xf32>
    return %0, %n, %h, %l, %l : tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<f32>, tensor<f32>
  }
}

// -----

// Replicas agree where a strategy asks, but not over axes that have just been reduced, and not on zeros.
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>, dist.materialized} {
  hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">] {dist.agree = #dist.axes<{"tp"}>, dist.sharding = #dist.sharding<[{}], global [4]>}
  hf.parameter @n : tensor<4xf32> from [#hf.piece<"n">] {dist.agree = #dist.axes<{"tp"}>, dist.sharding = #dist.sharding<[{}], global [4]>}
  hf.state @grad.w : tensor<4xf32> {hf.of = @w, hf.role = "gradient"}
  hf.state @grad.n : tensor<4xf32> {hf.of = @n, hf.role = "gradient"}
  // CHECK-LABEL: @begin_step
  // CHECK-NOT: dist.agree
  // CHECK: return
  func.func @begin_step() -> (tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], global [4]>}) {
    %0 = hf.constant dense<0.0> : tensor<4xf32> {dist.shardings = [#dist.sharding<[{}], global [4]>]}
    return %0 : tensor<4xf32>
  }
  // CHECK-LABEL: @last_micro_step
  // CHECK: %[[W:.*]] = dist.all_reduce sum %arg0 over {"dp"}
  // CHECK-NEXT: %[[A:.*]] = dist.agree %[[W]] over {"tp"} {cause = "agreed gradient"
  // CHECK-NEXT: %[[N:.*]] = dist.all_reduce sum %arg1 over {"dp", "tp"}
  // CHECK-NEXT: return %[[A]], %[[N]]
  func.func @last_micro_step(
      %w: tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [4]>},
      %n: tensor<4xf32> {hf.state = @grad.n, dist.sharding = #dist.sharding<[{}], partial sum {"dp", "tp"}, global [4]>})
      -> (tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [4]>},
          tensor<4xf32> {hf.state = @grad.n, dist.sharding = #dist.sharding<[{}], partial sum {"dp", "tp"}, global [4]>}) {
    return %w, %n : tensor<4xf32>, tensor<4xf32>
  }
}

// -----

// The entry of --task=module: its gradients are outputs.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  // CHECK-LABEL: @backward
  // CHECK-SAME: -> (tensor<4xf32> {dist.sharding = #dist.sharding<[{}], global [4]>, hf.output = "grad.norm"})
  // CHECK: dist.all_reduce sum %{{.*}} over {"tp"} {cause = "grad.norm"
  func.func @backward(%g: tensor<2x4xf32> {hf.input = "grad.logits", dist.sharding = #dist.sharding<[{"tp"}, {}], global [4, 4]>})
      -> (tensor<4xf32> {hf.output = "grad.norm", dist.sharding = #dist.sharding<[{}], partial sum {"tp"}, global [4]>}) {
    %0 = hf.reduce sum, %g dims [0] {dist.shardings = [#dist.sharding<[{}], partial sum {"tp"}, global [4]>]} : tensor<2x4xf32> -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// -----

// One rank: nothing to do.
module {
  // CHECK-LABEL: @last_micro_step
  // CHECK-NEXT: return
  func.func @last_micro_step(%g: tensor<4xf32> {hf.state = @g}) -> (tensor<4xf32> {hf.state = @g}) {
    return %g : tensor<4xf32>
  }
}
