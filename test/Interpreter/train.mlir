// A training program as the middle end makes it: the loss is the sum of y² / 2, two micro-batches of two; the parameters
// are rows of one tensor of state_dict().

// RUN: hfc-interpret %s --print --weights=random:1 --inputs=random:2 | FileCheck %s --check-prefix=LOSS
// RUN: hfc-interpret %s --weights=random:1 --inputs=random:2 --outputs=%t.grad
// RUN: hfc-interpret %s --weights=random:1 --inputs=random:2 --check=%t.grad --domain=float64 | FileCheck %s --check-prefix=CHECK
// RUN: hfc-interpret %s --weights=random:1 --inputs=random:2 --steps=3 --lr=0.5 --save=%t.w --print | FileCheck %s --check-prefix=STEPS
// RUN: hfc-interpret %s --weights=random:1 --inputs=random:2 --steps=3 --lr=0.5 --check=%t.w | FileCheck %s --check-prefix=SAVED
// RUN: not hfc-interpret %s --weights=random:1 --inputs=random:2 --steps=3 --lr=-1 2>&1 | FileCheck %s --check-prefix=RATE
// RUN: not hfc-interpret %s --weights=random:1 --inputs=random:2 --steps=2 --lr=0.5 --check=%t.w | FileCheck %s --check-prefix=OTHER

// LOSS: loss: [1] f32 =
// LOSS: y: [4, 2] f32 =
// LOSS: grad.both: [2, 2] f32 =

// CHECK: loss
// CHECK-SAME: ok
// CHECK: grad.both
// CHECK-SAME: ok
// CHECK: median of gradients

// STEPS: both: [2, 2] f32 =
// SAVED: both
// SAVED-SAME: ok
// OTHER: both
// OTHER-SAME: FAILED
// RATE: --lr: '-1' is no number that is not negative

