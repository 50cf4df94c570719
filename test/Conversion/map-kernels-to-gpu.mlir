// RUN: hfc-opt %s --hfc-map-kernels-to-gpu --split-input-file | FileCheck %s

// One kernel, one gpu.module; what is read only says so; short ranges become straight code without a loop, whose loads do
// not wait for each other: threads with nothing left to do read again what they have, and store nothing.
// CHECK-LABEL: gpu.module @elementwise
// CHECK: gpu.func @elementwise(%[[X:.*]]: memref<4x192xf32> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly},
// CHECK-SAME: %[[Y:.*]]: memref<4x192xf32> {llvm.align = 16 : i64, llvm.noalias})
// CHECK-SAME: known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 4, 1, 1>
// CHECK-DAG: %[[T:.*]] = gpu.thread_id x upper_bound 32
// CHECK-DAG: %[[B:.*]] = gpu.block_id x upper_bound 4
// CHECK: %[[I:.*]] = arith.muli %[[T]], %{{.*}}
// CHECK: %[[NEXT:.*]] = arith.addi %[[I]], %{{.*}}
// CHECK: %[[INSIDE:.*]] = arith.cmpi slt, %[[NEXT]]
// CHECK: %[[REST:.*]] = arith.select %[[INSIDE]], %[[NEXT]], %[[I]]
// CHECK: vector.load %[[X]][%[[B]], %[[I]]] {alignment = 16 : i64}
// CHECK: vector.load %[[X]][%[[B]], %[[REST]]] {alignment = 16 : i64}
// CHECK: vector.store %{{.*}}, %[[Y]][%[[B]], %[[I]]] {alignment = 16 : i64}
// CHECK: scf.if %[[INSIDE]]
// CHECK-NEXT: vector.store %{{.*}}, %[[Y]][%[[B]], %[[REST]]] {alignment = 16 : i64}
// CHECK: gpu.return
kernel.func @elementwise(%x: memref<4x192xf32>, %y: memref<4x192xf32>) grid(4) lanes(32) outputs(1) {
  %row = kernel.block_id
  %c0 = arith.constant 0 : index
  %c192 = arith.constant 192 : index
  kernel.distribute %i = %c0 to %c192 vector 4 {
    %v = vector.load %x[%row, %i] : memref<4x192xf32>, vector<4xf32>
    %d = arith.addf %v, %v : vector<4xf32>
    vector.store %d, %y[%row, %i] : memref<4x192xf32>, vector<4xf32>
  }
  kernel.return
}

// -----

// Bounds that only the run knows: a loop of four steps at once, and one for the rest. Rows of 7 elements: nothing is known
// to be aligned.
// CHECK-LABEL: gpu.func @dynamic
// CHECK: %[[N:.*]] = arith.index_cast
// CHECK: %[[AHEAD:.*]] = arith.constant 384 : index
// CHECK: %[[END:.*]] = arith.subi %[[N]], %[[AHEAD]]
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[END]] step %{{.*}}
// CHECK-COUNT-4: vector.load %{{.*}} {alignment = 4 : i64}
// CHECK-COUNT-4: vector.store
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[N]] step %{{.*}}
// CHECK: vector.load %{{.*}} {alignment = 4 : i64}
kernel.func @dynamic(%n: memref<1xi32>, %x: memref<8x7xf32>, %y: memref<8x7xf32>) grid(8) lanes(32) outputs(1) {
  %row = kernel.block_id
  %c0 = arith.constant 0 : index
  %raw = memref.load %n[%c0] : memref<1xi32>
  %upper = arith.index_cast %raw : i32 to index
  kernel.distribute %i = %c0 to %upper vector 4 {
    %v = vector.load %x[%row, %i] : memref<8x7xf32>, vector<4xf32>
    vector.store %v, %y[%row, %i] : memref<8x7xf32>, vector<4xf32>
  }
  kernel.return
}

// -----

// Elements, five shuffles in the warp, shared memory, two shuffles across four warps. bfloat16 travels as float32.
// CHECK-LABEL: gpu.func @reduce
// CHECK-SAME: workgroup(%[[W:.*]] : memref<4xf32, #gpu.address_space<workgroup>> {llvm.align = 16 : i64})
// CHECK: arith.extf %{{.*}} : vector<8xbf16> to vector<8xf32>
// CHECK: vector.reduction <maximumf>
// CHECK-COUNT-5: gpu.shuffle xor %{{.*}} : f32
// CHECK: scf.if
// CHECK-NEXT: memref.store %{{.*}}, %[[W]]
// CHECK: gpu.barrier
// CHECK-NOT: gpu.barrier
// CHECK: memref.load %[[W]]
// CHECK-COUNT-2: gpu.shuffle xor %{{.*}} : f32
// CHECK-NOT: gpu.shuffle
// CHECK: arith.truncf
// One thread stores in block-uniform code.
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %thread_id_x
// CHECK: scf.if %[[FIRST]]
// CHECK-NEXT: memref.store
kernel.func @reduce(%x: memref<4x1024xbf16>, %y: memref<4xbf16>) grid(4) lanes(128) outputs(1) {
  %row = kernel.block_id
  %c0 = arith.constant 0 : index
  %c1024 = arith.constant 1024 : index
  %lowest = arith.constant dense<0xFF80> : vector<8xbf16>
  %partial = kernel.distribute %i = %c0 to %c1024 vector 8 iter_args(%max = %lowest : vector<8xbf16>) {
    %v = vector.load %x[%row, %i] : memref<4x1024xbf16>, vector<8xbf16>
    %m = arith.maximumf %max, %v : vector<8xbf16>
    kernel.yield %m : vector<8xbf16>
  }
  %all = kernel.reduce max %partial : vector<8xbf16> -> bf16
  memref.store %all, %y[%row] : memref<4xbf16>
  kernel.return
}

