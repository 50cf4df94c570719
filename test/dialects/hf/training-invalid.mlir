// One case for each numbered constraint of each op of training.
// RUN: hfc-opt %s --verify-diagnostics --split-input-file

// expected-error @below {{(C1) the type must be a tensor of floats with static shape and rank 1, got 'tensor<4x4xf32>'}}
hf.bucket @b : tensor<4x4xf32>

// -----
// expected-error @below {{(C1) a place in @b begins at element -1, which is negative}}
hf.state @s : tensor<4xf32> {hf.bucket = #hf.place<@b, -1>}

// -----
func.func @f(%x: tensor<f32>, %i: tensor<2xi32>) {
  // expected-error @below {{(C1) base must have rows to add to, got a scalar}}
  %0 = hf.scatter_add %x, %i, %x : (tensor<f32>, tensor<2xi32>, tensor<f32>) -> tensor<f32>
  return
}

// -----
func.func @f(%x: tensor<8x4xf32>, %i: tensor<2xi32>) {
  // expected-error @below {{(C1) updates must be 'tensor<2x4xf32>', got 'tensor<8x4xf32>'}}
  %0 = hf.scatter_add %x, %i, %x : (tensor<8x4xf32>, tensor<2xi32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  return
}

// -----
func.func @f(%x: tensor<8x4xf32>, %i: tensor<i32>) {
  // expected-error @below {{(C1) takes a part of dimension 2, but x has 2 dimensions}}
  %0 = hf.slice_at %x, %i dim 2 : tensor<8x4xf32> -> tensor<2x4xf32>
  return
}

// -----
func.func @f(%x: tensor<8x4xf32>, %i: tensor<i32>) {
  // expected-error @below {{(C2) x, 8x4, and the result, 2x2, may differ in dimension 0 alone}}
  %0 = hf.slice_at %x, %i dim 0 : tensor<8x4xf32> -> tensor<2x2xf32>
  return
}

// -----
func.func @f() {
  // expected-error @below {{(C1) has no input}}
  "hf.barrier"() : () -> ()
  return
}

// -----
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{(C1) results must have the types of the inputs, 'tensor<4xf32>', got 'tensor<4xbf16>'}}
  %0 = hf.barrier %x : (tensor<4xf32>) -> tensor<4xbf16>
  return
}

// -----
func.func @f(%x: tensor<2x24x64xf32>, %labels: tensor<2x64xi32>) {
  // expected-error @below {{(C1) labels 2x64 do not fit logits 2x24x64}}
  %0:2 = hf.cross_entropy %x, %labels : (tensor<2x24x64xf32>, tensor<2x64xi32>) -> tensor<2x64xf32>
  return
}

// -----
func.func @f(%x: tensor<2x24x64xbf16>, %labels: tensor<2x24xi32>) {
  // expected-error @below {{(C2) the results must be 'tensor<2x24xf32>', got 'tensor<2x24xbf16>'}}
  %0:2 = hf.cross_entropy %x, %labels : (tensor<2x24x64xbf16>, tensor<2x24xi32>) -> tensor<2x24xbf16>
  return
}

// -----
func.func @f(%x: tensor<2x24x64xf32>, %w: tensor<160x64xf32>) {
  // expected-error @below {{(C1) weight 160x64 does not fit a cotangent of 2x24x64}}
  %0 = hf.linear_dgrad %x, %w : (tensor<2x24x64xf32>, tensor<160x64xf32>) -> tensor<2x24x64xf32>
  return
}

// -----
func.func @f(%x: tensor<2x24x160xf32>, %w: tensor<160x64xf32>) {
  // expected-error @below {{(C2) the result must be 'tensor<2x24x64xf32>', got 'tensor<2x24x160xf32>'}}
  %0 = hf.linear_dgrad %x, %w : (tensor<2x24x160xf32>, tensor<160x64xf32>) -> tensor<2x24x160xf32>
  return
}

// -----
func.func @f(%dy: tensor<2x24x160xf32>, %x: tensor<2x25x64xf32>) {
  // expected-error @below {{(C1) cotangent and x must agree in their element types and in all sizes but the last}}
  %0 = hf.linear_wgrad %dy, %x : (tensor<2x24x160xf32>, tensor<2x25x64xf32>) -> tensor<160x64xf32>
  return
}

