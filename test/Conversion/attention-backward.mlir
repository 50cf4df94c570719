// The backward pass of attention in two kernels, and what they compute: on a CPU's vectors, and thread by thread.
// RUN: hfc-opt %s --hfc-fuse | FileCheck %s
// RUN: hfc-interpret %s --stage=kernel --compare=import
// RUN: hfc-interpret %s --stage=gpu --compare=import

// CHECK: func.func private @attention_statistics{{.*}} attributes {kernel.kind = "attention_statistics"}
// CHECK: func.func private @attention_backward{{.*}} attributes {kernel.kind = "attention_backward"}
// CHECK-LABEL: func.func @padded
// CHECK: %[[S:.*]] = call @attention_statistics
// CHECK: call @attention_backward{{.*}}, %[[S]], %
// CHECK-NOT: call
// CHECK: return
// An attention beside its gradients gives the rows' sums itself: in one kernel, also behind a barrier.
// CHECK-LABEL: func @dropped(
// CHECK: %[[Y:.*]]:2 = call @attention_with_statistics
// CHECK-NEXT: call @attention_backward{{.*}}, %[[Y]]#0, %[[Y]]#1,
// CHECK-NEXT: return
// CHECK-LABEL: func @recomputed
// CHECK: %[[Y:.*]]:2 = call @attention_with_statistics
// CHECK-NEXT: call @attention_backward{{.*}}, %[[Y]]#0, %[[Y]]#1,
// CHECK-NEXT: return
// The gradients of another attention, which hides other keys, have sums of their own.
// CHECK-LABEL: func @other
// CHECK-DAG: call @attention_{{[0-9]+}}(
// CHECK-DAG: call @attention_statistics
// CHECK: return

// Grouped heads, causal, padding anywhere: some queries see nothing.
func.func @padded(%dy: tensor<2x24x4x16xf32> {hf.input = "dy"}, %q: tensor<2x24x4x16xf32> {hf.input = "q"}, %k: tensor<2x24x2x16xf32> {hf.input = "k"}, %v: tensor<2x24x2x16xf32> {hf.input = "v"}, %y: tensor<2x24x4x16xf32> {hf.input = "y"}, %m: tensor<2x24xi32> {hf.input = "m", hf.min = 0 : i64, hf.max = 1 : i64})
    -> (tensor<2x24x4x16xf32> {hf.output = "dq"}, tensor<2x24x2x16xf32> {hf.output = "dk"}, tensor<2x24x2x16xf32> {hf.output = "dv"}) {
  %0:3 = hf.attention_backward %dy, %q, %k, %v, %y key_mask(%m : tensor<2x24xi32>) {causal, scale = 0.2 : f64}
    : (tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>) -> tensor<2x24x4x16xf32>
  return %0#0, %0#1, %0#2 : tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>
}

