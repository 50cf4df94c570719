// RUN: hfc-opt %s --hfc-schedule --hfc-verify-schedule --split-input-file | FileCheck %s

// The partial output of a product is completed where it lies; nothing is copied, no event is needed.
// CHECK: rt.entry @forward
// CHECK: rt.gemm %{{.*}} into %[[Y:[0-9a-z]+]]
// CHECK-NEXT: rt.collective all_reduce by sum ins(%[[Y]] : memref<4x8xf32>) outs(%[[Y]] : memref<4x8xf32>) over {"tp"} {cause = "row-parallel output", hf.block = 1 : i64, id = 0 : i64}
// CHECK-NEXT: {{^ *}$}}
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  hf.parameter @w : tensor<8x8xf32> from [#hf.piece<"w">]
  func.func @forward(%x: tensor<4x8xf32> {hf.input = "x"}, %w: tensor<8x8xf32> {hf.parameter = @w}) -> (tensor<4x8xf32> {hf.output = "y"}) {
    %0 = hf.linear %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
    %1 = dist.all_reduce sum %0 over {"tp"} {cause = "row-parallel output", hf.block = 1 : i64, id = 0 : i64} : tensor<4x8xf32>
    return %1 : tensor<4x8xf32>
  }
}

// -----

// A partial value that is read again is not overwritten.
// CHECK: rt.entry @forward
// CHECK: rt.gemm %{{.*}} into %[[P:[0-9a-z]+]]
// CHECK-NEXT: rt.collective all_reduce by sum ins(%[[P]] : memref<4x8xf32>) outs(%[[C:.*]] : memref<4x8xf32>)
// CHECK-NEXT: rt.launch @pair ins(%[[C]], %[[P]] :
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  hf.parameter @w : tensor<8x8xf32> from [#hf.piece<"w">]
  func.func private @pair(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> attributes {kernel.kind = "row"} {
    %0 = hf.add %x, %y : tensor<4x8xf32>
    return %0 : tensor<4x8xf32>
  }
  func.func @forward(%x: tensor<4x8xf32> {hf.input = "x"}, %w: tensor<8x8xf32> {hf.parameter = @w}) -> (tensor<4x8xf32> {hf.output = "y"}) {
    %0 = hf.linear %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
    %1 = dist.all_reduce sum %0 over {"tp"} {id = 0 : i64} : tensor<4x8xf32>
    %2 = call @pair(%1, %0) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
    return %2 : tensor<4x8xf32>
  }
}

// -----

// Begun early: on a stream of its own, after what it reads; its buffers are its own until it is done, so the product beside it
// gets another. One that is not split, while the first is under way, runs behind it on that stream.
// CHECK: rt.entry @backward
// CHECK-DAG: %[[DX:.*]] = rt.output "dx"
// CHECK-DAG: %[[DW:.*]] = rt.output "dw"
// CHECK: rt.gemm %{{.*}} into %[[DX]]
// CHECK-NEXT: rt.record 0
// CHECK-NEXT: rt.wait 0 {stream = 1 : i32}
// CHECK-NEXT: rt.collective all_reduce by sum ins(%[[DX]] : {{.*}}) outs(%[[DX]] : {{.*}} {id = 0 : i64, stream = 1 : i32}
// CHECK-NEXT: rt.record 1 {stream = 1 : i32}
// CHECK-NEXT: rt.gemm %{{.*}} into %[[DW]]
// CHECK-NEXT: rt.record 2
// CHECK-NEXT: rt.wait 2 {stream = 1 : i32}
// CHECK-NEXT: rt.collective all_reduce by sum ins(%[[DW]] : {{.*}}) outs(%[[DW]] : {{.*}} {id = 1 : i64, stream = 1 : i32}
// CHECK-NEXT: rt.record 3 {stream = 1 : i32}
// CHECK-NEXT: rt.wait 3
// CHECK-NEXT: rt.wait 1
// CHECK-NEXT: {{^ *}$}}
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  func.func @backward(%dy: tensor<8x8xf32> {hf.input = "dy"}, %x: tensor<8x8xf32> {hf.input = "x"}, %w: tensor<8x8xf32> {hf.input = "w"})
      -> (tensor<8x8xf32> {hf.output = "dx"}, tensor<8x8xf32> {hf.output = "dw"}) {
    %0 = hf.matmul %dy, %w : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
    %1 = dist.all_reduce sum %0 over {"tp"} {id = 0 : i64, start} : tensor<8x8xf32>
    %2 = hf.matmul %dy, %x {transpose_lhs} : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
    %3 = dist.all_reduce sum %2 over {"dp"} {id = 1 : i64} : tensor<8x8xf32>
    %4 = dist.done %1 : tensor<8x8xf32>
    return %4, %3 : tensor<8x8xf32>, tensor<8x8xf32>
  }
}