// -----
func.func @f(%dy: tensor<2x24x160xf32>, %x: tensor<2x24x64xf32>) {
  // expected-error @below {{(C2) the result must be 'tensor<160x64xf32>', got 'tensor<160x64xbf16>'}}
  %0 = hf.linear_wgrad %dy, %x : (tensor<2x24x160xf32>, tensor<2x24x64xf32>) -> tensor<160x64xbf16>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %k: tensor<2x24x3x16xf32>) {
  // expected-error @below {{(C2) 4 query heads cannot share 3 key heads evenly}}
  %0:3 = hf.attention_backward %q, %q, %k, %k, %q {scale = 0.25 : f64}
    : (tensor<2x24x4x16xf32>, tensor<2x24x3x16xf32>, tensor<2x24x3x16xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%dy: tensor<2x24x4x8xf32>, %q: tensor<2x24x4x16xf32>) {
  // expected-error @below {{(C1) output must be 'tensor<2x24x4x16xf32>', got 'tensor<2x24x4x8xf32>'}}
  %0:3 = hf.attention_backward %dy, %q, %q, %q, %dy {scale = 0.25 : f64}
    : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> tensor<2x24x4x8xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %dy: tensor<2x24x4x8xf32>) {
  // expected-error @below {{failed to verify that all of {cotangent, output} have same type}}
  %0:3 = "hf.attention_backward"(%dy, %q, %q, %q, %q)
    {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>}
    : (tensor<2x24x4x8xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>)
    -> (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>)
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %s: tensor<2x24x4xf32>) {
  // expected-error @below {{(C7) log_sum must be 'tensor<2x4x24xf32>', got 'tensor<2x24x4xf32>'}}
  %0:3 = hf.attention_backward %q, %q, %q, %q, %q log_sum(%s : tensor<2x24x4xf32>) {scale = 0.25 : f64}
    : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %key: tensor<i32>, %rows: tensor<2x4xi32>) {
  // expected-error @below {{(C8) the key and the rows of what is dropped come with `dropout`; one is missing}}
  %0:3 = hf.attention_backward %q, %q, %q, %q, %q drop(%key, %rows : tensor<2x4xi32>) {scale = 0.25 : f64}
    : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>) {
  // expected-error @below {{(C5) window 2 must be positive and come with `causal`}}
  %0 = hf.attention_statistics %q, %q {scale = 0.25 : f64, window = 2 : i64}
    : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> tensor<2x4x24xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>) {
  // expected-error @below {{(C7) log_sum must be 'tensor<2x4x24xf32>', got 'tensor<2x24x4xf32>'}}
  %0:2 = hf.attention_with_statistics %q, %q, %q {scale = 0.25 : f64}
    : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> (tensor<2x24x4x16xf32>, tensor<2x24x4xf32>)
  return
}

// -----
func.func @f(%x: tensor<48x64xf32>, %r: tensor<48x8xf32>, %u: tensor<8x48x64xf32>) {
  // expected-error @below {{(C2) down must be 'tensor<8x64x48xf32>', got 'tensor<8x48x64xf32>'}}
  %0:5 = hf.experts_backward silu, %x, %x, %r, %u, %u, %u
    : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x8xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>)
    -> (tensor<48x64xf32>, tensor<48x8xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>)
  return
}

// -----
func.func @f(%x: tensor<48x64xf32>, %r: tensor<48x8xf32>, %u: tensor<8x48x64xf32>, %d: tensor<8x64x48xf32>) {
  // expected-error @below {{(C3) gradient of down must be 'tensor<8x64x48xf32>', got 'tensor<8x64x48xbf16>'}}
  %0:5 = hf.experts_backward silu, %x, %x, %r, %u, %u, %d
    : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x8xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>)
    -> (tensor<48x64xf32>, tensor<48x8xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>, tensor<8x64x48xbf16>)
  return
}

// -----
func.func @f(%p: tensor<64xf32>, %g: tensor<32xf32>, %step: tensor<i32>, %s: tensor<f32>) {
  // expected-error @below {{all of {parameter, gradient, moment1, moment2} have same shape}}
  %0:3 = hf.adamw %p, %g, %p, %p step %step, %s, %s, %s, %s, %s, %s : tensor<64xf32>, tensor<32xf32>, tensor<64xf32>, tensor<64xf32>
  return
}

// -----
func.func @f(%x: tensor<f32>, %key: tensor<i32>) {
  // expected-error @below {{(C1) x must have rank 1 or more, got a scalar}}
  %0 = hf.dropout %x, %key {p = 0.1 : f64} : tensor<f32>
  return
}

// -----
func.func @f(%x: tensor<4xf32>, %key: tensor<i32>) {
  // expected-error @below {{(C1) p must be at least 0 and below 1, got 1.0}}
  %0 = hf.dropout %x, %key {p = 1.0 : f64} : tensor<4xf32>
  return
}
