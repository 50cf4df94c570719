// RUN: hfc-opt %s --hfc-insert-reshards --verify-diagnostics

module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func @f(%x: tensor<48x64xf32> {dist.sharding = #dist.sharding<[{}, {"tp"}]>}, %w: tensor<32x64xf32>, %b: tensor<32xf32>) -> tensor<48x32xf32> {
    // expected-error@+1 {{has a bias that every rank would count; run hfc-propagate-shardings first}}
    %0 = hf.linear %x, %w bias %b : (tensor<48x64xf32>, tensor<32x64xf32>, tensor<32xf32>) -> tensor<48x32xf32>
    return %0 : tensor<48x32xf32>
  }
}
