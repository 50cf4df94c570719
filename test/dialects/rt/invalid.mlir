// One case for each numbered constraint of each op.
// RUN: hfc-opt %s --verify-diagnostics --split-input-file

// expected-error @below {{(C1) the arena's size must be a multiple of 64, got 100}}
rt.entry @e arena 100 {
}

// -----
rt.entry @e arena 128 {
  // expected-error @below {{(C1) offset 32 is not a multiple of 64}}
  %t = rt.arena at 32 : memref<16xf32>
}

// -----
rt.entry @e arena 128 {
  // expected-error @below {{(C1) buffer 'memref<17xf32>' at 64 does not lie inside the arena of 128 bytes}}
  %t = rt.arena at 64 : memref<17xf32>
}

// -----
rt.entry @e arena 128 {
  // expected-error @below {{does not lie inside the arena of 128 bytes}}
  %t = rt.arena at 0 : memref<4611686018427387904x16xf32>
}

// -----
rt.entry @e arena 128 {
  %a = rt.input "x" at 0 : memref<16xf32>
  // expected-error @below {{(C2) the entry has another input named "x"}}
  %b = rt.input "x" at 64 : memref<16xf32>
}

// -----
rt.entry @e arena 128 {
  %a = rt.output "x" at 0 : memref<16xf32>
  // expected-error @below {{(C2) the entry has another output named "x"}}
  %b = rt.output "x" at 64 : memref<16xf32>
}

// -----
rt.entry @e arena 0 {
  // expected-error @below {{(C3) stream -1 is negative}}
  rt.record 0 {stream = -1 : i32}
}

// -----
rt.entry @e arena 0 {
  rt.record 0
  // expected-error @below {{(C1) event 0 is recorded twice}}
  rt.record 0
}

// -----
rt.entry @e arena 0 {
  // expected-error @below {{(C1) waits for event 0, which no earlier rt.record records}}
  rt.wait 0
  rt.record 0
}

// -----
rt.entry @e arena 0 {
  // expected-error @below {{(C1) @w is not an hf.parameter of this module}}
  %w = rt.parameter @w : memref<4xf32>
}

