// RUN: hfc-opt %s --hfc-fuse --split-input-file | FileCheck %s

// A whole layer_norm, or softmax, is one row kernel; what is the same for a row is computed once for it.
// CHECK-LABEL: func.func private @layer_norm_softmax_
// CHECK-SAME: kernel.kind = "row"
// CHECK: hf.rsqrt {{.*}} : tensor<4xf32>
// CHECK-COUNT-2: hf.reduce
// CHECK-LABEL: func.func @norm_then_softmax
// CHECK-NEXT: call
// CHECK-NEXT: return
func.func @norm_then_softmax(%x: tensor<4x64xf32>, %w: tensor<64xf32>, %b: tensor<64xf32>) -> tensor<4x64xf32> {
  %0 = hf.layer_norm %x, %w bias %b {epsilon = 1.0e-5 : f64} : (tensor<4x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<4x64xf32>
  %1 = hf.softmax %0 : tensor<4x64xf32>
  return %1 : tensor<4x64xf32>
}

// -----

// Reductions over other rows do not share a kernel, and the first one's rows are not recomputed by the second.
// CHECK: func.func private @rms_norm_0{{.*}} attributes {kernel.kind = "row"}
// CHECK-NOT: kernel.kind
// CHECK: hf.reduce
// CHECK: func.func private @{{.*}} attributes {kernel.kind = "row"}
// CHECK: hf.reduce
// CHECK-LABEL: func.func @other_rows
// CHECK-COUNT-2: call
// CHECK-NEXT: return
func.func @other_rows(%x: tensor<4x64xf32>, %w: tensor<64xf32>, %v: tensor<16xf32>) -> tensor<4x4x16xf32> {
  %0 = hf.rms_norm %x, %w {epsilon = 1.0e-5 : f64} : (tensor<4x64xf32>, tensor<64xf32>) -> tensor<4x64xf32>
  %1 = hf.reshape %0 : tensor<4x64xf32> -> tensor<4x4x16xf32>
  %2 = hf.rms_norm %1, %v {epsilon = 1.0e-5 : f64} : (tensor<4x4x16xf32>, tensor<16xf32>) -> tensor<4x4x16xf32>
  return %2 : tensor<4x4x16xf32>
}

// -----

// Leading dimensions are reduced as they lie, with what leads to them and what comes after.
// CHECK: kernel.kind = "column"
// CHECK-NEXT: hf.exp
// CHECK-NEXT: hf.reduce {{.*}} dims [0]
// CHECK-NEXT: hf.add
// CHECK-NEXT: return %{{[^,]*}} : tensor<4x8xf32>
func.func @leading(%x: tensor<3x4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = hf.exp %x : tensor<3x4x8xf32>
  %1 = hf.reduce sum, %0 dims [0] : tensor<3x4x8xf32> -> tensor<4x8xf32>
  %2 = hf.add %1, %y : tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// -----

// Columns and rows of one operand are two kernels.
// CHECK-DAG: kernel.kind = "column"
// CHECK-DAG: kernel.kind = "row"
func.func @both(%x: tensor<8x16xf32>) -> (tensor<8xf32>, tensor<16xf32>) {
  %0 = hf.reduce sum, %x dims [1] : tensor<8x16xf32> -> tensor<8xf32>
  %1 = hf.reduce sum, %x dims [0] : tensor<8x16xf32> -> tensor<16xf32>
  return %0, %1 : tensor<8xf32>, tensor<16xf32>
}

// -----

// A large tensor is reduced to a number in parts, by many blocks.
// CHECK: kernel.kind = "row"
// CHECK: hf.reduce {{.*}} dims [1] : tensor<256x384xf32> -> tensor<256xf32>
// CHECK: kernel.kind = "row"
// CHECK: hf.reduce {{.*}} dims [0] : tensor<256xf32> -> tensor<f32>
func.func @norm(%x: tensor<96x1024xf32>) -> tensor<f32> {
  %0 = hf.mul %x, %x : tensor<96x1024xf32>
  %1 = hf.reduce sum, %0 dims [0, 1] : tensor<96x1024xf32> -> tensor<f32>
  return %1 : tensor<f32>
}

// -----

// So are many rows of few columns: the gradient of a bias, which is then added to what is there.
// CHECK: kernel.kind = "column"
// CHECK: hf.reduce {{.*}} dims [1] : tensor<128x32x40xf32> -> tensor<128x40xf32>
// CHECK: kernel.kind = "column"
// CHECK: hf.reduce {{.*}} dims [0] : tensor<128x40xf32> -> tensor<40xf32>
// CHECK-NEXT: hf.add
func.func @bias(%dy: tensor<2x2048x40xbf16>, %g: tensor<40xf32>) -> tensor<40xf32> {
  %0 = hf.convert %dy : tensor<2x2048x40xbf16> -> tensor<2x2048x40xf32>
  %1 = hf.reduce sum, %0 dims [0, 1] : tensor<2x2048x40xf32> -> tensor<40xf32>
  %2 = hf.add %g, %1 : tensor<40xf32>
  return %2 : tensor<40xf32>
}

// -----

// Dimensions that do not stand next to each other are reduced as trailing ones of a transposed operand.
// CHECK: kernel.kind = "row"
// CHECK: hf.transpose %{{.*}} perm [1, 0, 2] : tensor<3x4x8xf32> -> tensor<4x3x8xf32>
// CHECK-NEXT: hf.reduce {{.*}} dims [1, 2]
func.func @apart(%x: tensor<3x4x8xf32>) -> tensor<4xf32> {
  %0 = hf.reduce sum, %x dims [0, 2] : tensor<3x4x8xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// An expensive value with two consumers that cannot share a kernel is computed once, and read twice.
// CHECK-COUNT-1: hf.exp
// CHECK-NOT: hf.exp
// CHECK-LABEL: func.func @shared
// CHECK: %[[E:.*]]:2 = call
// CHECK: hf.linear %[[E]]#
// CHECK: call @{{.*}}(%[[E]]#{{[01]}}, 
func.func @shared(%x: tensor<4x64xf32>, %w: tensor<64x64xf32>) -> tensor<4x64xf32> {
  %0 = hf.exp %x : tensor<4x64xf32>
  %1 = hf.add %0, %x : tensor<4x64xf32>
  %2 = hf.linear %1, %w : (tensor<4x64xf32>, tensor<64x64xf32>) -> tensor<4x64xf32>
  %3 = hf.mul %0, %2 : tensor<4x64xf32>
  return %3 : tensor<4x64xf32>
}

// -----

// An expensive value is not recomputed for each element of a broadcast.
// CHECK-LABEL: func.func @broadcast
// CHECK-COUNT-2: call
// CHECK-NEXT: return
func.func @broadcast(%x: tensor<64xf32>, %y: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %0 = hf.exp %x : tensor<64xf32>
  %1 = hf.broadcast %0 dims [1] : tensor<64xf32> -> tensor<8x64xf32>
  %2 = hf.mul %1, %y : tensor<8x64xf32>
  return %2 : tensor<8x64xf32>
}

// -----

// Fusing %a with %c would make a cycle through the product.
// CHECK-LABEL: func.func @cycle
// CHECK: call
// CHECK-NEXT: hf.linear
// CHECK-NEXT: call
// CHECK-NEXT: return
func.func @cycle(%x: tensor<4x64xf32>, %w: tensor<64x64xf32>) -> tensor<4x64xf32> {
  %a = hf.neg %x : tensor<4x64xf32>
  %b = hf.linear %a, %w : (tensor<4x64xf32>, tensor<64x64xf32>) -> tensor<4x64xf32>
  %c = hf.add %a, %b : tensor<4x64xf32>
  return %c : tensor<4x64xf32>
}

// -----

// Constants that a product or the caller reads get kernels; a tensor with values of its own stays, and so does what a product
// reads in another order.
// CHECK: func.func private @constant_{{.*}}() -> tensor<64x64xf32> attributes {kernel.kind = "loop"}
// CHECK-LABEL: func.func @in_memory
// CHECK-DAG: %[[DATA:.*]] = hf.constant dense<[1.0
// CHECK-DAG: %[[W:.*]] = call @constant
// CHECK-DAG: %[[T:.*]] = hf.transpose %arg0
// CHECK: hf.linear %[[T]], %[[W]]
// CHECK: return %{{.*}}, %[[DATA]], %arg0, %arg0
func.func @in_memory(%x: tensor<64x4xf32>) -> (tensor<4x64xf32>, tensor<2xf32>, tensor<64x4xf32>, tensor<64x4xf32>) {
  %data = hf.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %w = hf.constant dense<0.5> : tensor<64x64xf32>
  %t = hf.transpose %x perm [1, 0] : tensor<64x4xf32> -> tensor<4x64xf32>
  %y = hf.linear %t, %w : (tensor<4x64xf32>, tensor<64x64xf32>) -> tensor<4x64xf32>
  return %y, %data, %x, %x : tensor<4x64xf32>, tensor<2xf32>, tensor<64x4xf32>, tensor<64x4xf32>
}

// -----

// bfloat16 is what stands in memory; the conversions are inside.
// CHECK: func.func private @add_rms_norm_{{.*}}(%{{.*}}: tensor<4x64xbf16>, %{{.*}}: tensor<4x64xbf16>, %{{.*}}: tensor<64xbf16>) -> (tensor<4x64xbf16>, tensor<4x64xbf16>)
func.func @narrow(%x: tensor<4x64xbf16>, %y: tensor<4x64xbf16>, %w: tensor<64xbf16>) -> (tensor<4x64xbf16>, tensor<4x64xbf16>) {
  %0 = hf.add %x, %y : tensor<4x64xbf16>
  %1 = hf.rms_norm %0, %w {epsilon = 1.0e-5 : f64} : (tensor<4x64xbf16>, tensor<64xbf16>) -> tensor<4x64xbf16>
  return %0, %1 : tensor<4x64xbf16>, tensor<4x64xbf16>
}

// -----

// A special op is alone in its body, with its operands in order even where two are the same.
// CHECK: func.func private @attention_{{.*}}(%[[Q:.*]]: tensor<1x8x2x4xf32>, %[[K:.*]]: tensor<1x8x2x4xf32>, %[[V:.*]]: tensor<1x8x2x4xf32>)
// CHECK-SAME: kernel.kind = "attention"
// CHECK-NEXT: hf.attention %[[Q]], %[[K]], %[[V]]
// CHECK-NEXT: return
func.func @same_operands(%x: tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32> {
  %0 = hf.attention %x, %x, %x {scale = 0.5 : f64} : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>) -> tensor<1x8x2x4xf32>
  return %0 : tensor<1x8x2x4xf32>
}

// -----

// The mixture of experts: routing is a softmax, top_k, the sum of the chosen weights, and their scattering.
// CHECK-LABEL: func.func @mixture
// CHECK: call @route_
// CHECK-NEXT: call @top_k_
// CHECK-NEXT: call @route_
// CHECK-NEXT: call @route_
// CHECK-COUNT-2: hf.matmul
// CHECK-NEXT: call @experts_
// CHECK: hf.matmul
// CHECK-NEXT: call @experts_
// CHECK-NEXT: return
func.func @mixture(%x: tensor<48x64xf32>, %l: tensor<48x8xf32>, %g: tensor<8x48x64xf32>, %u: tensor<8x48x64xf32>, %d: tensor<8x64x48xf32>) -> tensor<48x64xf32> {
  %r = hf.route %l {top_k = 2 : i64, normalize} : tensor<48x8xf32>
  %0 = hf.experts silu, %x, %r, %g, %u, %d : (tensor<48x64xf32>, tensor<48x8xf32>, tensor<8x48x64xf32>,
      tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<48x64xf32>
  return %0 : tensor<48x64xf32>
}

// -----

// Where only products read what is moved, nothing moves it. What is computed is written in the order in which it is
// read, unless the product reads a part of it, or repeats it.
// CHECK-LABEL: func.func @moved
// CHECK: hf.transpose %{{.*}} perm [1, 0] : tensor<4x6xf32>
// CHECK-NEXT: hf.matmul
// CHECK: call @[[TURN:neg_.*]](%{{.*}}) : (tensor<4x6xf32>) -> tensor<6x4xf32>
// CHECK-NEXT: hf.matmul
// CHECK: call @[[EXP:exp_.*]](%{{.*}}) : (tensor<4x6xf32>) -> tensor<4x6xf32>
// CHECK-NEXT: hf.broadcast
// CHECK-NEXT: hf.matmul
func.func @moved(%a: tensor<4x6xf32> {hf.input = "a"}, %b: tensor<4x6xf32> {hf.input = "b"}, %c: tensor<4x6xf32> {hf.input = "c"}, %w: tensor<4x8xf32> {hf.input = "w"},
                 %v: tensor<5x6x8xf32> {hf.input = "v"})
    -> (tensor<6x8xf32> {hf.output = "x"}, tensor<6x8xf32> {hf.output = "y"}, tensor<5x4x8xf32> {hf.output = "z"}) {
  %0 = hf.transpose %a perm [1, 0] : tensor<4x6xf32> -> tensor<6x4xf32>
  %1 = hf.matmul %0, %w : (tensor<6x4xf32>, tensor<4x8xf32>) -> tensor<6x8xf32>
  %2 = hf.neg %b : tensor<4x6xf32>
  %3 = hf.transpose %2 perm [1, 0] : tensor<4x6xf32> -> tensor<6x4xf32>
  %4 = hf.matmul %3, %w : (tensor<6x4xf32>, tensor<4x8xf32>) -> tensor<6x8xf32>
  %5 = hf.exp %c : tensor<4x6xf32>
  %6 = hf.broadcast %5 dims [1, 2] : tensor<4x6xf32> -> tensor<5x4x6xf32>
  %7 = hf.matmul %6, %v : (tensor<5x4x6xf32>, tensor<5x6x8xf32>) -> tensor<5x4x8xf32>
  return %1, %4, %7 : tensor<6x8xf32>, tensor<6x8xf32>, tensor<5x4x8xf32>
}

// -----

// A gate's backward pass: both gradients in one kernel, which computes what they share once, though two ops ask for it.
// CHECK: func.func private @[[BACKWARD:.*]]({{.*}}) -> (tensor<4x64xf32>, tensor<4x64xf32>) attributes {kernel.kind = "loop"}
// CHECK: hf.exp
// CHECK-NOT: hf.exp
// CHECK-LABEL: func.func @gate
// CHECK: hf.linear
// CHECK-NEXT: call @[[BACKWARD]]
// CHECK-NEXT: return
func.func @gate(%gate: tensor<4x64xf32>, %up: tensor<4x64xf32>, %dy: tensor<4x8xf32>, %down: tensor<64x8xf32>)
    -> (tensor<4x64xf32>, tensor<4x64xf32>) {
  %d = hf.linear %dy, %down : (tensor<4x8xf32>, tensor<64x8xf32>) -> tensor<4x64xf32>
  %0 = hf.exp %gate {hf.origin = "one"} : tensor<4x64xf32>
  %1 = hf.mul %d, %0 : tensor<4x64xf32>
  %2 = hf.exp %gate {hf.origin = "another"} : tensor<4x64xf32>
  %3 = hf.mul %up, %2 : tensor<4x64xf32>
  %4 = hf.mul %d, %3 : tensor<4x64xf32>
  return %1, %4 : tensor<4x64xf32>, tensor<4x64xf32>
}

// -----

// What a row was reduced to is kept from one phase for the next, what has as many elements as the row is not.
// CHECK: kernel.kind = "row"
// CHECK: hf.reduce
// CHECK-NOT: hf.reduce
// CHECK-LABEL: func.func @norms
// CHECK: %[[FIRST:.*]]:2 = call @{{.*}} -> (tensor<4xf32>, tensor<4x64xf32>)
// CHECK-NEXT: %[[Y:.*]] = hf.linear %[[FIRST]]#1
// CHECK-NEXT: call @{{.*}}(%{{.*}}, %[[FIRST]]#0, %[[Y]]) {hf.phase = "backward"}
func.func @norms(%x: tensor<4x64xf32>, %w: tensor<64x64xf32>) -> tensor<4x64xf32> {
  %0 = hf.reduce sum, %x dims [1] : tensor<4x64xf32> -> tensor<4xf32>
  %1 = hf.broadcast %0 dims [0] : tensor<4xf32> -> tensor<4x64xf32>
  %2 = hf.mul %x, %1 : tensor<4x64xf32>
  %3 = hf.linear %2, %w : (tensor<4x64xf32>, tensor<64x64xf32>) -> tensor<4x64xf32>
  %4 = hf.reduce sum, %x dims [1] {hf.phase = "backward"} : tensor<4x64xf32> -> tensor<4xf32>
  %5 = hf.broadcast %4 dims [0] {hf.phase = "backward"} : tensor<4xf32> -> tensor<4x64xf32>
  %6 = hf.mul %x, %5 {hf.phase = "backward"} : tensor<4x64xf32>
  %7 = hf.mul %6, %3 {hf.phase = "backward"} : tensor<4x64xf32>
  return %7 : tensor<4x64xf32>
}
