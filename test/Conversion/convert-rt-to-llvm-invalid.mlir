// RUN: hfc-opt %s --hfc-convert-rt-to-llvm --split-input-file --verify-diagnostics

// expected-error @below {{the module has no dictionary 'hf.program'}}
module {
  rt.entry @e arena 0 {
  }
}

// -----

module attributes {hf.program = {}} {
  kernel.func @k() grid(1) lanes(32) outputs(0) {
    kernel.return
  }
  rt.entry @e arena 0 {
    // expected-error @below {{'k' is no kernel lowered to the LLVM dialect}}
    rt.launch @k
  }
}

// -----

module attributes {hf.program = {}} {
  llvm.func @hfc_entry_e()
  // expected-error @below {{becomes the function 'hfc_entry_e', but there is another symbol of that name}}
  rt.entry @e arena 0 {
  }
}

// -----

module attributes {hf.program = {}} {
  // expected-error @below {{has a name that the program's own symbols need}}
  llvm.mlir.global constant @hfc_program_json(0 : i8) : i8
  rt.entry @e arena 0 {
  }
}

// -----

module attributes {hf.program = {}} {
  rt.entry @e arena 192 {
    %a = rt.input "a" at 0 : memref<2x2xf16>
    %c = rt.output "c" at 64 : memref<2x2xf16>
    // expected-error @below {{the runtime multiplies float32 and bfloat16, not 'f16'}}
    rt.gemm %a, %a into %c : memref<2x2xf16>, memref<2x2xf16>, memref<2x2xf16>
  }
}

// -----

module attributes {dist.mesh = #dist.mesh<"tp" = 2>, hf.program = {task = "train"}} {
  rt.entry @e arena 64 {
    %x = rt.input "x" at 0 : memref<4xf32>
    // expected-error @below {{has number 7, but is number 0 of the program; run --hfc-schedule-collectives over all of it}}
    rt.collective all_reduce by sum ins(%x : memref<4xf32>) outs(%x : memref<4xf32>) over {"tp"} {id = 7 : i64}
  }
}

// -----

module attributes {dist.mesh = #dist.mesh<"tp" = 2>, hf.program = {task = "train"}} {
  rt.entry @e arena 64 {
    %x = rt.input "x" at 0 : memref<4xi1>
    // expected-error @below {{the runtime moves float32, bfloat16 and int32 between ranks, not 'i1'}}
    rt.collective all_reduce by sum ins(%x : memref<4xi1>) outs(%x : memref<4xi1>) over {"tp"} {id = 0 : i64}
  }
}

// -----

module attributes {hf.program = {task = "forward", target = "cuda"}} {
  llvm.func internal @kernel(!llvm.ptr, !llvm.ptr, !llvm.ptr) attributes {kernel.grid = 3 : i64, sym_visibility = "private"} {
  ^bb0(%args: !llvm.ptr, %begin: !llvm.ptr, %end: !llvm.ptr):
    llvm.return
  }
  rt.entry @forward arena 64 {
    %y = rt.output "y" at 0 : memref<16xf32>
    // expected-error @+1 {{'kernel' is no kernel lowered for a GPU (hfc-map-kernels-to-gpu and hfc-lower-kernels-to-nvvm come first)}}
    rt.launch @kernel outs(%y : memref<16xf32>)
  }
}

// -----

module attributes {hf.program = {task = "forward", target = "cuda"}} {
  gpu.module @kernel attributes {kernel.grid = 3 : i64} {
    llvm.func @kernel(%x: !llvm.ptr, %y: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>} {
      llvm.return
    }
  }
  rt.entry @forward arena 64 {
    %y = rt.output "y" at 0 : memref<16xf32>
    // expected-error @+1 {{passes 1 buffers to 'kernel', which takes 2}}
    rt.launch @kernel outs(%y : memref<16xf32>)
  }
}

// -----

// Kernels of a GPU move 16 bytes at a time.
module attributes {hf.program = {task = "train", target = "cuda"}} {
  hf.bucket @bucket : tensor<12xf32>
  hf.state @odd : tensor<3xf32> {hf.bucket = #hf.place<@bucket, 0>}
  hf.state @next : tensor<8xf32> {hf.bucket = #hf.place<@bucket, 3>}
  gpu.module @kernel attributes {kernel.grid = 3 : i64} {
    llvm.func @kernel(%x: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>} {
      llvm.return
    }
  }
  rt.entry @step arena 0 {
    %odd = rt.state @odd : memref<3xf32>
    %next = rt.state @next : memref<8xf32>
    rt.launch @kernel outs(%odd : memref<3xf32>)
    // expected-error @+1 {{passes a tensor that begins at byte 12 of its bucket to 'kernel', but kernels of a GPU need a multiple of 16}}
    rt.launch @kernel outs(%next : memref<8xf32>)
  }
}
