// Each kernel computes what its body means, on random values, for a CPU's vectors and a GPU's.
// RUN: hfc-opt %s --hfc-emit-kernels -o %t.cpu.mlir
// RUN: hfc-opt %s --hfc-emit-kernels="vector-bits=128 interleave=1" -o %t.gpu.mlir
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=attention_padded
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=attention_padded
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=attention_window
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=attention_window
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=attention_segments
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=attention_segments
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=attention_odd_heads
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=attention_odd_heads
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=attention_small
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=attention_small
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=attention_decode
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=attention_decode
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=attention_decode_window
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=attention_decode_window
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=attention_chunk
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=attention_chunk
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=attention_bias
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=attention_bias
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=attention_bias_keys
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=attention_bias_keys
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --entry=update
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=update

// Grouped heads, causal, padding anywhere: some queries see nothing and give 0.
func.func private @padded(%q: tensor<2x24x4x16xf32>, %k: tensor<2x24x2x16xf32>, %v: tensor<2x24x2x16xf32>, %m: tensor<2x24xi32>) -> tensor<2x24x4x16xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v key_mask(%m : tensor<2x24xi32>) {causal, scale = 0.2 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>) -> tensor<2x24x4x16xf32>
  return %0 : tensor<2x24x4x16xf32>
}
rt.entry @attention_padded arena 37056 {
  %q = rt.input "q" at 0 : memref<2x24x4x16xf32>
  %k = rt.input "k" at 12288 : memref<2x24x2x16xf32>
  %v = rt.input "v" at 18432 : memref<2x24x2x16xf32>
  %m = rt.input "m" at 24576 {hf.min = 0 : i64, hf.max = 1 : i64} : memref<2x24xi32>
  %o = rt.output "o" at 24768 : memref<2x24x4x16xf32>
  rt.launch @padded ins(%q, %k, %v, %m : memref<2x24x4x16xf32>, memref<2x24x2x16xf32>, memref<2x24x2x16xf32>, memref<2x24xi32>) outs(%o : memref<2x24x4x16xf32>)
}

// A window leaves out whole tiles of keys at the front.
func.func private @window(%q: tensor<70x2x6x24xf32>, %k: tensor<70x2x2x24xf32>, %v: tensor<70x2x2x24xf32>) -> tensor<70x2x6x24xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v {causal, scale = 0.2 : f64, window = 5 : i64, layout = #hf<head_layout sbhd>} : (tensor<70x2x6x24xf32>, tensor<70x2x2x24xf32>, tensor<70x2x2x24xf32>) -> tensor<70x2x6x24xf32>
  return %0 : tensor<70x2x6x24xf32>
}
rt.entry @attention_window arena 215040 {
  %q = rt.input "q" at 0 : memref<70x2x6x24xf32>
  %k = rt.input "k" at 80640 : memref<70x2x2x24xf32>
  %v = rt.input "v" at 107520 : memref<70x2x2x24xf32>
  %o = rt.output "o" at 134400 : memref<70x2x6x24xf32>
  rt.launch @window ins(%q, %k, %v : memref<70x2x6x24xf32>, memref<70x2x2x24xf32>, memref<70x2x2x24xf32>) outs(%o : memref<70x2x6x24xf32>)
}

