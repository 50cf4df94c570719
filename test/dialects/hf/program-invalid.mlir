// The entries of a module with `hf.program` say what each argument and result is.
// RUN: hfc-opt %s --verify-diagnostics --split-input-file

// expected-error @below {{(P1) hf.program must be a dictionary, got "forward"}}
module attributes {hf.program = "forward"} {}

// -----
module attributes {hf.program = {task = "forward"}} {
  hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">]
  hf.state @s : tensor<4xf32>
  func.func @good(%w: tensor<4xf32> {hf.parameter = @w}, %s: tensor<4xf32> {hf.state = @s},
                  %x: tensor<4xi32> {hf.input = "x", hf.default = "arange", hf.min = 0, hf.max = 3})
      -> (tensor<4xf32> {hf.output = "y"}, tensor<4xf32> {hf.state = @s}) {
    return %w, %s : tensor<4xf32>, tensor<4xf32>
  }
  func.func private @body(%x: tensor<4xf32>) {
    return
  }
}

// -----
module attributes {hf.program = {}} {
  // expected-error @below {{(P2) argument 0 must have exactly one of hf.parameter, hf.state and hf.input}}
  func.func @f(%x: tensor<4xf32>) {
    return
  }
}

// -----
module attributes {hf.program = {}} {
  // expected-error @below {{(P2) result 0 must have exactly one of hf.output, hf.state and hf.parameter}}
  func.func @f(%x: tensor<4xf32> {hf.input = "x"}) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}

// -----
module attributes {hf.program = {}} {
  hf.state @w : tensor<4xf32>
  // expected-error @below {{(P3) argument 0 refers to @w, which is no hf.parameter of this module}}
  func.func @f(%x: tensor<4xf32> {hf.parameter = @w}) {
    return
  }
}

// -----
module attributes {hf.program = {}} {
  hf.state @s : tensor<4xf32>
  // expected-error @below {{(P3) argument 0 has type 'tensor<5xf32>', but @s is declared as 'tensor<4xf32>'}}
  func.func @f(%x: tensor<5xf32> {hf.state = @s}) {
    return
  }
}

// -----
module attributes {hf.program = {}} {
  // expected-error @below {{(P4) argument 0 must have "ones", "arange", "zeros", "segments" or "labels" as hf.default, got "twos"}}
  func.func @f(%x: tensor<4xi32> {hf.input = "x", hf.default = "twos"}) {
    return
  }
}

// -----
module attributes {hf.program = {}} {
  // expected-error @below {{(P4) argument 0 must have a name as hf.input, got unit}}
  func.func @f(%x: tensor<4xi32> {hf.input}) {
    return
  }
}

// -----
module attributes {hf.program = {}} {
  // expected-error @below {{(P4) argument 0 must have numbers as hf.min and hf.max, the first at most the second}}
  func.func @f(%x: tensor<4xi32> {hf.input = "x", hf.min = 4, hf.max = 3}) {
    return
  }
}

// -----
module attributes {hf.program = {task = "train"}} {
  hf.bucket @b : tensor<8xf32>
  hf.parameter @w : tensor<4xbf16> from [#hf.piece<"w">]
  hf.state @grad.w : tensor<4xf32> {hf.of = @w, hf.role = "gradient", hf.bucket = #hf.place<@b, 4>}
  hf.state @master.w : tensor<4xf32> {hf.of = @w, hf.role = "master", hf.initial = @w}
  func.func @good(%w: tensor<4xbf16> {hf.parameter = @w}, %g: tensor<4xf32> {hf.state = @grad.w},
                  %x: tensor<4xf32> {hf.input = "x", hf.differentiate}, %l: tensor<4xi32> {hf.input = "shifted_labels", hf.default = "labels"})
      -> (tensor<f32> {hf.output = "loss"}, tensor<4xbf16> {hf.parameter = @w}, tensor<4xf32> {hf.state = @grad.w})
      attributes {hf.objective = 0 : i64} {
    %loss = hf.reduce sum, %x dims [0] : tensor<4xf32> -> tensor<f32>
    return %loss, %w, %g : tensor<f32>, tensor<4xbf16>, tensor<4xf32>
  }
}

// -----
module attributes {hf.program = {}} {
  // expected-error @below {{(P3) result 0 refers to @w, which is no hf.parameter of this module}}
  func.func @f(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.parameter = @w}) {
    return %x : tensor<4xf32>
  }
}

// -----
module attributes {hf.program = {}} {
  // expected-error @below {{(P5) hf.objective must be the number of one of the 1 results, got 1}}
  func.func @f(%x: tensor<f32> {hf.input = "x"}) -> (tensor<f32> {hf.output = "y"}) attributes {hf.objective = 1 : i64} {
    return %x : tensor<f32>
  }
}

// -----
module attributes {hf.program = {}} {
  // expected-error @below {{(P5) hf.objective is result 0, which must be a float scalar, got 'tensor<4xf32>'}}
  func.func @f(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.output = "y"}) attributes {hf.objective = 0 : i64} {
    return %x : tensor<4xf32>
  }
}

// -----
module attributes {hf.program = {}} {
  // expected-error @below {{(P5) argument 0 must be a tensor of floats to be differentiated}}
  func.func @f(%x: tensor<4xi32> {hf.input = "x", hf.differentiate}) {
    return
  }
}

// -----
module attributes {hf.program = {}} {
  hf.bucket @b : tensor<8xf32>
  // expected-error @below {{(P6) does not fit at #hf.place<@b, 5> with type 'tensor<4xf32>'; the bucket is 'tensor<8xf32>'}}
  hf.state @s : tensor<4xf32> {hf.bucket = #hf.place<@b, 5>}
}

// -----
module attributes {hf.program = {}} {
  // expected-error @below {{(P6) hf.bucket must be a #hf.place in a bucket of this module, got #hf.place<@b, 0>}}
  hf.state @s : tensor<4xf32> {hf.bucket = #hf.place<@b, 0>}
}

// -----
module attributes {hf.program = {}} {
  // expected-error @below {{(P7) refers to @w as hf.of, which is no parameter of this module}}
  hf.state @s : tensor<4xf32> {hf.of = @w}
}

// -----
module attributes {hf.program = {}} {
  hf.parameter @w : tensor<8xf32> from [#hf.piece<"w">]
  // expected-error @below {{(P7) starts as @w, but its type is 'tensor<4xf32>', not that of 'tensor<8xf32>'}}
  hf.state @s : tensor<4xf32> {hf.of = @w, hf.initial = @w}
}
