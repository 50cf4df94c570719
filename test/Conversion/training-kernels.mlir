// What training adds to programs, as kernels: what they compute on a CPU's vectors, and thread by thread.
// RUN: hfc-interpret %s --stage=rt --compare=import
// RUN: hfc-interpret %s --stage=kernel --compare=import
// RUN: hfc-interpret %s --stage=gpu --compare=import --tolerance=5e-3
// RUN: hfc-opt %s --hfc-fuse --hfc-schedule --hfc-verify-schedule | FileCheck %s

hf.parameter @w : tensor<6x40xf32> from [#hf.piece<"w">]
hf.state @master.w : tensor<6x40xf32>
hf.state @master.v : tensor<40xbf16>
hf.state @grad.w : tensor<6x40xf32>
hf.state @grad.b : tensor<40xf32>
hf.state @moment1.w : tensor<6x40xf32>
hf.state @moment2.w : tensor<6x40xf32>
hf.state @moment1.v : tensor<40xf32>
hf.state @moment2.v : tensor<40xf32>

// The gradient of a weight is added by the library to what is there, rows of any number of dimensions being one
// contraction; nothing is transposed. Narrow operands make a wide sum.
// CHECK: rt.entry @wgrad
// CHECK-NOT: rt.launch
// CHECK-NOT: rt.copy
// CHECK: rt.gemm %{{.*}}, %{{.*}} into %[[G:.*]] {accumulate, transpose_a} : memref<6x6xbf16>, memref<6x40xbf16>, memref<6x40xf32>
// CHECK: rt.gemm %{{.*}}, %{{.*}} into %{{.*}} : memref<2x3x6xbf16>, memref<6x40xbf16>, memref<2x3x40xbf16>
func.func @wgrad(%dy: tensor<2x3x6xbf16> {hf.input = "dy"}, %x: tensor<2x3x40xbf16> {hf.input = "x"},
                 %w: tensor<6x40xbf16> {hf.input = "w"}, %g: tensor<6x40xf32> {hf.state = @grad.w})
    -> (tensor<6x40xf32> {hf.state = @grad.w}, tensor<2x3x40xbf16> {hf.output = "dx"}) {
  %0 = hf.linear_wgrad %dy, %x : (tensor<2x3x6xbf16>, tensor<2x3x40xbf16>) -> tensor<6x40xf32>
  %1 = hf.add %g, %0 : tensor<6x40xf32>
  %2 = hf.linear_dgrad %dy, %w : (tensor<2x3x6xbf16>, tensor<6x40xbf16>) -> tensor<2x3x40xbf16>
  return %1, %2 : tensor<6x40xf32>, tensor<2x3x40xbf16>
}

// A bias' gradient: one kernel reads the cotangent and adds into the state.
// CHECK: rt.entry @bgrad
// CHECK: rt.launch @{{.*}} ins(%{{.*}}, %[[B:.*]] : memref<5x7x40xbf16>, memref<40xf32>) outs(%[[B]] : memref<40xf32>)
// CHECK-NEXT: }
func.func @bgrad(%dy: tensor<5x7x40xbf16> {hf.input = "dy"}, %g: tensor<40xf32> {hf.state = @grad.b})
    -> (tensor<40xf32> {hf.state = @grad.b}) {
  %0 = hf.convert %dy : tensor<5x7x40xbf16> -> tensor<5x7x40xf32>
  %1 = hf.reduce sum, %0 dims [0, 1] : tensor<5x7x40xf32> -> tensor<40xf32>
  %2 = hf.add %g, %1 : tensor<40xf32>
  return %2 : tensor<40xf32>
}

// Tied embeddings: the head's gradient and then the table's, both in the state. Some indices are outside.
// CHECK: rt.entry @tied
// CHECK: %[[G:.*]] = rt.state @grad.w
// CHECK: rt.gemm %{{.*}}, %{{.*}} into %[[G]] {accumulate, transpose_a}
// CHECK-NEXT: rt.launch @scatter_add{{.*}} ins(%[[G]], {{.*}}) outs(%[[G]] : memref<6x40xf32>)
// CHECK-NOT: rt.copy
func.func @tied(%dy: tensor<4x6xf32> {hf.input = "dy"}, %x: tensor<4x40xf32> {hf.input = "x"},
                %ids: tensor<2x5xi32> {hf.input = "ids", hf.min = -1 : i64, hf.max = 6 : i64}, %dx: tensor<2x5x40xf32> {hf.input = "dx"},
                %g: tensor<6x40xf32> {hf.state = @grad.w}) -> (tensor<6x40xf32> {hf.state = @grad.w}) {
  %0 = hf.linear_wgrad %dy, %x : (tensor<4x6xf32>, tensor<4x40xf32>) -> tensor<6x40xf32>
  %1 = hf.add %0, %g : tensor<6x40xf32>
  %2 = hf.scatter_add %1, %ids, %dx : (tensor<6x40xf32>, tensor<2x5xi32>, tensor<2x5x40xf32>) -> tensor<6x40xf32>
  return %2 : tensor<6x40xf32>
}

// Many places hold the same index, in vectors that hold others too.
func.func @scatter_many(%ids: tensor<4x48xi32> {hf.input = "ids", hf.min = -1 : i64, hf.max = 20 : i64},
                        %u: tensor<4x48x40xf32> {hf.input = "u"}, %t: tensor<20x40xf32> {hf.input = "t"})
    -> (tensor<20x40xf32> {hf.output = "y"}) {
  %0 = hf.scatter_add %t, %ids, %u : (tensor<20x40xf32>, tensor<4x48xi32>, tensor<4x48x40xf32>) -> tensor<20x40xf32>
  return %0 : tensor<20x40xf32>
}

// Where the table itself lives on, a copy is updated; also tables of one number a row, and of narrow ones.
// CHECK: rt.entry @scatter
// CHECK-COUNT-2: rt.copy
func.func @scatter(%t: tensor<7x3x5xf32> {hf.input = "t"}, %ids: tensor<9xi32> {hf.input = "ids", hf.min = -1 : i64, hf.max = 7 : i64},
                   %u: tensor<9x3x5xf32> {hf.input = "u"}, %c: tensor<7xi32> {hf.input = "c"}, %n: tensor<9xi32> {hf.input = "n"})
    -> (tensor<7x3x5xf32> {hf.output = "y"}, tensor<7xi32> {hf.output = "z"}) {
  %0 = hf.scatter_add %t, %ids, %u : (tensor<7x3x5xf32>, tensor<9xi32>, tensor<9x3x5xf32>) -> tensor<7x3x5xf32>
  %1 = hf.scatter_add %c, %ids, %n : (tensor<7xi32>, tensor<9xi32>, tensor<9xi32>) -> tensor<7xi32>
  return %0, %1 : tensor<7x3x5xf32>, tensor<7xi32>
}

// One kernel for a step of AdamW on a parameter, with everything in place.
// CHECK: rt.entry @update
// CHECK-DAG: %[[W:.*]] = rt.state @master.w
// CHECK-DAG: %[[M1:.*]] = rt.state @moment1.w
// CHECK-DAG: %[[M2:.*]] = rt.state @moment2.w
// CHECK: rt.launch @mul_adamw{{.*}} outs(%[[M1]], %[[M2]], %[[W]] :
// CHECK-NOT: rt.copy
func.func @update(%w: tensor<6x40xf32> {hf.state = @master.w}, %v: tensor<40xbf16> {hf.state = @master.v}, %gw: tensor<6x40xf32> {hf.state = @grad.w},
                  %gv: tensor<40xf32> {hf.state = @grad.b}, %m1: tensor<6x40xf32> {hf.state = @moment1.w},
                  %m2: tensor<6x40xf32> {hf.input = "m2", hf.min = 0 : i64}, %n1: tensor<40xf32> {hf.state = @moment1.v},
                  %step: tensor<i32> {hf.input = "step", hf.min = 1 : i64, hf.max = 9 : i64}, %lr: tensor<f32> {hf.input = "lr"})
    -> (tensor<6x40xf32> {hf.state = @master.w}, tensor<6x40xf32> {hf.state = @moment1.w}, tensor<6x40xf32> {hf.state = @moment2.w},
        tensor<40xbf16> {hf.state = @master.v}, tensor<40xf32> {hf.state = @moment1.v}, tensor<40xf32> {hf.state = @moment2.v}) {
  %beta1 = hf.constant dense<0.9> : tensor<f32>
  %beta2 = hf.constant dense<0.95> : tensor<f32>
  %eps = hf.constant dense<1.0e-5> : tensor<f32>
  %decay = hf.constant dense<0.1> : tensor<f32>
  %scale = hf.constant dense<0.5> : tensor<f32>
  // Second moments are not negative.
  %s2 = hf.mul %m2, %m2 : tensor<6x40xf32>
  %t2 = hf.mul %n1, %n1 : tensor<40xf32>
  %0:3 = hf.adamw %w, %gw, %m1, %s2 step %step, %lr, %beta1, %beta2, %eps, %decay, %scale
    : tensor<6x40xf32>, tensor<6x40xf32>, tensor<6x40xf32>, tensor<6x40xf32>
  %1:3 = hf.adamw %v, %gv, %n1, %t2 step %step, %lr, %beta1, %beta2, %eps, %decay, %scale
    : tensor<40xbf16>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>
  return %0#0, %0#1, %0#2, %1#0, %1#1, %1#2
    : tensor<6x40xf32>, tensor<6x40xf32>, tensor<6x40xf32>, tensor<40xbf16>, tensor<40xf32>, tensor<40xf32>
}

// Pieces that a rank takes: rows, columns, and what is behind the end.
func.func @pieces(%x: tensor<10x8xf32> {hf.input = "x"}, %start: tensor<i32> {hf.input = "start", hf.min = -2 : i64, hf.max = 9 : i64},
                  %b: tensor<30xf32> {hf.input = "b"})
    -> (tensor<4x8xf32> {hf.output = "rows"}, tensor<10x4xf32> {hf.output = "columns"}, tensor<16xf32> {hf.output = "bias"}) {
  %0 = hf.slice_at %x, %start dim 0 : tensor<10x8xf32> -> tensor<4x8xf32>
  %1 = hf.slice_at %x, %start dim 1 : tensor<10x8xf32> -> tensor<10x4xf32>
  %2 = hf.slice_at %b, %start dim 0 : tensor<30xf32> -> tensor<16xf32>
  %3 = hf.add %2, %2 : tensor<16xf32>
  return %0, %1, %3 : tensor<4x8xf32>, tensor<10x4xf32>, tensor<16xf32>
}

// The loss and its derivative: rows are read, and none is written in float32. The label -100 does not count.
func.func @loss(%logits: tensor<3x4x50xf32> {hf.input = "logits"}, %labels: tensor<3x4xi32> {hf.input = "labels", hf.min = -100 : i64, hf.max = 49 : i64})
    -> (tensor<3x4xf32> {hf.output = "loss"}, tensor<3x4xf32> {hf.output = "log_sum"}) {
  %0, %1 = hf.cross_entropy %logits, %labels : (tensor<3x4x50xf32>, tensor<3x4xi32>) -> tensor<3x4xf32>
  return %0, %1 : tensor<3x4xf32>, tensor<3x4xf32>
}

func.func @noise(%x: tensor<3x5x24xf32> {hf.input = "x"}, %key: tensor<i32> {hf.input = "key"}) -> (tensor<3x5x24xf32> {hf.output = "y"}) {
  %0 = hf.dropout %x, %key {p = 0.3 : f64} : tensor<3x5x24xf32>
  return %0 : tensor<3x5x24xf32>
}

// Behind a barrier things are computed again, in a kernel of their own, after the product that the barrier waits for.
// CHECK: rt.entry @again
// CHECK: rt.launch @[[EXP:exp.*]] ins
// CHECK: rt.gemm
// CHECK: rt.launch @{{exp.*}} ins
func.func @again(%x: tensor<4x40xf32> {hf.input = "x"}, %w: tensor<6x40xf32> {hf.parameter = @w})
    -> (tensor<4x6xf32> {hf.output = "y"}, tensor<4x40xf32> {hf.output = "dx"}) {
  %0 = hf.exp %x : tensor<4x40xf32>
  %1 = hf.linear %0, %w : (tensor<4x40xf32>, tensor<6x40xf32>) -> tensor<4x6xf32>
  %2 = hf.linear_dgrad %1, %w : (tensor<4x6xf32>, tensor<6x40xf32>) -> tensor<4x40xf32>
  %3:2 = hf.barrier %x, %2 : (tensor<4x40xf32>, tensor<4x40xf32>) -> (tensor<4x40xf32>, tensor<4x40xf32>)
  %4 = hf.exp %3#0 : tensor<4x40xf32>
  %5 = hf.mul %4, %3#1 : tensor<4x40xf32>
  return %1, %5 : tensor<4x6xf32>, tensor<4x40xf32>
}