// -----

// What is carried goes from step to step; a thread that has nothing left to do keeps what it has.
// CHECK-LABEL: gpu.func @carried
// CHECK: %[[INSIDE:.*]] = arith.cmpi slt
// CHECK: %[[A:.*]] = vector.load
// CHECK: %[[B:.*]] = vector.load
// CHECK: %[[ONE:.*]] = arith.addf %{{.*}}, %[[A]]
// CHECK: %[[TWO:.*]] = arith.addf %[[ONE]], %[[B]]
// CHECK: arith.select %[[INSIDE]], %[[TWO]], %[[ONE]]
kernel.func @carried(%x: memref<4x192xf32>, %y: memref<4xf32>) grid(4) lanes(32) outputs(1) {
  %row = kernel.block_id
  %c0 = arith.constant 0 : index
  %c192 = arith.constant 192 : index
  %zero = arith.constant dense<0.0> : vector<4xf32>
  %partial = kernel.distribute %i = %c0 to %c192 vector 4 iter_args(%sum = %zero : vector<4xf32>) {
    %v = vector.load %x[%row, %i] : memref<4x192xf32>, vector<4xf32>
    %s = arith.addf %sum, %v : vector<4xf32>
    kernel.yield %s : vector<4xf32>
  }
  %all = kernel.reduce add %partial : vector<4xf32> -> f32
  memref.store %all, %y[%row] : memref<4xf32>
  kernel.return
}

// -----

// A reduction alone in a loop needs a second barrier; 64-bit values travel in halves.
// CHECK-LABEL: gpu.func @loop
// CHECK: scf.for
// CHECK-COUNT-10: gpu.shuffle xor %{{.*}} : i32
// CHECK: gpu.barrier
// CHECK: scf.if
// CHECK: memref.store
// CHECK: gpu.barrier
// CHECK-COUNT-2: gpu.shuffle xor %{{.*}} : i32
// CHECK-NOT: gpu.shuffle
kernel.func @loop(%x: memref<4x64xi64>, %y: memref<4xi64>) grid(1) lanes(64) outputs(1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0 : i64
  scf.for %row = %c0 to %c4 step %c1 {
    %partial = kernel.distribute %i = %c0 to %c64 vector 1 iter_args(%sum = %zero : i64) {
      %v = memref.load %x[%row, %i] : memref<4x64xi64>
      %s = arith.addi %sum, %v : i64
      kernel.yield %s : i64
    }
    %all = kernel.reduce add %partial : i64 -> i64
    memref.store %all, %y[%row] : memref<4xi64>
  }
  kernel.return
}

// -----

// The buffers of an update in place may be one.
// CHECK-LABEL: gpu.func @in_place
// CHECK-SAME: memref<32xf32> {llvm.align = 16 : i64}, %{{.*}}: memref<32xf32> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly}
// CHECK-SAME: memref<32xf32> {kernel.alias = 0 : index, llvm.align = 16 : i64})
kernel.func @in_place(%x: memref<32xf32>, %d: memref<32xf32>, %y: memref<32xf32> {kernel.alias = 0 : index})
    grid(1) lanes(32) outputs(1) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  kernel.distribute %i = %c0 to %c32 vector 1 {
    %a = memref.load %x[%i] : memref<32xf32>
    %b = memref.load %d[%i] : memref<32xf32>
    %s = arith.addf %a, %b : f32
    memref.store %s, %y[%i] : memref<32xf32>
  }
  kernel.return
}

// -----

// Scratch becomes shared memory.
// CHECK-LABEL: gpu.func @scratch
// CHECK-SAME: workgroup(%[[W:.*]] : memref<64xf32, #gpu.address_space<workgroup>> {llvm.align = 16 : i64})
// CHECK: memref.store %{{.*}}, %[[W]]
// CHECK: gpu.barrier
// CHECK: memref.load %[[W]]
kernel.func @scratch(%x: memref<64xf32>, %y: memref<64xf32>) grid(1) lanes(32) outputs(1) {
  %s = kernel.scratch : memref<64xf32>
  %c0 = arith.constant 0 : index
  %c63 = arith.constant 63 : index
  %c64 = arith.constant 64 : index
  kernel.distribute %i = %c0 to %c64 vector 1 {
    %a = memref.load %x[%i] : memref<64xf32>
    memref.store %a, %s[%i] : memref<64xf32>
  }
  kernel.barrier
  kernel.distribute %i = %c0 to %c64 vector 1 {
    %j = arith.subi %c63, %i : index
    %a = memref.load %s[%j] : memref<64xf32>
    memref.store %a, %y[%i] : memref<64xf32>
  }
  kernel.return
}
