// RUN: hfc-opt %s --hfc-schedule --split-input-file --verify-diagnostics

// expected-error @+1 {{argument 0 is marked neither hf.parameter, nor hf.state, nor hf.input}}
func.func @unmarked(%x: tensor<4xf32>) -> (tensor<4xf32> {hf.output = "y"}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{result 0 is marked neither hf.output, nor hf.state, nor hf.parameter}}
func.func @unmarked(%x: tensor<4xf32> {hf.input = "x"}) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

func.func @not_fused(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.output = "y"}) {
  // expected-error @+1 {{cannot be scheduled; run --hfc-fuse first}}
  %0 = hf.neg %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @moves(%x: tensor<4x2xf32> {hf.input = "x"}) -> (tensor<2x4xf32> {hf.output = "y"}) {
  // expected-error @+1 {{moves elements for what is no product; run --hfc-fuse first}}
  %0 = hf.transpose %x perm [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

func.func private @body(%x: tensor<4xf32>) -> tensor<4xf32>
func.func @no_body(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.output = "y"}) {
  // expected-error @+1 {{calls @body, which is no kernel body: it has no attribute kernel.kind}}
  %0 = call @body(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

hf.state @s : tensor<4xf32>
// expected-error @+1 {{returns the next value of @s twice}}
func.func @twice(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.state = @s}, tensor<4xf32> {hf.state = @s}) {
  return %x, %x : tensor<4xf32>, tensor<4xf32>
}

// -----

hf.state @s : tensor<4xf32>
// expected-error @+1 {{returns 'tensor<2xf32>' as the next value of @s, which is 'tensor<4xf32>'}}
func.func @other_shape(%s: tensor<4xf32> {hf.state = @s}, %x: tensor<2xf32> {hf.input = "x"}) -> (tensor<2xf32> {hf.state = @s}) {
  return %x : tensor<2xf32>
}

// -----

hf.state @cache : tensor<2x8x4xf32>
func.func private @update(%c: tensor<2x8x4xf32>, %r: tensor<2x1x4xf32>, %p: tensor<2xi32>, %n: tensor<2xi32>) -> tensor<2x8x4xf32>
    attributes {kernel.kind = "cache_update"} {
  %0 = hf.cache_update %c, %r, %p, %n : (tensor<2x8x4xf32>, tensor<2x1x4xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x8x4xf32>
  return %0 : tensor<2x8x4xf32>
}
func.func private @difference(%x: tensor<2x8x4xf32>, %y: tensor<2x8x4xf32>) -> tensor<2x8x4xf32> attributes {kernel.kind = "loop"} {
  %0 = hf.sub %x, %y : tensor<2x8x4xf32>
  return %0 : tensor<2x8x4xf32>
}
func.func @old_and_new(%c: tensor<2x8x4xf32> {hf.state = @cache}, %r: tensor<2x1x4xf32> {hf.input = "rows"}, %p: tensor<2xi32> {hf.input = "past"},
    %n: tensor<2xi32> {hf.input = "count"}) -> (tensor<2x8x4xf32> {hf.output = "y"}, tensor<2x8x4xf32> {hf.state = @cache}) {
  // expected-error @+1 {{state @cache cannot be updated in place: @update overwrites a value that @difference reads, which itself needs the update}}
  %0 = call @update(%c, %r, %p, %n) : (tensor<2x8x4xf32>, tensor<2x1x4xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x8x4xf32>
  // expected-note @+1 {{the old value is read here}}
  %1 = call @difference(%c, %0) : (tensor<2x8x4xf32>, tensor<2x8x4xf32>) -> tensor<2x8x4xf32>
  return %1, %0 : tensor<2x8x4xf32>, tensor<2x8x4xf32>
}

// -----

func.func @huge(%x: tensor<4611686018427387904x4xf32> {hf.input = "x"}) -> (tensor<4611686018427387904x4xf32> {hf.output = "y"}) {
  // expected-error @-1 {{the buffers of entry @huge, with 'tensor<4611686018427387904x4xf32>', need more than 256 TiB}}
  return %x : tensor<4611686018427387904x4xf32>
}

// -----

// expected-error @+1 {{'tensor<?xf32>' in entry @dynamic has no buffer; values must be tensors of numbers with static shapes}}
func.func @dynamic(%x: tensor<?xf32> {hf.input = "x"}) -> (tensor<?xf32> {hf.output = "y"}) {
  return %x : tensor<?xf32>
}

// -----

func.func @called(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.output = "y"}) {
  return %x : tensor<4xf32>
}
func.func @caller(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.output = "y"}) {
  // expected-error @+1 {{calls @called, which is no kernel body}}
  %0 = call @called(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func @forward(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.output = "y"}) {
    // expected-error @+1 {{has no number; run --hfc-schedule-collectives first}}
    %0 = dist.all_reduce sum %x over {"tp"} : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
