// RUN: hfc-opt %s --split-input-file --hfc-read-constants-first | FileCheck %s
// RUN: hfc-opt %s --split-input-file --hfc-read-constants-first=max-bytes=16 | FileCheck %s --check-prefix=LITTLE
// RUN: hfc-opt %s --split-input-file --hfc-read-constants-first --hfc-lower-kernels-to-nvvm | FileCheck %s --check-prefix=EARLY

// Loads of what nothing writes come first, with what their places are computed from; others stay.
// CHECK-LABEL: gpu.func @weights
// CHECK: arith.muli
// CHECK: vector.load %arg0
// CHECK: vector.load %arg0
// CHECK: kernel.await
// CHECK: memref.load %arg1
// CHECK: memref.load %arg0
// CHECK: gpu.return
// LITTLE-LABEL: gpu.func @weights
// LITTLE: vector.load %arg0
// LITTLE: kernel.await
// LITTLE: vector.load %arg0
// The next kernel comes first, then the wait.
// EARLY-LABEL: llvm.func @weights
// EARLY: nvvm.griddepcontrol launch_dependents
// EARLY-COUNT-2: llvm.load
// EARLY: nvvm.griddepcontrol wait
// EARLY: llvm.load
gpu.module @weights {
  gpu.func @weights(%w: memref<64xf32> {kernel.constant, llvm.noalias, llvm.readonly},
                    %x: memref<64xf32> {llvm.noalias, llvm.readonly}, %y: memref<64xf32> {llvm.noalias}) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c4 = arith.constant 4 : index
    %c32 = arith.constant 32 : index
    %i = gpu.thread_id x
    kernel.await
    %a = memref.load %x[%i] : memref<64xf32>
    %place = arith.muli %i, %c4 : index
    %b = vector.load %w[%place] : memref<64xf32>, vector<4xf32>
    %c = vector.load %w[%c32] : memref<64xf32>, vector<4xf32>
    %d = arith.fptosi %a : f32 to i32
    %e = arith.index_cast %d : i32 to index
    %f = memref.load %x[%e] : memref<64xf32>
    %g = arith.cmpf ogt, %a, %f : f32
    %s = arith.addf %b, %c : vector<4xf32>
    vector.store %s, %y[%place] : memref<64xf32>, vector<4xf32>
    scf.if %g {
      %h = memref.load %w[%c0] : memref<64xf32>
      memref.store %h, %y[%i] : memref<64xf32>
    }
    gpu.return
  }
}

// -----

// Without the op a kernel waits before all else.
// CHECK-LABEL: gpu.func @plain
// CHECK-SAME: %arg0: memref<64xf32> {kernel.constant, llvm.noalias, llvm.readonly}
// EARLY-LABEL: llvm.func @plain
// EARLY: nvvm.griddepcontrol wait
// EARLY: nvvm.griddepcontrol launch_dependents
// EARLY: llvm.load
gpu.module @plain {
  gpu.func @plain(%w: memref<64xf32> {kernel.constant, llvm.noalias, llvm.readonly}, %y: memref<64xf32> {llvm.noalias}) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %a = memref.load %w[%i] : memref<64xf32>
    memref.store %a, %y[%i] : memref<64xf32>
    gpu.return
  }
}