// Packed documents.
func.func private @segments(%q: tensor<2x70x2x20xf32>, %k: tensor<2x70x2x20xf32>, %v: tensor<2x70x2x20xf32>, %m: tensor<2x70xi32>, %qs: tensor<2x70xi32>, %ks: tensor<2x70xi32>) -> tensor<2x70x2x20xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v key_mask(%m : tensor<2x70xi32>) segments(%qs, %ks : tensor<2x70xi32>, tensor<2x70xi32>) {causal, scale = 0.2 : f64} : (tensor<2x70x2x20xf32>, tensor<2x70x2x20xf32>, tensor<2x70x2x20xf32>) -> tensor<2x70x2x20xf32>
  return %0 : tensor<2x70x2x20xf32>
}
rt.entry @attention_segments arena 91328 {
  %q = rt.input "q" at 0 : memref<2x70x2x20xf32>
  %k = rt.input "k" at 22400 : memref<2x70x2x20xf32>
  %v = rt.input "v" at 44800 : memref<2x70x2x20xf32>
  %m = rt.input "m" at 67200 {hf.min = 0 : i64, hf.max = 3 : i64} : memref<2x70xi32>
  %qs = rt.input "qs" at 67776 {hf.min = 0 : i64, hf.max = 2 : i64} : memref<2x70xi32>
  %ks = rt.input "ks" at 68352 {hf.min = 0 : i64, hf.max = 2 : i64} : memref<2x70xi32>
  %o = rt.output "o" at 68928 : memref<2x70x2x20xf32>
  rt.launch @segments ins(%q, %k, %v, %m, %qs, %ks : memref<2x70x2x20xf32>, memref<2x70x2x20xf32>, memref<2x70x2x20xf32>, memref<2x70xi32>, memref<2x70xi32>, memref<2x70xi32>) outs(%o : memref<2x70x2x20xf32>)
}

// 17 queries and keys, heads of 72.
func.func private @odd_heads(%q: tensor<2x3x17x72xf32>, %k: tensor<2x3x17x72xf32>, %v: tensor<2x3x17x72xf32>) -> tensor<2x3x17x72xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v {scale = 0.2 : f64, layout = #hf<head_layout bhsd>} : (tensor<2x3x17x72xf32>, tensor<2x3x17x72xf32>, tensor<2x3x17x72xf32>) -> tensor<2x3x17x72xf32>
  return %0 : tensor<2x3x17x72xf32>
}
rt.entry @attention_odd_heads arena 117504 {
  %q = rt.input "q" at 0 : memref<2x3x17x72xf32>
  %k = rt.input "k" at 29376 : memref<2x3x17x72xf32>
  %v = rt.input "v" at 58752 : memref<2x3x17x72xf32>
  %o = rt.output "o" at 88128 : memref<2x3x17x72xf32>
  rt.launch @odd_heads ins(%q, %k, %v : memref<2x3x17x72xf32>, memref<2x3x17x72xf32>, memref<2x3x17x72xf32>) outs(%o : memref<2x3x17x72xf32>)
}

// Nothing divides anything.
func.func private @small(%q: tensor<1x5x3x7xf32>, %k: tensor<1x9x1x7xf32>, %v: tensor<1x9x1x5xf32>) -> tensor<1x5x3x5xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v {scale = 0.2 : f64} : (tensor<1x5x3x7xf32>, tensor<1x9x1x7xf32>, tensor<1x9x1x5xf32>) -> tensor<1x5x3x5xf32>
  return %0 : tensor<1x5x3x5xf32>
}
rt.entry @attention_small arena 1216 {
  %q = rt.input "q" at 0 : memref<1x5x3x7xf32>
  %k = rt.input "k" at 448 : memref<1x9x1x7xf32>
  %v = rt.input "v" at 704 : memref<1x9x1x5xf32>
  %o = rt.output "o" at 896 : memref<1x5x3x5xf32>
  rt.launch @small ins(%q, %k, %v : memref<1x5x3x7xf32>, memref<1x9x1x7xf32>, memref<1x9x1x5xf32>) outs(%o : memref<1x5x3x5xf32>)
}

