// RUN: hfc-opt %s --hfc-map-kernels-to-gpu --split-input-file --verify-diagnostics

// expected-error@+1 {{needs 262144 bytes of shared memory in a block, but a GPU gives 232448; make the kernel's scratch memory smaller}}
kernel.func @too_much() grid(1) lanes(32) outputs(0) {
  %s = kernel.scratch : memref<65536xf32>
  kernel.return
}

// -----

kernel.func @escapes(%y: memref<4xf32>) grid(1) lanes(32) outputs(1) {
  // expected-note@+1 {{the scratch memory}}
  %s = kernel.scratch : memref<4xf32>
  // expected-error@+1 {{uses scratch memory otherwise than by loads and stores}}
  memref.copy %s, %y : memref<4xf32> to memref<4xf32>
  kernel.return
}

// -----

kernel.func @foreign(%y: memref<4xf32>) grid(1) lanes(32) outputs(1) {
  // expected-error@+1 {{cannot run on a GPU: kernels consist of arith, math, scf, memref, vector and kernel ops}}
  func.call @f() : () -> ()
  kernel.return
}
func.func private @f()

// -----

// expected-error@+1 {{has a grid of 4294967296 blocks, but a GPU's has at most 2^31 - 1}}
kernel.func @huge() grid(4294967296) lanes(32) outputs(0) {
  kernel.return
}
