// REQUIRES: cuda
// RUN: hfc-opt %s --hfc-map-kernels-to-gpu --hfc-lower-kernels-to-nvvm --hfc-embed-cubin | FileCheck %s --implicit-check-not=gpu.module
// RUN: hfc-opt %s --hfc-map-kernels-to-gpu --hfc-lower-kernels-to-nvvm --hfc-embed-cubin | hfc-opt --hfc-embed-cubin | FileCheck %s

// An ELF file for NVIDIA's machine, which has both kernels.
// CHECK: llvm.mlir.global external constant @hfc_program_cubin("\7FELF{{.*}}double{{.*}}"){{.*}}alignment = 64
// RUN: hfc-opt %s --hfc-map-kernels-to-gpu --hfc-lower-kernels-to-nvvm --hfc-embed-cubin | FileCheck %s --check-prefix=OTHER
// OTHER: .text.negate
kernel.func @double(%x: memref<128xf32>, %y: memref<128xf32>) grid(1) lanes(128) outputs(1) {
  %c0 = arith.constant 0 : index
  %c128 = arith.constant 128 : index
  kernel.distribute %i = %c0 to %c128 vector 1 {
    %v = memref.load %x[%i] : memref<128xf32>
    %d = arith.addf %v, %v : f32
    memref.store %d, %y[%i] : memref<128xf32>
  }
  kernel.return
}
kernel.func @negate(%x: memref<128xf32>, %y: memref<128xf32>) grid(1) lanes(128) outputs(1) {
  %c0 = arith.constant 0 : index
  %c128 = arith.constant 128 : index
  kernel.distribute %i = %c0 to %c128 vector 1 {
    %v = memref.load %x[%i] : memref<128xf32>
    %d = arith.negf %v : f32
    memref.store %d, %y[%i] : memref<128xf32>
  }
  kernel.return
}
