module attributes {hf.program = {task = "forward", target = "cpu", cpu = "x86-64-v3", family = "none", architecture = "None", batch = 1 : i64, sequence = 1 : i64, dtype = "float32", layout = "batch-first", checkpoint_prefixes = [""]}} {
hf.parameter @w : tensor<64x64xf32> from [#hf.piece<"w">]
kernel.func @f(%x: memref<4x64xf32>, %r: memref<64xf32>, %y: memref<4x64xf32>) grid(4) lanes(32) outputs(1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %s = kernel.scratch : memref<64xf32>
  %zero = arith.constant dense<0.0> : vector<8xf32>
  %row = kernel.block_id
  %p = kernel.distribute %i = %c0 to %c64 vector 8 iter_args(%acc = %zero : vector<8xf32>) {
    %v = vector.load %x[%row, %i] : memref<4x64xf32>, vector<8xf32>
    %m = arith.mulf %v, %v : vector<8xf32>
    %a = arith.addf %acc, %m : vector<8xf32>
    vector.store %m, %s[%i] : memref<64xf32>, vector<8xf32>
    kernel.yield %a : vector<8xf32>
  }
  %sum = kernel.reduce add %p : vector<8xf32> -> f32
  %inv = math.rsqrt %sum : f32
  kernel.barrier
  %b = vector.broadcast %inv : f32 to vector<8xf32>
  kernel.distribute %i = %c0 to %c64 vector 8 {
    %v = vector.load %x[%row, %i] : memref<4x64xf32>, vector<8xf32>
    %rv = vector.load %r[%i] : memref<64xf32>, vector<8xf32>
    %t = math.exp %v : vector<8xf32>
    %cc = math.cos %v : vector<8xf32>
    %d = arith.mulf %t, %b : vector<8xf32>
    %d2 = arith.mulf %d, %rv : vector<8xf32>
    %d3 = arith.addf %d2, %cc : vector<8xf32>
    vector.store %d3, %y[%row, %i] : memref<4x64xf32>, vector<8xf32>
  }
  kernel.return
}
rt.entry @forward arena 4096 {
  %x = rt.input "x" at 0 : memref<4x64xf32>
  %t = rt.arena at 1024 : memref<256xf32>
  %tv = rt.view %t : memref<256xf32> to memref<4x64xf32>
  %y = rt.output "y" at 2048 : memref<4x64xf32>
  %w = rt.parameter @w : memref<64x64xf32>
  %c = rt.constant dense<2.0> : tensor<64xf32> as memref<64xf32>
  rt.gemm %x, %w into %tv bias(%c : memref<64xf32>) {transpose_b} : memref<4x64xf32>, memref<64x64xf32>, memref<4x64xf32>
  rt.launch @f ins(%tv, %c : memref<4x64xf32>, memref<64xf32>) outs(%y : memref<4x64xf32>)
}
}
