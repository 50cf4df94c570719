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
  // expected-error @below {{(P2) result 0 must have exactly one of hf.output and hf.state}}
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
  // expected-error @below {{(P4) argument 0 must have "ones", "arange", "zeros" or "segments" as hf.default, got "twos"}}
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