// One query for each sequence, contexts of different lengths, over several tiles of keys.
func.func private @decode(%q: tensor<3x1x14x64xf32>, %k: tensor<3x600x2x64xf32>, %v: tensor<3x600x2x64xf32>, %past: tensor<3xi32>, %count: tensor<3xi32>) -> tensor<3x1x14x64xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v past(%past, %count : tensor<3xi32>, tensor<3xi32>) {causal, scale = 0.2 : f64} : (tensor<3x1x14x64xf32>, tensor<3x600x2x64xf32>, tensor<3x600x2x64xf32>) -> tensor<3x1x14x64xf32>
  return %0 : tensor<3x1x14x64xf32>
}
rt.entry @attention_decode arena 1864832 {
  %q = rt.input "q" at 0 : memref<3x1x14x64xf32>
  %k = rt.input "k" at 10752 : memref<3x600x2x64xf32>
  %v = rt.input "v" at 932352 : memref<3x600x2x64xf32>
  %past = rt.input "past" at 1853952 {hf.min = 0 : i64, hf.max = 599 : i64} : memref<3xi32>
  %count = rt.input "count" at 1854016 {hf.min = 0 : i64, hf.max = 1 : i64} : memref<3xi32>
  %o = rt.output "o" at 1854080 : memref<3x1x14x64xf32>
  rt.launch @decode ins(%q, %k, %v, %past, %count : memref<3x1x14x64xf32>, memref<3x600x2x64xf32>, memref<3x600x2x64xf32>, memref<3xi32>, memref<3xi32>) outs(%o : memref<3x1x14x64xf32>)
}

// A single row for each head.
func.func private @decode_window(%q: tensor<3x1x3x16xf32>, %k: tensor<3x600x3x16xf32>, %v: tensor<3x600x3x16xf32>, %past: tensor<3xi32>, %count: tensor<3xi32>) -> tensor<3x1x3x16xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v past(%past, %count : tensor<3xi32>, tensor<3xi32>) {causal, scale = 0.2 : f64, window = 40 : i64} : (tensor<3x1x3x16xf32>, tensor<3x600x3x16xf32>, tensor<3x600x3x16xf32>) -> tensor<3x1x3x16xf32>
  return %0 : tensor<3x1x3x16xf32>
}
rt.entry @attention_decode_window arena 692480 {
  %q = rt.input "q" at 0 : memref<3x1x3x16xf32>
  %k = rt.input "k" at 576 : memref<3x600x3x16xf32>
  %v = rt.input "v" at 346176 : memref<3x600x3x16xf32>
  %past = rt.input "past" at 691776 {hf.min = 0 : i64, hf.max = 599 : i64} : memref<3xi32>
  %count = rt.input "count" at 691840 {hf.min = 0 : i64, hf.max = 1 : i64} : memref<3xi32>
  %o = rt.output "o" at 691904 : memref<3x1x3x16xf32>
  rt.launch @decode_window ins(%q, %k, %v, %past, %count : memref<3x1x3x16xf32>, memref<3x600x3x16xf32>, memref<3x600x3x16xf32>, memref<3xi32>, memref<3xi32>) outs(%o : memref<3x1x3x16xf32>)
}

// A chunk of a prompt after what the cache holds.
func.func private @chunk(%q: tensor<2x16x4x32xf32>, %k: tensor<2x300x2x32xf32>, %v: tensor<2x300x2x32xf32>, %past: tensor<2xi32>, %count: tensor<2xi32>) -> tensor<2x16x4x32xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v past(%past, %count : tensor<2xi32>, tensor<2xi32>) {causal, scale = 0.2 : f64, window = 200 : i64} : (tensor<2x16x4x32xf32>, tensor<2x300x2x32xf32>, tensor<2x300x2x32xf32>) -> tensor<2x16x4x32xf32>
  return %0 : tensor<2x16x4x32xf32>
}
rt.entry @attention_chunk arena 340096 {
  %q = rt.input "q" at 0 : memref<2x16x4x32xf32>
  %k = rt.input "k" at 16384 : memref<2x300x2x32xf32>
  %v = rt.input "v" at 169984 : memref<2x300x2x32xf32>
  %past = rt.input "past" at 323584 {hf.min = 0 : i64, hf.max = 284 : i64} : memref<2xi32>
  %count = rt.input "count" at 323648 {hf.min = 0 : i64, hf.max = 16 : i64} : memref<2xi32>
  %o = rt.output "o" at 323712 : memref<2x16x4x32xf32>
  rt.launch @chunk ins(%q, %k, %v, %past, %count : memref<2x16x4x32xf32>, memref<2x300x2x32xf32>, memref<2x300x2x32xf32>, memref<2xi32>, memref<2xi32>) outs(%o : memref<2x16x4x32xf32>)
}

