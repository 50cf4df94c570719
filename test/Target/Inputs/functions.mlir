// Each output is a function of x, element by element.
module attributes {hf.program = {task = "forward", target = "cpu", cpu = "x86-64-v3", family = "", architecture = "",
    batch = 1 : i64, sequence = 1 : i64, dtype = "float32", layout = "batch-first", checkpoint_prefixes = [""]}} {
  kernel.func @functions(%x: memref<8x4096xf32>, %exp: memref<8x4096xf32>, %tanh: memref<8x4096xf32>,
      %erf: memref<8x4096xf32>, %log: memref<8x4096xf32>, %log1p: memref<8x4096xf32>, %expm1: memref<8x4096xf32>, %sin: memref<8x4096xf32>,
      %cos: memref<8x4096xf32>, %rsqrt: memref<8x4096xf32>, %round: memref<8x4096xbf16>)
      grid(8) lanes(32) outputs(10) {
    %row = kernel.block_id
    %c0 = arith.constant 0 : index
    %c4096 = arith.constant 4096 : index
    kernel.distribute %i = %c0 to %c4096 vector 8 {
      %v = vector.load %x[%row, %i] : memref<8x4096xf32>, vector<8xf32>
      %a = math.absf %v : vector<8xf32>
      %f0 = math.exp %v : vector<8xf32>
      vector.store %f0, %exp[%row, %i] : memref<8x4096xf32>, vector<8xf32>
      %f1 = math.tanh %v : vector<8xf32>
      vector.store %f1, %tanh[%row, %i] : memref<8x4096xf32>, vector<8xf32>
      %f2 = math.erf %v : vector<8xf32>
      vector.store %f2, %erf[%row, %i] : memref<8x4096xf32>, vector<8xf32>
      %f3 = math.log %a : vector<8xf32>
      vector.store %f3, %log[%row, %i] : memref<8x4096xf32>, vector<8xf32>
      %f8 = math.log1p %a : vector<8xf32>
      vector.store %f8, %log1p[%row, %i] : memref<8x4096xf32>, vector<8xf32>
      %f9 = math.expm1 %v : vector<8xf32>
      vector.store %f9, %expm1[%row, %i] : memref<8x4096xf32>, vector<8xf32>
      %f4 = math.sin %v : vector<8xf32>
      vector.store %f4, %sin[%row, %i] : memref<8x4096xf32>, vector<8xf32>
      %f5 = math.cos %v : vector<8xf32>
      vector.store %f5, %cos[%row, %i] : memref<8x4096xf32>, vector<8xf32>
      %f6 = math.rsqrt %a : vector<8xf32>
      vector.store %f6, %rsqrt[%row, %i] : memref<8x4096xf32>, vector<8xf32>
      %f7 = arith.truncf %v : vector<8xf32> to vector<8xbf16>
      vector.store %f7, %round[%row, %i] : memref<8x4096xbf16>, vector<8xbf16>
    }
    kernel.return
  }
  rt.entry @forward arena 1376256 {
    %x = rt.input "x" at 0 : memref<8x4096xf32>
    %exp = rt.output "exp" at 131072 : memref<8x4096xf32>
    %tanh = rt.output "tanh" at 262144 : memref<8x4096xf32>
    %erf = rt.output "erf" at 393216 : memref<8x4096xf32>
    %log = rt.output "log" at 524288 : memref<8x4096xf32>
    %log1p = rt.output "log1p" at 655360 : memref<8x4096xf32>
    %expm1 = rt.output "expm1" at 786432 : memref<8x4096xf32>
    %sin = rt.output "sin" at 917504 : memref<8x4096xf32>
    %cos = rt.output "cos" at 1048576 : memref<8x4096xf32>
    %rsqrt = rt.output "rsqrt" at 1179648 : memref<8x4096xf32>
    %round = rt.output "round" at 1310720 : memref<8x4096xbf16>
    rt.launch @functions ins(%x : memref<8x4096xf32>) outs(%exp, %tanh, %erf, %log, %log1p, %expm1, %sin, %cos, %rsqrt, %round :
      memref<8x4096xf32>, memref<8x4096xf32>, memref<8x4096xf32>, memref<8x4096xf32>, memref<8x4096xf32>, memref<8x4096xf32>,
      memref<8x4096xf32>, memref<8x4096xf32>, memref<8x4096xf32>, memref<8x4096xbf16>)
  }
}