// -----
hf.parameter @w : tensor<4xbf16> from [#hf.piece<"w">]
rt.entry @e arena 0 {
  // expected-error @below {{(C1) buffer 'memref<4xf32>' does not fit @w, declared as 'tensor<4xbf16>'}}
  %w = rt.parameter @w : memref<4xf32>
}

// -----
hf.parameter @s : tensor<4xf32> from [#hf.piece<"s">]
rt.entry @e arena 0 {
  // expected-error @below {{(C1) @s is not an hf.state of this module}}
  %s = rt.state @s : memref<4xf32>
}

// -----
rt.entry @e arena 0 {
  // expected-error @below {{(C1) buffer 'memref<4xf32>' does not fit the value's type, 'tensor<2xf32>'}}
  %c = rt.constant dense<1.0> : tensor<2xf32> as memref<4xf32>
}

// -----
rt.entry @e arena 64 {
  %t = rt.arena at 0 : memref<16xf32>
  // expected-error @below {{(C1) 'memref<16xf32>' and 'memref<4x5xf32>' must have one element type and as many elements}}
  %v = rt.view %t : memref<16xf32> to memref<4x5xf32>
}

// -----
rt.entry @e arena 64 {
  %t = rt.arena at 0 : memref<16xf32>
  // expected-error @below {{(C1) 'memref<4x5xf32>' must have the element type of 'memref<16xf32>' and as many elements as [4, 4]}}
  %v = rt.view %t sizes [4, 4] strides [1, 4] : memref<16xf32> to memref<4x5xf32>
}

// -----
rt.entry @e arena 64 {
  %t = rt.arena at 0 : memref<16xf32>
  // expected-error @below {{(C2) needs as many sizes as strides}}
  %v = rt.view %t sizes [4, 4] strides [1] : memref<16xf32> to memref<4x4xf32>
}

// -----
rt.entry @e arena 64 {
  %t = rt.arena at 0 : memref<16xf32>
  // expected-error @below {{(C2) sizes must be positive and strides not negative, got 4 and -4}}
  %v = rt.view %t sizes [4, 4] strides [1, -4] : memref<16xf32> to memref<4x4xf32>
}

// -----
rt.entry @e arena 64 {
  %t = rt.arena at 0 : memref<16xf32>
  // expected-error @below {{(C2) sizes [4, 4] with strides [1, 5] from 0 reach beyond 'memref<16xf32>' or 'memref<4x4xf32>'}}
  %v = rt.view %t sizes [4, 4] strides [1, 5] : memref<16xf32> to memref<4x4xf32>
}

// -----
rt.entry @e arena 64 {
  %t = rt.arena at 0 : memref<16xf32>
  // expected-error @below {{(C2) sizes [4, 2] with strides [4, 1] from 3 reach beyond 'memref<16xf32>' or 'memref<4x2xf32>'}}
  %v = rt.view %t sizes [4, 2] strides [4, 1] offset 3 : memref<16xf32> to memref<4x2xf32>
}

// -----
rt.entry @e arena 128 {
  %t = rt.arena at 0 : memref<16xf32>
  %u = rt.arena at 64 : memref<16xf32>
  // expected-error @below {{(C3) has an order of its own, and only a product's factor may be read so}}
  %v = rt.view %t sizes [4, 4] strides [1, 4] : memref<16xf32> to memref<16xf32>
  rt.copy %v to %u : memref<16xf32>
}

// -----
rt.entry @e arena 64 {
  // expected-error @below {{(C1) @e is not a func.func or kernel.func of this module}}
  rt.launch @e
}

// -----
func.func private @f(tensor<16xf32>)
rt.entry @e arena 64 {
  // expected-error @below {{(C2) passes 0 ins to f, which has 1}}
  rt.launch @f
}

// -----
func.func private @f(tensor<16xf32>) -> tensor<16xf32>
rt.entry @e arena 64 {
  %t = rt.arena at 0 : memref<16xf32>
  %v = rt.view %t : memref<16xf32> to memref<4x4xf32>
  // expected-error @below {{(C2) outs number 0, 'memref<4x4xf32>', does not fit 'tensor<16xf32>' of f}}
  rt.launch @f ins(%t : memref<16xf32>) outs(%v : memref<4x4xf32>)
}

// -----
kernel.func @k(%x: memref<16xf32>, %y: memref<16xf32>) grid(1) lanes(32) outputs(1) {
  kernel.return
}
rt.entry @e arena 64 {
  %t = rt.arena at 0 : memref<16xf32>
  // expected-error @below {{(C2) passes 2 ins to k, which has 1}}
  rt.launch @k ins(%t, %t : memref<16xf32>, memref<16xf32>)
}

// -----
rt.entry @e arena 1024 {
  %a = rt.arena at 0 : memref<2x4xf32>
  %b = rt.arena at 64 : memref<8x4xf32>
  %c = rt.arena at 512 : memref<2x8xf32>
  // expected-error @below {{(C1) sizes do not fit: [2, 4] times [8, 4] into [2, 8]}}
  rt.gemm %a, %b into %c : memref<2x4xf32>, memref<8x4xf32>, memref<2x8xf32>
}

// -----
rt.entry @e arena 1024 {
  %a = rt.arena at 0 : memref<2x4xbf16>
  %b = rt.arena at 64 : memref<4x8xf32>
  %c = rt.arena at 512 : memref<2x8xf32>
  // expected-error @below {{(C1) element types must be floats, all equal or c f32, got 'f32' beside 'bf16'}}
  rt.gemm %a, %b into %c : memref<2x4xbf16>, memref<4x8xf32>, memref<2x8xf32>
}

// -----
rt.entry @e arena 1024 {
  %a = rt.arena at 0 : memref<2x4xf32>
  %b = rt.arena at 64 : memref<4x8xf32>
  %c = rt.arena at 512 : memref<2x8xf32>
  %d = rt.arena at 576 : memref<2xf32>
  // expected-error @below {{(C1) bias has shape [2], but c has 8 columns}}
  rt.gemm %a, %b into %c bias(%d : memref<2xf32>) : memref<2x4xf32>, memref<4x8xf32>, memref<2x8xf32>
}

// -----
rt.entry @e arena 1024 {
  %a = rt.arena at 0 : memref<3x2x4xf32>
  %b = rt.arena at 128 : memref<4x8xf32>
  %c = rt.arena at 512 : memref<3x2x8xf32>
  // expected-error @below {{(C2) transpose_a with b of rank 2 needs a of rank 2, got rank 3}}
  rt.gemm %a, %b into %c {transpose_a} : memref<3x2x4xf32>, memref<4x8xf32>, memref<3x2x8xf32>
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C1) does not take 2 ins and 1 outs}}
    rt.collective all_gather ins(%a, %b : memref<2x4xf32>, memref<2x4xf32>) outs(%a : memref<2x4xf32>) over {"tp"} {dim = 0 : i64, id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C2) needs a reduction}}
    rt.collective all_reduce ins(%a : memref<2x4xf32>) outs(%b : memref<2x4xf32>) over {"tp"} {id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C2) does not take a reduction}}
    rt.collective agree by sum ins(%a : memref<2x4xf32>) outs(%b : memref<2x4xf32>) over {"tp"} {id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C2) needs the attribute dim}}
    rt.collective all_gather ins(%c : memref<2x2xf32>) outs(%a : memref<2x4xf32>) over {"tp"} {id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C2) does not take the attribute dim}}
    rt.collective all_reduce by sum ins(%a : memref<2x4xf32>) outs(%b : memref<2x4xf32>) over {"tp"} {dim = 0 : i64, id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C2) dim is 2, not from 0 to 1}}
    rt.collective all_gather ins(%c : memref<2x2xf32>) outs(%a : memref<2x4xf32>) over {"tp"} {dim = 2 : i64, id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C2) place is 2, not from 0 to 1}}
    rt.collective broadcast ins(%a : memref<2x4xf32>) outs(%b : memref<2x4xf32>) over {"tp"} {place = 2 : i64, id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C2) cannot cut dimension 1 of [2, 4] in 2 and join along dimension 1}}
    rt.collective all_to_all ins(%a : memref<2x4xf32>) outs(%b : memref<2x4xf32>) over {"tp"} {dim = 1 : i64, concat = 1 : i64, id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C3) ins and outs must have the same types}}
    rt.collective all_reduce by sum ins(%a : memref<2x4xf32>) outs(%c : memref<2x2xf32>) over {"tp"} {id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C3) gives [2, 4] of [2, 2] in groups of 2, but a rank's piece of the larger along dimension 0 is another}}
    rt.collective all_gather ins(%c : memref<2x2xf32>) outs(%a : memref<2x4xf32>) over {"tp"} {dim = 0 : i64, id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{an exchange of dimension 1 for 0 gives another}}
    rt.collective all_to_all ins(%a : memref<2x4xf32>) outs(%c : memref<2x2xf32>) over {"tp"} {dim = 1 : i64, concat = 0 : i64, id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C3) the piece has shape [4]; 2 pieces of rank 1 must hold 24 elements}}
    rt.collective reduce_scatter_bucket by sum ins(%a, %b : memref<2x4xf32>, memref<2x4xf32>) outs(%f : memref<4xf32>) over {"tp"} {id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C4) names axis 'pp'}}
    rt.collective all_reduce by sum ins(%a : memref<2x4xf32>) outs(%b : memref<2x4xf32>) over {"pp"} {id = 0 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C4) has the number -1; collectives count from 0}}
    rt.collective all_reduce by sum ins(%a : memref<2x4xf32>) outs(%b : memref<2x4xf32>) over {"tp"} {id = -1 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    rt.collective all_reduce by sum ins(%a : memref<2x4xf32>) outs(%b : memref<2x4xf32>) over {"tp"} {id = 3 : i64}
    // expected-error @below {{(C4) the entry has another collective number 3}}
    rt.collective all_reduce by sum ins(%a : memref<2x4xf32>) outs(%b : memref<2x4xf32>) over {"dp"} {id = 3 : i64}
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C1) the buffer must be memref<i32>, got 'memref<1xi32>'}}
    %p = rt.coordinate {"tp"} : memref<1xi32>
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 256 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    %c = rt.arena at 128 : memref<2x2xf32>
    %f = rt.arena at 192 : memref<4xf32>
    // expected-error @below {{(C2) names axis 'pp'}}
    %p = rt.coordinate {"pp"} : memref<i32>
  }
}

