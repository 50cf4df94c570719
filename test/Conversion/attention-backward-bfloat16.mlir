// What is stored in bfloat16 is computed in float32.
// RUN: hfc-interpret %s --stage=kernel --compare=import --domain=typed --tolerance=1e-2

func.func @narrow(%dy: tensor<2x33x4x16xbf16> {hf.input = "dy"}, %q: tensor<2x33x4x16xbf16> {hf.input = "q"}, %k: tensor<2x33x2x16xbf16> {hf.input = "k"}, %v: tensor<2x33x2x16xbf16> {hf.input = "v"}, %y: tensor<2x33x4x16xbf16> {hf.input = "y"})
    -> (tensor<2x33x4x16xbf16> {hf.output = "dq"}, tensor<2x33x2x16xbf16> {hf.output = "dk"}, tensor<2x33x2x16xbf16> {hf.output = "dv"}) {
  %0:3 = hf.attention_backward %dy, %q, %k, %v, %y {causal, scale = 0.2 : f64}
    : (tensor<2x33x4x16xbf16>, tensor<2x33x2x16xbf16>, tensor<2x33x2x16xbf16>) -> tensor<2x33x4x16xbf16>
  return %0#0, %0#1, %0#2 : tensor<2x33x4x16xbf16>, tensor<2x33x2x16xbf16>, tensor<2x33x2x16xbf16>
}
