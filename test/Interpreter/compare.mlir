// RUN: hfc-interpret %s --compare=%s | FileCheck %s --check-prefix=SAME
// RUN: hfc-interpret %s --compare=%S/Inputs/compare-rewritten.mlir --seed=3 | FileCheck %s --check-prefix=SAME
// RUN: not hfc-interpret %s --compare=%S/Inputs/compare-wrong.mlir | FileCheck %s --check-prefix=DIFFERS
// RUN: not hfc-interpret %s --compare=%S/Inputs/compare-other-shape.mlir 2>&1 | FileCheck %s --check-prefix=SHAPE
// RUN: hfc-interpret %s --stage=kernel --compare=import | FileCheck %s --check-prefix=SAME

// SAME: same @forward logits [2, 4, 8]: error
// SAME: same @forward cache [2, 4]: error
// DIFFERS: DIFFERS @forward logits [2, 4, 8]: error
// DIFFERS: same @forward cache [2, 4]: error
// SHAPE: parameter 'w' of @forward is [8, 4] of f32 in the first module and [4, 8] of f32 in the second
hf.parameter @w : tensor<8x4xf32> from [#hf.piece<"w">]
hf.state @cache : tensor<2x4xf32>
func.func @forward(%ids: tensor<2x4xi32> {hf.input = "input_ids", hf.min = 0 : i64, hf.max = 7 : i64},
                   %w: tensor<8x4xf32> {hf.parameter = @w}, %c: tensor<2x4xf32> {hf.state = @cache})
    -> (tensor<2x4x8xf32> {hf.output = "logits"}, tensor<2x4xf32> {hf.state = @cache}) {
  %x = hf.embedding %w, %ids : (tensor<8x4xf32>, tensor<2x4xi32>) -> tensor<2x4x4xf32>
  %y = hf.linear %x, %w : (tensor<2x4x4xf32>, tensor<8x4xf32>) -> tensor<2x4x8xf32>
  %d = hf.add %c, %c : tensor<2x4xf32>
  return %y, %d : tensor<2x4x8xf32>, tensor<2x4xf32>
}
