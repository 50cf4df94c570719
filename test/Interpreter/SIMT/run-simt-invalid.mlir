// RUN: hfc-opt %s --hfc-run-simt --split-input-file --verify-diagnostics

// A barrier is missing: each thread reads what its neighbour writes.
gpu.module @missing_barrier {
  gpu.func @missing_barrier(%x: memref<64xf32>, %y: memref<64xf32>)
      workgroup(%s: memref<64xf32, #gpu.address_space<workgroup>>) kernel
      attributes {known_block_size = array<i32: 64, 1, 1>, known_grid_size = array<i32: 1, 1, 1>} {
    %i = gpu.thread_id x
    %c1 = arith.constant 1 : index
    %c63 = arith.constant 63 : index
    %v = memref.load %x[%i] : memref<64xf32>
    memref.store %v, %s[%i] : memref<64xf32, #gpu.address_space<workgroup>>
    %next = arith.xori %i, %c1 : index
    // expected-error@+1 {{kernel 'missing_barrier', block 0, thread 0: reads shared memory 0[1]: data race with thread 1 of block 0, which writes it}}
    %w = memref.load %s[%next] : memref<64xf32, #gpu.address_space<workgroup>>
    memref.store %w, %y[%i] : memref<64xf32>
    gpu.return
  }
}

// -----

// The second barrier of a loop is missing: the next write meets readers of the last value.
gpu.module @write_after_read {
  gpu.func @write_after_read(%y: memref<32xf32>)
      workgroup(%s: memref<1xf32, #gpu.address_space<workgroup>>) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 1, 1, 1>} {
    %i = gpu.thread_id x
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %one = arith.constant 1.0 : f32
    %isFirst = arith.cmpi eq, %i, %c0 : index
    scf.for %k = %c0 to %c2 step %c1 {
      scf.if %isFirst {
        // expected-error@+1 {{writes shared memory 0[0]: data race with thread 31 of block 0, which reads it}}
        memref.store %one, %s[%c0] : memref<1xf32, #gpu.address_space<workgroup>>
      }
      gpu.barrier
      %v = memref.load %s[%c0] : memref<1xf32, #gpu.address_space<workgroup>>
      memref.store %v, %y[%i] : memref<32xf32>
    }
    gpu.return
  }
}

// -----

// Off by one.
gpu.module @outside {
  gpu.func @outside(%x: memref<32xf32>)
      workgroup(%s: memref<32xf32, #gpu.address_space<workgroup>>) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 1, 1, 1>} {
    %i = gpu.thread_id x
    %c1 = arith.constant 1 : index
    %j = arith.addi %i, %c1 : index
    %v = memref.load %x[%i] : memref<32xf32>
    // expected-error@+1 {{kernel 'outside', block 0, thread 31: writes shared memory 0[32], outside 'memref<32xf32, #gpu.address_space<workgroup>>'}}
    memref.store %v, %s[%j] : memref<32xf32, #gpu.address_space<workgroup>>
    gpu.return
  }
}

// -----

// A vector across the end of a row.
gpu.module @tail {
  gpu.func @tail(%x: memref<2x30xf32>) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 2, 1, 1>} {
    %row = gpu.block_id x
    %c28 = arith.constant 28 : index
    // expected-error@+1 {{kernel 'tail', block 0, thread 0: reads argument 0[0, 28] (4 elements), outside 'memref<2x30xf32>'}}
    %v = vector.load %x[%row, %c28] : memref<2x30xf32>, vector<4xf32>
    gpu.return
  }
}

// -----

// Only half of the threads come to the barrier.
gpu.module @divergent_barrier {
  gpu.func @divergent_barrier(%x: memref<32xf32>) kernel
      attributes {known_block_size = array<i32: 64, 1, 1>, known_grid_size = array<i32: 1, 1, 1>} {
    %i = gpu.thread_id x
    %c32 = arith.constant 32 : index
    %isFirst = arith.cmpi ult, %i, %c32 : index
    scf.if %isFirst {
      // expected-error@+1 {{kernel 'divergent_barrier', block 0: only 32 of the block's 64 threads reach this barrier}}
      gpu.barrier
    }
    gpu.return
  }
}

// -----

