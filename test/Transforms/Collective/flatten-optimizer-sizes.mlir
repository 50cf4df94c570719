// RUN: hfc-opt %s --hfc-flatten-optimizer | FileCheck %s --implicit-check-not=hf.bucket

// Sizes that no device holds, and a gradient that is not as large as its parameter: each stays alone. Found by fuzzing.
// CHECK-COUNT-3: hf.adamw
module {
  hf.parameter @a : tensor<31xf32> from [#hf.piece<"a">]
  hf.parameter @b : tensor<4611686018427387904xf32> from [#hf.piece<"b">]
  hf.parameter @c : tensor<4611686018427387904xf32> from [#hf.piece<"c">]
  hf.state @grad.a : tensor<16xf32> {hf.of = @a, hf.role = "gradient"}
  hf.state @moment1.a : tensor<16xf32> {hf.of = @a, hf.role = "moment1"}
  hf.state @moment2.a : tensor<16xf32> {hf.of = @a, hf.role = "moment2"}
  hf.state @grad.b : tensor<4611686018427387904xf32> {hf.of = @b, hf.role = "gradient"}
  hf.state @moment1.b : tensor<4611686018427387904xf32> {hf.of = @b, hf.role = "moment1"}
  hf.state @moment2.b : tensor<4611686018427387904xf32> {hf.of = @b, hf.role = "moment2"}
  hf.state @grad.c : tensor<4611686018427387904xf32> {hf.of = @c, hf.role = "gradient"}
  hf.state @moment1.c : tensor<4611686018427387904xf32> {hf.of = @c, hf.role = "moment1"}
  hf.state @moment2.c : tensor<4611686018427387904xf32> {hf.of = @c, hf.role = "moment2"}
  func.func @optimizer_step(%lr: tensor<f32> {hf.input = "lr"},
      %step: tensor<i32> {hf.input = "step"},
      %ga: tensor<16xf32> {hf.state = @grad.a},
      %a: tensor<16xf32> {hf.parameter = @a},
      %ma: tensor<16xf32> {hf.state = @moment1.a},
      %va: tensor<16xf32> {hf.state = @moment2.a},
      %gb: tensor<4611686018427387904xf32> {hf.state = @grad.b},
      %b: tensor<4611686018427387904xf32> {hf.parameter = @b},
      %mb: tensor<4611686018427387904xf32> {hf.state = @moment1.b},
      %vb: tensor<4611686018427387904xf32> {hf.state = @moment2.b},
      %gc: tensor<4611686018427387904xf32> {hf.state = @grad.c},
      %c: tensor<4611686018427387904xf32> {hf.parameter = @c},
      %mc: tensor<4611686018427387904xf32> {hf.state = @moment1.c},
      %vc: tensor<4611686018427387904xf32> {hf.state = @moment2.c})
      -> (tensor<16xf32> {hf.parameter = @a},
          tensor<16xf32> {hf.state = @moment1.a},
          tensor<16xf32> {hf.state = @moment2.a},
          tensor<4611686018427387904xf32> {hf.parameter = @b},
          tensor<4611686018427387904xf32> {hf.state = @moment1.b},
          tensor<4611686018427387904xf32> {hf.state = @moment2.b},
          tensor<4611686018427387904xf32> {hf.parameter = @c},
          tensor<4611686018427387904xf32> {hf.state = @moment1.c},
          tensor<4611686018427387904xf32> {hf.state = @moment2.c},
          tensor<f32> {hf.output = "grad_norm"}) {
    %qa = hf.mul %ga, %ga : tensor<16xf32>
    %sa = hf.reduce sum, %qa dims [0] : tensor<16xf32> -> tensor<f32>
    %qb = hf.mul %gb, %gb : tensor<4611686018427387904xf32>
    %sb = hf.reduce sum, %qb dims [0] : tensor<4611686018427387904xf32> -> tensor<f32>
    %qc = hf.mul %gc, %gc : tensor<4611686018427387904xf32>
    %sc = hf.reduce sum, %qc dims [0] : tensor<4611686018427387904xf32> -> tensor<f32>
    %0 = hf.add %sa, %sb : tensor<f32>
    %1 = hf.add %0, %sc : tensor<f32>
    %norm = hf.sqrt %1 : tensor<f32>
    %a1, %ma1, %va1 = hf.adamw %a, %ga, %ma, %va step %step, %lr, %lr, %lr, %lr, %lr, %lr : tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>
    %b1, %mb1, %vb1 = hf.adamw %b, %gb, %mb, %vb step %step, %lr, %lr, %lr, %lr, %lr, %lr : tensor<4611686018427387904xf32>, tensor<4611686018427387904xf32>, tensor<4611686018427387904xf32>, tensor<4611686018427387904xf32>
    %c1, %mc1, %vc1 = hf.adamw %c, %gc, %mc, %vc step %step, %lr, %lr, %lr, %lr, %lr, %lr : tensor<4611686018427387904xf32>, tensor<4611686018427387904xf32>, tensor<4611686018427387904xf32>, tensor<4611686018427387904xf32>
    return %a1, %ma1, %va1, %b1, %mb1, %vb1, %c1, %mc1, %vc1, %norm : tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<4611686018427387904xf32>, tensor<4611686018427387904xf32>, tensor<4611686018427387904xf32>, tensor<4611686018427387904xf32>, tensor<4611686018427387904xf32>, tensor<4611686018427387904xf32>, tensor<f32>
  }
}
