// RUN: hfc-opt %s --hfc-propagate-shardings --verify-diagnostics

module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  // expected-error@+1 {{has several blocks; entries that are partitioned have one}}
  func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {
    cf.br ^next
  ^next:
    return %x : tensor<8xf32>
  }
}
