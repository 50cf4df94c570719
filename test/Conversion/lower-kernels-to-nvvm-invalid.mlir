// RUN: hfc-opt %s --hfc-lower-kernels-to-nvvm --split-input-file --verify-diagnostics
// RUN: not hfc-opt %s --hfc-lower-kernels-to-nvvm=chip=sm_75 2>&1 | FileCheck --check-prefix=OLD %s
// RUN: not hfc-opt %s --hfc-lower-kernels-to-nvvm=chip=gfx90a 2>&1 | FileCheck --check-prefix=FORM %s
// RUN: not hfc-opt %s --hfc-lower-kernels-to-nvvm=chip=sm_999 2>&1 | FileCheck --check-prefix=UNKNOWN %s
// OLD: GPU 'sm_75' is too old: hfc generates code for sm_80 and later
// FORM: GPU 'gfx90a' is not of the form sm_90 or sm_90a
// UNKNOWN: does not know the GPU 'sm_999'

gpu.module @masked {
  gpu.func @masked(%x: memref<8xf32>) kernel {
    %c0 = arith.constant 0 : index
    %mask = arith.constant dense<true> : vector<4xi1>
    %zero = arith.constant 0.0 : f32
    // expected-error@+1 {{has no lowering to NVVM (kernel 'masked')}}
    %v = vector.transfer_read %x[%c0], %zero : memref<8xf32>, vector<4xf32>
    vector.store %v, %x[%c0] : memref<8xf32>, vector<4xf32>
    gpu.return
  }
}

// -----

gpu.module @dynamic {
  // expected-error@+1 {{has an argument of type 'memref<?xf32>'; a GPU kernel of hfc takes buffers of static shape}}
  gpu.func @dynamic(%x: memref<?xf32>) kernel {
    gpu.return
  }
}

// -----

// expected-error@+1 {{kernel 'large' needs 262144 bytes of shared memory in a block, but sm_90a gives 232448, of which its code declares at most 49152; make the kernel's scratch memory smaller}}
gpu.module @large {
  gpu.func @large(%x: memref<8xf32>) workgroup(%s: memref<65536xf32, #gpu.address_space<workgroup>>) kernel {
    %c0 = arith.constant 0 : index
    %v = memref.load %s[%c0] : memref<65536xf32, #gpu.address_space<workgroup>>
    memref.store %v, %x[%c0] : memref<8xf32>
    gpu.return
  }
}
