// RUN: hfc-opt %s --hfc-schedule-collectives --verify-diagnostics --split-input-file

module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {
    // expected-error @below {{is not yet a collective; run --hfc-materialize-shardings first}}
    %0 = dist.reshard %x to <[{"tp"}]> : tensor<8xf32>
    return %0 : tensor<8xf32>
  }
}
