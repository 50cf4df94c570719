// RUN: hfc-opt %s --hfc-fuse --split-input-file --verify-diagnostics

func.func @foreign(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.output = "y"}) {
  // expected-error @+1 {{cannot be part of a kernel; entries hold hf primitives, composites and calls of kernel bodies}}
  %0 = math.exp %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error @+1 {{is an entry, and entries have one block}}
func.func @blocks(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.output = "y"}) {
  cf.br ^bb1
^bb1:
  return %x : tensor<4xf32>
}
