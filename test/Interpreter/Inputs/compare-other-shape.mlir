hf.parameter @w : tensor<4x8xf32> from [#hf.piece<"w">]
func.func @forward(%w: tensor<4x8xf32> {hf.parameter = @w}) -> (tensor<4x8xf32> {hf.output = "logits"}) {
  return %w : tensor<4x8xf32>
}
