// Which launches of attention cuDNN may do; what it cannot stays a kernel's. Nothing else changes.
// RUN: hfc-opt %s --hfc-select-libraries --split-input-file | FileCheck %s
// RUN: hfc-opt %s --hfc-select-libraries=chip=sm_80 --split-input-file | FileCheck %s --check-prefix=SM80
// RUN: hfc-opt %s --hfc-select-libraries --split-input-file | sed 's/ {library = [^}]*}//' > %t.without
// RUN: hfc-opt %s --split-input-file | diff - %t.without

// A training program's two passes, with masks that the caller writes; the same bits in every run.
// CHECK-LABEL: rt.entry @train
// CHECK: rt.launch @attention_with_statistics_0 {{.*}} {library = #rt.attention<with_statistics, scale = 1.250000e-01 : f64, layout = bshd, causal = true, key_mask = true, segments = true>}
// CHECK: rt.launch @attention_backward_1 {{.*}} {library = #rt.attention<backward, scale = 1.250000e-01 : f64, layout = bshd, causal = true, key_mask = true, segments = true, deterministic = true>}
// SM80: rt.launch @attention_with_statistics_0 {{.*}} segments = true>}
// SM80: rt.launch @attention_backward_1 {{.*}} segments = true, deterministic = true>}
module attributes {hf.program = {deterministic}} {
func.func private @attention_with_statistics_0(%q: tensor<2x8x4x64xbf16>, %k: tensor<2x8x2x64xbf16>, %v: tensor<2x8x2x64xbf16>, %m: tensor<2x8xi32>, %qs: tensor<2x8xi32>, %ks: tensor<2x8xi32>) -> (tensor<2x8x4x64xbf16>, tensor<2x4x8xf32>) attributes {kernel.kind = "attention_with_statistics"} {
  %0:2 = hf.attention_with_statistics %q, %k, %v key_mask(%m : tensor<2x8xi32>) segments(%qs, %ks : tensor<2x8xi32>, tensor<2x8xi32>) {causal, scale = 0.125 : f64}
    : (tensor<2x8x4x64xbf16>, tensor<2x8x2x64xbf16>, tensor<2x8x2x64xbf16>) -> (tensor<2x8x4x64xbf16>, tensor<2x4x8xf32>)
  return %0#0, %0#1 : tensor<2x8x4x64xbf16>, tensor<2x4x8xf32>
}
func.func private @attention_backward_1(%dy: tensor<2x8x4x64xbf16>, %q: tensor<2x8x4x64xbf16>, %k: tensor<2x8x2x64xbf16>, %v: tensor<2x8x2x64xbf16>, %y: tensor<2x8x4x64xbf16>, %s: tensor<2x4x8xf32>, %m: tensor<2x8xi32>, %qs: tensor<2x8xi32>, %ks: tensor<2x8xi32>) -> (tensor<2x8x4x64xbf16>, tensor<2x8x2x64xbf16>, tensor<2x8x2x64xbf16>) attributes {kernel.kind = "attention_backward"} {
  %0:3 = hf.attention_backward %dy, %q, %k, %v, %y log_sum(%s : tensor<2x4x8xf32>) key_mask(%m : tensor<2x8xi32>) segments(%qs, %ks : tensor<2x8xi32>, tensor<2x8xi32>) {causal, scale = 0.125 : f64}
    : (tensor<2x8x4x64xbf16>, tensor<2x8x2x64xbf16>, tensor<2x8x2x64xbf16>) -> tensor<2x8x4x64xbf16>
  return %0#0, %0#1, %0#2 : tensor<2x8x4x64xbf16>, tensor<2x8x2x64xbf16>, tensor<2x8x2x64xbf16>
}
rt.entry @train arena 65536 {
  %q = rt.input "q" at 0 : memref<2x8x4x64xbf16>
  %k = rt.input "k" at 8192 : memref<2x8x2x64xbf16>
  %v = rt.input "v" at 12288 : memref<2x8x2x64xbf16>
  %dy = rt.input "dy" at 16384 : memref<2x8x4x64xbf16>
  %m = rt.input "attention_mask" at 24576 : memref<2x8xi32>
  %s = rt.input "segment_ids" at 24640 : memref<16xi32>
  %s2 = rt.view %s : memref<16xi32> to memref<2x8xi32>
  %y = rt.output "y" at 24704 : memref<2x8x4x64xbf16>
  %l = rt.arena at 32896 : memref<2x4x8xf32>
  %dq = rt.output "dq" at 33152 : memref<2x8x4x64xbf16>
  %dk = rt.output "dk" at 41344 : memref<2x8x2x64xbf16>
  %dv = rt.output "dv" at 45440 : memref<2x8x2x64xbf16>
  rt.launch @attention_with_statistics_0 ins(%q, %k, %v, %m, %s2, %s2 : memref<2x8x4x64xbf16>, memref<2x8x2x64xbf16>, memref<2x8x2x64xbf16>, memref<2x8xi32>, memref<2x8xi32>, memref<2x8xi32>) outs(%y, %l : memref<2x8x4x64xbf16>, memref<2x4x8xf32>)
  rt.launch @attention_backward_1 ins(%dy, %q, %k, %v, %y, %l, %m, %s2, %s2 : memref<2x8x4x64xbf16>, memref<2x8x4x64xbf16>, memref<2x8x2x64xbf16>, memref<2x8x2x64xbf16>, memref<2x8x4x64xbf16>, memref<2x4x8xf32>, memref<2x8xi32>, memref<2x8xi32>, memref<2x8xi32>) outs(%dq, %dk, %dv : memref<2x8x4x64xbf16>, memref<2x8x2x64xbf16>, memref<2x8x2x64xbf16>)
}
}

