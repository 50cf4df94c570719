// RUN: hfc-opt %s --hfc-flatten-optimizer --verify-diagnostics
// RUN: not hfc-opt %S/Inputs/no-optimizer.mlir --hfc-flatten-optimizer=flat-bytes=0 2>&1 | FileCheck %s --check-prefix=SIZE
// SIZE: error: flat-bytes must be positive, got 0

// A moment is an output, too: no flat tensor may take its place.
module {
  hf.parameter @a : tensor<16xf32> from [#hf.piece<"a">]
  hf.parameter @b : tensor<16xf32> from [#hf.piece<"b">]
  hf.state @grad.a : tensor<16xf32> {hf.of = @a, hf.role = "gradient"}
  hf.state @grad.b : tensor<16xf32> {hf.of = @b, hf.role = "gradient"}
  hf.state @moment1.a : tensor<16xf32> {hf.of = @a, hf.role = "moment1"}
  hf.state @moment2.a : tensor<16xf32> {hf.of = @a, hf.role = "moment2"}
  hf.state @moment1.b : tensor<16xf32> {hf.of = @b, hf.role = "moment1"}
  hf.state @moment2.b : tensor<16xf32> {hf.of = @b, hf.role = "moment2"}
  // expected-error @below {{uses moment1.a for more than its update; so that flat tensors can be updated, it must be as --hfc-add-optimizer leaves it}}
  func.func @optimizer_step(%lr: tensor<f32> {hf.input = "lr"}, %step: tensor<i32> {hf.input = "step"},
      %ga: tensor<16xf32> {hf.state = @grad.a}, %gb: tensor<16xf32> {hf.state = @grad.b},
      %a: tensor<16xf32> {hf.parameter = @a}, %ma: tensor<16xf32> {hf.state = @moment1.a}, %va: tensor<16xf32> {hf.state = @moment2.a},
      %b: tensor<16xf32> {hf.parameter = @b}, %mb: tensor<16xf32> {hf.state = @moment1.b}, %vb: tensor<16xf32> {hf.state = @moment2.b})
      -> (tensor<16xf32> {hf.parameter = @a}, tensor<16xf32> {hf.state = @moment1.a}, tensor<16xf32> {hf.state = @moment2.a},
          tensor<16xf32> {hf.parameter = @b}, tensor<16xf32> {hf.state = @moment1.b}, tensor<16xf32> {hf.state = @moment2.b},
          tensor<f32> {hf.output = "grad_norm"}, tensor<16xf32> {hf.output = "moment"}) {
    %0 = hf.mul %ga, %ga : tensor<16xf32>
    %1 = hf.reduce sum, %0 dims [0] : tensor<16xf32> -> tensor<f32>
    %2 = hf.mul %gb, %gb : tensor<16xf32>
    %3 = hf.reduce sum, %2 dims [0] : tensor<16xf32> -> tensor<f32>
    %4 = hf.add %1, %3 : tensor<f32>
    %norm = hf.sqrt %4 : tensor<f32>
    %a1, %ma1, %va1 = hf.adamw %a, %ga, %ma, %va step %step, %lr, %lr, %lr, %lr, %lr, %lr : tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>
    %b1, %mb1, %vb1 = hf.adamw %b, %gb, %mb, %vb step %step, %lr, %lr, %lr, %lr, %lr, %lr : tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>
    %moment = hf.neg %ma : tensor<16xf32>
    return %a1, %ma1, %va1, %b1, %mb1, %vb1, %norm, %moment : tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<f32>, tensor<16xf32>
  }
}
