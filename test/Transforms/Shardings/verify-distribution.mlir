// A whole local program passes; what has no mesh is left alone.
// RUN: hfc-opt %s --split-input-file --hfc-verify-distribution | FileCheck %s
// Later phases of a program, which the pipelines meet too: bodies are believed, schedules left alone.
// RUN: hfc-compile %goldens/qwen2 --task=train --mesh=dp=2,tp=2 --batch=2 --seq=8 --emit=fuse | hfc-opt --hfc-verify-distribution | FileCheck %s --check-prefix=FUSED
// FUSED: call @

// CHECK: dist.materialized
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>, dist.materialized} {
  hf.parameter @w : tensor<8x4xf32> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{"tp"}, {}], global [16, 4]>}
  hf.state @grad.w : tensor<8x4xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [16, 4]>}

  // The gradient is a sum over dp until the last micro-step completes it.
  func.func @micro_step(%w: tensor<8x4xf32> {hf.parameter = @w, dist.sharding = #dist.sharding<[{"tp"}, {}], global [16, 4]>},
                        %g: tensor<8x4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{"tp"}, {}], partial sum {"dp"}, global [16, 4]>},
                        %x: tensor<3x4xf32> {hf.input = "x", dist.sharding = #dist.sharding<[{"dp"}, {}], global [6, 4]>},
                        %dy: tensor<3x8xf32> {hf.input = "dy", dist.sharding = #dist.sharding<[{"dp"}, {"tp"}], global [6, 16]>})
      -> (tensor<8x4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{"tp"}, {}], partial sum {"dp"}, global [16, 4]>}) {
    %0 = hf.linear_wgrad %dy, %x {dist.shardings = [#dist.sharding<[{"tp"}, {}], partial sum {"dp"}, global [16, 4]>]}
      : (tensor<3x8xf32>, tensor<3x4xf32>) -> tensor<8x4xf32>
    %1 = hf.add %g, %0 {dist.shardings = [#dist.sharding<[{"tp"}, {}], partial sum {"dp"}, global [16, 4]>]} : tensor<8x4xf32>
    return %1 : tensor<8x4xf32>
  }

  func.func @last_micro_step(%g: tensor<8x4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{"tp"}, {}], partial sum {"dp"}, global [16, 4]>})
      -> (tensor<8x4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{"tp"}, {}], global [16, 4]>}) {
    %0 = dist.all_reduce sum %g over {"dp"} {dist.shardings = [#dist.sharding<[{"tp"}, {}], global [16, 4]>]} : tensor<8x4xf32>
    return %0 : tensor<8x4xf32>
  }

  // A rank's own numbers live nowhere: here, which of the rows are its own.
  func.func @forward(%x: tensor<16x4xf32> {hf.input = "x", dist.sharding = #dist.sharding<[{}, {}], global [16, 4]>})
      -> (tensor<8x4xf32> {hf.output = "y", dist.sharding = #dist.sharding<[{"tp"}, {}], global [16, 4]>}) {
    %place = dist.axis_index {"tp"} : tensor<i32>
    %size = hf.constant dense<8> : tensor<i32>
    %start = hf.mul %place, %size : tensor<i32>
    %0 = hf.slice_at %x, %start dim 0 {dist.shardings = [#dist.sharding<[{"tp"}, {}], global [16, 4]>]} : tensor<16x4xf32> -> tensor<8x4xf32>
    return %0 : tensor<8x4xf32>
  }
}

// -----
// CHECK-LABEL: func @forward
func.func @forward(%x: tensor<16x4xf32>) -> tensor<16x4xf32> {
  return %x : tensor<16x4xf32>
}

// -----
// ZeRO: the accumulator stays this rank's own sum, its piece of the complete gradient is another state.
// CHECK: dist.reduce_scatter_bucket
module attributes {dist.mesh = #dist.mesh<"dp" = 2>, dist.materialized} {
  hf.state @grad.w : tensor<4xf32> {hf.role = "accumulator", dist.sharding = #dist.sharding<[{}], global [4]>}
  hf.state @gradient.bucket : tensor<2xf32> {hf.role = "gradient", dist.sharding = #dist.sharding<[{"dp"}], global [4]>}

  func.func @begin_step() -> (tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], global [4]>}) {
    %0 = hf.constant dense<0.0> : tensor<4xf32>
    return %0 : tensor<4xf32>
  }

  func.func @last_micro_step(%g: tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [4]>})
      -> (tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [4]>},
          tensor<2xf32> {hf.state = @gradient.bucket, dist.sharding = #dist.sharding<[{"dp"}], global [4]>}) {
    %0 = dist.reduce_scatter_bucket sum %g over {"dp"} {dist.shardings = [#dist.sharding<[{"dp"}], global [4]>]} : tensor<4xf32> -> tensor<2xf32>
    return %g, %0 : tensor<4xf32>, tensor<2xf32>
  }

  func.func @optimizer_step(%p: tensor<2xf32> {hf.state = @gradient.bucket, dist.sharding = #dist.sharding<[{"dp"}], global [4]>}) {
    return
  }
}
