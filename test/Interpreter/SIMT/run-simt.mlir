// RUN: hfc-opt %s --hfc-map-kernels-to-gpu --hfc-run-simt="print=4 integers=9" -o /dev/null 2>&1 | FileCheck %s

// Kernels of every mapping: what they print was worked out by hand from the made-up data (argument 0: -1, -0.26, 0.48, -0.8, …).

// CHECK: double: argument 1: -2 -0.52 0.96 -1.6
kernel.func @double(%x: memref<2x40xf32>, %y: memref<2x40xf32>) grid(2) lanes(32) outputs(1) {
  %row = kernel.block_id
  %c0 = arith.constant 0 : index
  %c40 = arith.constant 40 : index
  kernel.distribute %i = %c0 to %c40 vector 4 {
    %v = vector.load %x[%row, %i] : memref<2x40xf32>, vector<4xf32>
    %d = arith.addf %v, %v : vector<4xf32>
    vector.store %d, %y[%row, %i] : memref<2x40xf32>, vector<4xf32>
  }
  kernel.return
}

// 0 + 7 + 5 + 3 + 1 + 8 + 6 + 4 + 2 = 36 in each nine; 101 = 11 * 9 + 2; the row after begins with 5 = 101 * 7 mod 9.
// The odd tail leaves lanes without an element, and three warps leave a fourth place empty.
// CHECK: sum: argument 1: 403 404
kernel.func @sum(%x: memref<2x101xi32>, %y: memref<2xi32>) grid(2) lanes(96) outputs(1) {
  %row = kernel.block_id
  %c0 = arith.constant 0 : index
  %c101 = arith.constant 101 : index
  %zero = arith.constant 0 : i32
  %partial = kernel.distribute %i = %c0 to %c101 vector 1 iter_args(%sum = %zero : i32) {
    %v = memref.load %x[%row, %i] : memref<2x101xi32>
    %s = arith.addi %sum, %v : i32
    kernel.yield %s : i32
  }
  %sum = kernel.reduce add %partial : i32 -> i32
  memref.store %sum, %y[%row] : memref<2xi32>
  kernel.return
}

// 64-bit values, in a loop over rows: the largest of each row plus 2^40 times the row.
// CHECK: max64: argument 1: 8 1099511627784 2199023255560
kernel.func @max64(%x: memref<3x64xi64>, %y: memref<3xi64>) grid(1) lanes(64) outputs(1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c64 = arith.constant 64 : index
  %lowest = arith.constant -9223372036854775808 : i64
  %large = arith.constant 1099511627776 : i64
  scf.for %row = %c0 to %c3 step %c1 {
    %number = arith.index_cast %row : index to i64
    %offset = arith.muli %number, %large : i64
    %partial = kernel.distribute %i = %c0 to %c64 vector 1 iter_args(%max = %lowest : i64) {
      %v = memref.load %x[%row, %i] : memref<3x64xi64>
      %s = arith.addi %v, %offset : i64
      %m = arith.maxsi %max, %s : i64
      kernel.yield %m : i64
    }
    %all = kernel.reduce max %partial : i64 -> i64
    memref.store %all, %y[%row] : memref<3xi64>
  }
  kernel.return
}

// The row backwards, through shared memory: element 63 is (37 * 63 mod 101 - 50) / 50 = -0.84; rounded to bfloat16.
// CHECK: backwards: argument 1: -0.839844 0.439453 -0.300781 0.980469
kernel.func @backwards(%x: memref<64xbf16>, %y: memref<64xbf16>) grid(1) lanes(32) outputs(1) {
  %s = kernel.scratch : memref<64xbf16>
  %c0 = arith.constant 0 : index
  %c63 = arith.constant 63 : index
  %c64 = arith.constant 64 : index
  kernel.distribute %i = %c0 to %c64 vector 8 {
    %v = vector.load %x[%i] : memref<64xbf16>, vector<8xbf16>
    vector.store %v, %s[%i] : memref<64xbf16>, vector<8xbf16>
  }
  kernel.barrier
  kernel.distribute %i = %c0 to %c64 vector 1 {
    %j = arith.subi %c63, %i : index
    %a = memref.load %s[%j] : memref<64xbf16>
    memref.store %a, %y[%i] : memref<64xbf16>
  }
  kernel.return
}
