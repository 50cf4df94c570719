// RUN: hfc-opt %s --check-semantics-each --cse --canonicalize --hfc-fuse --hfc-schedule --hfc-emit-kernels | FileCheck %s
// RUN: not hfc-opt %s --check-semantics-each --symbol-privatize --symbol-dce 2>&1 | FileCheck %s --check-prefix=LOST
// RUN: hfc-opt %S/rt.mlir --check-semantics-each --cse | hfc-interpret - --compare=%S/rt.mlir

// CHECK: kernel.func
// CHECK: rt.entry @forward

// LOST: error: pass 'SymbolDCE' changed the program's meaning: the second module: there is no entry @forward
hf.parameter @w : tensor<8x4xf32> from [#hf.piece<"w">]
func.func @forward(%x: tensor<2x4xf32> {hf.input = "x"}, %w: tensor<8x4xf32> {hf.parameter = @w})
    -> (tensor<2x8xf32> {hf.output = "y"}) {
  %0 = hf.linear %x, %w : (tensor<2x4xf32>, tensor<8x4xf32>) -> tensor<2x8xf32>
  %1 = hf.activation silu, %0 : tensor<2x8xf32>
  %2 = hf.softmax %1 : tensor<2x8xf32>
  return %2 : tensor<2x8xf32>
}