// -----
rt.entry @e arena 1024 {
  %a = rt.arena at 0 : memref<2x4xf32>
  %b = rt.arena at 64 : memref<4x8xf32>
  %c = rt.arena at 512 : memref<2x8xf32>
  %d = rt.arena at 576 : memref<8xf32>
  // expected-error @below {{(C3) cannot accumulate and add a bias}}
  rt.gemm %a, %b into %c bias(%d : memref<8xf32>) {accumulate} : memref<2x4xf32>, memref<4x8xf32>, memref<2x8xf32>
}

// -----
rt.entry @e arena 1024 {
  %a = rt.arena at 0 : memref<2x4xf32>
  %b = rt.arena at 64 : memref<4x8xf32>
  %c = rt.arena at 512 : memref<2x8xbf16>
  // expected-error @below {{(C1) element types must be floats, all equal or c f32, got 'bf16' beside 'f32'}}
  rt.gemm %a, %b into %c : memref<2x4xf32>, memref<4x8xf32>, memref<2x8xbf16>
}

// -----

module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 128 {
    %a = rt.arena at 0 : memref<2x4xf32>
    %b = rt.arena at 64 : memref<2x4xf32>
    // expected-error @below {{(C5) the scratch memory must be an rt.arena of rank 1, got 'memref<2x4xf32>'}}
    rt.collective all_reduce by sum ins(%a : memref<2x4xf32>) outs(%a : memref<2x4xf32>) scratch(%b : memref<2x4xf32>) over {"tp"} {id = 0 : i64}
  }
}

