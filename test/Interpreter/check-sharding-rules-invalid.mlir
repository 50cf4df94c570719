// Wrong rules are found by running them, and an attribute overrides an op's own rule.
// RUN: hfc-opt %s --split-input-file --hfc-check-sharding-rules --verify-diagnostics

func.func @whole(%x: tensor<4x6xf32>) {
  // expected-error @below {{has a wrong sharding rule, #dist.rule<([i, j]) -> ([i, j]), factors {i = 4, j = 6}>: cut in two along 'j' (6), result 0 differs from the whole op's}}
  %0 = hf.softmax %x {dist.rule = #dist.rule<([t, v]) -> ([t, v]), factors {t = 4, v = 6}>} : tensor<4x6xf32>
  return
}

// -----
func.func @kind(%x: tensor<4x6xf32>) {
  // expected-error @below {{cut in two along 'j' (6), result 0 differs from the whole op's}}
  %0 = hf.reduce max, %x dims [1] {dist.rule = #dist.rule<([i, j]) -> ([i]), factors {i = 4, j = 6}>} : tensor<4x6xf32> -> tensor<4xf32>
  return
}

// -----
func.func @linear(%x: tensor<4x6xf32>) {
  // expected-error @below {{result 0 is not linear in operands [0] together}}
  %0 = hf.exp %x {dist.rule = #dist.rule<([i, j]) -> ([i, j]), factors {i = 4, j = 6}, linear [[0]]>} : tensor<4x6xf32>
  return
}

// -----
// The bias would be added twice.
func.func @bias(%x: tensor<4x6xf32>, %w: tensor<2x6xf32>, %b: tensor<2xf32>) {
  // expected-error @below {{cut in two along 'k' (6), result 0 differs from the whole op's}}
  %0 = hf.linear %x, %w bias %b {dist.rule = #dist.rule<([t, i], [o, i], [o]) -> ([t, o]), factors {t = 4, o = 2, i = 6}>}
    : (tensor<4x6xf32>, tensor<2x6xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return
}

// -----
func.func @undefined(%table: tensor<4x6xf32>, %ids: tensor<3xi32> {hf.min = 9, hf.max = 9}) {
  // expected-error @below {{could not be run: }}
  %0 = hf.gather %table, %ids : (tensor<4x6xf32>, tensor<3xi32>) -> tensor<3x6xf32>
  return
}
