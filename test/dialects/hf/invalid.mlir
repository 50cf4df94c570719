// One case for each numbered constraint of each op.
// RUN: hfc-opt %s --verify-diagnostics --split-input-file

// expected-error @below {{(C1) a piece must name a tensor}}
hf.parameter @p : tensor<4xf32> from [#hf.piece<"">]

// -----
// expected-error @below {{(C2) piece of 'a' has 1 offsets but 2 sizes}}
hf.parameter @p : tensor<4xf32> from [#hf.piece<"a", offsets = [0], sizes = [2, 2]>]

// -----
// expected-error @below {{(C2) piece of 'a' takes 0 elements from 1 on}}
hf.parameter @p : tensor<4xf32> from [#hf.piece<"a", offsets = [1], sizes = [0]>]

// -----
// expected-error @below {{(C3) [0, 0] does not permute the 2 dimensions of 'a'}}
hf.parameter @p : tensor<4x4xf32> from [#hf.piece<"a", permutation = [0, 0]>]

// -----
// expected-error @below {{(C1) the type must be a tensor of f32, f64, bf16 or f16 with static shape, got 'tensor<?xf32>'}}
hf.parameter @p : tensor<?xf32> from [#hf.piece<"a">]

// -----
// expected-error @below {{(C2) has no piece}}
hf.parameter @p : tensor<4xf32> from []

// -----
// expected-error @below {{(C2) every piece must be a #hf.piece, got 1}}
hf.parameter @p : tensor<4xf32> from [1]

// -----
// expected-error @below {{(C1) the type must be a tensor}}
hf.state @s : tensor<4xi8>

// -----
func.func @f() {
  // expected-error @below {{(C1) counts along dimension 2, but the result has 2 dimensions}}
  %0 = hf.iota 2 : tensor<2x24xi32>
  return
}

// -----
func.func @f(%x: tensor<8xf32>) {
  // expected-error @below {{(C1) has 2 dims for an operand of 1 dimensions}}
  %0 = hf.broadcast %x dims [0, 1] : tensor<8xf32> -> tensor<4x8xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C1) dims [1, 0] must increase strictly and lie below the result's rank, 2}}
  %0 = hf.broadcast %x dims [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
  return
}

// -----
func.func @f(%x: tensor<8xf32>) {
  // expected-error @below {{(C2) cannot repeat size 8 to size 4 of the result's dimension 0}}
  %0 = hf.broadcast %x dims [0] : tensor<8xf32> -> tensor<4x8xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C1) 4x8 and 31 must have the same number of elements}}
  %0 = hf.reshape %x : tensor<4x8xf32> -> tensor<31xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C1) [0, 2] is not a permutation of the operand's 2 dimensions}}
  %0 = hf.transpose %x perm [0, 2] : tensor<4x8xf32> -> tensor<4x8xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C2) the result must be 'tensor<8x4xf32>', got 'tensor<4x8xf32>'}}
  %0 = hf.transpose %x perm [1, 0] : tensor<4x8xf32> -> tensor<4x8xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C1) offset -1 of dimension 0 is negative}}
  %0 = hf.slice %x at [-1, 0] : tensor<4x8xf32> -> tensor<4x4xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C1) has 1 offsets and a result of 2 dimensions for an operand of 2}}
  %0 = hf.slice %x at [0] : tensor<4x8xf32> -> tensor<4x4xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C2) takes 4 from 5 on of dimension 1, which has size 8}}
  %0 = hf.slice %x at [0, 5] : tensor<4x8xf32> -> tensor<4x4xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C2) takes 4 from 9223372036854775807 on of dimension 1}}
  %0 = hf.slice %x at [0, 9223372036854775807] : tensor<4x8xf32> -> tensor<4x4xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C1) joins along dimension 2, but the result has 2 dimensions}}
  %0 = hf.concat %x, %x dim 2 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x16xf32>
  return
}

