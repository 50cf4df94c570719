// Attention of one query, whatever the cache holds, on both sides of the mapping.
// RUN: hfc-opt %s --hfc-fuse --hfc-schedule --hfc-emit-kernels="vector-bits=256 interleave=1" -o %t.kernel.mlir
// RUN: FileCheck %s < %t.kernel.mlir
// RUN: hfc-interpret %s --compare=%t.kernel.mlir --seed=1
// RUN: hfc-interpret %s --compare=%t.kernel.mlir --seed=2
// RUN: hfc-opt %t.kernel.mlir --hfc-map-kernels-to-gpu -o %t.gpu.mlir
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --seed=3
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --seed=4

// A block for each query head.
// CHECK: kernel.func @attention_{{.*}} grid(12) lanes(64)
func.func @grouped(%q: tensor<2x1x6x16xf32> {hf.input = "q"}, %k: tensor<2x40x2x16xf32> {hf.input = "k"},
                   %v: tensor<2x40x2x16xf32> {hf.input = "v"},
                   %past: tensor<2xi32> {hf.input = "past", hf.min = 0 : i64, hf.max = 40 : i64},
                   %count: tensor<2xi32> {hf.input = "count", hf.min = 0 : i64, hf.max = 1 : i64})
    -> (tensor<2x1x6x16xf32> {hf.output = "o"}) {
  %0 = hf.attention %q, %k, %v past(%past, %count : tensor<2xi32>, tensor<2xi32>) {causal, scale = 0.5 : f64} : (tensor<2x1x6x16xf32>, tensor<2x40x2x16xf32>, tensor<2x40x2x16xf32>) -> tensor<2x1x6x16xf32>
  return %0 : tensor<2x1x6x16xf32>
}

// Several tiles of keys; an odd number of columns, which are more than a vector's and other than the depth.
// CHECK: kernel.func @attention_{{.*}} grid(2) lanes(256)
func.func @many(%q: tensor<1x1x2x8xf32> {hf.input = "q"}, %k: tensor<1x600x1x8xf32> {hf.input = "k"},
                %v: tensor<1x600x1x11xf32> {hf.input = "v"},
                %past: tensor<1xi32> {hf.input = "past", hf.min = 500 : i64, hf.max = 599 : i64},
                %count: tensor<1xi32> {hf.input = "count", hf.min = 1 : i64, hf.max = 1 : i64})
    -> (tensor<1x1x2x11xf32> {hf.output = "o"}) {
  %0 = hf.attention %q, %k, %v past(%past, %count : tensor<1xi32>, tensor<1xi32>) {causal, scale = 0.5 : f64} : (tensor<1x1x2x8xf32>, tensor<1x600x1x8xf32>, tensor<1x600x1x11xf32>) -> tensor<1x1x2x11xf32>
  return %0 : tensor<1x1x2x11xf32>
}

// Gemma's softcap.
// CHECK: kernel.func @attention_{{.*}} grid(4) lanes(64)
func.func @capped(%q: tensor<1x1x4x16xf32> {hf.input = "q"}, %k: tensor<1x24x4x16xf32> {hf.input = "k"},
                  %v: tensor<1x24x4x16xf32> {hf.input = "v"}) -> (tensor<1x1x4x16xf32> {hf.output = "o"}) {
  %0 = hf.attention %q, %k, %v {scale = 0.5 : f64, softcap = 2.0 : f64} : (tensor<1x1x4x16xf32>, tensor<1x24x4x16xf32>, tensor<1x24x4x16xf32>) -> tensor<1x1x4x16xf32>
  return %0 : tensor<1x1x4x16xf32>
}