// -----

// A window, the sequence first, and heads of 256, which only one chip's engines have.
// CHECK-LABEL: rt.entry @window
// CHECK: rt.launch @attention_0 {{.*}} {library = #rt.attention<forward, scale = 1.000000e+00 : f64, layout = sbhd, causal = true, window = 4>}
// SM80-LABEL: rt.entry @window
// SM80-NOT: library
func.func private @attention_0(%q: tensor<8x1x2x256xbf16>, %k: tensor<8x1x2x256xbf16>, %v: tensor<8x1x2x256xbf16>) -> tensor<8x1x2x256xbf16> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v {causal, window = 4 : i64, scale = 1.0 : f64, layout = #hf<head_layout sbhd>}
    : (tensor<8x1x2x256xbf16>, tensor<8x1x2x256xbf16>, tensor<8x1x2x256xbf16>) -> tensor<8x1x2x256xbf16>
  return %0 : tensor<8x1x2x256xbf16>
}
rt.entry @window arena 32768 {
  %q = rt.input "q" at 0 : memref<8x1x2x256xbf16>
  %y = rt.output "y" at 8192 : memref<8x1x2x256xbf16>
  rt.launch @attention_0 ins(%q, %q, %q : memref<8x1x2x256xbf16>, memref<8x1x2x256xbf16>, memref<8x1x2x256xbf16>) outs(%y : memref<8x1x2x256xbf16>)
}

// -----