module attributes {hf.program = {task = "train", batch = 4, sequence = 2, micro_batches = 2, dtype = "float32", layout = "batch-first"}} {
  hf.parameter @a : tensor<1x2xf32> from [#hf.piece<"both", offsets = [0, 0], sizes = [1, 2]>]
  hf.parameter @b : tensor<2x1xf32> from [#hf.piece<"both", offsets = [1, 0], sizes = [1, 2], permutation = [1, 0]>]
  hf.state @loss : tensor<f32>
  hf.state @grad.a : tensor<1x2xf32> {hf.of = @a, hf.role = "gradient"}
  hf.state @grad.b : tensor<2x1xf32> {hf.of = @b, hf.role = "gradient"}

  func.func @begin_step() -> (tensor<f32> {hf.state = @loss}, tensor<1x2xf32> {hf.state = @grad.a},
      tensor<2x1xf32> {hf.state = @grad.b}) {
    %0 = hf.constant dense<0.0> : tensor<f32>
    %1 = hf.constant dense<0.0> : tensor<1x2xf32>
    %2 = hf.constant dense<0.0> : tensor<2x1xf32>
    return %0, %1, %2 : tensor<f32>, tensor<1x2xf32>, tensor<2x1xf32>
  }

  // y = x (a + b^T), elementwise; both gradients are the sum of x y over the batch.
  func.func private @step(%x: tensor<2x2xf32>, %a: tensor<1x2xf32>, %b: tensor<2x1xf32>, %loss: tensor<f32>,
      %ga: tensor<1x2xf32>, %gb: tensor<2x1xf32>)
      -> (tensor<2x2xf32>, tensor<f32>, tensor<1x2xf32>, tensor<2x1xf32>) {
    %row = hf.reshape %b : tensor<2x1xf32> -> tensor<1x2xf32>
    %w = hf.add %a, %row : tensor<1x2xf32>
    %all = hf.broadcast %w dims [0, 1] : tensor<1x2xf32> -> tensor<2x2xf32>
    %y = hf.mul %x, %all : tensor<2x2xf32>
    %squares = hf.mul %y, %y : tensor<2x2xf32>
    %sum = hf.reduce sum, %squares dims [0, 1] : tensor<2x2xf32> -> tensor<f32>
    %half = hf.constant dense<0.5> : tensor<f32>
    %contribution = hf.mul %sum, %half : tensor<f32>
    %next = hf.add %loss, %contribution : tensor<f32>
    %products = hf.mul %x, %y : tensor<2x2xf32>
    %gradient = hf.reduce sum, %products dims [0] : tensor<2x2xf32> -> tensor<2xf32>
    %da = hf.reshape %gradient : tensor<2xf32> -> tensor<1x2xf32>
    %db = hf.reshape %gradient : tensor<2xf32> -> tensor<2x1xf32>
    %na = hf.add %ga, %da : tensor<1x2xf32>
    %nb = hf.add %gb, %db : tensor<2x1xf32>
    return %y, %next, %na, %nb : tensor<2x2xf32>, tensor<f32>, tensor<1x2xf32>, tensor<2x1xf32>
  }
  func.func @micro_step(%x: tensor<2x2xf32> {hf.input = "x"},
      %a: tensor<1x2xf32> {hf.parameter = @a}, %b: tensor<2x1xf32> {hf.parameter = @b},
      %loss: tensor<f32> {hf.state = @loss}, %ga: tensor<1x2xf32> {hf.state = @grad.a},
      %gb: tensor<2x1xf32> {hf.state = @grad.b})
      -> (tensor<2x2xf32> {hf.output = "y"}, tensor<f32> {hf.state = @loss}, tensor<1x2xf32> {hf.state = @grad.a},
          tensor<2x1xf32> {hf.state = @grad.b}) {
    %0:4 = func.call @step(%x, %a, %b, %loss, %ga, %gb)
        : (tensor<2x2xf32>, tensor<1x2xf32>, tensor<2x1xf32>, tensor<f32>, tensor<1x2xf32>, tensor<2x1xf32>)
        -> (tensor<2x2xf32>, tensor<f32>, tensor<1x2xf32>, tensor<2x1xf32>)
    return %0#0, %0#1, %0#2, %0#3 : tensor<2x2xf32>, tensor<f32>, tensor<1x2xf32>, tensor<2x1xf32>
  }
  func.func @last_micro_step(%x: tensor<2x2xf32> {hf.input = "x"},
      %a: tensor<1x2xf32> {hf.parameter = @a}, %b: tensor<2x1xf32> {hf.parameter = @b},
      %loss: tensor<f32> {hf.state = @loss}, %ga: tensor<1x2xf32> {hf.state = @grad.a},
      %gb: tensor<2x1xf32> {hf.state = @grad.b})
      -> (tensor<2x2xf32> {hf.output = "y"}, tensor<f32> {hf.state = @loss}, tensor<1x2xf32> {hf.state = @grad.a},
          tensor<2x1xf32> {hf.state = @grad.b}) {
    %0:4 = func.call @step(%x, %a, %b, %loss, %ga, %gb)
        : (tensor<2x2xf32>, tensor<1x2xf32>, tensor<2x1xf32>, tensor<f32>, tensor<1x2xf32>, tensor<2x1xf32>)
        -> (tensor<2x2xf32>, tensor<f32>, tensor<1x2xf32>, tensor<2x1xf32>)
    return %0#0, %0#1, %0#2, %0#3 : tensor<2x2xf32>, tensor<f32>, tensor<1x2xf32>, tensor<2x1xf32>
  }

  // Gradient descent; only the rate is an input.
  func.func @optimizer_step(%lr: tensor<f32> {hf.input = "lr"}, %a: tensor<1x2xf32> {hf.parameter = @a},
      %ga: tensor<1x2xf32> {hf.state = @grad.a}) -> (tensor<1x2xf32> {hf.parameter = @a}) {
    %rate = hf.broadcast %lr dims [] : tensor<f32> -> tensor<1x2xf32>
    %change = hf.mul %rate, %ga : tensor<1x2xf32>
    %new = hf.sub %a, %change : tensor<1x2xf32>
    return %new : tensor<1x2xf32>
  }
}
