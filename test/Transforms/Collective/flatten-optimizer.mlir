// RUN: hfc-opt %s --hfc-add-optimizer --hfc-flatten-optimizer | FileCheck %s
// A second time there is nothing left to do. Where buckets are small, there are as many as tensors, and all stay alone.
// RUN: hfc-opt %s --hfc-add-optimizer --hfc-flatten-optimizer --hfc-flatten-optimizer | FileCheck %s
// RUN: hfc-opt %s --hfc-add-optimizer --hfc-flatten-optimizer=flat-bytes=16 | FileCheck %s --check-prefix=ALONE
// RUN: hfc-opt %s --hfc-add-optimizer -o %t.one.mlir && hfc-opt %t.one.mlir --hfc-flatten-optimizer -o %t.flat.mlir
// RUN: hfc-interpret %t.one.mlir --compare=%t.flat.mlir | FileCheck %s --check-prefix=SAME
// The schedule sees one buffer where the step before it has written several.
// RUN: hfc-opt %t.flat.mlir --hfc-fuse --hfc-schedule --hfc-verify-schedule | FileCheck %s --check-prefix=SCHEDULE

// Matrices decay, vectors do not. Moments and masters are flat, gradients and parameters are what lies in the buckets.
// CHECK-DAG: hf.parameter @a : tensor<3x4xbf16> {{.*}} {hf.bucket = #hf.place<@parameters.0, 0>}
// CHECK-DAG: hf.parameter @b : tensor<2x4xbf16> {{.*}} {hf.bucket = #hf.place<@parameters.0, 16>}
// CHECK-DAG: hf.parameter @m : tensor<3xbf16> {{.*}} {hf.bucket = #hf.place<@parameters.1, 16>}
// CHECK-DAG: hf.bucket @grads.0 : tensor<32xf32>
// CHECK-DAG: hf.bucket @parameters.0 : tensor<32xbf16>
// CHECK-DAG: hf.state @values.parameters.0 : tensor<32xbf16> {hf.bucket = #hf.place<@parameters.0, 0>, hf.of_bucket = @parameters.0, hf.role = "values"}
// CHECK-DAG: hf.state @gradient.parameters.0 : tensor<32xf32> {hf.bucket = #hf.place<@grads.0, 0>, hf.of_bucket = @parameters.0, hf.role = "gradient"}
// CHECK-DAG: hf.state @moment1.parameters.1 : tensor<32xf32> {hf.of_bucket = @parameters.1, hf.role = "moment1"}
// CHECK-DAG: hf.state @master.parameters.1 : tensor<32xf32> {hf.of_bucket = @parameters.1, hf.role = "master"}
// CHECK-DAG: hf.state @grad.b : tensor<2x4xf32> {hf.bucket = #hf.place<@grads.0, 16>, hf.of = @b, hf.role = "gradient"}
// CHECK-NOT: hf.state @moment1.a
// CHECK-NOT: hf.state @master.a
// CHECK-LABEL: @last_micro_step
// CHECK-SAME: -> (tensor<3x4xf32> {hf.state = @grad.a}, tensor<5xf32> {hf.state = @grad.n}
// CHECK-LABEL: @optimizer_step
// CHECK-NOT: hf.parameter
// CHECK-SAME: {hf.state = @gradient.parameters.0}
// CHECK-SAME: {hf.state = @values.parameters.0}
// CHECK-COUNT-2: hf.reduce sum
// CHECK: hf.sqrt
// CHECK-COUNT-2: hf.adamw {{.*}} : tensor<32xf32>, tensor<32xf32>
// CHECK-NOT: hf.adamw

// ALONE-NOT: hf.bucket
// ALONE: hf.state @moment1.a

// SAME-COUNT-22: same @optimizer_step
// SAME-NOT: DIFFERENT

// SCHEDULE: rt.entry @optimizer_step
// SCHEDULE-NOT: rt.copy
// SCHEDULE-DAG: %[[G:.*]] = rt.state @gradient.parameters.0 : memref<32xf32>
// SCHEDULE-DAG: %[[V:.*]] = rt.state @values.parameters.0 : memref<32xbf16>
// SCHEDULE: rt.launch @adamw{{.*}}%[[G]]{{.*}}outs({{.*}}%[[V]]
module attributes {hf.program = {task = "train"}} {
  hf.parameter @a : tensor<3x4xbf16> from [#hf.piece<"a">]
  hf.parameter @n : tensor<5xbf16> from [#hf.piece<"n">]
  hf.parameter @b : tensor<2x4xbf16> from [#hf.piece<"b">]
  hf.parameter @m : tensor<3xbf16> from [#hf.piece<"m">]
  hf.state @grad.a : tensor<3x4xf32> {hf.of = @a, hf.role = "gradient"}
  hf.state @grad.n : tensor<5xf32> {hf.of = @n, hf.role = "gradient"}
  hf.state @grad.b : tensor<2x4xf32> {hf.of = @b, hf.role = "gradient"}
  hf.state @grad.m : tensor<3xf32> {hf.of = @m, hf.role = "gradient"}
  func.func @last_micro_step(%a: tensor<3x4xbf16> {hf.parameter = @a}, %n: tensor<5xbf16> {hf.parameter = @n}, %b: tensor<2x4xbf16> {hf.parameter = @b}, %m: tensor<3xbf16> {hf.parameter = @m})
      -> (tensor<3x4xf32> {hf.state = @grad.a}, tensor<5xf32> {hf.state = @grad.n}, tensor<2x4xf32> {hf.state = @grad.b}, tensor<3xf32> {hf.state = @grad.m}) {
    %0 = hf.convert %a : tensor<3x4xbf16> -> tensor<3x4xf32>
    %1 = hf.convert %n : tensor<5xbf16> -> tensor<5xf32>
    %2 = hf.convert %b : tensor<2x4xbf16> -> tensor<2x4xf32>
    %3 = hf.convert %m : tensor<3xbf16> -> tensor<3xf32>
    return %0, %1, %2, %3 : tensor<3x4xf32>, tensor<5xf32>, tensor<2x4xf32>, tensor<3xf32>
  }
}
