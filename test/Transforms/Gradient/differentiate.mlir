// What becomes of a training program. Whether the derivatives are right is for test/dialects/hf/derivatives.test.
// RUN: hfc-opt %s --split-input-file --hfc-differentiate | FileCheck %s
// RUN: hfc-opt %s --split-input-file --hfc-differentiate --hfc-differentiate | FileCheck %s
// RUN: hfc-opt %s --split-input-file --hfc-differentiate --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s --check-prefix=WHERE

// States, entries and outputs; a tied table gets its gradient as one sum, scattered into the state; a frozen weight has
// neither, but the gradient flows through its op.
// CHECK-LABEL: module attributes
// CHECK: hf.state @loss
// CHECK-NEXT: hf.state @grad.table : tensor<16x4xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}]>, hf.of = @table, hf.role = "gradient"}
// CHECK-NEXT: hf.state @grad.norm : tensor<4xf32> {hf.of = @norm, hf.role = "gradient"}
// CHECK-NOT: @grad.frozen
// CHECK: func.func @begin_step() -> (tensor<f32> {hf.state = @loss}, tensor<16x4xf32> {hf.state = @grad.table}, tensor<4xf32> {hf.state = @grad.norm})
// CHECK: %[[ZERO:.*]] = hf.constant dense<0.000000e+00> : tensor<16x4xf32>
// CHECK: return %{{.*}}, %[[ZERO]], %{{.*}} :
// CHECK: func.func @micro_step(
// CHECK-NOT: hf.objective
// CHECK: func.func @last_micro_step(%[[TABLE:.*]]: tensor<16x4xf32> {hf.parameter = @table}
// CHECK-SAME: %[[GT:arg[0-9]+]]: tensor<16x4xf32> {hf.state = @grad.table}, %[[GN:.*]]: tensor<4xf32> {hf.state = @grad.norm})
// CHECK-SAME: -> (tensor<f32> {hf.state = @loss}, tensor<16x4xf32> {hf.state = @grad.table}, tensor<4xf32> {hf.state = @grad.norm},
// CHECK-SAME: tensor<2x3x4xf32> {dist.sharding = #dist.sharding<[{"dp"}, {}, {}]>, hf.output = "grad.bias"})
// CHECK-NOT: hf.objective
// CHECK: %[[W:.*]] = hf.linear_wgrad {{.*}} {hf.phase = "backward"}
// CHECK: %[[SUM:.*]] = hf.add %[[GT]], %[[W]] {hf.phase = "backward"}
// The cotangent of the frozen linear's operand lives where the operand does; blocks are kept.
// CHECK: hf.linear_dgrad {{.*}} {dist.shardings = [#dist.sharding<[{"dp"}, {}, {}]>], hf.block = 3 : i64, hf.phase = "backward"}
// CHECK-NOT: hf.linear_wgrad
// CHECK: %[[NORM:.*]] = hf.add %[[GN]], %{{.*}} {hf.block = 3 : i64, hf.phase = "backward"}
// CHECK: %[[ALL:.*]] = hf.scatter_add %[[SUM]], %{{.*}} {hf.phase = "backward"}
// CHECK: return %{{.*}}, %[[ALL]], %[[NORM]], %{{.*}} :

