// RUN: hfc-opt %s --hfc-propagate-shardings --split-input-file --verify-diagnostics

module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  // expected-error@+1 {{has several blocks; entries that are partitioned have one}}
  func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {
    cf.br ^next
  ^next:
    return %x : tensor<8xf32>
  }
}

// -----

module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  // expected-error@+1 {{has arguments that are no tensors of static shape, so it cannot be partitioned}}
  func.func @f(%x: f32) -> f32 {
    return %x : f32
  }
}

// -----

module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {
    // expected-error@+1 {{cannot be partitioned: it has regions, or results that are no tensors of static shape}}
    %0 = arith.constant 1.0 : f32
    return %x : tensor<8xf32>
  }
}
