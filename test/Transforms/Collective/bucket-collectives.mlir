// RUN: hfc-opt %s --hfc-bucket-collectives=bucket-bytes=200 --split-input-file | FileCheck %s
// RUN: hfc-opt %s --hfc-bucket-collectives=bucket-bytes=200 --hfc-bucket-collectives=bucket-bytes=200 --split-input-file | FileCheck %s
// RUN: hfc-opt %s --hfc-bucket-collectives --split-input-file | FileCheck %s --check-prefix=LARGE

// Filled in the order in which gradients become ready, not in that of the results; what is in a bucket lies in the order of its
// parameters. Other axes, other element types: other buckets. One tensor is its own bucket.
// CHECK-DAG: hf.bucket @grads.0 : tensor<48xf32>
// CHECK-DAG: hf.state @grad.a : tensor<4x8xf32> {hf.bucket = #hf.place<@grads.0, 0>, {{.*}}}
// CHECK-DAG: hf.state @grad.b : tensor<2x8xf32> {hf.bucket = #hf.place<@grads.0, 32>, {{.*}}}
// CHECK-DAG: hf.state @grad.c : tensor<5x8xf32> {hf.of = @c, hf.role = "gradient"}
// CHECK-DAG: hf.state @grad.d : tensor<8xf32> {hf.of = @d, hf.role = "gradient"}
// CHECK-LABEL: @last_micro_step
// CHECK: %[[B:.*]] = hf.neg
// CHECK: %[[A:.*]] = hf.neg
// CHECK-DAG: %[[C:.*]] = dist.all_reduce sum %arg2 over {"dp"} {cause = "gradient"}
// CHECK-DAG: %[[D:.*]] = dist.all_reduce sum %arg3 over {"tp"} {cause = "gradient"}
// CHECK-DAG: %[[AB:.*]]:2 = dist.all_reduce sum %[[A]], %[[B]] over {"dp"} {cause = "gradients"} : tensor<4x8xf32>, tensor<2x8xf32>
// CHECK: return %[[AB]]#0, %[[AB]]#1, %[[C]], %[[D]]
// Tensors begin at multiples of 16 elements.
// LARGE: hf.bucket @grads.0 : tensor<88xf32>
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  hf.parameter @a : tensor<4x8xf32> from [#hf.piece<"a">]
  hf.parameter @b : tensor<2x8xf32> from [#hf.piece<"b">]
  hf.parameter @c : tensor<5x8xf32> from [#hf.piece<"c">]
  hf.parameter @d : tensor<8xf32> from [#hf.piece<"d">]
  hf.state @grad.a : tensor<4x8xf32> {hf.of = @a, hf.role = "gradient"}
  hf.state @grad.b : tensor<2x8xf32> {hf.of = @b, hf.role = "gradient"}
  hf.state @grad.c : tensor<5x8xf32> {hf.of = @c, hf.role = "gradient"}
  hf.state @grad.d : tensor<8xf32> {hf.of = @d, hf.role = "gradient"}
  func.func @last_micro_step(%a: tensor<4x8xf32> {hf.state = @grad.a}, %b: tensor<2x8xf32> {hf.state = @grad.b},
      %c: tensor<5x8xf32> {hf.state = @grad.c}, %d: tensor<8xf32> {hf.state = @grad.d})
      -> (tensor<4x8xf32> {hf.state = @grad.a}, tensor<2x8xf32> {hf.state = @grad.b}, tensor<5x8xf32> {hf.state = @grad.c}, tensor<8xf32> {hf.state = @grad.d}) {
    %0 = hf.neg %b : tensor<2x8xf32>
    %1 = hf.neg %a : tensor<4x8xf32>
    %2 = dist.all_reduce sum %1 over {"dp"} {cause = "gradient"} : tensor<4x8xf32>
    %3 = dist.all_reduce sum %0 over {"dp"} {cause = "gradient"} : tensor<2x8xf32>
    %4 = dist.all_reduce sum %c over {"dp"} {cause = "gradient"} : tensor<5x8xf32>
    %5 = dist.all_reduce sum %d over {"tp"} {cause = "gradient"} : tensor<8xf32>
    return %2, %3, %4, %5 : tensor<4x8xf32>, tensor<2x8xf32>, tensor<5x8xf32>, tensor<8xf32>
  }
}

// -----

// Weights that one product computes gradients of have no bias between them: what decays, and what is cut, is another bucket.
// CHECK-LABEL: @last_micro_step
// LARGE-LABEL: @last_micro_step(%arg0: tensor<4x8xf32> {hf.state = @grad.q}
// LARGE-DAG: dist.all_reduce sum %arg0, %arg2 over {"dp"}
// LARGE-DAG: dist.all_reduce sum %arg1, %arg3 over {"dp"}
// LARGE-DAG: dist.all_reduce sum %arg4 over {"dp"}
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  hf.parameter @q : tensor<4x8xf32> from [#hf.piece<"q">] {dist.sharding = #dist.sharding<[{"tp"}, {}], global [8, 8]>}
  hf.parameter @qb : tensor<16xf32> from [#hf.piece<"qb">] {dist.sharding = #dist.sharding<[{"tp"}], global [32]>}
  hf.parameter @k : tensor<2x8xf32> from [#hf.piece<"k">] {dist.sharding = #dist.sharding<[{"tp"}, {}], global [4, 8]>}
  hf.parameter @kb : tensor<16xf32> from [#hf.piece<"kb">] {dist.sharding = #dist.sharding<[{"tp"}], global [32]>}
  hf.parameter @o : tensor<8x8xf32> from [#hf.piece<"o">] {dist.sharding = #dist.sharding<[{}, {}], global [8, 8]>}
  hf.state @grad.q : tensor<4x8xf32> {hf.of = @q, hf.role = "gradient"}
  hf.state @grad.qb : tensor<16xf32> {hf.of = @qb, hf.role = "gradient"}
  hf.state @grad.k : tensor<2x8xf32> {hf.of = @k, hf.role = "gradient"}
  hf.state @grad.kb : tensor<16xf32> {hf.of = @kb, hf.role = "gradient"}
  hf.state @grad.o : tensor<8x8xf32> {hf.of = @o, hf.role = "gradient"}
  func.func @last_micro_step(%q: tensor<4x8xf32> {hf.state = @grad.q}, %qb: tensor<16xf32> {hf.state = @grad.qb},
      %k: tensor<2x8xf32> {hf.state = @grad.k}, %kb: tensor<16xf32> {hf.state = @grad.kb}, %o: tensor<8x8xf32> {hf.state = @grad.o})
      -> (tensor<4x8xf32> {hf.state = @grad.q}, tensor<16xf32> {hf.state = @grad.qb}, tensor<2x8xf32> {hf.state = @grad.k},
          tensor<16xf32> {hf.state = @grad.kb}, tensor<8x8xf32> {hf.state = @grad.o}) {
    %0 = dist.all_reduce sum %o over {"dp"} {cause = "gradient"} : tensor<8x8xf32>
    %1 = dist.all_reduce sum %kb over {"dp"} {cause = "gradient"} : tensor<16xf32>
    %2 = dist.all_reduce sum %k over {"dp"} {cause = "gradient"} : tensor<2x8xf32>
    %3 = dist.all_reduce sum %qb over {"dp"} {cause = "gradient"} : tensor<16xf32>
    %4 = dist.all_reduce sum %q over {"dp"} {cause = "gradient"} : tensor<4x8xf32>
    return %4, %3, %2, %1, %0 : tensor<4x8xf32>, tensor<16xf32>, tensor<2x8xf32>, tensor<16xf32>, tensor<8x8xf32>
  }
}

// -----

// What is reduced and then agrees is one bucket in both collectives. The loss is no gradient.
// CHECK-LABEL: @last_micro_step
// CHECK-DAG: %[[R:.*]]:2 = dist.all_reduce sum %arg0, %arg1 over {"dp"} {cause = "gradients"}
// CHECK-DAG: %[[S:.*]]:2 = dist.agree %[[R]]#0, %[[R]]#1 over {"tp"} {cause = "agreed gradients"}
// CHECK-DAG: %[[L:.*]] = dist.all_reduce sum %arg2 over {"dp"} {cause = "loss"}
// CHECK: return %[[S]]#0, %[[S]]#1, %[[L]]
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  hf.parameter @a : tensor<8xf32> from [#hf.piece<"a">]
  hf.parameter @b : tensor<16xf32> from [#hf.piece<"b">]
  hf.state @grad.a : tensor<8xf32> {hf.of = @a, hf.role = "gradient"}
  hf.state @grad.b : tensor<16xf32> {hf.of = @b, hf.role = "gradient"}
  hf.state @loss : tensor<f32>
  func.func @last_micro_step(%a: tensor<8xf32> {hf.state = @grad.a}, %b: tensor<16xf32> {hf.state = @grad.b}, %l: tensor<f32> {hf.state = @loss})
      -> (tensor<8xf32> {hf.state = @grad.a}, tensor<16xf32> {hf.state = @grad.b}, tensor<f32> {hf.state = @loss}) {
    %0 = dist.all_reduce sum %a over {"dp"} {cause = "gradient"} : tensor<8xf32>
    %1 = dist.agree %0 over {"tp"} {cause = "agreed gradient"} : tensor<8xf32>
    %2 = dist.all_reduce sum %b over {"dp"} {cause = "gradient"} : tensor<16xf32>
    %3 = dist.agree %2 over {"tp"} {cause = "agreed gradient"} : tensor<16xf32>
    %4 = dist.all_reduce sum %l over {"dp"} {cause = "loss"} : tensor<f32>
    return %1, %3, %4 : tensor<8xf32>, tensor<16xf32>, tensor<f32>
  }
}
