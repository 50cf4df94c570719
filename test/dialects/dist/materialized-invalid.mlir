// What the verifier of local programs refuses: one case for each message.
// RUN: hfc-opt %s --verify-diagnostics --split-input-file

module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  // expected-error @below {{has a sharding of argument 0 without the whole tensor's shape ('global')}}
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}]>}) { return }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  // expected-error @below {{has the type 'tensor<4x8xf32>' for its tensor, but a rank's piece of #dist.sharding<[{"tp"}, {}], global [4, 8]> is [2, 8]}}
  hf.parameter @w : tensor<4x8xf32> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{"tp"}, {}], global [4, 8]>}
}

// -----
// The missing reduction, with the layer that needs it.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {}], partial sum {"tp"}, global [4, 8]>}) {
    %0 = hf.neg %x {dist.shardings = [#dist.sharding<[{}, {}], partial sum {"tp"}, global [4, 8]>]} : tensor<4x8xf32> loc("model.layers.3.mlp.down_proj")
    // expected-error @+1 {{reads operand 0, which is partial (sum) over {tp}, and is not linear in it: a dist.all_reduce sum over {tp} is missing after 'hf.neg' (model.layers.3.mlp.down_proj)}}
    %1 = hf.exp %0 {dist.shardings = [#dist.sharding<[{}, {}], global [4, 8]>]} : tensor<4x8xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {}], partial max {"tp"}, global [4, 8]>}) {
    // expected-error @below {{partial (max) over {tp}, and is not linear in it: a dist.all_reduce max over {tp} is missing after argument 0}}
    %1 = hf.neg %x {dist.shardings = [#dist.sharding<[{}, {}], partial max {"tp"}, global [4, 8]>]} : tensor<4x8xf32>
    return
  }
}

// -----
// A product of sums is not the sum of products.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {}], partial sum {"tp"}, global [4, 8]>}) {
    // expected-error @below {{reads operand 0, which is partial (sum) over {tp}, and is not linear in it}}
    %1 = hf.mul %x, %x {dist.shardings = [#dist.sharding<[{}, {}], partial sum {"tp"}, global [4, 8]>]} : tensor<4x8xf32>
    return
  }
}

// -----
// A bias that every rank would add.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {"tp"}], global [4, 16]>},
               %w: tensor<6x8xf32> {dist.sharding = #dist.sharding<[{}, {"tp"}], global [6, 16]>},
               %b: tensor<6xf32> {dist.sharding = #dist.sharding<[{}], global [6]>}) {
    // expected-error @below {{adds operands 0 and 2, which are sums over {tp} and {}: what is complete would be counted by every rank}}
    %1 = hf.linear %x, %w bias %b {dist.shardings = [#dist.sharding<[{}, {}], partial sum {"tp"}, global [4, 6]>]}
      : (tensor<4x8xf32>, tensor<6x8xf32>, tensor<6xf32>) -> tensor<4x6xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {"tp"}], global [4, 16]>}) {
    // expected-error @below {{says that result 0 is complete, but its operands make it partial (sum) over {tp}}}
    %1 = hf.reduce sum, %x dims [1] {dist.shardings = [#dist.sharding<[{}], global [4]>]} : tensor<4x8xf32> -> tensor<4xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {"tp"}], global [4, 16]>}) {
    // expected-error @below {{says that result 0 is partial (sum) over {tp}, but its operands make it partial (max) over {tp}}}
    %1 = hf.reduce max, %x dims [1] {dist.shardings = [#dist.sharding<[{}], partial sum {"tp"}, global [4]>]} : tensor<4x8xf32> -> tensor<4xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [8, 8]>},
               %y: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {}], global [4, 8]>}) {
    // expected-error @below {{has dimension 0 of operand 1 cut over {}, but what corresponds to it over {tp}; they must be cut alike}}
    %1 = hf.add %x, %y {dist.shardings = [#dist.sharding<[{"tp"}, {}], global [8, 8]>]} : tensor<4x8xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [8, 8]>},
               %y: tensor<4x4xf32> {dist.sharding = #dist.sharding<[{}, {}], global [4, 4]>}) {
    // expected-error @below {{has dimension 0 of result 0 cut over {}, but what corresponds to it over {tp}; they must be cut alike}}
    %1 = hf.linear %x, %x {dist.shardings = [#dist.sharding<[{}, {"tp"}], global [4, 8]>]} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x4xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {"tp"}], global [4, 16]>}) {
    // expected-error @below {{needs all 16 elements of a dimension that is cut over {tp}: an all_gather is missing}}
    %1 = hf.softmax %x {dist.shardings = [#dist.sharding<[{}, {"tp"}], global [4, 16]>]} : tensor<4x8xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%t: tensor<128x8xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [256, 8]>},
               %ids: tensor<4xi32> {dist.sharding = #dist.sharding<[{}], global [4]>}) {
    // expected-error @below {{needs all 256 elements of a dimension that is cut over {tp}: it was not made local}}
    %1 = hf.embedding %t, %ids {dist.shardings = [#dist.sharding<[{}, {}], partial sum {"tp"}, global [4, 8]>]} : (tensor<128x8xf32>, tensor<4xi32>) -> tensor<4x8xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 4>, dist.materialized} {
  func.func @f(%x: tensor<6xf32> {dist.sharding = #dist.sharding<[{"tp"}], global [24]>}) {
    // expected-error @below {{(C1) 6 and 2x4 must have the same number of elements}}
    %1 = hf.reshape %x {dist.shardings = [#dist.sharding<[{"tp"}, {}], global [6, 4]>]} : tensor<6xf32> -> tensor<2x4xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 4>, dist.materialized} {
  func.func @f(%x: tensor<1x4xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [1, 4]>}) {
    // expected-error @below {{has dimension 0 of operand 0 cut over {tp}, but it has one element}}
    %1 = hf.reshape %x {dist.shardings = [#dist.sharding<[{}], global [4]>]} : tensor<1x4xf32> -> tensor<4xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 4>, dist.materialized} {
  func.func @f(%x: tensor<1x4xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [4, 4]>}) {
    // expected-error @below {{has no sharding rule, so that its operands and results must be replicated}}
    %1 = arith.negf %x {dist.shardings = [#dist.sharding<[{"tp"}, {}], global [4, 4]>]} : tensor<1x4xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 4>, dist.materialized} {
  func.func private @g(tensor<1x4xf32> {dist.sharding = #dist.sharding<[{}, {}], global [1, 4]>})
  func.func @f(%x: tensor<1x4xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [4, 4]>}) {
    // expected-error @below {{passes argument 0, which lives as #dist.sharding<[{"tp"}, {}], global [4, 4]>, to @g, which takes it as #dist.sharding<[{}, {}], global [1, 4]>}}
    call @g(%x) {dist.shardings = []} : (tensor<1x4xf32>) -> ()
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 4>, dist.materialized} {
  func.func private @g() -> (tensor<1x4xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [4, 4]>})
  func.func @f() {
    // expected-error @below {{says that result 0 lives as #dist.sharding<[{}, {}], global [1, 4]>, but @g returns it as #dist.sharding<[{"tp"}, {}], global [4, 4]>}}
    %0 = call @g() {dist.shardings = [#dist.sharding<[{}, {}], global [1, 4]>]} : () -> tensor<1x4xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {}], global [4, 8]>}) {
    // expected-error @below {{reduces (sum) operand 0 over {tp}, over which argument 0 is not partial; it lives as}}
    %1 = dist.all_reduce sum %x over {"tp"} {dist.shardings = [#dist.sharding<[{}, {}], global [4, 8]>]} : tensor<4x8xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {}], partial sum {"dp", "tp"}, global [4, 8]>}) {
    // expected-error @below {{says that result 0 lives as #dist.sharding<[{}, {}], global [4, 8]>, but it makes it #dist.sharding<[{}, {}], partial sum {"dp"}, global [4, 8]>}}
    %1 = dist.all_reduce sum %x over {"tp"} {dist.shardings = [#dist.sharding<[{}, {}], global [4, 8]>]} : tensor<4x8xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{"dp", "tp"}, {}], global [16, 8]>}) {
    // expected-error @below {{joins dimension 0 over {dp}, but it is cut over {dp, tp}, which does not end so}}
    %1 = dist.all_gather %x dim 0 over {"dp"} {dist.shardings = [#dist.sharding<[{"tp"}, {}], global [16, 8]>]} : tensor<4x8xf32> -> tensor<8x8xf32>
    return
  }
}

// -----
// Five elements: pieces of 3 over dp, of 2 over both.
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<2x8xf32> {dist.sharding = #dist.sharding<[{"dp", "tp"}, {}], global [5, 8]>}) {
    // expected-error @below {{moves pieces of 2 of dimension 0, which do not make the pieces of 3 that 5 elements have over {dp}}}
    %1 = dist.all_gather %x dim 0 over {"tp"} {dist.shardings = [#dist.sharding<[{"dp"}, {}], global [5, 8]>]} : tensor<2x8xf32> -> tensor<3x8xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {"tp"}], global [4, 16]>}) {
    // expected-error @below {{has operand 0 that is not the same on all ranks over {tp}: it lives as}}
    %1 = dist.agree %x over {"tp"} {dist.shardings = [#dist.sharding<[{}, {"tp"}], global [4, 16]>]} : tensor<4x8xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {}], partial sum {"tp"}, global [4, 8]>}) {
    // expected-error @below {{completes its inputs over {tp}, but its result lives as}}
    %1 = dist.reduce_scatter_bucket sum %x over {"tp"} {dist.shardings = [#dist.sharding<[{}], partial sum {"tp"}, global [16]>]} : tensor<4x8xf32> -> tensor<16xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<16xf32> {dist.sharding = #dist.sharding<[{"tp"}], global [32]>}) {
    // expected-error @below {{has result 0 that is not the same on all ranks over {tp}: it lives as}}
    %1 = dist.all_gather_bucket %x over {"tp"} {dist.shardings = [#dist.sharding<[{"tp"}, {}], global [8, 8]>]} : tensor<16xf32> -> tensor<4x8xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4xf32> {dist.sharding = #dist.sharding<[{}], partial sum {"tp"}, global [4]>}) {
    %1 = dist.all_reduce sum %x over {"tp"} {start, dist.shardings = [#dist.sharding<[{}], global [4]>]} : tensor<4xf32>
    // expected-error @below {{says that result 0 lives elsewhere than what it waits for}}
    %2 = dist.done %1 {dist.shardings = [#dist.sharding<[{}], partial sum {"tp"}, global [4]>]} : tensor<4xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  // expected-error @below {{says that result 0 lives as #dist.sharding<[{}], global [4]>, but it returns argument 0, which lives as #dist.sharding<[{}], partial sum {"tp"}, global [4]>}}
  func.func @f(%x: tensor<4xf32> {dist.sharding = #dist.sharding<[{}], partial sum {"tp"}, global [4]>})
      -> (tensor<4xf32> {dist.sharding = #dist.sharding<[{}], global [4]>}) {
    return %x : tensor<4xf32>
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2>, dist.materialized} {
  // expected-error @below {{takes argument 0 partial (sum) over {dp}, but an optimizer takes complete gradients: hfc-insert-gradient-all-reduce completes them in last_micro_step}}
  func.func @optimizer_step(%g: tensor<4xf32> {dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [4]>}) { return }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [8, 8]>}) {
    // expected-error @below {{(C1) dim 7 is no dimension of 'tensor<4x8xf32>'}}
    %1 = dist.all_gather %x dim 7 over {"tp"} {dist.shardings = [#dist.sharding<[{}, {}], global [8, 8]>]} : tensor<4x8xf32> -> tensor<8x8xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {"tp"}], global [4, 16]>}) {
    // expected-error @below {{(C1) dims [31] must not be empty, increase strictly and lie below the rank, 2}}
    %1 = hf.reduce sum, %x dims [31] {dist.shardings = [#dist.sharding<[{}], global [4]>]} : tensor<4x8xf32> -> tensor<4xf32>
    return
  }
}
