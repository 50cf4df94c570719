// RUN: hfc-opt %s --hfc-add-optimizer --split-input-file --verify-diagnostics

module attributes {hf.program = {task = "train"}} {
  // expected-error @+1 {{has the role of a gradient, but hf.of names no parameter that it is the gradient of}}
  hf.state @grad.w : tensor<4xf32> {hf.role = "gradient"}
  func.func @last_micro_step() {
    return
  }
}

// -----

module attributes {hf.program = {task = "train"}} {
  hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">]
  hf.state @grad.w : tensor<4xf32> {hf.of = @w, hf.role = "gradient"}
  // expected-error @+1 {{counts steps: its type must be 'tensor<i32>', got 'tensor<f32>'}}
  hf.state @step : tensor<f32>
  func.func @last_micro_step() {
    return
  }
}

// -----

// expected-error @+1 {{hf.program's moments_dtype must be "float32" or "bfloat16", got "int8"}}
module attributes {hf.program = {task = "train", moments_dtype = "int8"}} {
  func.func @last_micro_step() {
    return
  }
}
