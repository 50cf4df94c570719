// REQUIRES: cuda
// RUN: split-file %s %t
// RUN: not hfc-opt %t/empty.mlir --hfc-check-ptxas 2>&1 | FileCheck --check-prefix=EMPTY %s
// RUN: not hfc-opt %t/extern.mlir --hfc-check-ptxas 2>&1 | FileCheck --check-prefix=EXTERN %s
// RUN: not hfc-opt %t/asm.mlir --hfc-check-ptxas 2>&1 | FileCheck --check-prefix=ASM %s

// EMPTY: holds no kernels in the NVVM dialect (run --hfc-lower-kernels-to-nvvm)
// EXTERN: the generated PTX calls a function that nothing defines: .extern .func {{.*}}missing
// ASM: ptxas failed: {{.*}}
// ASM: no_such_instruction

//--- empty.mlir
module {}

//--- extern.mlir
gpu.module @k {
  llvm.func @missing(f32) -> f32
  llvm.func @k(%p: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} {
    %x = llvm.load %p : !llvm.ptr -> f32
    %y = llvm.call @missing(%x) : (f32) -> f32
    llvm.store %y, %p : f32, !llvm.ptr
    llvm.return
  }
}

//--- asm.mlir
gpu.module @k {
  llvm.func @k() attributes {gpu.kernel, nvvm.kernel} {
    llvm.inline_asm has_side_effects "no_such_instruction;", "" : () -> ()
    llvm.return
  }
}
