// RUN: hfc-opt %s --hfc-embed-cubin --split-input-file --verify-diagnostics

// expected-note @+1 {{kernel 'first' is for sm_90a}}
gpu.module @first [#nvvm.target<chip = "sm_90a">] {
  llvm.func @first() attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}
// expected-error @+1 {{kernel 'second' is for sm_80; all kernels of a program are for one GPU (run --hfc-lower-kernels-to-nvvm)}}
gpu.module @second [#nvvm.target<chip = "sm_80">] {
  llvm.func @second() attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}

// -----

// expected-error @+2 {{kernel 'first' is for no GPU}}
// expected-note @+1 {{kernel 'first' is for no GPU}}
gpu.module @first {
  llvm.func @first() attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}

// -----

// expected-error @+1 {{has the name that the program's machine code needs, 'hfc_program_cubin'}}
llvm.mlir.global external constant @hfc_program_cubin("mine") : !llvm.array<4 x i8>
gpu.module @first [#nvvm.target<chip = "sm_90a">] {
  llvm.func @first() attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}
