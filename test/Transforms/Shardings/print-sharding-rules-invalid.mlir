// A rule that does not fit its op is refused by the verifier before any pass sees it; ops without a rule are passed over.
// RUN: hfc-opt %s --split-input-file --hfc-print-sharding-rules --verify-diagnostics

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @below {{(C3) its sharding rule has 5 elements in dimension 1 of operand 0, which is 'tensor<4x6xf32>'}}
  %0 = hf.exp %x {dist.rule = #dist.rule<([i, j]) -> ([i, j]), factors {i = 4, j = 5}>} : tensor<4x6xf32>
  return
}

// -----
func.func @f(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %0 = arith.negf %x : tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}