// What cuDNN is not asked for: float32, a soft cap, a bias, heads of 20, a cache, and a mask that the program
// computes.
// CHECK-LABEL: rt.entry @kernels
// CHECK-NOT: library
func.func private @float32(%q: tensor<1x8x2x64xf32>, %k: tensor<1x8x2x64xf32>, %v: tensor<1x8x2x64xf32>) -> tensor<1x8x2x64xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v {scale = 1.0 : f64} : (tensor<1x8x2x64xf32>, tensor<1x8x2x64xf32>, tensor<1x8x2x64xf32>) -> tensor<1x8x2x64xf32>
  return %0 : tensor<1x8x2x64xf32>
}
func.func private @capped(%q: tensor<1x8x2x64xbf16>, %k: tensor<1x8x2x64xbf16>, %v: tensor<1x8x2x64xbf16>) -> tensor<1x8x2x64xbf16> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v {scale = 1.0 : f64, softcap = 2.0 : f64} : (tensor<1x8x2x64xbf16>, tensor<1x8x2x64xbf16>, tensor<1x8x2x64xbf16>) -> tensor<1x8x2x64xbf16>
  return %0 : tensor<1x8x2x64xbf16>
}
func.func private @biased(%q: tensor<1x8x2x64xbf16>, %k: tensor<1x8x2x64xbf16>, %v: tensor<1x8x2x64xbf16>, %b: tensor<1x2x8x8xbf16>) -> tensor<1x8x2x64xbf16> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v bias(%b : tensor<1x2x8x8xbf16>) {scale = 1.0 : f64} : (tensor<1x8x2x64xbf16>, tensor<1x8x2x64xbf16>, tensor<1x8x2x64xbf16>) -> tensor<1x8x2x64xbf16>
  return %0 : tensor<1x8x2x64xbf16>
}
func.func private @narrow(%q: tensor<1x8x2x20xbf16>, %k: tensor<1x8x2x20xbf16>, %v: tensor<1x8x2x20xbf16>) -> tensor<1x8x2x20xbf16> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v {scale = 1.0 : f64} : (tensor<1x8x2x20xbf16>, tensor<1x8x2x20xbf16>, tensor<1x8x2x20xbf16>) -> tensor<1x8x2x20xbf16>
  return %0 : tensor<1x8x2x20xbf16>
}
func.func private @cached(%q: tensor<1x8x2x64xbf16>, %k: tensor<1x32x2x64xbf16>, %v: tensor<1x32x2x64xbf16>, %p: tensor<1xi32>, %c: tensor<1xi32>) -> tensor<1x8x2x64xbf16> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v past(%p, %c : tensor<1xi32>, tensor<1xi32>) {causal, scale = 1.0 : f64} : (tensor<1x8x2x64xbf16>, tensor<1x32x2x64xbf16>, tensor<1x32x2x64xbf16>) -> tensor<1x8x2x64xbf16>
  return %0 : tensor<1x8x2x64xbf16>
}
func.func private @masked(%q: tensor<1x8x2x64xbf16>, %k: tensor<1x8x2x64xbf16>, %v: tensor<1x8x2x64xbf16>, %m: tensor<1x8xi32>) -> tensor<1x8x2x64xbf16> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v key_mask(%m : tensor<1x8xi32>) {scale = 1.0 : f64} : (tensor<1x8x2x64xbf16>, tensor<1x8x2x64xbf16>, tensor<1x8x2x64xbf16>) -> tensor<1x8x2x64xbf16>
  return %0 : tensor<1x8x2x64xbf16>
}
func.func private @double(%m: tensor<1x8xi32>) -> tensor<1x8xi32> attributes {kernel.kind = "loop"} {
  %0 = hf.add %m, %m : tensor<1x8xi32>
  return %0 : tensor<1x8xi32>
}
rt.entry @kernels arena 65536 {
  %f = rt.input "f" at 0 : memref<1x8x2x64xf32>
  %q = rt.input "q" at 4096 : memref<1x8x2x64xbf16>
  %n = rt.input "n" at 6144 : memref<1x8x2x20xbf16>
  %b = rt.input "b" at 6784 : memref<1x2x8x8xbf16>
  %k = rt.input "k" at 7040 : memref<1x32x2x64xbf16>
  %p = rt.input "p" at 15232 : memref<1xi32>
  %m = rt.input "m" at 15296 : memref<1x8xi32>
  %m2 = rt.arena at 15360 : memref<1x8xi32>
  %y0 = rt.output "y0" at 15424 : memref<1x8x2x64xf32>
  %y1 = rt.output "y1" at 19520 : memref<1x8x2x64xbf16>
  %y2 = rt.output "y2" at 21568 : memref<1x8x2x64xbf16>
  %y3 = rt.output "y3" at 23616 : memref<1x8x2x20xbf16>
  %y4 = rt.output "y4" at 24256 : memref<1x8x2x64xbf16>
  %y5 = rt.output "y5" at 26304 : memref<1x8x2x64xbf16>
  rt.launch @float32 ins(%f, %f, %f : memref<1x8x2x64xf32>, memref<1x8x2x64xf32>, memref<1x8x2x64xf32>) outs(%y0 : memref<1x8x2x64xf32>)
  rt.launch @capped ins(%q, %q, %q : memref<1x8x2x64xbf16>, memref<1x8x2x64xbf16>, memref<1x8x2x64xbf16>) outs(%y1 : memref<1x8x2x64xbf16>)
  rt.launch @biased ins(%q, %q, %q, %b : memref<1x8x2x64xbf16>, memref<1x8x2x64xbf16>, memref<1x8x2x64xbf16>, memref<1x2x8x8xbf16>) outs(%y2 : memref<1x8x2x64xbf16>)
  rt.launch @narrow ins(%n, %n, %n : memref<1x8x2x20xbf16>, memref<1x8x2x20xbf16>, memref<1x8x2x20xbf16>) outs(%y3 : memref<1x8x2x20xbf16>)
  rt.launch @cached ins(%q, %k, %k, %p, %p : memref<1x8x2x64xbf16>, memref<1x32x2x64xbf16>, memref<1x32x2x64xbf16>, memref<1xi32>, memref<1xi32>) outs(%y4 : memref<1x8x2x64xbf16>)
  rt.launch @double ins(%m : memref<1x8xi32>) outs(%m2 : memref<1x8xi32>)
  rt.launch @masked ins(%q, %q, %q, %m2 : memref<1x8x2x64xbf16>, memref<1x8x2x64xbf16>, memref<1x8x2x64xbf16>, memref<1x8xi32>) outs(%y5 : memref<1x8x2x64xbf16>)
}
