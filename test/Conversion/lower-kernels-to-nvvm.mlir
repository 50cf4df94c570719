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

// -----

// Bfloat16 becomes float32 by shifts, two at a time where there are two; exponentials are the fast ones, with one rounding more.
// CHECK-LABEL: llvm.func @gate
// CHECK: %[[HALVES:.*]] = llvm.load %{{.*}} : !llvm.ptr -> vector<4xbf16>
// CHECK: %[[PAIRS:.*]] = llvm.bitcast %[[HALVES]] : vector<4xbf16> to vector<2xi32>
// CHECK: %[[EVEN:.*]] = llvm.shl %[[PAIRS]], %{{.*}} : vector<2xi32>
// CHECK: %[[ODD:.*]] = llvm.and %[[PAIRS]], %{{.*}} : vector<2xi32>
// CHECK: llvm.shufflevector %[[EVEN]], %[[ODD]] [0, 2, 1, 3] : vector<2xi32>
// CHECK: llvm.call @__nv_fast_expf
// CHECK: llvm.fdiv {{.*}}afn
// CHECK: %[[ONE:.*]] = llvm.bitcast %{{.*}} : bf16 to i16
// CHECK: llvm.zext %[[ONE]] : i16 to i32
// CHECK-NOT: llvm.fpext
kernel.func @gate(%x: memref<128xbf16>, %scale: memref<bf16>, %y: memref<128xbf16>) grid(1) lanes(32) outputs(1) {
  %c0 = arith.constant 0 : index
  %c128 = arith.constant 128 : index
  %one = arith.constant dense<1.0> : vector<4xf32>
  kernel.distribute %i = %c0 to %c128 vector 4 {
    %v = vector.load %x[%i] : memref<128xbf16>, vector<4xbf16>
    %wide = arith.extf %v : vector<4xbf16> to vector<4xf32>
    %power = math.exp %wide : vector<4xf32>
    %sum = arith.addf %power, %one : vector<4xf32>
    %gate = arith.divf %one, %sum : vector<4xf32>
    %s = memref.load %scale[] : memref<bf16>
    %ws = arith.extf %s : bf16 to f32
    %factor = vector.broadcast %ws : f32 to vector<4xf32>
    %product = arith.mulf %gate, %factor : vector<4xf32>
    %narrow = arith.truncf %product : vector<4xf32> to vector<4xbf16>
    vector.store %narrow, %y[%i] : memref<128xbf16>, vector<4xbf16>
  }
  kernel.return
}

// -----

// More shared memory than code may declare: the largest piece gets its size when the kernel is launched.
// CHECK: gpu.module @large {{.*}}kernel.shared = 131072 : i64
// CHECK-DAG: llvm.mlir.global external @[[LARGE:.*]]() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x f32>
// CHECK-DAG: llvm.mlir.global internal @{{.*}}() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<32 x f32>
// CHECK: llvm.func @large
// CHECK: llvm.mlir.addressof @[[LARGE]]
kernel.func @large(%x: memref<32768xf32>, %y: memref<32768xf32>) grid(1) lanes(32) outputs(1) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %all = arith.constant 32768 : index
  %large = kernel.scratch : memref<32768xf32>
  %small = kernel.scratch : memref<32xf32>
  kernel.distribute %i = %c0 to %all vector 4 {
    %v = vector.load %x[%i] : memref<32768xf32>, vector<4xf32>
    vector.store %v, %large[%i] : memref<32768xf32>, vector<4xf32>
  }
  kernel.distribute %i = %c0 to %c32 vector 1 {
    %v = memref.load %x[%i] : memref<32768xf32>
    memref.store %v, %small[%i] : memref<32xf32>
  }
  kernel.barrier
  kernel.distribute %i = %c0 to %all vector 1 {
    %place = arith.remui %i, %c32 : index
    %v = memref.load %large[%i] : memref<32768xf32>
    %w = memref.load %small[%place] : memref<32xf32>
    %sum = arith.addf %v, %w : f32
    memref.store %sum, %y[%i] : memref<32768xf32>
  }
  kernel.return
}
