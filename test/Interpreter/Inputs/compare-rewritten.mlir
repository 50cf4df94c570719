hf.parameter @w : tensor<8x4xf32> from [#hf.piece<"w">]
hf.state @cache : tensor<2x4xf32>
func.func private @double(%c: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %two = hf.constant dense<2.0> : tensor<2x4xf32>
  %d = hf.mul %c, %two : tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}
func.func @forward(%ids: tensor<2x4xi32> {hf.input = "input_ids", hf.min = 0 : i64, hf.max = 7 : i64},
                   %w: tensor<8x4xf32> {hf.parameter = @w}, %c: tensor<2x4xf32> {hf.state = @cache})
    -> (tensor<2x4x8xf32> {hf.output = "logits"}, tensor<2x4xf32> {hf.state = @cache}) {
  %flat = hf.reshape %ids : tensor<2x4xi32> -> tensor<8xi32>
  %x = hf.gather %w, %flat : (tensor<8x4xf32>, tensor<8xi32>) -> tensor<8x4xf32>
  %y = hf.matmul %x, %w {transpose_rhs} : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x8xf32>
  %z = hf.reshape %y : tensor<8x8xf32> -> tensor<2x4x8xf32>
  %d = func.call @double(%c) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %z, %d : tensor<2x4x8xf32>, tensor<2x4xf32>
}
