// Attention that a library may do: the runtime is given what is computed, and the kernel's number for what no library can.
// RUN: hfc-opt %s --hfc-convert-rt-to-llvm | FileCheck %s
// RUN: hfc-opt %s --hfc-convert-rt-to-llvm | FileCheck %s --check-prefix=JSON

// kind, bfloat16, causal, window, key_mask, segments, deterministic; batch, heads of queries and keys, queries, keys, depths; strides of
// batch, head and position of query, key, value and result; the scale's bits.
// CHECK-DAG: @[[BACKWARD:.*]](dense<[2, 1, 1, 0, 1, 0, 1, 2, 4, 2, 8, 8, 64, 64, 2048, 64, 256, 1024, 64, 128, 1024, 64, 128, 2048, 64, 256, 4593671619917905920]> : tensor<27xi64>)
// CHECK-DAG: @[[WINDOW:.*]](dense<[0, 1, 1, 3, 0, 0, 0, 1, 2, 2, 8, 8, 16, 16, 32, 16, 32, 32, 16, 32, 32, 16, 32, 32, 16, 32, 4607182418800017408]> : tensor<27xi64>)
// Both, for what is made ready when the program is opened.
// CHECK-DAG: llvm.mlir.global external constant @hfc_program_attentions("\02\00
// The kernels are there still.
// JSON: \22kernels\22:[{\22name\22:\22backward\22,{{.*}}},{\22name\22:\22window\22,
// JSON-SAME: \22attentions\22:2,
module attributes {hf.program = {task = "forward", target = "cuda", cpu = "x86-64-v3", gpu = "sm_90a", checkpoint_prefixes = [""]}} {
  gpu.module @backward attributes {kernel.grid = 3 : i64} {
    llvm.func @backward(%0: !llvm.ptr, %1: !llvm.ptr, %2: !llvm.ptr, %3: !llvm.ptr, %4: !llvm.ptr, %5: !llvm.ptr, %6: !llvm.ptr, %7: !llvm.ptr, %8: !llvm.ptr, %9: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>} {
      llvm.return
    }
  }
  gpu.module @window attributes {kernel.grid = 3 : i64} {
    llvm.func @window(%0: !llvm.ptr, %1: !llvm.ptr, %2: !llvm.ptr, %3: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>} {
      llvm.return
    }
  }
  // CHECK-LABEL: llvm.func @hfc_entry_step(
  // CHECK: %[[FIELDS:.*]] = llvm.mlir.addressof @[[BACKWARD]]
  // CHECK: %[[KERNEL:.*]] = llvm.mlir.constant(0 : i32)
  // CHECK: %[[STREAM:.*]] = llvm.mlir.constant(1 : i32)
  // CHECK: llvm.call @hfc_cuda_attention(%{{.*}}, %[[FIELDS]], %[[KERNEL]], %[[STREAM]], %{{.*}}) : (!llvm.ptr, !llvm.ptr, i32, i32, !llvm.ptr) -> ()
  // CHECK: %[[FIELDS:.*]] = llvm.mlir.addressof @[[WINDOW]]
  // CHECK: llvm.call @hfc_cuda_attention(%{{.*}}, %[[FIELDS]],
  // CHECK-NOT: hfc_cuda_launch
  rt.entry @step arena 65536 {
    %dy = rt.input "dy" at 0 : memref<2x8x4x64xbf16>
    %q = rt.input "q" at 8192 : memref<2x8x4x64xbf16>
    %k = rt.input "k" at 16384 : memref<2x8x2x64xbf16>
    %v = rt.input "v" at 20480 : memref<2x8x2x64xbf16>
    %y = rt.input "y" at 24576 : memref<2x8x4x64xbf16>
    %s = rt.input "s" at 32768 : memref<2x4x8xf32>
    %m = rt.input "m" at 33024 : memref<2x8xi32>
    %dq = rt.output "dq" at 33088 : memref<2x8x4x64xbf16>
    %dk = rt.output "dk" at 41280 : memref<2x8x2x64xbf16>
    %dv = rt.output "dv" at 45376 : memref<2x8x2x64xbf16>
    %x = rt.input "x" at 49472 : memref<8x1x2x16xbf16>
    %z = rt.output "z" at 49984 : memref<8x1x2x16xbf16>
    rt.launch @backward ins(%dy, %q, %k, %v, %y, %s, %m : memref<2x8x4x64xbf16>, memref<2x8x4x64xbf16>, memref<2x8x2x64xbf16>, memref<2x8x2x64xbf16>, memref<2x8x4x64xbf16>, memref<2x4x8xf32>, memref<2x8xi32>)
      outs(%dq, %dk, %dv : memref<2x8x4x64xbf16>, memref<2x8x2x64xbf16>, memref<2x8x2x64xbf16>)
      {library = #rt.attention<backward, scale = 1.250000e-01 : f64, layout = bshd, causal = true, key_mask = true, deterministic = true>, stream = 1 : i32}
    rt.launch @window ins(%x, %x, %x : memref<8x1x2x16xbf16>, memref<8x1x2x16xbf16>, memref<8x1x2x16xbf16>) outs(%z : memref<8x1x2x16xbf16>)
      {library = #rt.attention<forward, scale = 1.000000e+00 : f64, layout = sbhd, causal = true, window = 3>}
  }
}