// -----

// Gradients are added to where they are, and reduced in their bucket; a state that is returned as it came costs nothing, and the place
// of a rank is a buffer that nothing fills.
// CHECK: rt.entry @last_micro_step
// CHECK-DAG: %[[A:.*]] = rt.state @grad.a
// CHECK-DAG: %[[B:.*]] = rt.state @grad.b
// CHECK-DAG: %[[P:.*]] = rt.coordinate {"tp"} : memref<i32>
// CHECK-NOT: rt.copy
// CHECK: rt.launch @add ins(%[[A]], %[[P]] : memref<8xf32>, memref<i32>) outs(%[[A]] : memref<8xf32>)
// CHECK-NEXT: rt.collective all_reduce by sum ins(%[[A]], %[[B]] : memref<8xf32>, memref<4xf32>) outs(%[[A]], %[[B]] : memref<8xf32>, memref<4xf32>)
// CHECK-NEXT: {{^ *}$}}
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  hf.bucket @grads.0 : tensor<20xf32>
  hf.state @grad.a : tensor<8xf32> {hf.bucket = #hf.place<@grads.0, 0>}
  hf.state @grad.b : tensor<4xf32> {hf.bucket = #hf.place<@grads.0, 16>}
  hf.state @still : tensor<4xf32>
  func.func private @add(%x: tensor<8xf32>, %p: tensor<i32>) -> tensor<8xf32> attributes {kernel.kind = "loop"} {
    %0 = hf.convert %p : tensor<i32> -> tensor<f32>
    %1 = hf.broadcast %0 dims [] : tensor<f32> -> tensor<8xf32>
    %2 = hf.add %x, %1 : tensor<8xf32>
    return %2 : tensor<8xf32>
  }
  func.func @last_micro_step(%a: tensor<8xf32> {hf.state = @grad.a}, %b: tensor<4xf32> {hf.state = @grad.b}, %s: tensor<4xf32> {hf.state = @still})
      -> (tensor<8xf32> {hf.state = @grad.a}, tensor<4xf32> {hf.state = @grad.b}, tensor<4xf32> {hf.state = @still}) {
    %p = dist.axis_index {"tp"} : tensor<i32>
    %0 = call @add(%a, %p) : (tensor<8xf32>, tensor<i32>) -> tensor<8xf32>
    %1, %2 = dist.all_reduce sum %0, %b over {"dp"} {id = 0 : i64} : tensor<8xf32>, tensor<4xf32>
    return %1, %2, %s : tensor<8xf32>, tensor<4xf32>, tensor<4xf32>
  }
}

// -----

// One loop updates a parameter and its moments where they are.
// CHECK: func.func private @adam({{.*}}) -> (tensor<8xf32> {kernel.alias = 0 : i64}, tensor<8xf32> {kernel.alias = 2 : i64})
// CHECK: rt.entry @optimizer_step
// CHECK-DAG: %[[W:.*]] = rt.parameter updated @w
// CHECK-DAG: %[[G:.*]] = rt.state @grad.w
// CHECK-DAG: %[[M:.*]] = rt.state @moment.w
// CHECK: rt.launch @adam ins(%[[W]], %[[G]], %[[M]] : {{.*}}) outs(%[[W]], %[[M]] :
// CHECK-NEXT: {{^ *}$}}
module {
  hf.parameter @w : tensor<8xf32> from [#hf.piece<"w">]
  hf.state @grad.w : tensor<8xf32>
  hf.state @moment.w : tensor<8xf32>
  func.func private @adam(%w: tensor<8xf32>, %g: tensor<8xf32>, %m: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) attributes {kernel.kind = "loop"} {
    %0 = hf.add %m, %g : tensor<8xf32>
    %1 = hf.sub %w, %0 : tensor<8xf32>
    return %1, %0 : tensor<8xf32>, tensor<8xf32>
  }
  func.func @optimizer_step(%w: tensor<8xf32> {hf.parameter = @w}, %g: tensor<8xf32> {hf.state = @grad.w}, %m: tensor<8xf32> {hf.state = @moment.w})
      -> (tensor<8xf32> {hf.parameter = @w}, tensor<8xf32> {hf.state = @moment.w}) {
    %0, %1 = call @adam(%w, %g, %m) : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>)
    return %0, %1 : tensor<8xf32>, tensor<8xf32>
  }
}