// Bias and softcap.
func.func private @bias(%q: tensor<2x50x4x8xf32>, %k: tensor<2x50x2x8xf32>, %v: tensor<2x50x2x8xf32>, %bias: tensor<1x4x50x50xf32>) -> tensor<2x50x4x8xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v bias(%bias : tensor<1x4x50x50xf32>) {scale = 0.2 : f64, softcap = 5.0 : f64} : (tensor<2x50x4x8xf32>, tensor<2x50x2x8xf32>, tensor<2x50x2x8xf32>) -> tensor<2x50x4x8xf32>
  return %0 : tensor<2x50x4x8xf32>
}
rt.entry @attention_bias arena 78400 {
  %q = rt.input "q" at 0 : memref<2x50x4x8xf32>
  %k = rt.input "k" at 12800 : memref<2x50x2x8xf32>
  %v = rt.input "v" at 19200 : memref<2x50x2x8xf32>
  %bias = rt.input "bias" at 25600 : memref<1x4x50x50xf32>
  %o = rt.output "o" at 65600 : memref<2x50x4x8xf32>
  rt.launch @bias ins(%q, %k, %v, %bias : memref<2x50x4x8xf32>, memref<2x50x2x8xf32>, memref<2x50x2x8xf32>, memref<1x4x50x50xf32>) outs(%o : memref<2x50x4x8xf32>)
}

// A bias for each key.
func.func private @bias_keys(%q: tensor<2x1x4x8xf32>, %k: tensor<2x63x4x8xf32>, %v: tensor<2x63x4x8xf32>, %bias: tensor<2x1x1x63xf32>) -> tensor<2x1x4x8xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v bias(%bias : tensor<2x1x1x63xf32>) {scale = 0.2 : f64} : (tensor<2x1x4x8xf32>, tensor<2x63x4x8xf32>, tensor<2x63x4x8xf32>) -> tensor<2x1x4x8xf32>
  return %0 : tensor<2x1x4x8xf32>
}
rt.entry @attention_bias_keys arena 33280 {
  %q = rt.input "q" at 0 : memref<2x1x4x8xf32>
  %k = rt.input "k" at 256 : memref<2x63x4x8xf32>
  %v = rt.input "v" at 16384 : memref<2x63x4x8xf32>
  %bias = rt.input "bias" at 32512 : memref<2x1x1x63xf32>
  %o = rt.output "o" at 33024 : memref<2x1x4x8xf32>
  rt.launch @bias_keys ins(%q, %k, %v, %bias : memref<2x1x4x8xf32>, memref<2x63x4x8xf32>, memref<2x63x4x8xf32>, memref<2x1x1x63xf32>) outs(%o : memref<2x1x4x8xf32>)
}

// Chunks of different lengths, one of which does not fit.
func.func private @cache_update(%c: tensor<4x20x2x16xf32>, %r: tensor<4x8x2x16xf32>, %p: tensor<4xi32>, %n: tensor<4xi32>) -> tensor<4x20x2x16xf32> attributes {kernel.kind = "cache_update"} {
  %0 = hf.cache_update %c, %r, %p, %n : (tensor<4x20x2x16xf32>, tensor<4x8x2x16xf32>, tensor<4xi32>, tensor<4xi32>) -> tensor<4x20x2x16xf32>
  return %0 : tensor<4x20x2x16xf32>
}
hf.state @cache : tensor<4x20x2x16xf32>
rt.entry @update arena 4224 {
  %c = rt.state @cache : memref<4x20x2x16xf32>
  %r = rt.input "rows" at 0 : memref<4x8x2x16xf32>
  %p = rt.input "p" at 4096 {hf.min = 8 : i64, hf.max = 16 : i64} : memref<4xi32>
  %n = rt.input "n" at 4160 {hf.min = 0 : i64, hf.max = 8 : i64} : memref<4xi32>
  rt.launch @cache_update ins(%c, %r, %p, %n : memref<4x20x2x16xf32>, memref<4x8x2x16xf32>, memref<4xi32>, memref<4xi32>) outs(%c : memref<4x20x2x16xf32>)
}
