// RUN: hfc-opt %s --hfc-mark-constants --verify-diagnostics

hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">]
kernel.func @copy(%x: memref<4xf32> {kernel.constant}, %y: memref<4xf32>) grid(1) lanes(32) outputs(1) {
  kernel.return
}
rt.entry @e arena 128 {
  %w = rt.parameter @w : memref<4xf32>
  %x = rt.input "x" at 0 : memref<4xf32>
  %y = rt.output "y" at 64 : memref<4xf32>
  rt.launch @copy ins(%w : memref<4xf32>) outs(%y : memref<4xf32>)
  // expected-error@+1 {{passes what the program writes as argument 0 of @copy, which is kernel.constant there}}
  rt.launch @copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
}