// A window leaves out tiles of keys for rows, and tiles of rows for keys; tiles that are not full; the sequence first.
func.func @window(%dy: tensor<70x2x6x24xf32> {hf.input = "dy"}, %q: tensor<70x2x6x24xf32> {hf.input = "q"}, %k: tensor<70x2x2x24xf32> {hf.input = "k"}, %v: tensor<70x2x2x24xf32> {hf.input = "v"}, %y: tensor<70x2x6x24xf32> {hf.input = "y"})
    -> (tensor<70x2x6x24xf32> {hf.output = "dq"}, tensor<70x2x2x24xf32> {hf.output = "dk"}, tensor<70x2x2x24xf32> {hf.output = "dv"}) {
  %0:3 = hf.attention_backward %dy, %q, %k, %v, %y {causal, window = 5 : i64, scale = 0.2 : f64, layout = #hf<head_layout sbhd>}
    : (tensor<70x2x6x24xf32>, tensor<70x2x2x24xf32>, tensor<70x2x2x24xf32>) -> tensor<70x2x6x24xf32>
  return %0#0, %0#1, %0#2 : tensor<70x2x6x24xf32>, tensor<70x2x2x24xf32>, tensor<70x2x2x24xf32>
}

// Packed documents.
func.func @segments(%dy: tensor<2x37x2x20xf32> {hf.input = "dy"}, %q: tensor<2x37x2x20xf32> {hf.input = "q"}, %k: tensor<2x37x2x20xf32> {hf.input = "k"}, %v: tensor<2x37x2x20xf32> {hf.input = "v"}, %y: tensor<2x37x2x20xf32> {hf.input = "y"}, %qs: tensor<2x37xi32> {hf.input = "qs", hf.min = 0 : i64, hf.max = 2 : i64}, %ks: tensor<2x37xi32> {hf.input = "ks", hf.min = 0 : i64, hf.max = 2 : i64})
    -> (tensor<2x37x2x20xf32> {hf.output = "dq"}, tensor<2x37x2x20xf32> {hf.output = "dk"}, tensor<2x37x2x20xf32> {hf.output = "dv"}) {
  %0:3 = hf.attention_backward %dy, %q, %k, %v, %y segments(%qs, %ks : tensor<2x37xi32>, tensor<2x37xi32>) {causal, scale = 0.2 : f64}
    : (tensor<2x37x2x20xf32>, tensor<2x37x2x20xf32>, tensor<2x37x2x20xf32>) -> tensor<2x37x2x20xf32>
  return %0#0, %0#1, %0#2 : tensor<2x37x2x20xf32>, tensor<2x37x2x20xf32>, tensor<2x37x2x20xf32>
}

// Softcap; heads before the sequence; values narrower than keys.
func.func @capped(%dy: tensor<1x3x17x40xf32> {hf.input = "dy"}, %q: tensor<1x3x17x72xf32> {hf.input = "q"}, %k: tensor<1x1x17x72xf32> {hf.input = "k"}, %v: tensor<1x1x17x40xf32> {hf.input = "v"}, %y: tensor<1x3x17x40xf32> {hf.input = "y"})
    -> (tensor<1x3x17x72xf32> {hf.output = "dq"}, tensor<1x1x17x72xf32> {hf.output = "dk"}, tensor<1x1x17x40xf32> {hf.output = "dv"}) {
  %0:3 = hf.attention_backward %dy, %q, %k, %v, %y {causal, softcap = 1.5 : f64, scale = 0.2 : f64, layout = #hf<head_layout bhsd>}
    : (tensor<1x3x17x72xf32>, tensor<1x1x17x72xf32>, tensor<1x1x17x40xf32>) -> tensor<1x3x17x40xf32>
  return %0#0, %0#1, %0#2 : tensor<1x3x17x72xf32>, tensor<1x1x17x72xf32>, tensor<1x1x17x40xf32>
}

// Every key is visible; a bias for each score; few queries.
func.func @cross(%dy: tensor<2x5x2x8xf32> {hf.input = "dy"}, %q: tensor<2x5x2x8xf32> {hf.input = "q"}, %k: tensor<2x50x2x8xf32> {hf.input = "k"}, %v: tensor<2x50x2x8xf32> {hf.input = "v"}, %y: tensor<2x5x2x8xf32> {hf.input = "y"}, %b: tensor<1x2x5x50xf32> {hf.input = "b"})
    -> (tensor<2x5x2x8xf32> {hf.output = "dq"}, tensor<2x50x2x8xf32> {hf.output = "dk"}, tensor<2x50x2x8xf32> {hf.output = "dv"}) {
  %0:3 = hf.attention_backward %dy, %q, %k, %v, %y bias(%b : tensor<1x2x5x50xf32>) {scale = 0.2 : f64}
    : (tensor<2x5x2x8xf32>, tensor<2x50x2x8xf32>, tensor<2x50x2x8xf32>) -> tensor<2x5x2x8xf32>
  return %0#0, %0#1, %0#2 : tensor<2x5x2x8xf32>, tensor<2x50x2x8xf32>, tensor<2x50x2x8xf32>
}

// A bias for each key; more keys than a tile has.
func.func @biased_keys(%dy: tensor<2x48x2x16xf32> {hf.input = "dy"}, %q: tensor<2x48x2x16xf32> {hf.input = "q"}, %k: tensor<2x80x1x16xf32> {hf.input = "k"}, %v: tensor<2x80x1x16xf32> {hf.input = "v"}, %y: tensor<2x48x2x16xf32> {hf.input = "y"}, %b: tensor<2x1x1x80xf32> {hf.input = "b"})
    -> (tensor<2x48x2x16xf32> {hf.output = "dq"}, tensor<2x80x1x16xf32> {hf.output = "dk"}, tensor<2x80x1x16xf32> {hf.output = "dv"}) {
  %0:3 = hf.attention_backward %dy, %q, %k, %v, %y bias(%b : tensor<2x1x1x80xf32>) {scale = 0.2 : f64}
    : (tensor<2x48x2x16xf32>, tensor<2x80x1x16xf32>, tensor<2x80x1x16xf32>) -> tensor<2x48x2x16xf32>
  return %0#0, %0#1, %0#2 : tensor<2x48x2x16xf32>, tensor<2x80x1x16xf32>, tensor<2x80x1x16xf32>
}

// Keys in a cache.
func.func @cached(%dy: tensor<2x6x4x16xf32> {hf.input = "dy"}, %q: tensor<2x6x4x16xf32> {hf.input = "q"}, %k: tensor<2x30x2x16xf32> {hf.input = "k"}, %v: tensor<2x30x2x16xf32> {hf.input = "v"}, %y: tensor<2x6x4x16xf32> {hf.input = "y"}, %p: tensor<2xi32> {hf.input = "p", hf.min = 0 : i64, hf.max = 9 : i64}, %c: tensor<2xi32> {hf.input = "c", hf.min = 0 : i64, hf.max = 6 : i64})
    -> (tensor<2x6x4x16xf32> {hf.output = "dq"}, tensor<2x30x2x16xf32> {hf.output = "dk"}, tensor<2x30x2x16xf32> {hf.output = "dv"}) {
  %0:3 = hf.attention_backward %dy, %q, %k, %v, %y past(%p, %c : tensor<2xi32>, tensor<2xi32>) {causal, scale = 0.2 : f64}
    : (tensor<2x6x4x16xf32>, tensor<2x30x2x16xf32>, tensor<2x30x2x16xf32>) -> tensor<2x6x4x16xf32>
  return %0#0, %0#1, %0#2 : tensor<2x6x4x16xf32>, tensor<2x30x2x16xf32>, tensor<2x30x2x16xf32>
}

// Sizes that no vector divides.
func.func @odd(%dy: tensor<1x3x2x3xf32> {hf.input = "dy"}, %q: tensor<1x3x2x5xf32> {hf.input = "q"}, %k: tensor<1x7x1x5xf32> {hf.input = "k"}, %v: tensor<1x7x1x3xf32> {hf.input = "v"}, %y: tensor<1x3x2x3xf32> {hf.input = "y"})
    -> (tensor<1x3x2x5xf32> {hf.output = "dq"}, tensor<1x7x1x5xf32> {hf.output = "dk"}, tensor<1x7x1x3xf32> {hf.output = "dv"}) {
  %0:3 = hf.attention_backward %dy, %q, %k, %v, %y {scale = 0.2 : f64}
    : (tensor<1x3x2x5xf32>, tensor<1x7x1x5xf32>, tensor<1x7x1x3xf32>) -> tensor<1x3x2x3xf32>
  return %0#0, %0#1, %0#2 : tensor<1x3x2x5xf32>, tensor<1x7x1x5xf32>, tensor<1x7x1x3xf32>
}

// Weights are dropped: in both kernels the same, and the same as in the forward pass. Shared key heads, tiles that are not full.
func.func @dropped(%dy: tensor<2x37x4x16xf32> {hf.input = "dy"}, %q: tensor<2x37x4x16xf32> {hf.input = "q"}, %k: tensor<2x37x2x16xf32> {hf.input = "k"}, %v: tensor<2x37x2x16xf32> {hf.input = "v"}, %key: tensor<i32> {hf.input = "key", hf.max = 1000000 : i64}, %rows: tensor<2x4xi32> {hf.input = "rows", hf.max = 100000 : i64})
    -> (tensor<2x37x4x16xf32> {hf.output = "y"}, tensor<2x37x4x16xf32> {hf.output = "dq"}, tensor<2x37x2x16xf32> {hf.output = "dk"}, tensor<2x37x2x16xf32> {hf.output = "dv"}) {
  %y = hf.attention %q, %k, %v drop(%key, %rows : tensor<2x4xi32>) {causal, scale = 0.2 : f64, dropout = 0.3 : f64}
    : (tensor<2x37x4x16xf32>, tensor<2x37x2x16xf32>, tensor<2x37x2x16xf32>) -> tensor<2x37x4x16xf32>
  %0:3 = hf.attention_backward %dy, %q, %k, %v, %y drop(%key, %rows : tensor<2x4xi32>) {causal, scale = 0.2 : f64, dropout = 0.3 : f64}
    : (tensor<2x37x4x16xf32>, tensor<2x37x2x16xf32>, tensor<2x37x2x16xf32>) -> tensor<2x37x4x16xf32>
  return %y, %0#0, %0#1, %0#2 : tensor<2x37x4x16xf32>, tensor<2x37x4x16xf32>, tensor<2x37x2x16xf32>, tensor<2x37x2x16xf32>
}

// One query and many keys: scores as dot products.
func.func @dropped_direct(%q: tensor<3x1x4x16xf32> {hf.input = "q"}, %k: tensor<3x100x2x16xf32> {hf.input = "k"}, %v: tensor<3x100x2x16xf32> {hf.input = "v"}, %key: tensor<i32> {hf.input = "key", hf.max = 1000000 : i64}, %rows: tensor<3x4xi32> {hf.input = "rows", hf.max = 100000 : i64})
    -> (tensor<3x1x4x16xf32> {hf.output = "y"}) {
  %y = hf.attention %q, %k, %v drop(%key, %rows : tensor<3x4xi32>) {scale = 0.2 : f64, dropout = 0.6 : f64}
    : (tensor<3x1x4x16xf32>, tensor<3x100x2x16xf32>, tensor<3x100x2x16xf32>) -> tensor<3x1x4x16xf32>
  return %y : tensor<3x1x4x16xf32>
}

// What a barrier keeps apart is the same value; padding, shared key heads and tiles that are not full.
func.func @recomputed(%dy: tensor<2x37x6x16xf32> {hf.input = "dy"}, %q: tensor<2x37x6x16xf32> {hf.input = "q"}, %k: tensor<2x37x2x16xf32> {hf.input = "k"}, %v: tensor<2x37x2x16xf32> {hf.input = "v"}, %m: tensor<2x37xi32> {hf.input = "m", hf.min = 0 : i64, hf.max = 1 : i64})
    -> (tensor<2x37x6x16xf32> {hf.output = "y"}, tensor<2x37x6x16xf32> {hf.output = "dq"}, tensor<2x37x2x16xf32> {hf.output = "dk"}, tensor<2x37x2x16xf32> {hf.output = "dv"}) {
  %y = hf.attention %q, %k, %v key_mask(%m : tensor<2x37xi32>) {causal, scale = 0.2 : f64}
    : (tensor<2x37x6x16xf32>, tensor<2x37x2x16xf32>, tensor<2x37x2x16xf32>) -> tensor<2x37x6x16xf32>
  %1:2 = hf.barrier %q, %dy : (tensor<2x37x6x16xf32>, tensor<2x37x6x16xf32>) -> (tensor<2x37x6x16xf32>, tensor<2x37x6x16xf32>)
  %0:3 = hf.attention_backward %1#1, %1#0, %k, %v, %y key_mask(%m : tensor<2x37xi32>) {causal, scale = 0.2 : f64}
    : (tensor<2x37x6x16xf32>, tensor<2x37x2x16xf32>, tensor<2x37x2x16xf32>) -> tensor<2x37x6x16xf32>
  return %y, %0#0, %0#1, %0#2 : tensor<2x37x6x16xf32>, tensor<2x37x6x16xf32>, tensor<2x37x2x16xf32>, tensor<2x37x2x16xf32>
}

func.func @other(%dy: tensor<1x9x2x8xf32> {hf.input = "dy"}, %q: tensor<1x9x2x8xf32> {hf.input = "q"}, %k: tensor<1x9x2x8xf32> {hf.input = "k"}, %v: tensor<1x9x2x8xf32> {hf.input = "v"})
    -> (tensor<1x9x2x8xf32> {hf.output = "y"}, tensor<1x9x2x8xf32> {hf.output = "dq"}, tensor<1x9x2x8xf32> {hf.output = "dk"}, tensor<1x9x2x8xf32> {hf.output = "dv"}) {
  %y = hf.attention %q, %k, %v {scale = 0.2 : f64}
    : (tensor<1x9x2x8xf32>, tensor<1x9x2x8xf32>, tensor<1x9x2x8xf32>) -> tensor<1x9x2x8xf32>
  %0:3 = hf.attention_backward %dy, %q, %k, %v, %y {causal, scale = 0.2 : f64}
    : (tensor<1x9x2x8xf32>, tensor<1x9x2x8xf32>, tensor<1x9x2x8xf32>) -> tensor<1x9x2x8xf32>
  return %y, %0#0, %0#1, %0#2 : tensor<1x9x2x8xf32>, tensor<1x9x2x8xf32>, tensor<1x9x2x8xf32>, tensor<1x9x2x8xf32>
}
