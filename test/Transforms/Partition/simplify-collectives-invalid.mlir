// The pass refuses nothing: a global module goes through unchanged, and a wrong collective does not verify.
// RUN: hfc-opt %s --hfc-simplify-collectives --split-input-file --verify-diagnostics

module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%a: tensor<16xf32>) -> tensor<64xf32> {
    // expected-error@+1 {{(C1) dimension 0 of 64 elements has no pieces of 16 over 2 ranks}}
    %0 = dist.all_gather %a dim 0 over {"tp"} : tensor<16xf32> -> tensor<64xf32>
    return %0 : tensor<64xf32>
  }
}
