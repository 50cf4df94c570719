// RUN: hfc-opt %s --hfc-lower-kernels-to-cpu | FileCheck %s
// RUN: hfc-opt %s --hfc-lower-kernels-to-cpu | hfc-opt --hfc-lower-kernels-to-cpu | FileCheck %s

// The blocks: noalias where nothing overlaps, scratch outside the loop over blocks, one loop a distribute.
// CHECK-LABEL: func.func private @norm_blocks
// CHECK-SAME: (%{{.*}}: !llvm.ptr {llvm.noalias, llvm.readonly}, %{{.*}}: !llvm.ptr {llvm.noalias}, %[[BEGIN:.*]]: index, %[[END:.*]]: index)
// CHECK-NOT: kernel.
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<64xf32>
// CHECK: scf.for %[[ROW:.*]] = %[[BEGIN]] to %[[END]]
// CHECK: %[[PARTIAL:.*]] = scf.for {{.*}} iter_args
// CHECK: vector.load %{{.*}}[%[[ROW]],
// CHECK: scf.yield
// CHECK: %[[SUM:.*]] = vector.reduction <add>, %[[PARTIAL]] fastmath<reassoc> : vector<8xf32> into f32
// CHECK-NEXT: math.rsqrt %[[SUM]]
// CHECK: scf.for
// CHECK: vector.store
// CHECK: return

// The function that the runtime calls keeps the grid and hands the buffers on.
// CHECK-LABEL: func.func private @norm(
// CHECK-SAME: %[[ARGS:.*]]: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64) attributes {kernel.grid = 4 : i64
// CHECK: llvm.load
// CHECK: llvm.getelementptr %[[ARGS]][1]
// CHECK: call @norm_blocks
kernel.func @norm(%x: memref<4x64xf32>, %y: memref<4x64xf32>) grid(4) lanes(32) outputs(1) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : vector<8xf32>
  %s = kernel.scratch : memref<64xf32>
  %row = kernel.block_id
  %partial = kernel.distribute %i = %c0 to %c64 vector 8 iter_args(%sum = %zero : vector<8xf32>) {
    %v = vector.load %x[%row, %i] : memref<4x64xf32>, vector<8xf32>
    %m = arith.mulf %v, %v : vector<8xf32>
    %a = arith.addf %sum, %m : vector<8xf32>
    vector.store %v, %s[%i] : memref<64xf32>, vector<8xf32>
    kernel.yield %a : vector<8xf32>
  }
  %sum = kernel.reduce add %partial : vector<8xf32> -> f32
  %scale = math.rsqrt %sum : f32
  %scales = vector.broadcast %scale : f32 to vector<8xf32>
  kernel.barrier
  kernel.distribute %i = %c0 to %c64 vector 8 {
    %v = vector.load %s[%i] : memref<64xf32>, vector<8xf32>
    %m = arith.mulf %v, %scales : vector<8xf32>
    vector.store %m, %y[%row, %i] : memref<4x64xf32>, vector<8xf32>
  }
  kernel.return
}

// A buffer updated in place may overlap its other name, and is written.
// CHECK-LABEL: func.func private @update_blocks
// CHECK-SAME: (%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr {llvm.noalias, llvm.readonly}, %{{.*}}: !llvm.ptr, %{{.*}}: index
kernel.func @update(%cache: memref<8xf32>, %new: memref<8xf32>, %out: memref<8xf32> {kernel.alias = 0 : i64})
    grid(1) lanes(32) outputs(1) {
  %c0 = arith.constant 0 : index
  %v = vector.load %new[%c0] : memref<8xf32>, vector<8xf32>
  vector.store %v, %out[%c0] : memref<8xf32>, vector<8xf32>
  kernel.return
}

// Vectors of any rank, numbers alone, integers.
// CHECK-LABEL: func.func private @combine_blocks
// CHECK: %[[FLAT:.*]] = vector.shape_cast %{{.*}} : vector<2x4xf32> to vector<8xf32>
// CHECK: vector.reduction <maximumf>, %[[FLAT]]
// CHECK: vector.reduction <minsi>
kernel.func @combine(%x: memref<2x4xf32>, %n: memref<4xi32>, %y: memref<1xf32>, %m: memref<1xi32>)
    grid(1) lanes(32) outputs(2) {
  %c0 = arith.constant 0 : index
  %v = vector.load %x[%c0, %c0] : memref<2x4xf32>, vector<2x4xf32>
  %max = kernel.reduce max %v : vector<2x4xf32> -> f32
  %same = kernel.reduce add %max : f32 -> f32
  %i = vector.load %n[%c0] : memref<4xi32>, vector<4xi32>
  %min = kernel.reduce min %i : vector<4xi32> -> i32
  memref.store %same, %y[%c0] : memref<1xf32>
  memref.store %min, %m[%c0] : memref<1xi32>
  kernel.return
}

// Polynomials for what they are good enough for, libm for the rest; no rounding to bfloat16 that x86 lacks.
// CHECK-LABEL: func.func private @functions_blocks
// CHECK-NOT: math.{{(exp|tanh|erf|log|cos|sin|powf)}}
// CHECK-NOT: arith.truncf
// CHECK-COUNT-8: call @cosf
// CHECK-COUNT-8: call @powf
// CHECK-NOT: call @expf
// CHECK-NOT: call @sqrtf
// CHECK: return
kernel.func @functions(%x: memref<8xf32>, %y: memref<8xbf16>) grid(1) lanes(32) outputs(1) {
  %c0 = arith.constant 0 : index
  %v = vector.load %x[%c0] : memref<8xf32>, vector<8xf32>
  %exp = math.exp %v : vector<8xf32>
  %tanh = math.tanh %exp : vector<8xf32>
  %erf = math.erf %tanh : vector<8xf32>
  %log = math.log %erf : vector<8xf32>
  %sqrt = math.sqrt %log : vector<8xf32>
  %cos = math.cos %sqrt : vector<8xf32>
  %pow = math.powf %cos, %v : vector<8xf32>
  %r = arith.truncf %pow : vector<8xf32> to vector<8xbf16>
  vector.store %r, %y[%c0] : memref<8xbf16>, vector<8xbf16>
  kernel.return
}
