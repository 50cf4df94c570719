// Every op of the dialect survives printing and parsing, as text and as bytecode.
// RUN: hfc-opt %s --verify-roundtrip | FileCheck %s
// RUN: hfc-opt %s --emit-bytecode | hfc-opt --mlir-print-op-generic | hfc-opt | FileCheck %s

// CHECK: kernel.func @sum(%[[X:.*]]: memref<4x64xf32>, %[[Y:.*]]: memref<4xf32> {kernel.alias = 0 : i64}) grid(4) lanes(64) outputs(1) attributes {note} {
kernel.func @sum(%x: memref<4x64xf32>, %y: memref<4xf32> {kernel.alias = 0}) grid(4) lanes(64) outputs(1) attributes {note} {
  // CHECK-NEXT: %[[ROW:.*]] = kernel.block_id
  %row = kernel.block_id
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : vector<4xf32>
  // CHECK: kernel.scratch : memref<32xf32>
  %s = kernel.scratch : memref<32xf32>
  // CHECK: %[[PART:.*]] = kernel.distribute %[[I:.*]] = %{{.*}} to %{{.*}} vector 4 iter_args(%[[ACC:.*]] = %{{.*}} : vector<4xf32>) {
  %partial = kernel.distribute %i = %c0 to %c64 vector 4 iter_args(%acc = %zero : vector<4xf32>) {
    %v = vector.load %x[%row, %i] : memref<4x64xf32>, vector<4xf32>
    %n = arith.addf %acc, %v : vector<4xf32>
    // CHECK: kernel.yield %{{.*}} : vector<4xf32>
    kernel.yield %n : vector<4xf32>
  }
  // CHECK: kernel.barrier
  kernel.barrier
  // CHECK: %[[SUM:.*]] = kernel.reduce add %[[PART]] : vector<4xf32> -> f32
  %sum = kernel.reduce add %partial : vector<4xf32> -> f32
  // CHECK: kernel.distribute %{{.*}} = %{{.*}} to %{{.*}} vector 1 {
  // CHECK-NOT: kernel.yield
  kernel.distribute %i = %c0 to %c1 vector 1 {
    memref.store %sum, %y[%row] : memref<4xf32>
  }
  // CHECK: kernel.return
  kernel.return
}

// CHECK-LABEL: kernel.func @await(%{{.*}}: memref<8xf32> {kernel.constant}
kernel.func @await(%w: memref<8xf32> {kernel.constant}, %y: memref<8xf32>) grid(8) lanes(32) outputs(1) {
  %i = kernel.block_id
  %a = memref.load %w[%i] : memref<8xf32>
  // CHECK: memref.load
  // CHECK: kernel.await
  kernel.await
  memref.store %a, %y[%i] : memref<8xf32>
  kernel.return
}
