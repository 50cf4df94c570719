// RUN: hfc-opt %s --hfc-merge-products -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: hfc-opt %s --hfc-merge-products=few-rows=12 | FileCheck %s --check-prefix=FEW
// RUN: hfc-interpret %s --compare=%t.mlir --seed=3

// Merged modules have nothing left to merge.
// RUN: hfc-opt %t.mlir --hfc-merge-products | diff - %t.mlir

// The same values in each later phase, and of kernels as threads.
// RUN: hfc-opt %t.mlir --hfc-fuse --hfc-schedule --hfc-verify-schedule -o %t.rt.mlir
// RUN: FileCheck %s --check-prefix=RT < %t.rt.mlir
// RUN: hfc-interpret %s --compare=%t.rt.mlir --seed=4
// RUN: hfc-opt %t.rt.mlir --hfc-emit-kernels="vector-bits=256 interleave=1" --hfc-map-kernels-to-gpu -o %t.gpu.mlir
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --seed=5 --tolerance=1e-2

// Weights, biases and gradients of projections lie one behind the other, in the order of the products.
// CHECK-DAG: hf.bucket @side_by_side.q : tensor<2560xbf16>
// CHECK-DAG: hf.parameter @q {{.*}} {hf.bucket = #hf.place<@side_by_side.q, 0>}
// CHECK-DAG: hf.parameter @k {{.*}} {hf.bucket = #hf.place<@side_by_side.q, 1280>}
// CHECK-DAG: hf.parameter @v {{.*}} {hf.bucket = #hf.place<@side_by_side.q, 1920>}
// CHECK-DAG: hf.parameter @bq {{.*}} {hf.bucket = #hf.place<@side_by_side.bq, 0>}
// CHECK-DAG: hf.parameter @bv {{.*}} {hf.bucket = #hf.place<@side_by_side.bq, 96>}
// CHECK-DAG: hf.state @grad.q {{.*}} {hf.bucket = #hf.place<@side_by_side.grad.q, 0>
// CHECK-DAG: hf.state @grad.v {{.*}} {hf.bucket = #hf.place<@side_by_side.grad.q, 1920>
hf.parameter @q : tensor<64x20xbf16> from [#hf.piece<"q">]
hf.parameter @k : tensor<32x20xbf16> from [#hf.piece<"k">]
hf.parameter @v : tensor<32x20xbf16> from [#hf.piece<"v">]
hf.parameter @bq : tensor<64xbf16> from [#hf.piece<"bq">]
hf.parameter @bk : tensor<32xbf16> from [#hf.piece<"bk">]
hf.parameter @bv : tensor<32xbf16> from [#hf.piece<"bv">]
hf.state @grad.q : tensor<64x20xf32> {hf.of = @q, hf.role = "gradient"}
hf.state @grad.k : tensor<32x20xf32> {hf.of = @k, hf.role = "gradient"}
hf.state @grad.v : tensor<32x20xf32> {hf.of = @v, hf.role = "gradient"}

// Gate and up already lie in a bucket, the other way around: so do the columns of their product. Their gradients have
// another between them.
// CHECK-DAG: hf.parameter @gate {{.*}} {hf.bucket = #hf.place<@flat, 960>}
// CHECK-DAG: hf.parameter @up {{.*}} {hf.bucket = #hf.place<@flat, 0>}
hf.bucket @flat : tensor<1920xbf16>
hf.parameter @gate : tensor<48x20xbf16> from [#hf.piece<"gate">] {hf.bucket = #hf.place<@flat, 960>}
hf.parameter @up : tensor<48x20xbf16> from [#hf.piece<"up">] {hf.bucket = #hf.place<@flat, 0>}
hf.bucket @grads : tensor<1936xf32>
hf.state @grad.gate : tensor<48x20xf32> {hf.of = @gate, hf.role = "gradient", hf.bucket = #hf.place<@grads, 0>}
hf.state @other : tensor<16xf32> {hf.bucket = #hf.place<@grads, 960>}
hf.state @grad.up : tensor<48x20xf32> {hf.of = @up, hf.role = "gradient", hf.bucket = #hf.place<@grads, 976>}

// What does not end where something in a bucket may begin has nothing right behind it.
// CHECK-DAG: hf.parameter @narrow : tensor<3x20xbf16> from [#hf.piece<"narrow">]{{$}}
hf.parameter @narrow : tensor<3x20xbf16> from [#hf.piece<"narrow">]
hf.parameter @wide : tensor<32x20xbf16> from [#hf.piece<"wide">]

// CHECK-LABEL: func.func @forward
// CHECK-DAG: %[[W:.*]] = hf.concat %[[Q:.*]], %{{.*}}, %{{.*}} dim 0 : (tensor<64x20xbf16>, tensor<32x20xbf16>, tensor<32x20xbf16>) -> tensor<128x20xbf16>
// CHECK-DAG: %[[B:.*]] = hf.concat %{{.*}} dim 0 : (tensor<64xbf16>, tensor<32xbf16>, tensor<32xbf16>) -> tensor<128xbf16>
// CHECK: %[[Y:.*]] = hf.linear %{{.*}}, %[[W]] bias %[[B]] {hf.block = 1 : i64} : {{.*}} -> tensor<2x6x128xbf16>
// CHECK: hf.slice %[[Y]] at [0, 0, 0] {hf.block = 1 : i64} : tensor<2x6x128xbf16> -> tensor<2x6x64xbf16>
// CHECK: hf.slice %[[Y]] at [0, 0, 64] {hf.block = 1 : i64} : tensor<2x6x128xbf16> -> tensor<2x6x32xbf16>
// CHECK: hf.slice %[[Y]] at [0, 0, 96] {hf.block = 1 : i64} : tensor<2x6x128xbf16> -> tensor<2x6x32xbf16>
// CHECK-NOT: hf.linear
// CHECK: return
// FEW-LABEL: func.func @forward
// FEW-COUNT-3: hf.linear
// RT-LABEL: rt.entry @forward
// RT-DAG: %[[W:.*]] = rt.join %{{.*}}, %{{.*}}, %{{.*}} : memref<64x20xbf16>, memref<32x20xbf16>, memref<32x20xbf16> to memref<128x20xbf16>
// RT-DAG: %[[B:.*]] = rt.join {{.*}} to memref<128xbf16>
// RT: rt.gemm %{{.*}}, %[[W]] into %{{.*}} bias(%[[B]]
// RT-NOT: rt.gemm
func.func @forward(%q: tensor<64x20xbf16> {hf.parameter = @q}, %k: tensor<32x20xbf16> {hf.parameter = @k},
                   %v: tensor<32x20xbf16> {hf.parameter = @v}, %bq: tensor<64xbf16> {hf.parameter = @bq},
                   %bk: tensor<32xbf16> {hf.parameter = @bk}, %bv: tensor<32xbf16> {hf.parameter = @bv},
                   %x: tensor<2x6x20xbf16> {hf.input = "x"})
    -> (tensor<2x6x64xbf16> {hf.output = "query"}, tensor<2x6x32xbf16> {hf.output = "key"},
        tensor<2x6x32xbf16> {hf.output = "value"}) {
  %0 = hf.linear %x, %q bias %bq {hf.block = 1 : i64} : (tensor<2x6x20xbf16>, tensor<64x20xbf16>, tensor<64xbf16>) -> tensor<2x6x64xbf16>
  %1 = hf.neg %0 : tensor<2x6x64xbf16>
  %2 = hf.linear %x, %k bias %bk {hf.block = 1 : i64} : (tensor<2x6x20xbf16>, tensor<32x20xbf16>, tensor<32xbf16>) -> tensor<2x6x32xbf16>
  %3 = hf.exp %2 : tensor<2x6x32xbf16>
  %4 = hf.linear %x, %v bias %bv {hf.block = 1 : i64} : (tensor<2x6x20xbf16>, tensor<32x20xbf16>, tensor<32xbf16>) -> tensor<2x6x32xbf16>
  %5 = hf.abs %4 : tensor<2x6x32xbf16>
  return %1, %3, %5 : tensor<2x6x64xbf16>, tensor<2x6x32xbf16>, tensor<2x6x32xbf16>
}

// The sum of what each gives to the input's gradient is inside one product; one more has the weights' gradients, added to
// what is there. A bias' gradient reads its columns of the joined cotangents, which are made first.
// CHECK-LABEL: func.func @backward
// CHECK: %[[DY:.*]] = hf.concat %{{.*}} dim 1 {hf.phase = "backward"} : (tensor<16x64xbf16>, tensor<16x32xbf16>, tensor<16x32xbf16>) -> tensor<16x128xbf16>
// CHECK-DAG: %[[G:.*]] = hf.linear_wgrad %[[DY]], %{{.*}} -> tensor<128x20xf32>
// CHECK-DAG: %[[S:.*]] = hf.add %{{.*}}, %[[G]] {{.*}}: tensor<128x20xf32>
// CHECK-DAG: hf.slice %[[S]] at [96, 0] {{.*}} -> tensor<32x20xf32>
// CHECK-DAG: hf.linear_dgrad %[[DY]], %{{.*}} -> tensor<16x20xbf16>
// CHECK-DAG: %[[DV:.*]] = hf.slice %[[DY]] at [0, 96] {{.*}} -> tensor<16x32xbf16>
// CHECK-DAG: hf.convert %[[DV]]
// CHECK-NOT: hf.linear_{{[dw]}}grad {{.*}}tensor<32x20x
// CHECK: return
// RT-LABEL: rt.entry @backward
// RT-DAG: %[[G:.*]] = rt.join %{{.*}}, %{{.*}}, %{{.*}} : memref<64x20xf32>, memref<32x20xf32>, memref<32x20xf32> to memref<128x20xf32>
// RT-DAG: rt.gemm %{{.*}}, %{{.*}} into %[[G]] {accumulate{{.*}}transpose_a}
// RT-NOT: rt.copy
func.func @backward(%q: tensor<64x20xbf16> {hf.parameter = @q}, %k: tensor<32x20xbf16> {hf.parameter = @k},
                    %v: tensor<32x20xbf16> {hf.parameter = @v}, %x: tensor<16x20xbf16> {hf.input = "x"},
                    %a: tensor<16x64xbf16> {hf.input = "a"}, %b: tensor<16x32xbf16> {hf.input = "b"},
                    %c: tensor<16x32xbf16> {hf.input = "c"}, %gq: tensor<64x20xf32> {hf.state = @grad.q},
                    %gk: tensor<32x20xf32> {hf.state = @grad.k}, %gv: tensor<32x20xf32> {hf.state = @grad.v})
    -> (tensor<16x20xbf16> {hf.output = "dx"}, tensor<64x20xf32> {hf.state = @grad.q}, tensor<32x20xf32> {hf.state = @grad.k},
        tensor<32x20xf32> {hf.state = @grad.v}, tensor<32xf32> {hf.output = "bias"}) {
  %dv = hf.neg %c : tensor<16x32xbf16>
  %0 = hf.linear_dgrad %dv, %v {hf.phase = "backward"} : (tensor<16x32xbf16>, tensor<32x20xbf16>) -> tensor<16x20xbf16>
  %1 = hf.linear_wgrad %dv, %x {hf.phase = "backward"} : (tensor<16x32xbf16>, tensor<16x20xbf16>) -> tensor<32x20xf32>
  %2 = hf.add %gv, %1 {hf.phase = "backward"} : tensor<32x20xf32>
  %3 = hf.convert %dv : tensor<16x32xbf16> -> tensor<16x32xf32>
  %4 = hf.reduce sum, %3 dims [0] : tensor<16x32xf32> -> tensor<32xf32>
  %dk = hf.exp %b : tensor<16x32xbf16>
  %5 = hf.linear_dgrad %dk, %k {hf.phase = "backward"} : (tensor<16x32xbf16>, tensor<32x20xbf16>) -> tensor<16x20xbf16>
  %6 = hf.linear_wgrad %dk, %x {hf.phase = "backward"} : (tensor<16x32xbf16>, tensor<16x20xbf16>) -> tensor<32x20xf32>
  %7 = hf.add %6, %gk {hf.phase = "backward"} : tensor<32x20xf32>
  %8 = hf.add %0, %5 {hf.phase = "backward"} : tensor<16x20xbf16>
  %dq = hf.abs %a : tensor<16x64xbf16>
  %9 = hf.linear_dgrad %dq, %q {hf.phase = "backward"} : (tensor<16x64xbf16>, tensor<64x20xbf16>) -> tensor<16x20xbf16>
  %10 = hf.linear_wgrad %dq, %x {hf.phase = "backward"} : (tensor<16x64xbf16>, tensor<16x20xbf16>) -> tensor<64x20xf32>
  %11 = hf.add %gq, %10 {hf.phase = "backward"} : tensor<64x20xf32>
  %12 = hf.add %8, %9 {hf.phase = "backward"} : tensor<16x20xbf16>
  return %12, %11, %7, %2, %4 : tensor<16x20xbf16>, tensor<64x20xf32>, tensor<32x20xf32>, tensor<32x20xf32>, tensor<32xf32>
}

// Where gradients do not lie side by side, their products stay, and read their columns of the joined cotangents, in which
// each element is computed beside the one at its place in the other half.
// CHECK-LABEL: func.func @gated
// CHECK: hf.concat %[[UP:.*]], %[[GATE:.*]] dim 0 : (tensor<48x20xbf16>, tensor<48x20xbf16>)
// CHECK: hf.linear
// CHECK-NOT: hf.linear %
// CHECK: %[[DY:.*]] = hf.concat
// CHECK-COUNT-2: hf.linear_wgrad %{{.*}} : (tensor<16x48xbf16>,
// CHECK: hf.linear_dgrad %[[DY]]
// RT-LABEL: rt.entry @gated
// RT: rt.view %{{.*}} sizes [16, 48] strides [96, 1]
func.func @gated(%gate: tensor<48x20xbf16> {hf.parameter = @gate}, %up: tensor<48x20xbf16> {hf.parameter = @up},
                 %x: tensor<16x20xbf16> {hf.input = "x"}, %dy: tensor<16x48xbf16> {hf.input = "dy"})
    -> (tensor<16x48xbf16> {hf.output = "y"}, tensor<16x20xbf16> {hf.output = "dx"},
        tensor<48x20xf32> {hf.state = @grad.gate}, tensor<48x20xf32> {hf.state = @grad.up}) {
  %0 = hf.linear %x, %gate : (tensor<16x20xbf16>, tensor<48x20xbf16>) -> tensor<16x48xbf16>
  %1 = hf.linear %x, %up : (tensor<16x20xbf16>, tensor<48x20xbf16>) -> tensor<16x48xbf16>
  %2 = hf.exp %0 : tensor<16x48xbf16>
  %3 = hf.mul %2, %1 : tensor<16x48xbf16>
  %du = hf.mul %dy, %2 : tensor<16x48xbf16>
  %dg = hf.mul %dy, %3 : tensor<16x48xbf16>
  %4 = hf.linear_dgrad %du, %up : (tensor<16x48xbf16>, tensor<48x20xbf16>) -> tensor<16x20xbf16>
  %5 = hf.linear_wgrad %du, %x : (tensor<16x48xbf16>, tensor<16x20xbf16>) -> tensor<48x20xf32>
  %6 = hf.linear_dgrad %dg, %gate : (tensor<16x48xbf16>, tensor<48x20xbf16>) -> tensor<16x20xbf16>
  %7 = hf.linear_wgrad %dg, %x : (tensor<16x48xbf16>, tensor<16x20xbf16>) -> tensor<48x20xf32>
  %8 = hf.add %4, %6 : tensor<16x20xbf16>
  return %3, %8, %7, %5 : tensor<16x48xbf16>, tensor<16x20xbf16>, tensor<48x20xf32>, tensor<48x20xf32>
}

// Cotangents that depend on each other cannot lie side by side before either is read.
// CHECK-LABEL: func.func @chained
// CHECK-COUNT-2: hf.linear_dgrad
func.func @chained(%gate: tensor<48x20xbf16> {hf.parameter = @gate}, %up: tensor<48x20xbf16> {hf.parameter = @up},
                   %dy: tensor<16x48xbf16> {hf.input = "dy"}) -> (tensor<16x20xbf16> {hf.output = "dx"}) {
  %du = hf.neg %dy : tensor<16x48xbf16>
  %0 = hf.linear_dgrad %du, %up : (tensor<16x48xbf16>, tensor<48x20xbf16>) -> tensor<16x20xbf16>
  %dg = hf.exp %du : tensor<16x48xbf16>
  %1 = hf.linear_dgrad %dg, %gate : (tensor<16x48xbf16>, tensor<48x20xbf16>) -> tensor<16x20xbf16>
  %2 = hf.add %0, %1 : tensor<16x20xbf16>
  return %2 : tensor<16x20xbf16>
}

// Results that must be contiguous would be moved, which takes more than reading the input again.
// CHECK-LABEL: func.func @moved
// CHECK-COUNT-2: hf.linear
func.func @moved(%gate: tensor<48x20xbf16> {hf.parameter = @gate}, %up: tensor<48x20xbf16> {hf.parameter = @up},
                 %x: tensor<16x20xbf16> {hf.input = "x"})
    -> (tensor<16x48xbf16> {hf.output = "y"}, tensor<4x4x48xbf16> {hf.output = "z"}) {
  %0 = hf.linear %x, %gate : (tensor<16x20xbf16>, tensor<48x20xbf16>) -> tensor<16x48xbf16>
  %1 = hf.linear %x, %up : (tensor<16x20xbf16>, tensor<48x20xbf16>) -> tensor<16x48xbf16>
  %2 = hf.reshape %1 : tensor<16x48xbf16> -> tensor<4x4x48xbf16>
  return %0, %2 : tensor<16x48xbf16>, tensor<4x4x48xbf16>
}

// CHECK-LABEL: func.func @apart
// CHECK-COUNT-2: hf.linear
func.func @apart(%narrow: tensor<3x20xbf16> {hf.parameter = @narrow}, %wide: tensor<32x20xbf16> {hf.parameter = @wide},
                 %x: tensor<16x20xbf16> {hf.input = "x"})
    -> (tensor<16x3xbf16> {hf.output = "y"}, tensor<16x32xbf16> {hf.output = "z"}) {
  %0 = hf.linear %x, %narrow : (tensor<16x20xbf16>, tensor<3x20xbf16>) -> tensor<16x3xbf16>
  %1 = hf.linear %x, %wide : (tensor<16x20xbf16>, tensor<32x20xbf16>) -> tensor<16x32xbf16>
  return %0, %1 : tensor<16x3xbf16>, tensor<16x32xbf16>
}