// An op of the backward part stands where its primal does.
// WHERE: hf.linear_dgrad {{.*}} loc("model.frozen")
#rows = #dist.sharding<[{"tp"}, {}]>
#batch = #dist.sharding<[{"dp"}, {}, {}]>
module attributes {hf.program = {task = "train", micro_batches = 2 : i64}, dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  hf.parameter @table : tensor<16x4xf32> from [#hf.piece<"table">] {dist.sharding = #rows}
  hf.parameter @norm : tensor<4xf32> from [#hf.piece<"norm">]
  hf.parameter @frozen : tensor<4x4xf32> from [#hf.piece<"frozen">] {hf.frozen}
  hf.state @loss : tensor<f32>
  func.func @begin_step() -> (tensor<f32> {hf.state = @loss}) {
    %0 = hf.constant dense<0.0> : tensor<f32>
    return %0 : tensor<f32>
  }
  func.func @micro_step(%table: tensor<16x4xf32> {hf.parameter = @table}, %norm: tensor<4xf32> {hf.parameter = @norm},
                        %frozen: tensor<4x4xf32> {hf.parameter = @frozen}, %ids: tensor<2x3xi32> {hf.input = "ids"},
                        %bias: tensor<2x3x4xf32> {hf.input = "bias", hf.differentiate, dist.sharding = #batch},
                        %labels: tensor<2x3xi32> {hf.input = "labels"}, %loss: tensor<f32> {hf.state = @loss})
      -> (tensor<f32> {hf.state = @loss}) attributes {hf.objective = 0 : i64} {
    %0 = hf.embedding %table, %ids : (tensor<16x4xf32>, tensor<2x3xi32>) -> tensor<2x3x4xf32>
    %1 = hf.add %0, %bias : tensor<2x3x4xf32>
    %2 = hf.rms_norm %1, %norm {epsilon = 1.0e-6, hf.block = 3 : i64, dist.shardings = [#batch]}
      : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
    %3 = hf.linear %2, %frozen {hf.block = 3 : i64} : (tensor<2x3x4xf32>, tensor<4x4xf32>) -> tensor<2x3x4xf32> loc("model.frozen")
    %4 = hf.linear %3, %table : (tensor<2x3x4xf32>, tensor<16x4xf32>) -> tensor<2x3x16xf32>
    %5:2 = hf.cross_entropy %4, %labels : (tensor<2x3x16xf32>, tensor<2x3xi32>) -> tensor<2x3xf32>
    %6 = hf.reduce sum, %5#0 dims [0, 1] : tensor<2x3xf32> -> tensor<f32>
    %7 = hf.add %loss, %6 : tensor<f32>
    return %7 : tensor<f32>
  }
}

// -----
// With one micro-batch there is only the last. In bfloat16, gradients are summed in float32 without being rounded on the way;
// a parameter that the objective does not depend on keeps its state.
// CHECK-LABEL: module attributes
// CHECK-NOT: func.func @micro_step
// CHECK: func.func @last_micro_step(
// CHECK-SAME: %[[GW:arg[0-9]+]]: tensor<8x4xf32> {hf.state = @grad.w}, %[[GU:.*]]: tensor<4xf32> {hf.state = @grad.unused})
// CHECK: %[[DW:.*]] = hf.linear_wgrad {{.*}} -> tensor<8x4xf32>
// CHECK-NEXT: %[[NEW:.*]] = hf.add %[[GW]], %[[DW]]
// CHECK-NEXT: return %{{.*}}, %[[NEW]], %[[GU]] :
module attributes {hf.program = {task = "train"}} {
  hf.parameter @w : tensor<8x4xbf16> from [#hf.piece<"w">]
  hf.parameter @unused : tensor<4xbf16> from [#hf.piece<"u">]
  func.func @begin_step() {
    return
  }
  func.func @micro_step(%w: tensor<8x4xbf16> {hf.parameter = @w}, %unused: tensor<4xbf16> {hf.parameter = @unused},
                        %x: tensor<3x4xbf16> {hf.input = "x"}) -> (tensor<bf16> {hf.output = "y"}) attributes {hf.objective = 0 : i64} {
    %0 = hf.linear %x, %w : (tensor<3x4xbf16>, tensor<8x4xbf16>) -> tensor<3x8xbf16>
    %1 = hf.reduce sum, %0 dims [0, 1] : tensor<3x8xbf16> -> tensor<bf16>
    return %1 : tensor<bf16>
  }
}

// -----
// Gradients of another type.
// CHECK-LABEL: module attributes
// CHECK: hf.state @grad.w : tensor<4xbf16>
// CHECK: hf.convert {{.*}} : tensor<4xf32> -> tensor<4xbf16>
// CHECK: hf.add {{.*}} : tensor<4xbf16>
module attributes {hf.program = {task = "train", grad_dtype = "bfloat16"}} {
  hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">]
  func.func @begin_step() {
    return
  }
  func.func @micro_step(%w: tensor<4xf32> {hf.parameter = @w}) -> (tensor<f32> {hf.output = "y"}) attributes {hf.objective = 0 : i64} {
    %0 = hf.mul %w, %w : tensor<4xf32>
    %1 = hf.reduce sum, %0 dims [0] : tensor<4xf32> -> tensor<f32>
    return %1 : tensor<f32>
  }
}

// -----
// A program without an objective is left alone.
// CHECK-LABEL: func.func @forward
// CHECK-NEXT: return
module attributes {hf.program = {task = "train"}} {
  func.func @forward() {
    return
  }
}

// -----
// Where cotangents live: that of a partial sum is complete; that of something repeated, and the sum over the repetitions, live
// where they fall out, so that the latter may stay partial up to the gradients.
// CHECK-LABEL: func.func @last_micro_step
// CHECK: %[[DY:.*]] = hf.mul %{{.*}}, %{{.*}} {dist.shardings = [#dist.sharding<[{"dp"}, {}]>], hf.phase = "backward"} : tensor<2x4xf32>
// CHECK: %[[DR:.*]] = hf.mul %{{.*}}, %{{.*}} {hf.phase = "backward"} : tensor<2x4xf32>
// CHECK: hf.linear_wgrad %[[DY]]
// CHECK: hf.reduce {{ ?}}sum, %[[DR]] dims [0] {hf.phase = "backward"}
#batch = #dist.sharding<[{"dp"}, {}]>
#sum = #dist.sharding<[{"dp"}, {}], partial sum {"tp"}>
#all = #dist.sharding<[{}, {}]>
#vector = #dist.sharding<[{}]>
module attributes {hf.program = {task = "train"}, dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  hf.parameter @w : tensor<4x4xf32> from [#hf.piece<"w">]
  hf.parameter @v : tensor<4xf32> from [#hf.piece<"v">]
  func.func @begin_step() {
    return
  }
  func.func @micro_step(%w: tensor<4x4xf32> {hf.parameter = @w}, %v: tensor<4xf32> {hf.parameter = @v},
                        %x: tensor<2x4xf32> {hf.input = "x"}) -> (tensor<f32> {hf.output = "y"}) attributes {hf.objective = 0 : i64} {
    %e = hf.exp %v {dist.shardings = [#vector]} : tensor<4xf32>
    %r = hf.broadcast %e dims [1] {dist.shardings = [#all]} : tensor<4xf32> -> tensor<2x4xf32>
    %y = hf.linear %x, %w {dist.shardings = [#sum]} : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
    %0 = hf.mul %y, %r {dist.shardings = [#batch]} : tensor<2x4xf32>
    %1 = hf.reduce sum, %0 dims [0, 1] : tensor<2x4xf32> -> tensor<f32>
    return %1 : tensor<f32>
  }
}
