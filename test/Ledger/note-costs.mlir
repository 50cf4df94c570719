// RUN: hfc-opt %s --hfc-note-costs | FileCheck %s
// RUN: hfc-opt %s --hfc-note-costs --hfc-emit-kernels | FileCheck %s
// RUN: hfc-opt %s --hfc-note-costs=machine=%src/machines/h200x4.json | FileCheck %s --check-prefix=MACHINE
// What has been noted stays.
// RUN: hfc-opt %s --hfc-note-costs | hfc-opt --hfc-note-costs=machine=%src/machines/h200x4.json | FileCheck %s --implicit-check-not=microseconds
// MACHINE: rt.machine = "
module attributes {dist.materialized, dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func private @body(%x: tensor<2x8xf32>) -> tensor<2x8xf32> attributes {kernel.kind = "loop"} {
    %y = hf.mul %x, %x : tensor<2x8xf32>
    return %y : tensor<2x8xf32>
  }
  // CHECK-LABEL: rt.entry @forward
  // MACHINE-LABEL: rt.entry @forward
  rt.entry @forward arena 512 {
    %x = rt.input "x" at 0 : memref<2x8xf32>
    %w = rt.arena at 64 : memref<8x8xf32>
    %y = rt.arena at 320 : memref<2x8xf32>
    %z = rt.output "z" at 384 : memref<2x8xf32>
    // CHECK: rt.launch @body{{.*}}rt.cost = {flops = 16 : i64, kind = "loop", read = 64 : i64, written = 64 : i64}
    // MACHINE: rt.launch @body{{.*}}rt.cost = {flops = 16 : i64, kind = "loop", microseconds = {{.*}}, read = 64 : i64, written = 64 : i64}
    rt.launch @body ins(%x : memref<2x8xf32>) outs(%y : memref<2x8xf32>)
    // CHECK: rt.gemm {{.*}}rt.cost = {flops = 256 : i64, kind = "gemm", read = 320 : i64, written = 64 : i64}
    rt.gemm %y, %w into %z : memref<2x8xf32>, memref<8x8xf32>, memref<2x8xf32>
    // CHECK: rt.copy {{.*}}rt.cost = {flops = 0 : i64, kind = "copy", read = 64 : i64, written = 64 : i64}
    rt.copy %z to %y : memref<2x8xf32>
    // CHECK: rt.collective {{.*}}rt.cost = {flops = 0 : i64, kind = "all_reduce", read = 64 : i64, written = 64 : i64}
    rt.collective all_reduce by sum ins(%y : memref<2x8xf32>) outs(%z : memref<2x8xf32>) over {"tp"} {id = 0 : i64}
  }
}
