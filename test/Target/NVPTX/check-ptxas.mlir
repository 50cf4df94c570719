// REQUIRES: cuda
// RUN: hfc-opt %s --hfc-map-kernels-to-gpu --hfc-lower-kernels-to-nvvm --hfc-check-ptxas -o /dev/null 2>&1 \
// RUN: | FileCheck --check-prefix=RESOURCES %s
// RUN: hfc-opt %s --hfc-map-kernels-to-gpu --hfc-lower-kernels-to-nvvm \
// RUN:   --hfc-check-ptxas="chips=sm_90a print-ptx" -o /dev/null 2>&1 | FileCheck --check-prefix=PTX --implicit-check-not=.f32.bf16 %s

// RESOURCES-DAG: remark: rms_norm: sm_80: {{[0-9]+}} registers, 0 bytes spilled, 16 bytes shared
// RESOURCES-DAG: remark: gelu: sm_80: {{[0-9]+}} registers, 0 bytes spilled, 0 bytes shared
// RESOURCES-DAG: remark: rms_norm: sm_90a
// RESOURCES-DAG: remark: gelu: sm_90a

// 16 bytes of bfloat16 are one instruction, also without the read-only cache, which what another kernel still makes must not go through. What is below the smallest
// normal float32 is 0, and bfloat16 becomes float32 by shifts, not by the conversion that this would slow down.
// PTX: .target sm_90a
// PTX-NOT: .extern .func
// PTX: .entry rms_norm(
// PTX: ld.global.v4.b32
// PTX-COUNT-5: shfl.sync.bfly
// PTX: bar.sync
// PTX: rsqrt.approx.ftz.f32
// PTX: st.global.v4.b32
// PTX-NOT: ld.global.b16
// PTX-NOT: st.global.b16
// PTX: .entry gelu(
kernel.func @rms_norm(%x: memref<24x896xbf16>, %w: memref<896xbf16>, %y: memref<24x896xbf16>)
    grid(24) lanes(128) outputs(1) {
  %row = kernel.block_id
  %c0 = arith.constant 0 : index
  %c896 = arith.constant 896 : index
  %zero = arith.constant dense<0.0> : vector<8xf32>
  %n = arith.constant 896.0 : f32
  %eps = arith.constant 1.0e-6 : f32
  %partial = kernel.distribute %i = %c0 to %c896 vector 8 iter_args(%sum = %zero : vector<8xf32>) {
    %v = vector.load %x[%row, %i] : memref<24x896xbf16>, vector<8xbf16>
    %f = arith.extf %v : vector<8xbf16> to vector<8xf32>
    %q = arith.mulf %f, %f : vector<8xf32>
    %s = arith.addf %sum, %q : vector<8xf32>
    kernel.yield %s : vector<8xf32>
  }
  %sum = kernel.reduce add %partial : vector<8xf32> -> f32
  %mean = arith.divf %sum, %n : f32
  %shifted = arith.addf %mean, %eps : f32
  %r = math.rsqrt %shifted : f32
  %scale = vector.broadcast %r : f32 to vector<8xf32>
  kernel.distribute %i = %c0 to %c896 vector 8 {
    %v = vector.load %x[%row, %i] : memref<24x896xbf16>, vector<8xbf16>
    %f = arith.extf %v : vector<8xbf16> to vector<8xf32>
    %wv = vector.load %w[%i] : memref<896xbf16>, vector<8xbf16>
    %wf = arith.extf %wv : vector<8xbf16> to vector<8xf32>
    %a = arith.mulf %f, %scale : vector<8xf32>
    %b = arith.mulf %a, %wf : vector<8xf32>
    %t = arith.truncf %b : vector<8xf32> to vector<8xbf16>
    vector.store %t, %y[%row, %i] : memref<24x896xbf16>, vector<8xbf16>
  }
  kernel.return
}

// Functions of libdevice are linked in.
kernel.func @gelu(%x: memref<4096xf32>, %y: memref<4096xf32>) grid(4) lanes(128) outputs(1) {
  %block = kernel.block_id
  %c1024 = arith.constant 1024 : index
  %lower = arith.muli %block, %c1024 : index
  %upper = arith.addi %lower, %c1024 : index
  %half = arith.constant dense<0.5> : vector<4xf32>
  %one = arith.constant dense<1.0> : vector<4xf32>
  %rsqrt2 = arith.constant dense<0.70710678> : vector<4xf32>
  kernel.distribute %i = %lower to %upper vector 4 {
    %v = vector.load %x[%i] : memref<4096xf32>, vector<4xf32>
    %s = arith.mulf %v, %rsqrt2 : vector<4xf32>
    %e = math.erf %s : vector<4xf32>
    %t = math.tanh %e : vector<4xf32>
    %p = math.powf %t, %half : vector<4xf32>
    %a = arith.addf %p, %one : vector<4xf32>
    %h = arith.mulf %v, %half : vector<4xf32>
    %g = arith.mulf %h, %a : vector<4xf32>
    vector.store %g, %y[%i] : memref<4096xf32>, vector<4xf32>
  }
  kernel.return
}
