//===- Passes.td - the ledger in the IR ---------------------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LEDGER_PASSES
#define HFC_LEDGER_PASSES

include "mlir/Pass/PassBase.td"

def NoteCosts : Pass<"hfc-note-costs", "::mlir::ModuleOp"> {
  let summary = "notes on each op of a schedule what it costs";
  let description = [{
    Gives every `rt.launch`, `rt.gemm`, `rt.copy` and `rt.collective` the attribute `rt.cost`, its line of the ledger (`docs/ledger.md`):
    the kind of work, floating-point operations, bytes read and written, and with `machine` the microseconds of that machine's roofline. Later
    phases, where the bodies of kernels are gone, still know them; the program's metadata has them for `hfc-run --profile`.

    Needs: `rt.entry`s, and kernels as bodies of hf ops. Leaves alone what has the attribute. Refuses a file that describes no machine.

    Before:

    ```mlir
    rt.entry @forward arena 128 {
      %x = rt.input "x" at 0 : memref<16xf32>
      %y = rt.output "y" at 64 : memref<16xf32>
      rt.copy %x to %y : memref<16xf32>
    }
    ```

    After:

    ```mlir
    rt.entry @forward arena 128 {
      %x = rt.input "x" at 0 : memref<16xf32>
      %y = rt.output "y" at 64 : memref<16xf32>
      rt.copy %x to %y {rt.cost = {flops = 0 : i64, kind = "copy", read = 64 : i64, written = 64 : i64}} : memref<16xf32>
    }
    ```
  }];
  let options = [Option<"machine", "machine", "std::string", "", "a machine's file, for its roofline times">];
  let dependentDialects = ["::hfc::rt::RtDialect"];
}

#endif // HFC_LEDGER_PASSES