// -----
func.func @f() {
  // expected-error @below {{expected 1 or more operands}}
  %0 = "hf.concat"() {dim = 0 : i64} : () -> tensor<4x16xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C2) operands add up to size 16 in dimension 1, but the result has 17}}
  %0 = hf.concat %x, %x dim 1 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x17xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>, %y: tensor<5x8xf32>) {
  // expected-error @below {{(C2) operand 1, 5x8, differs from the result, 4x16, not only in dimension 1}}
  %0 = hf.concat %x, %y dim 1 : (tensor<4x8xf32>, tensor<5x8xf32>) -> tensor<4x16xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C1) dims [1, 1] must not be empty, increase strictly and lie below the rank, 2}}
  %0 = hf.reduce sum, %x dims [1, 1] : tensor<4x8xf32> -> tensor<4xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C2) the result must be 'tensor<4xf32>', got 'tensor<8xf32>'}}
  %0 = hf.reduce sum, %x dims [1] : tensor<4x8xf32> -> tensor<8xf32>
  return
}

// -----
func.func @f(%a: tensor<4x8xf32>, %b: tensor<8x4xbf16>) {
  // expected-error @below {{(C1) operands must have one rank, at least 2, and one element type}}
  %0 = hf.matmul %a, %b : (tensor<4x8xf32>, tensor<8x4xbf16>) -> tensor<4x4xf32>
  return
}

// -----
func.func @f(%a: tensor<2x4x8xf32>, %b: tensor<3x8x4xf32>) {
  // expected-error @below {{(C1) batch dimensions differ: 2 and 3}}
  %0 = hf.matmul %a, %b : (tensor<2x4x8xf32>, tensor<3x8x4xf32>) -> tensor<2x4x4xf32>
  return
}

// -----
func.func @f(%a: tensor<4x8xf32>, %b: tensor<16x8xf32>) {
  // expected-error @below {{(C2) contracts size 8 of the left operand with size 16 of the right one; is a transposition missing?}}
  %0 = hf.matmul %a, %b : (tensor<4x8xf32>, tensor<16x8xf32>) -> tensor<4x16xf32>
  return
}

// -----
func.func @f(%a: tensor<4x8xf32>, %b: tensor<16x8xf32>) {
  // expected-error @below {{(C3) the result must be 'tensor<4x16xf32>', got 'tensor<16x4xf32>'}}
  %0 = hf.matmul %a, %b {transpose_rhs} : (tensor<4x8xf32>, tensor<16x8xf32>) -> tensor<16x4xf32>
  return
}

// -----
func.func @f(%t: tensor<256x64xf32>, %i: tensor<2x24xi32>) {
  // expected-error @below {{(C1) the result must be 'tensor<2x24x64xf32>', got 'tensor<2x24x256xf32>'}}
  %0 = hf.gather %t, %i : (tensor<256x64xf32>, tensor<2x24xi32>) -> tensor<2x24x256xf32>
  return
}

// -----
func.func @f(%x: tensor<2x24x64xf32>, %i: tensor<24xi32>) {
  // expected-error @below {{(C1) picks rows of 2x24x64 by an index of 24}}
  %0 = hf.take %x, %i : (tensor<2x24x64xf32>, tensor<24xi32>) -> tensor<2x64xf32>
  return
}

// -----
func.func @f(%x: tensor<2x24x64xf32>, %i: tensor<2xi32>) {
  // expected-error @below {{(C2) the result must be 'tensor<2x64xf32>'}}
  %0 = hf.take %x, %i : (tensor<2x24x64xf32>, tensor<2xi32>) -> tensor<2x24xf32>
  return
}

// -----
func.func @f(%x: tensor<48x8xf32>) {
  // expected-error @below {{(C1) keeps 9 of 8 elements}}
  %v, %i = hf.top_k %x : tensor<48x8xf32> -> tensor<48x9xf32>, tensor<48x9xi32>
  return
}

// -----
func.func @f(%x: tensor<48x8xf32>) {
  // expected-error @below {{(C1) the second result must be 'tensor<48x2xi32>', got 'tensor<48x3xi32>'}}
  %v, %i = hf.top_k %x : tensor<48x8xf32> -> tensor<48x2xf32>, tensor<48x3xi32>
  return
}

