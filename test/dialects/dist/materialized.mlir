// A local program whose shardings say what is true passes the verifier.
// RUN: hfc-opt %s --verify-roundtrip | FileCheck %s

// CHECK: dist.materialized
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 4>, dist.materialized} {

// Column, activation, row, reduce: Megatron's MLP.
// CHECK-LABEL: func @mlp
func.func @mlp(%x: tensor<2x24x64xf32> {dist.sharding = #dist.sharding<[{"dp"}, {}, {}], global [4, 24, 64]>},
               %up: tensor<40x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [160, 64]>},
               %down: tensor<64x40xf32> {dist.sharding = #dist.sharding<[{}, {"tp"}], global [64, 160]>})
    -> (tensor<2x24x64xf32> {dist.sharding = #dist.sharding<[{"dp"}, {}, {}], global [4, 24, 64]>}) {
  %0 = hf.linear %x, %up {dist.shardings = [#dist.sharding<[{"dp"}, {}, {"tp"}], global [4, 24, 160]>]}
    : (tensor<2x24x64xf32>, tensor<40x64xf32>) -> tensor<2x24x40xf32>
  %1 = hf.activation silu, %0 {dist.shardings = [#dist.sharding<[{"dp"}, {}, {"tp"}], global [4, 24, 160]>]} : tensor<2x24x40xf32>
  %2 = hf.linear %1, %down {dist.shardings = [#dist.sharding<[{"dp"}, {}, {}], partial sum {"tp"}, global [4, 24, 64]>]}
    : (tensor<2x24x40xf32>, tensor<64x40xf32>) -> tensor<2x24x64xf32>
  %3 = dist.all_reduce sum %2 over {"tp"} {dist.shardings = [#dist.sharding<[{"dp"}, {}, {}], global [4, 24, 64]>]} : tensor<2x24x64xf32>
  return %3 : tensor<2x24x64xf32>
}

// Two key heads over four ranks: query heads that share one are on two ranks, and its gradient is partial.
// CHECK-LABEL: func @heads
func.func @heads(%q: tensor<2x24x1x16xf32> {dist.sharding = #dist.sharding<[{}, {}, {"tp"}, {}], global [2, 24, 4, 16]>},
                 %k: tensor<2x24x1x16xf32> {dist.sharding = #dist.sharding<[{}, {}, {"tp":(1)2}, {}], global [2, 24, 2, 16]>},
                 %dy: tensor<2x24x1x16xf32> {dist.sharding = #dist.sharding<[{}, {}, {"tp"}, {}], global [2, 24, 4, 16]>}) {
  %0 = hf.attention %q, %k, %k {causal, scale = 0.25 : f64, dist.shardings = [#dist.sharding<[{}, {}, {"tp"}, {}], global [2, 24, 4, 16]>]}
    : (tensor<2x24x1x16xf32>, tensor<2x24x1x16xf32>, tensor<2x24x1x16xf32>) -> tensor<2x24x1x16xf32>
  %dq, %dk, %dv = hf.attention_backward %dy, %q, %k, %k, %0 {causal, scale = 0.25 : f64, dist.shardings = [
      #dist.sharding<[{}, {}, {"tp"}, {}], global [2, 24, 4, 16]>,
      #dist.sharding<[{}, {}, {"tp":(1)2}, {}], partial sum {"tp":(2)2}, global [2, 24, 2, 16]>,
      #dist.sharding<[{}, {}, {"tp":(1)2}, {}], partial sum {"tp":(2)2}, global [2, 24, 2, 16]>]}
    : (tensor<2x24x1x16xf32>, tensor<2x24x1x16xf32>, tensor<2x24x1x16xf32>) -> tensor<2x24x1x16xf32>
  %dk1, %dv1 = dist.all_reduce sum %dk, %dv over {"tp":(2)2} {dist.shardings = [
      #dist.sharding<[{}, {}, {"tp":(1)2}, {}], global [2, 24, 2, 16]>, #dist.sharding<[{}, {}, {"tp":(1)2}, {}], global [2, 24, 2, 16]>]}
    : tensor<2x24x1x16xf32>, tensor<2x24x1x16xf32>
  return
}

// Every collective, forth and back. Six elements over four ranks are padded.
// CHECK-LABEL: func @collectives
func.func @collectives(%x: tensor<6x8xf32> {dist.sharding = #dist.sharding<[{}, {}], partial sum {"tp"}, global [6, 8]>}) {
  %0 = dist.reduce_scatter sum %x dim 0 over {"tp"} {start, dist.shardings = [#dist.sharding<[{"tp"}, {}], global [6, 8]>]}
    : tensor<6x8xf32> -> tensor<2x8xf32>
  %1 = dist.done %0 {dist.shardings = [#dist.sharding<[{"tp"}, {}], global [6, 8]>]} : tensor<2x8xf32>
  %2 = dist.all_gather %1 dim 0 over {"tp"} {dist.shardings = [#dist.sharding<[{}, {}], global [6, 8]>]} : tensor<2x8xf32> -> tensor<6x8xf32>
  %place = dist.axis_index {"tp"} : tensor<i32>
  %two = hf.constant dense<2> : tensor<i32>
  %start = hf.mul %place, %two : tensor<i32>
  %3 = hf.slice_at %2, %start dim 1 {dist.shardings = [#dist.sharding<[{}, {"tp"}], global [6, 8]>]} : tensor<6x8xf32> -> tensor<6x2xf32>
  %4 = dist.agree %2 over {"dp", "tp"} {dist.shardings = [#dist.sharding<[{}, {}], global [6, 8]>]} : tensor<6x8xf32>
  %y = hf.constant dense<1.0> : tensor<8x2xf32> {dist.shardings = [#dist.sharding<[{}, {"tp"}], global [8, 8]>]}
  %5 = dist.all_to_all %y split 0 concat 1 over {"tp"} {dist.shardings = [#dist.sharding<[{"tp"}, {}], global [8, 8]>]}
    : tensor<8x2xf32> -> tensor<2x8xf32>
  return
}

// Sums stay sums through what is linear; a zero is a sum of zeros.
// CHECK-LABEL: func @sums
func.func @sums(%x: tensor<6x8xf32> {dist.sharding = #dist.sharding<[{}, {}], partial sum {"tp"}, global [6, 8]>},
                %rows: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [16, 8]>},
                %ids: tensor<4xi32> {dist.sharding = #dist.sharding<[{"tp"}], global [16]>},
                %scale: tensor<6x8xf32> {dist.sharding = #dist.sharding<[{}, {}], global [6, 8]>})
    -> (tensor<6x8xf32> {dist.sharding = #dist.sharding<[{}, {}], partial sum {"tp"}, global [6, 8]>}) {
  %0 = hf.mul %x, %scale {dist.shardings = [#dist.sharding<[{}, {}], partial sum {"tp"}, global [6, 8]>]} : tensor<6x8xf32>
  %zero = hf.constant dense<0.0> : tensor<6x8xf32> {dist.shardings = [#dist.sharding<[{}, {}], global [6, 8]>]}
  %1 = hf.add %0, %zero {dist.shardings = [#dist.sharding<[{}, {}], partial sum {"tp"}, global [6, 8]>]} : tensor<6x8xf32>
  %2 = hf.scatter_add %1, %ids, %rows {dist.shardings = [#dist.sharding<[{}, {}], partial sum {"tp"}, global [6, 8]>]}
    : (tensor<6x8xf32>, tensor<4xi32>, tensor<4x8xf32>) -> tensor<6x8xf32>
  return %2 : tensor<6x8xf32>
}

// An overriding rule is over whole tensors.
// CHECK-LABEL: func @overridden
func.func @overridden(%x: tensor<2x8xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [8, 8]>}) {
  %0 = hf.exp %x {dist.rule = #dist.rule<([i, j]) -> ([i, j]), factors {i = 8, j = 8}, whole {j}>,
                  dist.shardings = [#dist.sharding<[{"tp"}, {}], global [8, 8]>]} : tensor<2x8xf32>
  return
}

// CHECK-LABEL: func @caller
func.func @caller(%x: tensor<2x8xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [8, 8]>}) {
  func.call @overridden(%x) {dist.shardings = []} : (tensor<2x8xf32>) -> ()
  return
}

// CHECK-LABEL: func @optimizer_step
func.func @optimizer_step(%g: tensor<2xf32> {dist.sharding = #dist.sharding<[{"tp"}], global [8]>}) {
  return
}
}
