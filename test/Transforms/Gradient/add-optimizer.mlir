// The optimizer's states and the entry that takes a step: the norm over every gradient once, then AdamW for each parameter.
// RUN: hfc-opt %s --hfc-add-optimizer --split-input-file | FileCheck %s
// A second time nothing is added.
// RUN: hfc-opt %s --hfc-add-optimizer --hfc-add-optimizer --split-input-file | FileCheck %s

// CHECK-LABEL: task = "train"
// CHECK: hf.state @moment1.w : tensor<4x3xf32> {hf.of = @w, hf.role = "moment1"}
// CHECK: hf.state @moment2.w : tensor<4x3xf32> {hf.of = @w, hf.role = "moment2"}
// CHECK: hf.state @moment1.b
// CHECK-NOT: master
// CHECK-NOT: frozen,
// CHECK: hf.state @step : tensor<i32>
// CHECK: func.func @optimizer_step(%[[LR:[a-z0-9]+]]: tensor<f32> {hf.input = "lr"}, %[[B1:[a-z0-9]+]]: tensor<f32> {hf.input = "beta1"}, %[[B2:[a-z0-9]+]]: tensor<f32> {hf.input = "beta2"}
// CHECK-SAME: %[[EPS:[a-z0-9]+]]: tensor<f32> {hf.input = "eps"}, %[[WD:[a-z0-9]+]]: tensor<f32> {hf.input = "weight_decay"}, %[[CLIP:[a-z0-9]+]]: tensor<f32> {hf.input = "clip"}
// CHECK-SAME: %[[STEP:[a-z0-9]+]]: tensor<i32> {hf.state = @step}, %[[GW:[a-z0-9]+]]: tensor<4x3xf32> {hf.state = @grad.w}, %[[GB:[a-z0-9]+]]: tensor<4xf32> {hf.state = @grad.b}
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<4x3xf32> {hf.parameter = @w}
// CHECK-SAME: -> (tensor<4x3xf32> {hf.parameter = @w}, tensor<4x3xf32> {hf.state = @moment1.w}, tensor<4x3xf32> {hf.state = @moment2.w}, tensor<4xf32> {hf.parameter = @b}
// CHECK-SAME: tensor<i32> {hf.state = @step}, tensor<f32> {hf.output = "grad_norm"})
// CHECK: %[[NEXT:.*]] = hf.add %[[STEP]], %{{.*}} {hf.phase = "update"}
// CHECK: %[[SW:.*]] = hf.mul %[[GW]], %[[GW]]
// CHECK: %[[NW:.*]] = hf.reduce sum, %[[SW]] dims [0, 1]
// CHECK: %[[SB:.*]] = hf.mul %[[GB]], %[[GB]]
// CHECK: %[[NB:.*]] = hf.reduce sum, %[[SB]] dims [0]
// CHECK: %[[SUM:.*]] = hf.add %[[NW]], %[[NB]]
// CHECK: %[[NORM:.*]] = hf.sqrt %[[SUM]]
// CHECK: hf.add %[[NORM]]
// CHECK: hf.div %[[CLIP]]
// CHECK: %[[SCALE:.*]] = hf.min
// CHECK: %[[W1:.*]], %{{.*}}, %{{.*}} = hf.adamw %[[W]], %[[GW]], %{{.*}}, %{{.*}} step %[[NEXT]], %[[LR]], %[[B1]], %[[B2]], %[[EPS]], %[[WD]], %[[SCALE]]
// Vectors do not decay.
// CHECK: %[[NONE:.*]] = hf.constant {{.*}}dense<0.0
// CHECK: hf.adamw {{.*}}, %[[GB]], {{.*}} %[[EPS]], %[[NONE]], %[[SCALE]]
// CHECK: return %[[W1]], {{.*}}, %[[NEXT]], %[[NORM]]
module attributes {hf.program = {task = "train"}} {
  hf.parameter @w : tensor<4x3xf32> from [#hf.piece<"w">]
  hf.parameter @frozen : tensor<4x3xf32> from [#hf.piece<"frozen">] {hf.frozen}
  hf.parameter @b : tensor<4xf32> from [#hf.piece<"b">]
  hf.state @grad.w : tensor<4x3xf32> {hf.of = @w, hf.role = "gradient"}
  hf.state @grad.b : tensor<4xf32> {hf.of = @b, hf.role = "gradient"}
  func.func @last_micro_step() -> (tensor<4xf32> {hf.state = @grad.b}) {
    %0 = hf.constant dense<1.0> : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// -----

// Storage types; a master weight starts as its parameter and rounds to it; where it lives its states live. Dropout's counter
// of steps is the optimizer's.
// CHECK-LABEL: moments_dtype = "bfloat16"
// CHECK-COUNT-1: hf.state @step
// CHECK: hf.state @moment1.w : tensor<4x3xbf16> {dist.sharding = {{.*}}, hf.of = @w, hf.role = "moment1"}
// CHECK: hf.state @moment2.w : tensor<4x3xbf16>
// CHECK: hf.state @master.w : tensor<4x3xf32> {dist.sharding = {{.*}}, hf.initial = @w, hf.of = @w, hf.role = "master"}
// CHECK-NOT: hf.state @step
// CHECK: func.func @optimizer_step
// CHECK-SAME: %[[G:[a-z0-9]+]]: tensor<4x3xbf16> {hf.state = @grad.w}
// CHECK-SAME: %[[M:[a-z0-9]+]]: tensor<4x3xf32> {hf.state = @master.w}
// CHECK-SAME: -> (tensor<4x3xf32> {hf.state = @master.w}, tensor<4x3xbf16> {hf.parameter = @w}
// CHECK: hf.convert %[[G]] {{.*}}: tensor<4x3xbf16> -> tensor<4x3xf32>
// CHECK: %[[NEW:.*]], %{{.*}}, %{{.*}} = hf.adamw %[[M]], %[[G]]
// CHECK: %[[ROUNDED:.*]] = hf.convert %[[NEW]] {{.*}}: tensor<4x3xf32> -> tensor<4x3xbf16>
// CHECK: return %[[NEW]], %[[ROUNDED]]
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, hf.program = {task = "train", moments_dtype = "bfloat16", master_dtype = "float32"}} {
  hf.parameter @w : tensor<4x3xbf16> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{"tp"}, {}]>}
  hf.state @step : tensor<i32>
  hf.state @grad.w : tensor<4x3xbf16> {hf.of = @w, hf.role = "gradient", dist.sharding = #dist.sharding<[{"tp"}, {}]>}
  func.func @last_micro_step() -> (tensor<4x3xbf16> {hf.state = @grad.w}) {
    %0 = hf.constant dense<1.0> : tensor<4x3xbf16>
    return %0 : tensor<4x3xbf16>
  }
}

// -----

// What is not trained, or not differentiated yet, is left alone.
// CHECK-LABEL: task = "forward"
// CHECK-NOT: optimizer_step
module attributes {hf.program = {task = "forward"}} {
  func.func @forward() -> (tensor<4xf32> {hf.output = "y"}) {
    %0 = hf.constant dense<1.0> : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// -----

// CHECK-LABEL: recompute = "none"
// CHECK-NOT: optimizer_step
module attributes {hf.program = {recompute = "none", task = "train"}} {
  func.func @micro_step() -> (tensor<f32> {hf.output = "y"}) {
    %0 = hf.constant dense<1.0> : tensor<f32>
    return %0 : tensor<f32>
  }
}
