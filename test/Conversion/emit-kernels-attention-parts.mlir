// Attention of one query over parts of a cache, on both sides of the mapping: valid keys end in any part, or there are none.
// RUN: hfc-opt %s --hfc-fuse --hfc-split-attention="min-keys=256 blocks=24" --hfc-schedule --hfc-emit-kernels="vector-bits=256 interleave=1" -o %t.kernel.mlir
// RUN: FileCheck %s < %t.kernel.mlir
// RUN: hfc-interpret %s --compare=%t.kernel.mlir --seed=1
// RUN: hfc-interpret %s --compare=%t.kernel.mlir --seed=2
// RUN: hfc-opt %t.kernel.mlir --hfc-map-kernels-to-gpu -o %t.gpu.mlir
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --seed=3 --tolerance=2e-2
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=ragged --seed=4
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=wide --seed=5 --tolerance=2e-2
// RUN: hfc-opt %t.gpu.mlir --hfc-lower-kernels-to-nvvm -o %t.ptx.mlir

// A block for each query head and part; the keys of a part that holds none that is valid are not walked over.
// CHECK: kernel.func @attention_parts_0({{.*}} grid(24) lanes(64) outputs(2)
// CHECK: %[[SEES:.*]] = arith.cmpi sgt
// CHECK: scf.if %[[SEES]]
// CHECK: kernel.reduce max
// CHECK: kernel.func @attention_join_0({{.*}} grid(6) lanes(32) outputs(1)
func.func @decode(%q: tensor<1x1x6x8xbf16> {hf.input = "q"}, %k: tensor<1x1024x2x8xbf16> {hf.input = "k"},
                  %v: tensor<1x1024x2x8xbf16> {hf.input = "v"},
                  %past: tensor<1xi32> {hf.input = "past", hf.min = 0 : i64, hf.max = 1023 : i64},
                  %count: tensor<1xi32> {hf.input = "count", hf.min = 1 : i64, hf.max = 1 : i64})
    -> (tensor<1x1x6x8xbf16> {hf.output = "o"}) {
  %0 = hf.attention %q, %k, %v past(%past, %count : tensor<1xi32>, tensor<1xi32>) {causal, scale = 0.5 : f64}
    : (tensor<1x1x6x8xbf16>, tensor<1x1024x2x8xbf16>, tensor<1x1024x2x8xbf16>) -> tensor<1x1x6x8xbf16>
  return %0 : tensor<1x1x6x8xbf16>
}

func.func @ragged(%q: tensor<4x1x2x8xf32> {hf.input = "q"}, %k: tensor<4x384x1x8xf32> {hf.input = "k"},
                  %v: tensor<4x384x1x11xf32> {hf.input = "v"},
                  %past: tensor<4xi32> {hf.input = "past", hf.min = 0 : i64, hf.max = 383 : i64},
                  %count: tensor<4xi32> {hf.input = "count", hf.min = 0 : i64, hf.max = 1 : i64})
    -> (tensor<4x1x2x11xf32> {hf.output = "o"}) {
  %0 = hf.attention %q, %k, %v past(%past, %count : tensor<4xi32>, tensor<4xi32>) {causal, scale = 0.5 : f64, softcap = 2.0 : f64}
    : (tensor<4x1x2x8xf32>, tensor<4x384x1x8xf32>, tensor<4x384x1x11xf32>) -> tensor<4x1x2x11xf32>
  return %0 : tensor<4x1x2x11xf32>
}

// The ends: nothing yet, the last key of a part, the first of the next, a cache that is full.
func.func @ends(%q: tensor<5x1x2x8xf32> {hf.input = "q"}, %k: tensor<5x256x1x8xf32> {hf.input = "k"})
    -> (tensor<5x1x2x8xf32> {hf.output = "o"}) {
  %past = hf.constant dense<[0, 0, 127, 128, 255]> : tensor<5xi32>
  %count = hf.constant dense<[0, 1, 1, 1, 1]> : tensor<5xi32>
  %0 = hf.attention %q, %k, %k past(%past, %count : tensor<5xi32>, tensor<5xi32>) {causal, scale = 0.5 : f64}
    : (tensor<5x1x2x8xf32>, tensor<5x256x1x8xf32>, tensor<5x256x1x8xf32>) -> tensor<5x1x2x8xf32>
  return %0 : tensor<5x1x2x8xf32>
}

// Heads as models have them, and parts of several tiles.
func.func @wide(%q: tensor<1x1x6x64xbf16> {hf.input = "q"}, %k: tensor<1x576x2x64xbf16> {hf.input = "k"},
                %v: tensor<1x576x2x64xbf16> {hf.input = "v"},
                %past: tensor<1xi32> {hf.input = "past", hf.min = 300 : i64, hf.max = 575 : i64},
                %count: tensor<1xi32> {hf.input = "count", hf.min = 1 : i64, hf.max = 1 : i64})
    -> (tensor<1x1x6x64xbf16> {hf.output = "o"}) {
  %0 = hf.attention %q, %k, %v past(%past, %count : tensor<1xi32>, tensor<1xi32>) {causal, scale = 0.125 : f64}
    : (tensor<1x1x6x64xbf16>, tensor<1x576x2x64xbf16>, tensor<1x576x2x64xbf16>) -> tensor<1x1x6x64xbf16>
  return %0 : tensor<1x1x6x64xbf16>
}
