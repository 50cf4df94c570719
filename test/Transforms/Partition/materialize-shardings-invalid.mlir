// Annotations that do not fit their values never reach the pass.
// RUN: hfc-opt %s --hfc-materialize-shardings --split-input-file --verify-diagnostics

module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  // expected-error@+1 {{has a sharding of 1 dimensions for argument 0}}
  func.func @f(%x: tensor<48x64xf32> {dist.sharding = #dist.sharding<[{"tp"}]>}) -> tensor<48x64xf32> {
    return %x : tensor<48x64xf32>
  }
}
