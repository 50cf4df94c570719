// RUN: hfc-opt %s --hfc-convert-rt-to-llvm | FileCheck %s --implicit-check-not='rt.' --implicit-check-not=hf.parameter --implicit-check-not=hfc_rt_
// RUN: hfc-opt %s --hfc-convert-rt-to-llvm | hfc-opt --hfc-convert-rt-to-llvm | FileCheck %s
// RUN: hfc-opt %s --hfc-convert-rt-to-llvm | FileCheck %s --check-prefix=JSON

// What describes the program to the runtime: the table of kernels, whose places are what launches name.
// JSON: hfc_program_json({{.*}}\22abi\22:4,\22task\22:\22forward\22,\22target\22:\22cuda\22,\22cpu\22:\22x86-64-v3\22,\22gpu\22:\22sm_90a\22
// JSON-SAME: \22arena\22:512,\22kernels\22:[{\22name\22:\22first\22,\22grid\22:3,\22lanes\22:128,\22arguments\22:2,\22shared\22:0},{\22name\22:\22second\22,\22grid\22:7,\22lanes\22:64,\22arguments\22:3,\22shared\22:0}]
// JSON-SAME: ,\22streams\22:2,\22events\22:2,\22products\22:2,\22constants\22:128,

// Constants lie one behind the other, each at a multiple of 64 bytes; equal ones once.
// CHECK-DAG: llvm.mlir.global external constant @hfc_program_constants("\00\00\80?\00\00\80?{{.*}}"){{.*}}alignment = 64
// The order of a factor is the host's to read.
// CHECK-DAG: llvm.mlir.global internal constant @hfc_constant(dense<[2, 8, 4, 1, 8]> : tensor<5xi64>)
// CHECK-DAG: llvm.func @hfc_cuda_launch(!llvm.ptr, i32, i32, !llvm.ptr)
// CHECK-DAG: llvm.func @hfc_cuda_gemm(!llvm.ptr, !llvm.ptr, i32, i32)
// CHECK-DAG: llvm.func @hfc_cuda_copy(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i32)
module attributes {hf.program = {task = "forward", target = "cuda", cpu = "x86-64-v3", gpu = "sm_90a", checkpoint_prefixes = [""]},
                   dist.mesh = #dist.mesh<"tp" = 2>} {
  hf.parameter @w : tensor<8x4xf32> from [#hf.piece<"t">]
  // Kernels stay as they are until --hfc-embed-cubin.
  // CHECK: gpu.module @first
  gpu.module @first attributes {kernel.grid = 3 : i64} {
    llvm.func @first(%x: !llvm.ptr, %y: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>} {
      llvm.return
    }
  }
  gpu.module @second attributes {kernel.grid = 7 : i64} {
    llvm.func @second(%x: !llvm.ptr, %y: !llvm.ptr, %z: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel, nvvm.maxntid = array<i32: 64, 1, 1>} {
      llvm.return
    }
  }

  // CHECK-LABEL: llvm.func @hfc_entry_step(
  // CHECK-SAME: %[[FRAME:.*]]: !llvm.ptr)
  // CHECK: %[[CONTEXT:.*]] = llvm.load
  // CHECK: %[[ARENA:.*]] = llvm.load
  // CHECK: %[[PARAMETERS:.*]] = llvm.load
  // CHECK: %[[STATES:.*]] = llvm.load
  // CHECK: %[[PLACES:.*]] = llvm.load
  // CHECK: %[[CONSTANTS:.*]] = llvm.load
  // CHECK: %[[STREAMS:.*]] = llvm.load
  // CHECK: %[[COMMUNICATORS:.*]] = llvm.load
  // CHECK: %[[LIST:.*]] = llvm.alloca
  rt.entry @step arena 512 {
    %x = rt.input "x" at 0 : memref<2x4xf32>
    %y = rt.output "y" at 128 : memref<2x8xf32>
    %w = rt.parameter @w : memref<8x4xf32>
    %t = rt.arena at 64 : memref<2x8xf32>
    %ones = rt.constant dense<1.0> : tensor<8xf32> as memref<8xf32>
    %same = rt.constant dense<1.0> : tensor<8xf32> as memref<8xf32>
    %flags = rt.constant dense<[true, false, true]> : tensor<3xi1> as memref<3xi1>
    %place = rt.coordinate {"tp"} : memref<i32>

    // CHECK: llvm.store %[[CONSTANTS]],
    // CHECK: %[[PRODUCT0:.*]] = llvm.mlir.constant(0 : i32)
    // CHECK-NEXT: %[[STREAM:.*]] = llvm.mlir.constant(0 : i32)
    // CHECK-NEXT: llvm.call @hfc_cuda_gemm(%[[CONTEXT]], %[[GEMM:[0-9]+]], %[[PRODUCT0]], %[[STREAM]])
    rt.gemm %x, %w into %t bias(%same : memref<8xf32>) {transpose_b} : memref<2x4xf32>, memref<8x4xf32>, memref<2x8xf32>
    // CHECK: %[[EVENT:.*]] = llvm.mlir.constant(0 : i32)
    // CHECK: llvm.call @hfc_cuda_record(%[[CONTEXT]], %[[EVENT]], %{{.*}})
    rt.record 0
    // CHECK: %[[EVENT:.*]] = llvm.mlir.constant(0 : i32)
    // CHECK: %[[STREAM:.*]] = llvm.mlir.constant(1 : i32)
    // CHECK: llvm.call @hfc_cuda_wait(%[[CONTEXT]], %[[EVENT]], %[[STREAM]])
    rt.wait 0 {stream = 1 : i32}
    // Its arguments: a buffer of the arena, a constant at 64, this rank's place. The second kernel, on the second stream.
    // CHECK: %[[OFFSET:.*]] = llvm.mlir.constant(64 : i64)
    // CHECK: %[[T:.*]] = llvm.getelementptr %[[ARENA]][%[[OFFSET]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
    // CHECK: llvm.store %[[T]], %[[LIST]]
    // CHECK: %[[OFFSET:.*]] = llvm.mlir.constant(64 : i64)
    // CHECK: llvm.getelementptr %[[CONSTANTS]][%[[OFFSET]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
    // CHECK: llvm.store %{{.*}}, %{{.*}} : !llvm.ptr, !llvm.ptr
    // CHECK: %[[KERNEL:.*]] = llvm.mlir.constant(1 : i32)
    // CHECK: %[[STREAM:.*]] = llvm.mlir.constant(1 : i32)
    // CHECK: llvm.call @hfc_cuda_launch(%[[CONTEXT]], %[[KERNEL]], %[[STREAM]], %[[LIST]])
    rt.launch @second ins(%t, %flags : memref<2x8xf32>, memref<3xi1>) outs(%y : memref<2x8xf32>) {stream = 1 : i32}
    rt.record 1 {stream = 1 : i32}
    rt.wait 1
    // CHECK: llvm.getelementptr %[[PLACES]]
    // CHECK: llvm.call @hfc_cuda_launch
    rt.launch @first ins(%place : memref<i32>) outs(%y : memref<2x8xf32>)
    // CHECK: llvm.getelementptr %[[ARENA]]
    // CHECK-NEXT: llvm.mlir.constant(64 : i64)
    // CHECK-NEXT: llvm.getelementptr %[[ARENA]]
    // CHECK-NEXT: %[[BYTES:.*]] = llvm.mlir.constant(64 : i64)
    // CHECK-NEXT: %[[STREAM:.*]] = llvm.mlir.constant(0 : i32)
    // CHECK-NEXT: llvm.call @hfc_cuda_copy(%[[CONTEXT]], %{{.*}}, %{{.*}}, %[[BYTES]], %[[STREAM]])
    rt.copy %t to %y : memref<2x8xf32>
  }

  // Products are numbered through all of the program.
  // CHECK-LABEL: llvm.func @hfc_entry_other(
  // CHECK: %[[PRODUCT:.*]] = llvm.mlir.constant(1 : i32)
  // CHECK-NEXT: llvm.mlir.constant(0 : i32)
  // CHECK-NEXT: llvm.call @hfc_cuda_gemm(%{{.*}}, %{{.*}}, %[[PRODUCT]], %{{.*}})
  rt.entry @other arena 512 {
    %x = rt.input "x" at 0 : memref<4x8xf32>
    %w = rt.parameter @w : memref<8x4xf32>
    %y = rt.output "y" at 128 : memref<4x4xf32>
    %transposed = rt.view %w sizes [8, 4] strides [1, 8] : memref<8x4xf32> to memref<8x4xf32>
    rt.gemm %x, %transposed into %y : memref<4x8xf32>, memref<8x4xf32>, memref<4x4xf32>
  }
}