// -----
func.func @f(%cache: tensor<2x8x16xf32>, %rows: tensor<2x9x16xf32>, %past: tensor<2xi32>) {
  // expected-error @below {{(C1) rows 'tensor<2x9x16xf32>' do not fit the cache 'tensor<2x8x16xf32>'}}
  %0 = hf.cache_update %cache, %rows, %past, %past : (tensor<2x8x16xf32>, tensor<2x9x16xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x8x16xf32>
  return
}

// -----
func.func @f(%cache: tensor<2x8x16xf32>, %rows: tensor<2x1x16xf32>, %past: tensor<1xi32>) {
  // expected-error @below {{(C2) past and count must be [2], one for each batch element, got 1}}
  %0 = hf.cache_update %cache, %rows, %past, %past : (tensor<2x8x16xf32>, tensor<2x1x16xf32>, tensor<1xi32>, tensor<1xi32>) -> tensor<2x8x16xf32>
  return
}

// -----
func.func @f(%x: tensor<2x64xf32>, %w: tensor<64x160xf32>) {
  // expected-error @below {{(C1) weight 64x160 does not fit x 2x64; it must be [out, in] with in the last size of x}}
  %0 = hf.linear %x, %w : (tensor<2x64xf32>, tensor<64x160xf32>) -> tensor<2x160xf32>
  return
}

// -----
func.func @f(%x: tensor<2x64xf32>, %w: tensor<160x64xf32>, %b: tensor<64xf32>) {
  // expected-error @below {{(C2) bias must be 'tensor<160xf32>', got 'tensor<64xf32>'}}
  %0 = hf.linear %x, %w bias %b : (tensor<2x64xf32>, tensor<160x64xf32>, tensor<64xf32>) -> tensor<2x160xf32>
  return
}

// -----
func.func @f(%x: tensor<2x64xf32>, %w: tensor<160x64xbf16>) {
  // expected-error @below {{(C3) weight must be 'tensor<160x64xf32>', got 'tensor<160x64xbf16>'}}
  %0 = hf.linear %x, %w : (tensor<2x64xf32>, tensor<160x64xbf16>) -> tensor<2x160xf32>
  return
}

// -----
func.func @f(%t: tensor<256x64xf32>, %i: tensor<2x24xi32>) {
  // expected-error @below {{(C1) the result must be 'tensor<2x24x64xf32>'}}
  %0 = hf.embedding %t, %i : (tensor<256x64xf32>, tensor<2x24xi32>) -> tensor<2x24xf32>
  return
}

// -----
func.func @f(%x: tensor<2x64xf32>, %w: tensor<2xf32>) {
  // expected-error @below {{(C1) weight must be 'tensor<64xf32>', got 'tensor<2xf32>'}}
  %0 = hf.rms_norm %x, %w {epsilon = 1.0e-6 : f64} : (tensor<2x64xf32>, tensor<2xf32>) -> tensor<2x64xf32>
  return
}

// -----
func.func @f(%x: tensor<2x64xf32>, %w: tensor<64xf32>, %b: tensor<64xbf16>) {
  // expected-error @below {{(C1) bias must be 'tensor<64xf32>', got 'tensor<64xbf16>'}}
  %0 = hf.layer_norm %x, %w bias %b {epsilon = 1.0e-6 : f64} : (tensor<2x64xf32>, tensor<64xf32>, tensor<64xbf16>) -> tensor<2x64xf32>
  return
}

// -----
func.func @f(%x: tensor<f32>) {
  // expected-error @below {{(C1) x must have rank 1 or more, got a scalar}}
  %0 = hf.softmax %x : tensor<f32>
  return
}

// -----
func.func @f(%x: tensor<f32>) {
  // expected-error @below {{(C1) x must have rank 1 or more, got a scalar}}
  %0 = hf.activation relu, %x : tensor<f32>
  return
}

// -----
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{(C1) cap must be a positive number, got 0.000000e+00 : f64}}
  %0 = hf.softcap %x {cap = 0.0 : f64} : tensor<4xf32>
  return
}

