// RUN: hfc-opt %s --hfc-bucket-collectives=zero=1 | FileCheck %s
// What hf.program says counts where the option says nothing; a second time there is nothing left to divide.
// RUN: hfc-opt %s --hfc-bucket-collectives --hfc-bucket-collectives --hfc-insert-gradient-all-reduce | FileCheck %s

// A matrix cut over tp, which decays; two vectors, which do not and are replicated. 20 elements in two pieces of 16, 5 in two likewise:
// tensors and pieces begin at multiples of 16.
// CHECK-DAG: hf.bucket @grads.0 : tensor<32xf32>
// CHECK-DAG: hf.bucket @parameters.0 : tensor<32xbf16> {hf.group = #dist.axes<{"dp"}>}
// CHECK-DAG: hf.bucket @grads.1 : tensor<32xf32>
// CHECK-DAG: hf.bucket @parameters.1 : tensor<32xbf16> {hf.group = #dist.axes<{"dp"}>}
// CHECK-DAG: hf.parameter @b : tensor<3xbf16> {{.*}}hf.bucket = #hf.place<@parameters.1, 16>
// CHECK-DAG: hf.state @grad.b : tensor<3xf32> {{.*}}hf.bucket = #hf.place<@grads.1, 16>, hf.of = @b, hf.role = "accumulator"
// CHECK-DAG: hf.state @gradient.parameters.0 : tensor<16xf32> {dist.sharding = #dist.sharding<[{"tp", "dp"}], global [64]>, hf.of_bucket = @parameters.0, hf.role = "gradient"}
// CHECK-DAG: hf.state @master.parameters.1 : tensor<16xf32> {dist.sharding = #dist.sharding<[{"dp"}], global [32]>, hf.of_bucket = @parameters.1, hf.role = "master"}
// CHECK-DAG: hf.state @moment1.parameters.1
// CHECK-NOT: hf.state @moment1.w
// CHECK-NOT: hf.state @master.w
// CHECK-LABEL: @last_micro_step
// CHECK-DAG: %[[W:.*]] = dist.reduce_scatter_bucket sum %arg0 over {"dp"} {cause = "gradients"{{.*}} : tensor<5x4xf32> -> tensor<16xf32>
// CHECK-DAG: %[[V:.*]] = dist.reduce_scatter_bucket sum %arg1, %arg2 over {"dp"} {{.*}} : tensor<2xf32>, tensor<3xf32> -> tensor<16xf32>
// CHECK: return %arg0, %arg1, %arg2, %[[W]], %[[V]]
// Squares of pieces: the cut ones sum over both axes, the others over dp only; each element counts once.
// CHECK-LABEL: @optimizer_step
// CHECK-SAME: hf.state = @gradient.parameters.0}
// CHECK: hf.mul %{{.*}} : tensor<16xf32>
// CHECK: hf.mul %{{.*}} : tensor<16xf32>
// CHECK: %[[CUT:.*]] = dist.all_reduce sum %{{.*}} over {"dp", "tp"} {cause = "gradient norm"
// CHECK: %[[WHOLE:.*]] = dist.all_reduce sum %{{.*}} over {"dp"} {cause = "gradient norm"
// CHECK: %[[SUM:.*]] = hf.add %[[CUT]], %[[WHOLE]]
// CHECK: hf.sqrt %[[SUM]]
// CHECK: %[[NEW:[a-z_0-9]+]], %{{.*}}, %{{.*}} = hf.adamw {{.*}} : tensor<16xf32>
// CHECK: %[[ROUND:.*]] = hf.convert %[[NEW]] {{.*}} : tensor<16xf32> -> tensor<16xbf16>
// CHECK: dist.all_gather_bucket %[[ROUND]] over {"dp"} {cause = "updated parameters"{{.*}} : tensor<16xbf16> -> tensor<5x4xbf16>
// CHECK: hf.adamw {{.*}} : tensor<16xf32>
// CHECK: dist.all_gather_bucket {{.*}} -> tensor<2xbf16>, tensor<3xbf16>
// CHECK-NOT: hf.adamw
module attributes {dist.materialized, dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>, hf.program = {task = "train", zero = 1 : i64}} {
  hf.parameter @w : tensor<5x4xbf16> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{"tp"}, {}], global [10, 4]>}
  hf.parameter @a : tensor<2xbf16> from [#hf.piece<"a">] {dist.sharding = #dist.sharding<[{}], global [2]>}
  hf.parameter @b : tensor<3xbf16> from [#hf.piece<"b">] {dist.sharding = #dist.sharding<[{}], global [3]>}
  hf.state @grad.w : tensor<5x4xf32> {hf.of = @w, hf.role = "gradient"}
  hf.state @grad.a : tensor<2xf32> {hf.of = @a, hf.role = "gradient"}
  hf.state @grad.b : tensor<3xf32> {hf.of = @b, hf.role = "gradient"}
  func.func @last_micro_step(
      %w: tensor<5x4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{"tp"}, {}], partial sum {"dp"}, global [10, 4]>},
      %a: tensor<2xf32> {hf.state = @grad.a, dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [2]>},
      %b: tensor<3xf32> {hf.state = @grad.b, dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [3]>})
      -> (tensor<5x4xf32> {hf.state = @grad.w}, tensor<2xf32> {hf.state = @grad.a}, tensor<3xf32> {hf.state = @grad.b}) {
    %0 = dist.all_reduce sum %w over {"dp"} {cause = "gradient"} : tensor<5x4xf32>
    %1 = dist.all_reduce sum %a over {"dp"} {cause = "gradient"} : tensor<2xf32>
    %2 = dist.all_reduce sum %b over {"dp"} {cause = "gradient"} : tensor<3xf32>
    return %0, %1, %2 : tensor<5x4xf32>, tensor<2xf32>, tensor<3xf32>
  }
  hf.state @step : tensor<i32>
  hf.state @master.w : tensor<5x4xf32> {hf.of = @w, hf.role = "master"}
  hf.state @moment1.w : tensor<5x4xf32> {hf.of = @w, hf.role = "moment1"}
  hf.state @moment2.w : tensor<5x4xf32> {hf.of = @w, hf.role = "moment2"}
  hf.state @master.a : tensor<2xf32> {hf.of = @a, hf.role = "master"}
  hf.state @moment1.a : tensor<2xf32> {hf.of = @a, hf.role = "moment1"}
  hf.state @moment2.a : tensor<2xf32> {hf.of = @a, hf.role = "moment2"}
  hf.state @master.b : tensor<3xf32> {hf.of = @b, hf.role = "master"}
  hf.state @moment1.b : tensor<3xf32> {hf.of = @b, hf.role = "moment1"}
  hf.state @moment2.b : tensor<3xf32> {hf.of = @b, hf.role = "moment2"}
  func.func @optimizer_step(%lr: tensor<f32> {hf.input = "lr"},
      %beta1: tensor<f32> {hf.input = "beta1"},
      %beta2: tensor<f32> {hf.input = "beta2"},
      %eps: tensor<f32> {hf.input = "eps"},
      %decay: tensor<f32> {hf.input = "decay"},
      %clip: tensor<f32> {hf.input = "clip"},
      %step: tensor<i32> {hf.state = @step},
      %gw: tensor<5x4xf32> {hf.state = @grad.w},
      %masterw: tensor<5x4xf32> {hf.state = @master.w},
      %moment1w: tensor<5x4xf32> {hf.state = @moment1.w},
      %moment2w: tensor<5x4xf32> {hf.state = @moment2.w},
      %ga: tensor<2xf32> {hf.state = @grad.a},
      %mastera: tensor<2xf32> {hf.state = @master.a},
      %moment1a: tensor<2xf32> {hf.state = @moment1.a},
      %moment2a: tensor<2xf32> {hf.state = @moment2.a},
      %gb: tensor<3xf32> {hf.state = @grad.b},
      %masterb: tensor<3xf32> {hf.state = @master.b},
      %moment1b: tensor<3xf32> {hf.state = @moment1.b},
      %moment2b: tensor<3xf32> {hf.state = @moment2.b})
      -> (tensor<5x4xf32> {hf.state = @master.w},
          tensor<5x4xbf16> {hf.parameter = @w},
          tensor<5x4xf32> {hf.state = @moment1.w},
          tensor<5x4xf32> {hf.state = @moment2.w},
          tensor<2xf32> {hf.state = @master.a},
          tensor<2xbf16> {hf.parameter = @a},
          tensor<2xf32> {hf.state = @moment1.a},
          tensor<2xf32> {hf.state = @moment2.a},
          tensor<3xf32> {hf.state = @master.b},
          tensor<3xbf16> {hf.parameter = @b},
          tensor<3xf32> {hf.state = @moment1.b},
          tensor<3xf32> {hf.state = @moment2.b},
          tensor<f32> {hf.output = "grad_norm"}) {
    %qw = hf.mul %gw, %gw : tensor<5x4xf32>
    %nw = hf.reduce sum, %qw dims [0, 1] : tensor<5x4xf32> -> tensor<f32>
    %qa = hf.mul %ga, %ga : tensor<2xf32>
    %na = hf.reduce sum, %qa dims [0] : tensor<2xf32> -> tensor<f32>
    %qb = hf.mul %gb, %gb : tensor<3xf32>
    %nb = hf.reduce sum, %qb dims [0] : tensor<3xf32> -> tensor<f32>
    %cut = dist.all_reduce sum %nw over {"tp"} : tensor<f32>
    %s0 = hf.add %cut, %na : tensor<f32>
    %s1 = hf.add %s0, %nb : tensor<f32>
    %norm = hf.sqrt %s1 : tensor<f32>
    %scale = hf.div %clip, %norm : tensor<f32>
    %zero = hf.constant dense<0.0> : tensor<f32>
    %pw, %mw, %vw = hf.adamw %masterw, %gw, %moment1w, %moment2w step %step, %lr, %beta1, %beta2, %eps, %decay, %scale : tensor<5x4xf32>, tensor<5x4xf32>, tensor<5x4xf32>, tensor<5x4xf32>
    %rw = hf.convert %pw : tensor<5x4xf32> -> tensor<5x4xbf16>
    %pa, %ma, %va = hf.adamw %mastera, %ga, %moment1a, %moment2a step %step, %lr, %beta1, %beta2, %eps, %zero, %scale : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
    %ra = hf.convert %pa : tensor<2xf32> -> tensor<2xbf16>
    %pb, %mb, %vb = hf.adamw %masterb, %gb, %moment1b, %moment2b step %step, %lr, %beta1, %beta2, %eps, %zero, %scale : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
    %rb = hf.convert %pb : tensor<3xf32> -> tensor<3xbf16>
    return %pw, %rw, %mw, %vw, %pa, %ra, %ma, %va, %pb, %rb, %mb, %vb, %norm
      : tensor<5x4xf32>, tensor<5x4xbf16>, tensor<5x4xf32>, tensor<5x4xf32>, tensor<2xf32>, tensor<2xbf16>, tensor<2xf32>, tensor<2xf32>, tensor<3xf32>, tensor<3xbf16>, tensor<3xf32>, tensor<3xf32>, tensor<f32>
  }
}
