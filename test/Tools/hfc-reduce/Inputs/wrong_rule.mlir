// A sharding rule that is wrong: a softmax cannot be cut along its sums. The rest only stands around it.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func @forward(%x: tensor<4x8xf32> {hf.input = "x", dist.sharding = #dist.sharding<[{}, {"tp"}]>}, %y: tensor<4x8xf32> {hf.input = "y"})
      -> (tensor<4x8xf32> {hf.output = "sum"}, tensor<4x8xf32> {hf.output = "y"}) {
    %0 = hf.add %x, %y {hf.block = 0 : i64} : tensor<4x8xf32>
    %1 = hf.softmax %0 {dist.rule = #dist.rule<([i, j]) -> ([i, j]), factors {i = 4, j = 8}>, hf.block = 1 : i64} : tensor<4x8xf32>
    %2 = hf.mul %1, %0 {hf.block = 1 : i64} : tensor<4x8xf32>
    %3 = hf.tanh %2 {hf.block = 2 : i64} : tensor<4x8xf32>
    %4 = hf.add %3, %x {hf.block = 2 : i64} : tensor<4x8xf32>
    %5 = hf.exp %y : tensor<4x8xf32>
    return %4, %5 : tensor<4x8xf32>, tensor<4x8xf32>
  }
}
