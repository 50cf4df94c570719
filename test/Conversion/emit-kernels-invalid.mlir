// RUN: hfc-opt %s --hfc-emit-kernels --split-input-file --verify-diagnostics

// expected-error @below {{no emitter takes kernels of kind 'diagonal'}}
func.func private @kind(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "diagonal"} {
  return %x : tensor<4xf32>
}

// -----

func.func private @product(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {kernel.kind = "loop"} {
  // expected-error @below {{cannot be part of this kind of kernel body}}
  %0 = hf.matmul %x, %x : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

func.func private @dense() -> tensor<2xf32> attributes {kernel.kind = "loop"} {
  // expected-error @below {{a dense constant cannot be inside a kernel body; pass it as an argument}}
  %0 = hf.constant dense<[1.0, 2.0]> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func private @reduce(%x: tensor<4x4xf32>) -> tensor<4xf32> attributes {kernel.kind = "loop"} {
  // expected-error @below {{cannot be part of this kind of kernel body}}
  %0 = hf.reduce sum, %x dims [1] : tensor<4x4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func private @leading(%x: tensor<4x8xf32>) -> tensor<8xf32> attributes {kernel.kind = "row"} {
  // expected-error @below {{a row kernel reduces trailing dimensions only}}
  %0 = hf.reduce sum, %x dims [0] : tensor<4x8xf32> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

func.func private @rows(%x: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<1xf32>) attributes {kernel.kind = "row"} {
  %0 = hf.reduce sum, %x dims [1] : tensor<4x8xf32> -> tensor<4xf32>
  %1 = hf.reshape %0 : tensor<4xf32> -> tensor<1x4xf32>
  // expected-error @below {{reduces 1 rows in a kernel of 4}}
  %2 = hf.reduce sum, %1 dims [1] : tensor<1x4xf32> -> tensor<1xf32>
  return %0, %2 : tensor<4xf32>, tensor<1xf32>
}

// -----

func.func private @other_row(%x: tensor<4x8xf32>) -> tensor<4x8xf32> attributes {kernel.kind = "row"} {
  // expected-error @below {{is used in another row than the one it reduces}}
  %0 = hf.reduce sum, %x dims [1] : tensor<4x8xf32> -> tensor<4xf32>
  %1 = hf.slice %0 at [1] : tensor<4xf32> -> tensor<3xf32>
  %2 = hf.slice %0 at [0] : tensor<4xf32> -> tensor<1xf32>
  %3 = hf.concat %1, %2 dim 0 : (tensor<3xf32>, tensor<1xf32>) -> tensor<4xf32>
  %4 = hf.broadcast %3 dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  return %4 : tensor<4x8xf32>
}

// -----

// expected-error @below {{a row kernel has at least one hf.reduce}}
func.func private @no_row(%x: tensor<4x8xf32>) -> tensor<4x8xf32> attributes {kernel.kind = "row"} {
  return %x : tensor<4x8xf32>
}

// -----

// expected-error @below {{a top_k kernel is one hf.top_k of its argument}}
func.func private @special(%x: tensor<4x8xf32>) -> tensor<4x8xf32> attributes {kernel.kind = "top_k"} {
  %0 = hf.neg %x : tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// expected-error @below {{an argmax kernel is one hf.argmax of its argument, which has rows}}
func.func private @choice(%x: tensor<4x8xf32>) -> tensor<4xi32> attributes {kernel.kind = "argmax"} {
  %0 = hf.neg %x : tensor<4x8xf32>
  %1 = hf.argmax %0 : tensor<4x8xf32> -> tensor<4xi32>
  return %1 : tensor<4xi32>
}

// -----

// expected-error @below {{an attention_parts kernel is attention of one query over equal parts of its keys}}
func.func private @parts(%x: tensor<4x8xf32>) -> tensor<4x8xf32> attributes {kernel.kind = "attention_parts"} {
  return %x : tensor<4x8xf32>
}

// -----

// expected-error @below {{an attention_join kernel joins what attention_parts has found}}
func.func private @join(%x: tensor<1x2x4x8xf32>, %y: tensor<1x2x4xf32>) -> tensor<1x1x4x8xf32> attributes {kernel.kind = "attention_join"} {
  %0 = hf.reduce sum, %x dims [1] : tensor<1x2x4x8xf32> -> tensor<1x4x8xf32>
  %1 = hf.reshape %0 : tensor<1x4x8xf32> -> tensor<1x1x4x8xf32>
  return %1 : tensor<1x1x4x8xf32>
}

// -----

// expected-error @below {{a column kernel has at least one hf.reduce}}
func.func private @nothing(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kernel.kind = "column"} {
  return %x : tensor<4xf32>
}

// -----

func.func private @last(%x: tensor<4x4xf32>) -> tensor<4xf32> attributes {kernel.kind = "column"} {
  // expected-error @below {{a column kernel reduces dimensions next to each other, and not the last one}}
  %0 = hf.reduce sum, %x dims [1] : tensor<4x4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func private @two(%x: tensor<4x4xf32>, %y: tensor<8x4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {kernel.kind = "column"} {
  %0 = hf.reduce sum, %x dims [0] : tensor<4x4xf32> -> tensor<4xf32>
  // expected-error @below {{reduces another shape or other dimensions than the kernel's first reduction}}
  %1 = hf.reduce sum, %y dims [0] : tensor<8x4xf32> -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// expected-error @below {{result of type 'tensor<4x4xf32>' has another shape than what is reduced, 'tensor<4xf32>'}}
func.func private @wide(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {kernel.kind = "column"} {
  %0 = hf.reduce sum, %x dims [0] : tensor<4x4xf32> -> tensor<4xf32>
  %1 = hf.broadcast %0 dims [1] : tensor<4xf32> -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}

// -----

func.func private @elsewhere(%x: tensor<4x4xf32>) -> tensor<4xf32> attributes {kernel.kind = "column"} {
  // expected-error @below {{is used at another place than the one whose column it reduces}}
  %0 = hf.reduce sum, %x dims [0] : tensor<4x4xf32> -> tensor<4xf32>
  %1 = hf.broadcast %0 dims [1] : tensor<4xf32> -> tensor<4x4xf32>
  %2 = hf.sub %x, %1 : tensor<4x4xf32>
  %3 = hf.reduce sum, %2 dims [0] : tensor<4x4xf32> -> tensor<4xf32>
  return %3 : tensor<4xf32>
}

// -----

func.func private @sums(%q: tensor<1x8x2x4xf32>) -> (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>) attributes {kernel.kind = "attention_backward"} {
  // expected-error @below {{a kernel needs the logarithms of the rows' sums (hf.attention_statistics)}}
  %0:3 = hf.attention_backward %q, %q, %q, %q, %q {scale = 1.0 : f64} : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32>
  return %0#0, %0#1, %0#2 : tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>
}

// -----

// expected-error @below {{a scatter_add kernel is one hf.scatter_add of its arguments, in order}}
func.func private @order(%x: tensor<4x4xf32>, %u: tensor<2x4xf32>, %i: tensor<2xi32>) -> tensor<4x4xf32> attributes {kernel.kind = "scatter_add"} {
  %0 = hf.scatter_add %x, %i, %u : (tensor<4x4xf32>, tensor<2xi32>, tensor<2x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

func.func private @normed(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>) -> tensor<1x4xf32> attributes {kernel.kind = "few_rows"} {
  %0 = hf.linear %x, %w : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  %1 = hf.reduce sum, %0 dims [1] : tensor<1x4xf32> -> tensor<1xf32>
  // expected-error @below {{cannot be part of a kernel of few rows: what follows its products is elementwise}}
  %2 = hf.broadcast %1 dims [0] : tensor<1xf32> -> tensor<1x4xf32>
  return %2 : tensor<1x4xf32>
}

// -----

func.func private @depths(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>, %y: tensor<1x6xf32>, %u: tensor<4x6xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>) attributes {kernel.kind = "few_rows"} {
  %0 = hf.linear %x, %w : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  // expected-error @below {{the products of a kernel of few rows are of its arguments, and of one size in all but columns}}
  %1 = hf.linear %y, %u : (tensor<1x6xf32>, tensor<4x6xf32>) -> tensor<1x4xf32>
  return %0, %1 : tensor<1x4xf32>, tensor<1x4xf32>
}

// -----

// expected-error @below {{a kernel of few rows has a result that needs none of its products}}
func.func private @copies(%x: tensor<1x8xf32>, %w: tensor<4x8xf32>) -> (tensor<1x4xf32>, tensor<1x8xf32>) attributes {kernel.kind = "few_rows"} {
  %0 = hf.linear %x, %w : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
  return %0, %x : tensor<1x4xf32>, tensor<1x8xf32>
}
