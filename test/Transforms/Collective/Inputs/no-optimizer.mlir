module attributes {dist.mesh = #dist.mesh<"dp" = 2>} {
  hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">]
  hf.state @grad.w : tensor<4xf32> {hf.of = @w, hf.role = "gradient"}
  func.func @last_micro_step(%g: tensor<4xf32> {hf.state = @grad.w}) -> (tensor<4xf32> {hf.state = @grad.w}) {
    %0 = dist.all_reduce sum %g over {"dp"} : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
