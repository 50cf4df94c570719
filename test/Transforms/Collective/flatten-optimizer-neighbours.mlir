// RUN: hfc-opt %s --hfc-add-optimizer -o %t.one.mlir && hfc-opt %t.one.mlir --hfc-flatten-optimizer=flat-bytes=600 -o %t.flat.mlir
// RUN: FileCheck %s < %t.flat.mlir
// RUN: hfc-interpret %t.one.mlir --compare=%t.flat.mlir | FileCheck %s --check-prefix=SAME
// RUN: hfc-opt %t.one.mlir --hfc-flatten-optimizer | FileCheck %s --check-prefix=LARGE

// Weights that multiply the same values stay together, though two tensors in their order would fill a bucket; so they still
// become one product.
// CHECK-DAG: hf.parameter @first : tensor<8x8xf32> from [#hf.piece<"first">]{{$}}
// CHECK-DAG: hf.parameter @q : {{.*}} {hf.bucket = #hf.place<@parameters.0, 0>}
// CHECK-DAG: hf.parameter @k : {{.*}} {hf.bucket = #hf.place<@parameters.0, 64>}
// CHECK-DAG: hf.state @grad.q : {{.*}} {hf.bucket = #hf.place<@grads.0, 0>
// CHECK-DAG: hf.state @grad.k : {{.*}} {hf.bucket = #hf.place<@grads.0, 64>
// RUN: hfc-opt %t.flat.mlir --hfc-merge-products=few-rows=1 | FileCheck %s --check-prefix=MERGED
// MERGED-LABEL: @last_micro_step
// MERGED-DAG: hf.linear %{{.*}}, %{{.*}} : (tensor<4x8xf32>, tensor<16x8xf32>) -> tensor<4x16xf32>
// MERGED-DAG: hf.linear %{{.*}}, %{{.*}} : (tensor<4x16xf32>, tensor<10x16xf32>) -> tensor<4x10xf32>

// What multiplies the same values as a weight that is not trained is updated alone, in buckets of any size: else it would lie
// apart from that.
// LARGE-DAG: hf.parameter @first : {{.*}} {hf.bucket = #hf.place<@parameters.0, 0>}
// LARGE-DAG: hf.parameter @k : {{.*}} {hf.bucket = #hf.place<@parameters.0, 128>}
// LARGE-DAG: hf.parameter @last : {{.*}} {hf.bucket = #hf.place<@parameters.0, 192>}
// LARGE-DAG: hf.parameter @gate : tensor<5x16xf32> from [#hf.piece<"gate">]{{$}}
// LARGE-DAG: hf.state @moment1.gate

// SAME: same @optimizer_step gate
// SAME-NOT: DIFFERENT
module attributes {hf.program = {task = "train"}} {
  hf.parameter @first : tensor<8x8xf32> from [#hf.piece<"first">]
  hf.parameter @q : tensor<8x8xf32> from [#hf.piece<"q">]
  hf.parameter @k : tensor<8x8xf32> from [#hf.piece<"k">]
  hf.parameter @last : tensor<8x8xf32> from [#hf.piece<"last">]
  hf.parameter @gate : tensor<5x16xf32> from [#hf.piece<"gate">]
  hf.parameter @frozen : tensor<5x16xf32> from [#hf.piece<"frozen">]
  hf.state @grad.first : tensor<8x8xf32> {hf.of = @first, hf.role = "gradient"}
  hf.state @grad.q : tensor<8x8xf32> {hf.of = @q, hf.role = "gradient"}
  hf.state @grad.k : tensor<8x8xf32> {hf.of = @k, hf.role = "gradient"}
  hf.state @grad.last : tensor<8x8xf32> {hf.of = @last, hf.role = "gradient"}
  hf.state @grad.gate : tensor<5x16xf32> {hf.of = @gate, hf.role = "gradient"}
  func.func @last_micro_step(%first: tensor<8x8xf32> {hf.parameter = @first}, %q: tensor<8x8xf32> {hf.parameter = @q},
      %k: tensor<8x8xf32> {hf.parameter = @k}, %last: tensor<8x8xf32> {hf.parameter = @last},
      %gate: tensor<5x16xf32> {hf.parameter = @gate}, %frozen: tensor<5x16xf32> {hf.parameter = @frozen},
      %x: tensor<4x8xf32> {hf.input = "x"}, %y: tensor<4x16xf32> {hf.input = "y"})
      -> (tensor<8x8xf32> {hf.state = @grad.first}, tensor<8x8xf32> {hf.state = @grad.q}, tensor<8x8xf32> {hf.state = @grad.k},
          tensor<8x8xf32> {hf.state = @grad.last}, tensor<5x16xf32> {hf.state = @grad.gate}, tensor<4x5xf32> {hf.output = "up"}) {
    %0 = hf.linear %x, %q : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
    %1 = hf.linear %x, %k : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
    %2 = hf.linear %y, %gate : (tensor<4x16xf32>, tensor<5x16xf32>) -> tensor<4x5xf32>
    %3 = hf.linear %y, %frozen : (tensor<4x16xf32>, tensor<5x16xf32>) -> tensor<4x5xf32>
    %4 = hf.linear_wgrad %0, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
    %5 = hf.linear_wgrad %1, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
    %6 = hf.linear_wgrad %2, %y : (tensor<4x5xf32>, tensor<4x16xf32>) -> tensor<5x16xf32>
    %7 = hf.neg %first : tensor<8x8xf32>
    %8 = hf.neg %last : tensor<8x8xf32>
    return %7, %4, %5, %8, %6, %3 : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<5x16xf32>, tensor<4x5xf32>
  }
}
