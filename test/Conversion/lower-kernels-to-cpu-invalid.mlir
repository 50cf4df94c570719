// RUN: hfc-opt %s --hfc-lower-kernels-to-cpu --split-input-file --verify-diagnostics

kernel.func @too_much() grid(1) lanes(32) outputs(0) {
  %a = kernel.scratch : memref<131072xf32>
  // expected-error @below {{does not fit on a thread's stack: the kernel's scratch is larger than 1048576 bytes}}
  %b = kernel.scratch : memref<262144xf32>
  kernel.return
}

// -----

kernel.func @no_numbers() grid(1) lanes(32) outputs(0) {
  // expected-error @below {{must hold numbers, packed densely}}
  %a = kernel.scratch : memref<4xvector<4xf32>>
  kernel.return
}

// -----

// expected-error @below {{has an argument of type 'memref<4xf32, 3>', which is no buffer of the CPU's memory}}
kernel.func @elsewhere(%x: memref<4xf32, 3>) grid(1) lanes(32) outputs(0) {
  kernel.return
}

// -----

kernel.func @more_than_can_be_counted() grid(1) lanes(32) outputs(0) {
  // expected-error @below {{does not fit on a thread's stack}}
  %a = kernel.scratch : memref<9223372036854775807xf32>
  kernel.return
}
