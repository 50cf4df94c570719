// RUN: hfc-opt %s --hfc-start-gradients --split-input-file | FileCheck %s
// RUN: hfc-opt %s --hfc-start-gradients --hfc-start-gradients --split-input-file | FileCheck %s

// Of a single micro-batch: a product and a sum are written. What is scattered needs zeros to be added to, what is moved is
// added where it belongs, and what nothing is added to stays zero. Other states are no gradients.
// CHECK: func.func @begin_step() -> (tensor<8x4xf32> {hf.state = @grad.table}, tensor<4xf32> {hf.state = @grad.moved}, tensor<4xf32> {hf.state = @grad.unused}, tensor<f32> {hf.state = @loss})
// CHECK: func.func @last_micro_step(
// CHECK-SAME: hf.input = "ids"}, %[[TABLE:.*]]: tensor<8x4xf32> {hf.state = @grad.table}, %[[MOVED:.*]]: tensor<4xf32> {hf.state = @grad.moved}, %[[UNUSED:.*]]: tensor<4xf32> {hf.state = @grad.unused}, %[[LOSS:.*]]: tensor<f32> {hf.state = @loss})
// CHECK: %[[W:.*]] = hf.linear_wgrad
// CHECK-NEXT: %[[BIAS:.*]] = hf.reduce
// CHECK-NEXT: %[[SCATTERED:.*]] = hf.scatter_add %[[TABLE]]
// CHECK: %[[ADDED:.*]] = hf.add %[[MOVED]]
// CHECK: %[[NEXT:.*]] = hf.add %[[LOSS]]
// CHECK-NEXT: return %[[W]], %[[BIAS]], %[[SCATTERED]], %[[ADDED]], %[[UNUSED]], %[[NEXT]] :
module {
  hf.state @grad.w : tensor<8x4xf32> {hf.role = "gradient"}
  hf.state @grad.bias : tensor<4xf32> {hf.role = "accumulator"}
  hf.state @grad.table : tensor<8x4xf32> {hf.role = "gradient"}
  hf.state @grad.moved : tensor<4xf32> {hf.role = "gradient"}
  hf.state @grad.unused : tensor<4xf32> {hf.role = "gradient"}
  hf.state @loss : tensor<f32>
  func.func @begin_step() -> (tensor<8x4xf32> {hf.state = @grad.w}, tensor<4xf32> {hf.state = @grad.bias},
                              tensor<8x4xf32> {hf.state = @grad.table}, tensor<4xf32> {hf.state = @grad.moved},
                              tensor<4xf32> {hf.state = @grad.unused}, tensor<f32> {hf.state = @loss}) {
    %w = hf.constant dense<0.0> : tensor<8x4xf32>
    %v = hf.constant dense<0.0> : tensor<4xf32>
    %l = hf.constant dense<0.0> : tensor<f32>
    return %w, %v, %w, %v, %v, %l : tensor<8x4xf32>, tensor<4xf32>, tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<f32>
  }
  func.func @last_micro_step(%x: tensor<3x4xf32> {hf.input = "x"}, %dy: tensor<3x8xf32> {hf.input = "dy"},
                             %ids: tensor<3xi32> {hf.input = "ids"}, %gw: tensor<8x4xf32> {hf.state = @grad.w},
                             %gb: tensor<4xf32> {hf.state = @grad.bias}, %gt: tensor<8x4xf32> {hf.state = @grad.table},
                             %gm: tensor<4xf32> {hf.state = @grad.moved}, %gu: tensor<4xf32> {hf.state = @grad.unused},
                             %loss: tensor<f32> {hf.state = @loss})
      -> (tensor<8x4xf32> {hf.state = @grad.w}, tensor<4xf32> {hf.state = @grad.bias},
          tensor<8x4xf32> {hf.state = @grad.table}, tensor<4xf32> {hf.state = @grad.moved},
          tensor<4xf32> {hf.state = @grad.unused}, tensor<f32> {hf.state = @loss}) {
    %0 = hf.linear_wgrad %dy, %x : (tensor<3x8xf32>, tensor<3x4xf32>) -> tensor<8x4xf32>
    %1 = hf.add %gw, %0 : tensor<8x4xf32>
    %2 = hf.reduce sum, %x dims [0] : tensor<3x4xf32> -> tensor<4xf32>
    %3 = hf.add %2, %gb : tensor<4xf32>
    %4 = hf.scatter_add %gt, %ids, %x : (tensor<8x4xf32>, tensor<3xi32>, tensor<3x4xf32>) -> tensor<8x4xf32>
    %5 = hf.slice %dy at [0, 0] : tensor<3x8xf32> -> tensor<1x4xf32>
    %6 = hf.reshape %5 : tensor<1x4xf32> -> tensor<4xf32>
    %7 = hf.add %gm, %6 : tensor<4xf32>
    %8 = hf.reduce sum, %x dims [0, 1] : tensor<3x4xf32> -> tensor<f32>
    %9 = hf.add %loss, %8 : tensor<f32>
    return %1, %3, %4, %7, %gu, %9 : tensor<8x4xf32>, tensor<4xf32>, tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<f32>
  }
}

// -----

// Several micro-batches add to what the first has left.
// CHECK: func.func @begin_step() -> (tensor<4xf32> {hf.state = @grad.w})
// CHECK: func.func @last_micro_step(%{{.*}}: tensor<4xf32> {hf.state = @grad.w})
module {
  hf.state @grad.w : tensor<4xf32> {hf.role = "gradient"}
  func.func @begin_step() -> (tensor<4xf32> {hf.state = @grad.w}) {
    %0 = hf.constant dense<0.0> : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
  func.func @micro_step() {
    return
  }
  func.func @last_micro_step(%g: tensor<4xf32> {hf.state = @grad.w}) -> (tensor<4xf32> {hf.state = @grad.w}) {
    %0 = hf.constant dense<1.0> : tensor<4xf32>
    %1 = hf.exp %0 : tensor<4xf32>
    %2 = hf.add %g, %1 : tensor<4xf32>
    return %2 : tensor<4xf32>
  }
}
