// RUN: hfc-opt %s --hfc-plan-collective-scratch --split-input-file --verify-diagnostics

module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  rt.entry @e arena 128 {
    %x = rt.input "x" at 0 : memref<4xf64>
    %y = rt.output "y" at 64 : memref<4xf64>
    // expected-error @+1 {{moves 'f64' between GPUs, but programs move float32, bfloat16 and int32}}
    rt.collective all_reduce by sum ins(%x : memref<4xf64>) outs(%y : memref<4xf64>) over {"tp"} {id = 0 : i64}
  }
}

// -----

module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  rt.entry @e arena 400000000000000 {
    %x = rt.input "x" at 0 : memref<2x1xf32>
    %y = rt.output "y" at 64 : memref<2x1xf32>
    // expected-error @+1 {{needs 64 bytes of scratch memory, more than any GPU has}}
    rt.collective all_gather ins(%x : memref<2x1xf32>) outs(%y : memref<2x1xf32>) over {"tp"} {dim = 1 : i64, id = 0 : i64}
  }
}