// -----

module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  rt.entry @e arena 128 {
    %a = rt.arena at 0 : memref<8xf32>
    // expected-error @below {{(C5) the scratch memory must be no other operand}}
    rt.collective all_reduce by sum ins(%a : memref<8xf32>) outs(%a : memref<8xf32>) scratch(%a : memref<8xf32>) over {"tp"} {id = 0 : i64}
  }
}

// -----
func.func private @f(%q: tensor<2x8x4x64xbf16>, %k: tensor<2x8x2x64xbf16>, %v: tensor<2x8x2x64xbf16>) -> tensor<2x8x4x64xbf16>
rt.entry @e arena 65536 {
  %q = rt.arena at 0 : memref<2x8x4x64xbf16>
  %k = rt.arena at 8192 : memref<2x8x2x64xbf16>
  %y = rt.arena at 16384 : memref<2x8x4x64xbf16>
  // expected-error @below {{(C3) an attention of kind 'with_statistics' with 1 masks has 4 ins and 2 outs, not 3 and 1}}
  rt.launch @f ins(%q, %k, %k : memref<2x8x4x64xbf16>, memref<2x8x2x64xbf16>, memref<2x8x2x64xbf16>) outs(%y : memref<2x8x4x64xbf16>)
    {library = #rt.attention<with_statistics, scale = 1.0 : f64, layout = bshd, key_mask = true>}
}

// -----
func.func private @f(%q: tensor<2x8x4x64xbf16>, %k: tensor<2x8x3x64xbf16>, %v: tensor<2x8x3x64xbf16>) -> tensor<2x8x4x64xbf16>
rt.entry @e arena 65536 {
  %q = rt.arena at 0 : memref<2x8x4x64xbf16>
  %k = rt.arena at 8192 : memref<2x8x3x64xbf16>
  %y = rt.arena at 16384 : memref<2x8x4x64xbf16>
  // expected-error @below {{(C3) the key 'memref<2x8x3x64xbf16>' does not fit the query 'memref<2x8x4x64xbf16>' in layout bshd}}
  rt.launch @f ins(%q, %k, %k : memref<2x8x4x64xbf16>, memref<2x8x3x64xbf16>, memref<2x8x3x64xbf16>) outs(%y : memref<2x8x4x64xbf16>)
    {library = #rt.attention<forward, scale = 1.0 : f64, layout = bshd>}
}

// -----
func.func private @f(%q: tensor<2x8x4x64xbf16>, %k: tensor<2x8x2x64xbf16>, %v: tensor<2x8x2x64xbf16>, %m: tensor<2x9xi32>) -> tensor<2x8x4x64xbf16>
rt.entry @e arena 65536 {
  %q = rt.arena at 0 : memref<2x8x4x64xbf16>
  %k = rt.arena at 8192 : memref<2x8x2x64xbf16>
  %m = rt.arena at 12288 : memref<2x9xi32>
  %y = rt.arena at 16384 : memref<2x8x4x64xbf16>
  // expected-error @below {{(C3) a mask must be 'memref<2x8xi32>', got 'memref<2x9xi32>'}}
  rt.launch @f ins(%q, %k, %k, %m : memref<2x8x4x64xbf16>, memref<2x8x2x64xbf16>, memref<2x8x2x64xbf16>, memref<2x9xi32>) outs(%y : memref<2x8x4x64xbf16>)
    {library = #rt.attention<forward, scale = 1.0 : f64, layout = bshd, key_mask = true>}
}

// -----
hf.bucket @b : tensor<24xf32>
hf.state @p : tensor<4x4xf32> {hf.bucket = #hf.place<@b, 0>}
rt.entry @e arena 0 {
  %p = rt.state @p : memref<4x4xf32>
  // expected-error @below {{(C1) joins 1 buffers; it takes two or more}}
  %j = rt.join %p : memref<4x4xf32> to memref<4x4xf32>
}

// -----
hf.bucket @b : tensor<24xf32>
hf.state @p : tensor<4x4xf32> {hf.bucket = #hf.place<@b, 0>}
hf.state @q : tensor<2x4xf32> {hf.bucket = #hf.place<@b, 16>}
rt.entry @e arena 0 {
  %p = rt.state @p : memref<4x4xf32>
  %q = rt.state @q : memref<2x4xf32>
  // expected-error @below {{(C1) the parts have 96 bytes, but 'memref<5x4xf32>' has 80}}
  %j = rt.join %p, %q : memref<4x4xf32>, memref<2x4xf32> to memref<5x4xf32>
}

// -----
hf.bucket @b : tensor<24xf32>
hf.state @p : tensor<4x4xf32> {hf.bucket = #hf.place<@b, 0>}
rt.entry @e arena 64 {
  %p = rt.state @p : memref<4x4xf32>
  %q = rt.arena at 0 : memref<2x4xf32>
  // expected-error @below {{(C2) parts are what rt.parameter and rt.state name}}
  %j = rt.join %p, %q : memref<4x4xf32>, memref<2x4xf32> to memref<6x4xf32>
}

// -----
hf.bucket @b : tensor<24xf32>
hf.state @p : tensor<4x4xf32> {hf.bucket = #hf.place<@b, 0>}
hf.state @q : tensor<2x4xf32> {hf.bucket = #hf.place<@b, 16>}
rt.entry @e arena 0 {
  %p = rt.state @p : memref<4x4xf32>
  %q = rt.state @q : memref<2x4xf32>
  // expected-error @below {{(C3) part 'memref<4x4xf32>' does not lie behind the part before it}}
  %j = rt.join %q, %p : memref<2x4xf32>, memref<4x4xf32> to memref<6x4xf32>
}

// -----
hf.state @p : tensor<4x4xf32>
hf.state @q : tensor<2x4xf32>
rt.entry @e arena 0 {
  %p = rt.state @p : memref<4x4xf32>
  %q = rt.state @q : memref<2x4xf32>
  // expected-error @below {{(C3) part 'memref<4x4xf32>' lies in no bucket}}
  %j = rt.join %p, %q : memref<4x4xf32>, memref<2x4xf32> to memref<6x4xf32>
}
