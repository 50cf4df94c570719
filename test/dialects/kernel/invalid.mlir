// One case for each numbered constraint of each op.
// RUN: hfc-opt %s --verify-diagnostics --split-input-file

// expected-error @below {{(C1) a kernel has no results}}
kernel.func @f(%x: memref<4xf32>) -> f32 grid(1) lanes(32) outputs(1) {
  kernel.return
}

// -----
// expected-error @below {{(C1) argument of type 'f32' is not a memref}}
kernel.func @f(%x: f32) grid(1) lanes(32) outputs(0) {
  kernel.return
}

// -----
// expected-error @below {{(C1) argument of type 'memref<?xf32>' is not a memref of static shape}}
kernel.func @f(%x: memref<?xf32>) grid(1) lanes(32) outputs(0) {
  kernel.return
}

// -----
// expected-error @below {{(C2) grid must be at least 1, got 0}}
kernel.func @f() grid(0) lanes(32) outputs(0) {
  kernel.return
}

// -----
// expected-error @below {{(C2) lanes must be a multiple of 32 up to 1024, got 48}}
kernel.func @f() grid(1) lanes(48) outputs(0) {
  kernel.return
}

// -----
// expected-error @below {{(C2) 1 outputs, but 0 arguments}}
kernel.func @f() grid(1) lanes(32) outputs(1) {
  kernel.return
}

// -----
kernel.func @f() grid(1) lanes(32) outputs(0) {
  %c0 = arith.constant 0 : index
  // expected-error @below {{(C1) vector must be at least 1, got 0}}
  kernel.distribute %i = %c0 to %c0 vector 0 {
  }
  kernel.return
}

// -----
kernel.func @f() grid(1) lanes(32) outputs(0) {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  // expected-error @below {{(C1) vector 4 does not divide the range 0 to 6}}
  kernel.distribute %i = %c0 to %c6 vector 4 {
  }
  kernel.return
}

// -----
kernel.func @f() grid(1) lanes(32) outputs(0) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  // expected-error @below {{(C2) initial values, yielded values and results have different types}}
  %0 = kernel.distribute %i = %c0 to %c0 vector 1 iter_args(%a = %zero : f32) {
    kernel.yield %i : index
  }
  kernel.return
}

// -----
kernel.func @f() grid(1) lanes(32) outputs(0) {
  %c0 = arith.constant 0 : index
  kernel.distribute %i = %c0 to %c0 vector 1 {
    // expected-error @below {{(C3) stands inside kernel.distribute, where code is not block-uniform}}
    kernel.barrier
  }
  kernel.return
}

// -----
kernel.func @f() grid(1) lanes(32) outputs(0) {
  %c0 = arith.constant 0 : index
  // expected-error @below {{(C1) reduces a number or a vector of numbers, got 'index'}}
  %0 = kernel.reduce add %c0 : index -> index
  kernel.return
}

// -----
kernel.func @f() grid(1) lanes(32) outputs(0) {
  %v = arith.constant dense<0.0> : vector<4xf32>
  // expected-error @below {{(C1) the result must be 'f32', got 'vector<4xf32>'}}
  %0 = kernel.reduce add %v : vector<4xf32> -> vector<4xf32>
  kernel.return
}

// -----
kernel.func @f() grid(1) lanes(32) outputs(0) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  kernel.distribute %i = %c0 to %c0 vector 1 {
    // expected-error @below {{(C3) stands inside kernel.distribute}}
    %0 = kernel.reduce add %zero : f32 -> f32
  }
  kernel.return
}

// -----
kernel.func @f() grid(1) lanes(32) outputs(0) {
  %c0 = arith.constant 0 : index
  scf.for %i = %c0 to %c0 step %c0 {
    // expected-error @below {{(C1) must stand directly in a kernel.func}}
    %s = kernel.scratch : memref<32xf32>
  }
  kernel.return
}

// -----

gpu.module @reads {
  gpu.func @reads(%x: memref<64xf32>) kernel {
    %i = gpu.thread_id x
    // expected-note@+1 {{this op does more}}
    %a = memref.load %x[%i] : memref<64xf32>
    // expected-error@+1 {{(C2) what stands in front of it only reads, and only arguments that are kernel.constant}}
    kernel.await
    gpu.return
  }
}

// -----

kernel.func @loop(%x: memref<64xf32>) grid(1) lanes(32) outputs(0) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    // expected-error@+1 {{(C1) stands in block-uniform code of a kernel, not in a loop}}
    kernel.await
  }
  kernel.return
}

// -----

// expected-error@+1 {{(C3) argument 0 is an output, and cannot be kernel.constant}}
kernel.func @output(%y: memref<64xf32> {kernel.constant}) grid(1) lanes(32) outputs(1) {
  kernel.return
}