// -----
func.func @f(%p: tensor<2x24xi32>, %f: tensor<3x8xf32>) {
  // expected-error @below {{(C1) inverse frequencies of 3x8 do not fit positions of 2x24}}
  %c, %s = hf.rotary_table %p, %f {scaling = 1.0 : f64} : (tensor<2x24xi32>, tensor<3x8xf32>) -> tensor<2x24x16xf32>
  return
}

// -----
func.func @f(%p: tensor<2x24xi32>, %f: tensor<8xf32>) {
  // expected-error @below {{(C2) the results must be 'tensor<2x24x16xf32>', got 'tensor<2x24x8xf32>'}}
  %c, %s = hf.rotary_table %p, %f {scaling = 1.0 : f64} : (tensor<2x24xi32>, tensor<8xf32>) -> tensor<2x24x8xf32>
  return
}

// -----
func.func @f(%x: tensor<2x24x16xf32>, %t: tensor<2x24x16xf32>) {
  // expected-error @below {{(C1) x must have rank 4, in the order bshd, got 2x24x16}}
  %0 = hf.rotary %x, %t, %t : (tensor<2x24x16xf32>, tensor<2x24x16xf32>) -> tensor<2x24x16xf32>
  return
}

// -----
func.func @f(%x: tensor<2x24x4x16xf32>, %t: tensor<2x24x16xf32>) {
  // expected-error @below {{(C2) tables of 2x24x16 do not fit x of 2x24x4x16 in layout bhsd; they must be [2 or 1, 4, R]}}
  %0 = hf.rotary %x, %t, %t {layout = #hf<head_layout bhsd>} : (tensor<2x24x4x16xf32>, tensor<2x24x16xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%x: tensor<2x24x4x16xf32>, %t: tensor<2x24x18xf32>) {
  // expected-error @below {{(C2) tables rotate 18 of 16 elements}}
  %0 = hf.rotary %x, %t, %t : (tensor<2x24x4x16xf32>, tensor<2x24x18xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %k: tensor<2x24x2x8xf32>) {
  // expected-error @below {{(C1) query 2x24x4x16, key 2x24x2x8 and value 2x24x2x8 do not fit each other in layout bshd}}
  %0 = hf.attention %q, %k, %k {scale = 0.25 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x2x8xf32>, tensor<2x24x2x8xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %k: tensor<2x24x2x16xf32>) {
  // expected-error @below {{(C1) the result must be 'tensor<2x24x4x16xf32>', got 'tensor<2x24x2x16xf32>'}}
  %0 = hf.attention %q, %k, %k {scale = 0.25 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>) -> tensor<2x24x2x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %k: tensor<2x24x3x16xf32>) {
  // expected-error @below {{(C2) 4 query heads cannot share 3 key heads evenly}}
  %0 = hf.attention %q, %k, %k {scale = 0.25 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x3x16xf32>, tensor<2x24x3x16xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %m: tensor<2x23xi32>) {
  // expected-error @below {{(C3) key_mask must be 'tensor<2x24xi32>', got 'tensor<2x23xi32>'}}
  %0 = hf.attention %q, %q, %q key_mask(%m : tensor<2x23xi32>) {scale = 0.25 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %m: tensor<2x24xi32>) {
  // expected-error @below {{(C3) segments of queries and of keys come together; one is missing}}
  %0 = "hf.attention"(%q, %q, %q, %m) {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0>}
    : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24xi32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %m: tensor<2xi32>) {
  // expected-error @below {{(C4) past and count come together; one is missing}}
  %0 = "hf.attention"(%q, %q, %q, %m) {scale = 0.25 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0>}
    : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2xi32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %p: tensor<1xi32>) {
  // expected-error @below {{(C4) past must be 'tensor<2xi32>', got 'tensor<1xi32>'}}
  %0 = hf.attention %q, %q, %q past(%p, %p : tensor<1xi32>, tensor<1xi32>) {scale = 0.25 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>) {
  // expected-error @below {{(C5) window 8 must be positive and come with `causal`}}
  %0 = hf.attention %q, %q, %q {scale = 0.25 : f64, window = 8 : i64} : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>) {
  // expected-error @below {{(C5) softcap must be a positive number, got -1.000000e+00 : f64}}
  %0 = hf.attention %q, %q, %q {scale = 0.25 : f64, softcap = -1.0 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %b: tensor<1x3x24x24xf32>) {
  // expected-error @below {{(C6) bias of 1x3x24x24 does not broadcast to 2x4x24x24}}
  %0 = hf.attention %q, %q, %q bias(%b : tensor<1x3x24x24xf32>) {scale = 0.25 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%x: tensor<2x3x32x32xf32>, %w: tensor<64x3x8x4xf32>) {
  // expected-error @below {{(C1) weight 64x3x8x4 does not fit image 2x3x32x32}}
  %0 = hf.patch_embedding %x, %w : (tensor<2x3x32x32xf32>, tensor<64x3x8x4xf32>) -> tensor<2x16x64xf32>
  return
}

// -----
func.func @f(%x: tensor<2x3x32x32xf32>, %w: tensor<64x3x8x8xf32>) {
  // expected-error @below {{(C2) the result must be 'tensor<2x16x64xf32>', got 'tensor<2x15x64xf32>'}}
  %0 = hf.patch_embedding %x, %w : (tensor<2x3x32x32xf32>, tensor<64x3x8x8xf32>) -> tensor<2x15x64xf32>
  return
}

// -----
func.func @f(%x: tensor<f32>) {
  // expected-error @below {{(C1) x of scalar has no rows of elements; its last dimension must not be empty}}
  %0 = hf.argmax %x : tensor<f32> -> tensor<i32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C1) the result must be 'tensor<4xi32>', got 'tensor<8xi32>'}}
  %0 = hf.argmax %x : tensor<4x8xf32> -> tensor<8xi32>
  return
}

// -----
func.func @f(%x: tensor<48x8xf32>) {
  // expected-error @below {{(C1) top_k is 9, but there are 8 experts}}
  %0 = hf.route %x {top_k = 9 : i64} : tensor<48x8xf32>
  return
}

// -----
func.func @f(%x: tensor<48x64xf32>, %r: tensor<48x9xf32>, %u: tensor<8x48x64xf32>, %d: tensor<8x64x48xf32>) {
  // expected-error @below {{(C1) route must be 'tensor<48x8xf32>', got 'tensor<48x9xf32>'}}
  %0 = hf.experts silu, %x, %r, %u, %u, %d : (tensor<48x64xf32>, tensor<48x9xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<48x64xf32>
  return
}

// -----
func.func @f(%x: tensor<48x64xf32>, %r: tensor<48x8xf32>, %u: tensor<8x48x64xf32>) {
  // expected-error @below {{(C2) down must be 'tensor<8x64x48xf32>', got 'tensor<8x48x64xf32>'}}
  %0 = hf.experts silu, %x, %r, %u, %u, %u : (tensor<48x64xf32>, tensor<48x8xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>, tensor<8x48x64xf32>) -> tensor<48x64xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %key: tensor<i32>, %rows: tensor<2x3xi32>) {
  // expected-error @below {{(C8) dropout_rows must be 'tensor<2x4xi32>', got 'tensor<2x3xi32>'}}
  %0 = hf.attention %q, %q, %q drop(%key, %rows : tensor<2x3xi32>) {scale = 0.25 : f64, dropout = 0.5 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>, %key: tensor<i32>, %rows: tensor<2x4xi32>) {
  // expected-error @below {{(C8) dropout must be at least 0 and less than 1, got 1.000000e+00 : f64}}
  %0 = hf.attention %q, %q, %q drop(%key, %rows : tensor<2x4xi32>) {scale = 0.25 : f64, dropout = 1.0 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> tensor<2x24x4x16xf32>
  return
}

// -----
func.func @f(%q: tensor<2x24x4x16xf32>) {
  // expected-error @below {{(C8) the key and the rows of what is dropped come with `dropout`; one is missing}}
  %0 = hf.attention %q, %q, %q {scale = 0.25 : f64, dropout = 0.5 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>, tensor<2x24x4x16xf32>) -> tensor<2x24x4x16xf32>
  return
}