// Threads leave the loop at different times, and shuffle in it.
gpu.module @divergent_shuffle {
  gpu.func @divergent_shuffle(%x: memref<40xf32>) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 1, 1, 1>} {
    %i = gpu.thread_id x
    %c32 = arith.constant 32 : index
    %c40 = arith.constant 40 : index
    %one = arith.constant 1 : i32
    %width = arith.constant 32 : i32
    scf.for %j = %i to %c40 step %c32 {
      %v = memref.load %x[%j] : memref<40xf32>
      // expected-error@+1 {{only 8 of the 32 threads of warp 0 reach this shuffle}}
      %w, %valid = gpu.shuffle xor %v, %one, %width : f32
    }
    gpu.return
  }
}

// -----

// Two blocks write one element.
gpu.module @blocks {
  gpu.func @blocks(%x: memref<32xf32>) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 2, 1, 1>} {
    %i = gpu.thread_id x
    %one = arith.constant 1.0 : f32
    // expected-error@+1 {{kernel 'blocks', block 1, thread 0: writes argument 0[0]: data race with thread 0 of block 0, which writes it}}
    memref.store %one, %x[%i] : memref<32xf32>
    gpu.return
  }
}

// -----

// Shared memory that this block has not written (an earlier one has).
gpu.module @uninitialised {
  gpu.func @uninitialised(%x: memref<2x32xf32>)
      workgroup(%s: memref<32xf32, #gpu.address_space<workgroup>>) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 2, 1, 1>} {
    %i = gpu.thread_id x
    %row = gpu.block_id x
    %c0 = arith.constant 0 : index
    %one = arith.constant 1.0 : f32
    %isFirst = arith.cmpi eq, %row, %c0 : index
    scf.if %isFirst {
      memref.store %one, %s[%i] : memref<32xf32, #gpu.address_space<workgroup>>
    }
    // expected-error@+1 {{kernel 'uninitialised', block 1, thread 0: reads shared memory 0[0], which nothing has written}}
    %v = memref.load %s[%i] : memref<32xf32, #gpu.address_space<workgroup>>
    memref.store %v, %x[%row, %i] : memref<2x32xf32>
    gpu.return
  }
}

// -----

// The alignment attribute lies.
gpu.module @misaligned {
  gpu.func @misaligned(%x: memref<2x30xf32>) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 2, 1, 1>} {
    %row = gpu.block_id x
    %c0 = arith.constant 0 : index
    // expected-error@+1 {{kernel 'misaligned', block 1, thread 0: reads argument 0[1, 0] (4 elements), which is not aligned to 16 bytes}}
    %v = vector.load %x[%row, %c0] {alignment = 16 : i64} : memref<2x30xf32>, vector<4xf32>
    gpu.return
  }
}

// -----

// What is declared to be only read is written.
gpu.module @readonly {
  gpu.func @readonly(%x: memref<32xf32> {llvm.readonly}) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 1, 1, 1>} {
    %i = gpu.thread_id x
    %one = arith.constant 1.0 : f32
    // expected-error@+1 {{writes argument 0[0], which is declared llvm.readonly}}
    memref.store %one, %x[%i] : memref<32xf32>
    gpu.return
  }
}

// -----

// Buffers that are one, though an argument says noalias.
gpu.module @noalias {
  // expected-error@+1 {{argument 0 is declared llvm.noalias, but its buffer is also that of another argument, and is written}}
  gpu.func @noalias(%x: memref<32xf32> {llvm.noalias}, %y: memref<32xf32> {kernel.alias = 0 : index}) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 1, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<32xf32>
    memref.store %v, %y[%i] : memref<32xf32>
    gpu.return
  }
}

// -----

gpu.module @unsized {
  // expected-error@+1 {{needs known_block_size and known_grid_size of one dimension, as hfc-map-kernels-to-gpu sets them}}
  gpu.func @unsized(%x: memref<32xf32>) kernel {
    gpu.return
  }
}

// -----

gpu.module @unknown {
  gpu.func @unknown(%x: memref<32xf32>) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>, known_grid_size = array<i32: 1, 1, 1>} {
    // expected-error@+1 {{the SIMT interpreter does not know this op}}
    %s = memref.alloca() : memref<4xf32>
    gpu.return
  }
}
