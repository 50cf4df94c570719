// RUN: hfc-interpret %s --print --entry=entry | FileCheck %s
// RUN: not hfc-interpret %s --entry=outside 2>&1 | FileCheck %s --check-prefix=OUTSIDE
// RUN: not hfc-interpret %s --entry=unwritten 2>&1 | FileCheck %s --check-prefix=UNWRITTEN

// Rows of 8 elements, divided by their sum.
kernel.func @normalize(%x: memref<2x8xf32>, %y: memref<2x8xf32>) grid(2) lanes(32) outputs(1) {
  %row = kernel.block_id
  %zero = arith.constant 0 : index
  %eight = arith.constant 8 : index
  %none = arith.constant dense<0.0> : vector<4xf32>
  %partial = kernel.distribute %i = %zero to %eight vector 4 iter_args(%acc = %none : vector<4xf32>) {
    %v = vector.load %x[%row, %i] : memref<2x8xf32>, vector<4xf32>
    %s = arith.addf %acc, %v : vector<4xf32>
    kernel.yield %s : vector<4xf32>
  }
  %sum = kernel.reduce add %partial : vector<4xf32> -> f32
  %all = vector.broadcast %sum : f32 to vector<4xf32>
  kernel.distribute %i = %zero to %eight vector 4 {
    %v = vector.load %x[%row, %i] : memref<2x8xf32>, vector<4xf32>
    %d = arith.divf %v, %all : vector<4xf32>
    vector.store %d, %y[%row, %i] : memref<2x8xf32>, vector<4xf32>
  }
  kernel.return
}

// The running sum of 0 to 3 through shared memory and a loop; then what odd places hold becomes -1.
kernel.func @control(%y: memref<4xi32>) grid(1) lanes(32) outputs(1) {
  %scratch = kernel.scratch : memref<4xi32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %four = arith.constant 4 : index
  %none = arith.constant 0 : i32
  %minus = arith.constant -1 : i32
  %sum = scf.for %i = %zero to %four step %one iter_args(%acc = %none) -> (i32) {
    %v = arith.index_cast %i : index to i32
    %next = arith.addi %acc, %v : i32
    memref.store %next, %scratch[%i] : memref<4xi32>
    scf.yield %next : i32
  }
  kernel.barrier
  kernel.distribute %i = %zero to %four vector 1 {
    %rest = arith.remui %i, %two : index
    %odd = arith.cmpi eq, %rest, %one : index
    %v = scf.if %odd -> (i32) {
      scf.yield %minus : i32
    } else {
      %w = memref.load %scratch[%i] : memref<4xi32>
      scf.yield %w : i32
    }
    memref.store %v, %y[%i] : memref<4xi32>
  }
  kernel.return
}

// CHECK-DAG: control: [4] i32 = [0, -1, 3, -1]
// CHECK-DAG: normalized: [2, 8] f32 = {{\[\[}}0.125, 0.125, {{.*}}], [0, 0, 0, 0, 0.25, 0.25, 0.25, 0.25]]
rt.entry @entry arena 128 {
  %x = rt.constant dense<[[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0]]>
    : tensor<2x8xf32> as memref<2x8xf32>
  %y = rt.output "normalized" at 0 : memref<2x8xf32>
  %z = rt.output "control" at 64 : memref<4xi32>
  rt.launch @normalize ins(%x : memref<2x8xf32>) outs(%y : memref<2x8xf32>)
  rt.launch @control outs(%z : memref<4xi32>)
}

// OUTSIDE: block 0 of kernel @outside: 'vector.store' at {{.*}} accesses index 6 (and 3 after it) of dimension 0 of output 'result0', whose shape is [8]
kernel.func @outside(%y: memref<8xf32>) grid(1) lanes(32) outputs(1) {
  %six = arith.constant 6 : index
  %v = arith.constant dense<1.0> : vector<4xf32>
  vector.store %v, %y[%six] : memref<8xf32>, vector<4xf32>
  kernel.return
}

// UNWRITTEN: 'memref.load' at {{.*}} reads element 0 of scratch memory, but it is poisoned
kernel.func @unwritten(%y: memref<1xf32>) grid(1) lanes(32) outputs(1) {
  %zero = arith.constant 0 : index
  %scratch = kernel.scratch : memref<1xf32>
  %v = memref.load %scratch[%zero] : memref<1xf32>
  memref.store %v, %y[%zero] : memref<1xf32>
  kernel.return
}
