// RUN: hfc-opt %s --split-input-file --verify-diagnostics --hfc-differentiate

module attributes {hf.program = {task = "train"}} {
  // expected-error @below {{has an objective, but there is no entry 'begin_step' of one block to zero gradients}}
  func.func @micro_step(%x: tensor<f32> {hf.input = "x", hf.differentiate}) -> (tensor<f32> {hf.output = "y"})
      attributes {hf.objective = 0 : i64} {
    return %x : tensor<f32>
  }
}

// -----
module attributes {hf.program = {task = "train"}} {
  func.func @begin_step() {
    return
  }
  func.func @a(%x: tensor<f32> {hf.input = "x"}) -> (tensor<f32> {hf.output = "y"}) attributes {hf.objective = 0 : i64} {
    return %x : tensor<f32>
  }
  // expected-error @below {{has an objective, and so has 'a'; a program has one at most}}
  func.func @b(%x: tensor<f32> {hf.input = "x"}) -> (tensor<f32> {hf.output = "y"}) attributes {hf.objective = 0 : i64} {
    return %x : tensor<f32>
  }
}

// -----
module attributes {hf.program = {task = "train"}} {
  func.func @begin_step() {
    return
  }
  func.func @micro_step(%x: tensor<2x4x3xf32> {hf.input = "x", hf.differentiate}, %n: tensor<2xi32> {hf.input = "n"})
      -> (tensor<f32> {hf.output = "y"}) attributes {hf.objective = 0 : i64} {
    // expected-error @below {{has no derivative, and a gradient of one of its operands is wanted}}
    %0 = hf.cache_update %x, %x, %n, %n : (tensor<2x4x3xf32>, tensor<2x4x3xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x4x3xf32>
    %1 = hf.reduce sum, %0 dims [0, 1, 2] : tensor<2x4x3xf32> -> tensor<f32>
    return %1 : tensor<f32>
  }
}

// -----
// expected-error @below {{recompute must be none, selective or full, got 'some'}}
module attributes {hf.program = {task = "train", recompute = "some"}} {}

// -----
// expected-error @below {{is a program of task module without an entry 'forward'}}
module attributes {hf.program = {task = "module"}} {}

// -----
// Without hf.program nothing has checked the number.
module {
  func.func @begin_step() {
    return
  }
  // expected-error @below {{hf.objective must be the number of one of the 1 results, got 4 : i64}}
  func.func @micro_step(%x: tensor<f32>) -> tensor<f32> attributes {hf.objective = 4 : i64} {
    return %x : tensor<f32>
  }
}

// -----
module {
  func.func @begin_step() {
    return
  }
  // expected-error @below {{hf.objective is result 0, which must be a float scalar, got 'tensor<4xf32>'}}
  func.func @micro_step(%x: tensor<4xf32>) -> tensor<4xf32> attributes {hf.objective = 0 : i64} {
    return %x : tensor<4xf32>
  }
}
