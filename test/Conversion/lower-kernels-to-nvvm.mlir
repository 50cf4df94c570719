// RUN: hfc-opt %s --hfc-map-kernels-to-gpu --hfc-lower-kernels-to-nvvm=chip=sm_80 --split-input-file | FileCheck %s

// Bare pointers, 32-bit indices, fused multiply-adds allowed.
// CHECK: gpu.module @scale [#nvvm.target<O = 3, chip = "sm_80">]
// CHECK: llvm.func @scale(%{{.*}}: !llvm.ptr {llvm.align = 16 : i64, llvm.noalias, llvm.readonly}, %{{.*}}: !llvm.ptr
// CHECK-SAME: nvvm.kernel, nvvm.maxntid = array<i32: 32, 1, 1>
// CHECK: llvm.getelementptr {{.*}}, i32) -> !llvm.ptr, f32
// CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr -> vector<4xf32>
// CHECK: llvm.fmul {{.*}}fastmathFlags = #llvm.fastmath<contract>
// CHECK-NOT: unrealized_conversion_cast
kernel.func @scale(%x: memref<128xf32>, %y: memref<128xf32>) grid(1) lanes(32) outputs(1) {
  %c0 = arith.constant 0 : index
  %c128 = arith.constant 128 : index
  kernel.distribute %i = %c0 to %c128 vector 4 {
    %v = vector.load %x[%i] : memref<128xf32>, vector<4xf32>
    %d = arith.mulf %v, %v : vector<4xf32>
    vector.store %d, %y[%i] : memref<128xf32>, vector<4xf32>
  }
  kernel.return
}

// -----

// A buffer of 2^31 elements: 64-bit indices.
// CHECK-LABEL: llvm.func @wide
// CHECK: llvm.getelementptr {{.*}}, i64) -> !llvm.ptr, bf16
kernel.func @wide(%x: memref<2147483648xbf16>, %y: memref<32xbf16>) grid(1) lanes(32) outputs(1) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %far = arith.constant 2147483600 : index
  kernel.distribute %i = %c0 to %c32 vector 1 {
    %j = arith.addi %i, %far : index
    %v = memref.load %x[%j] : memref<2147483648xbf16>
    memref.store %v, %y[%i] : memref<32xbf16>
  }
  kernel.return
}
