// RUN: hfc-opt %s --hfc-schedule --hfc-verify-schedule --split-input-file | FileCheck %s

// Two layers of a backward pass, as sequence parallelism cuts them: each gathers its cotangent, and scatters the next
// one's sum. The product for the weight's gradient, which is given ahead of the one for the input's, gets out of the way
// of what the next layer waits for, and runs beside the reduction. What is gathered for it alone is begun behind what the
// chain waits for, though it is given first, and beside a product. Numbers follow the order in which collectives are
// begun; the ones that nothing runs beside stay on the main stream.
// CHECK-LABEL: rt.entry @backward
// CHECK: rt.collective all_gather {{.*}}cause = "cotangent 1"{{.*}} id = 0 : i64}
// CHECK: rt.collective all_gather {{.*}}cause = "input 1"{{.*}} id = 1 : i64, stream = 1 : i32}
// CHECK-NEXT: rt.record [[INPUT1:[0-9]+]] {stream = 1 : i32}
// CHECK-NEXT: rt.gemm {{.*}}which = "dx 1"}
// CHECK-NEXT: rt.wait [[INPUT1]]{{$}}
// CHECK: rt.collective reduce_scatter {{.*}}cause = "sum 1"{{.*}} id = 2 : i64, stream = 1 : i32}
// CHECK-NEXT: rt.record [[SUM1:[0-9]+]] {stream = 1 : i32}
// CHECK-NEXT: rt.gemm {{.*}}which = "dw 1"}
// CHECK-NEXT: rt.wait [[SUM1]]{{$}}
// CHECK-NEXT: rt.launch @double
// CHECK-NEXT: rt.collective all_gather {{.*}}cause = "cotangent 0"{{.*}} id = 3 : i64}
// CHECK: rt.collective all_gather {{.*}}cause = "input 0"{{.*}} id = 4 : i64, stream = 1 : i32}
// CHECK: rt.gemm {{.*}}which = "dx 0"}
// CHECK: rt.collective reduce_scatter {{.*}}cause = "sum 0"{{.*}} id = 5 : i64, stream = 1 : i32}
// CHECK-NEXT: rt.record [[SUM0:[0-9]+]] {stream = 1 : i32}
// CHECK-NEXT: rt.gemm {{.*}}which = "dw 0"}
// CHECK-NEXT: rt.wait [[SUM0]]{{$}}
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  hf.parameter @w0 : tensor<4096x4096xf32> from [#hf.piece<"w0">]
  hf.parameter @w1 : tensor<4096x4096xf32> from [#hf.piece<"w1">]
  hf.state @dw0 : tensor<4096x4096xf32>
  hf.state @dw1 : tensor<4096x4096xf32>
  func.func private @double(%x: tensor<4096x4096xf32>) -> tensor<4096x4096xf32> attributes {kernel.kind = "loop"} {
    %0 = hf.add %x, %x : tensor<4096x4096xf32>
    return %0 : tensor<4096x4096xf32>
  }
  func.func @backward(%dy: tensor<4096x4096xf32> {hf.input = "dy"}, %x0: tensor<4096x4096xf32> {hf.input = "x0"}, %x1: tensor<4096x4096xf32> {hf.input = "x1"},
                      %w0: tensor<4096x4096xf32> {hf.parameter = @w0}, %w1: tensor<4096x4096xf32> {hf.parameter = @w1})
      -> (tensor<4096x4096xf32> {hf.output = "dx"}, tensor<4096x4096xf32> {hf.state = @dw0}, tensor<4096x4096xf32> {hf.state = @dw1}) {
    %x1s = dist.all_gather %x1 dim 0 over {"tp"} {cause = "input 1", hf.phase = "backward", id = 0 : i64, start} : tensor<4096x4096xf32> -> tensor<8192x4096xf32>
    %dy1s = dist.all_gather %dy dim 0 over {"tp"} {cause = "cotangent 1", hf.phase = "backward", id = 1 : i64, start} : tensor<4096x4096xf32> -> tensor<8192x4096xf32>
    %dy1 = dist.done %dy1s {hf.phase = "backward"} : tensor<8192x4096xf32>
    %x1g = dist.done %x1s {hf.phase = "backward"} : tensor<8192x4096xf32>
    %dw1 = hf.linear_wgrad %dy1, %x1g {hf.phase = "backward", which = "dw 1"} : (tensor<8192x4096xf32>, tensor<8192x4096xf32>) -> tensor<4096x4096xf32>
    %dx1p = hf.linear_dgrad %dy1, %w1 {hf.phase = "backward", which = "dx 1"} : (tensor<8192x4096xf32>, tensor<4096x4096xf32>) -> tensor<8192x4096xf32>
    %x0s = dist.all_gather %x0 dim 0 over {"tp"} {cause = "input 0", hf.phase = "backward", id = 2 : i64, start} : tensor<4096x4096xf32> -> tensor<8192x4096xf32>
    %dx1s = dist.reduce_scatter sum %dx1p dim 0 over {"tp"} {cause = "sum 1", hf.phase = "backward", id = 3 : i64, start} : tensor<8192x4096xf32> -> tensor<4096x4096xf32>
    %dx1 = dist.done %dx1s {hf.phase = "backward"} : tensor<4096x4096xf32>
    %n1 = call @double(%dx1) {hf.phase = "backward"} : (tensor<4096x4096xf32>) -> tensor<4096x4096xf32>
    %dy0s = dist.all_gather %n1 dim 0 over {"tp"} {cause = "cotangent 0", hf.phase = "backward", id = 4 : i64, start} : tensor<4096x4096xf32> -> tensor<8192x4096xf32>
    %dy0 = dist.done %dy0s {hf.phase = "backward"} : tensor<8192x4096xf32>
    %x0g = dist.done %x0s {hf.phase = "backward"} : tensor<8192x4096xf32>
    %dw0 = hf.linear_wgrad %dy0, %x0g {hf.phase = "backward", which = "dw 0"} : (tensor<8192x4096xf32>, tensor<8192x4096xf32>) -> tensor<4096x4096xf32>
    %dx0p = hf.linear_dgrad %dy0, %w0 {hf.phase = "backward", which = "dx 0"} : (tensor<8192x4096xf32>, tensor<4096x4096xf32>) -> tensor<8192x4096xf32>
    %dx0s = dist.reduce_scatter sum %dx0p dim 0 over {"tp"} {cause = "sum 0", hf.phase = "backward", id = 5 : i64, start} : tensor<8192x4096xf32> -> tensor<4096x4096xf32>
    %dx0 = dist.done %dx0s {hf.phase = "backward"} : tensor<4096x4096xf32>
    %n0 = call @double(%dx0) : (tensor<4096x4096xf32>) -> tensor<4096x4096xf32>
    return %n0, %dw0, %dw1 : tensor<4096x4096xf32>, tensor<4096x4096xf32>, tensor<4096x4096xf32>
  }
}

// -----

// Without the phase it is no backward pass, and nothing moves.
// CHECK-LABEL: rt.entry @forward
// CHECK: rt.gemm {{.*}}which = "first"}
// CHECK: rt.gemm {{.*}}which = "second"}
// CHECK-NEXT: rt.collective all_reduce {{.*}}{id = 0 : i64}
// CHECK-NEXT: rt.launch @double
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func private @double(%x: tensor<64x64xf32>) -> tensor<64x64xf32> attributes {kernel.kind = "loop"} {
    %0 = hf.add %x, %x : tensor<64x64xf32>
    return %0 : tensor<64x64xf32>
  }
  func.func @forward(%x: tensor<64x64xf32> {hf.input = "x"}, %w: tensor<64x64xf32> {hf.input = "w"})
      -> (tensor<64x64xf32> {hf.output = "y"}, tensor<64x64xf32> {hf.output = "z"}) {
    %0 = hf.linear %x, %w {which = "first"} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    %1 = hf.linear %w, %x {which = "second"} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    %2 = dist.all_reduce sum %1 over {"tp"} {id = 0 : i64, start} : tensor<64x64xf32>
    %3 = dist.done %2 : tensor<64x64xf32>
    %4 = call @double(%3) : (tensor<64x64xf32>) -> tensor<64x64xf32>
    return %4, %0 : tensor<64x64xf32>, tensor<64x64xf32>
  }
}
