// RUN: hfc-opt %s --hfc-emit-kernels --canonicalize --cse | FileCheck %s

// Tiles of keys, transposed; all the memory of a block is tiles, and keys later than the tile's last query are not read.
// CHECK-LABEL: kernel.func @prefill
// CHECK-SAME: grid(56) lanes(128) outputs(1)
// CHECK-DAG: kernel.scratch : memref<32x64xf32>
// CHECK-DAG: kernel.scratch : memref<64x64xf32>
// CHECK-NOT: memref.alloc
// CHECK: %[[END:.*]] = arith.minsi
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[END]] step
// CHECK: kernel.barrier
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK: kernel.barrier
// CHECK: math.exp
// CHECK: kernel.barrier
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK: arith.divf
func.func private @prefill(%q: tensor<1x128x14x64xf32>, %k: tensor<1x128x2x64xf32>, %v: tensor<1x128x2x64xf32>, %m: tensor<1x128xi32>) -> tensor<1x128x14x64xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v key_mask(%m : tensor<1x128xi32>) {causal, scale = 0.125 : f64}
      : (tensor<1x128x14x64xf32>, tensor<1x128x2x64xf32>, tensor<1x128x2x64xf32>) -> tensor<1x128x14x64xf32>
  return %0 : tensor<1x128x14x64xf32>
}

// Decoding: the heads that share a key head read it together, without a transposed copy, as far as past + count.
// CHECK-LABEL: kernel.func @decode
// CHECK-SAME: grid(4) lanes(128) outputs(1)
// CHECK-NOT: kernel.scratch : memref<64x
// CHECK: memref.load {{.*}} memref<2xi32>
// CHECK: memref.load {{.*}} memref<2xi32>
// CHECK: arith.minsi
// CHECK: vector.reduction <add>
func.func private @decode(%q: tensor<2x1x14x64xbf16>, %k: tensor<2x4096x2x64xbf16>, %v: tensor<2x4096x2x64xbf16>, %p: tensor<2xi32>, %c: tensor<2xi32>) -> tensor<2x1x14x64xbf16> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v past(%p, %c : tensor<2xi32>, tensor<2xi32>) {causal, scale = 0.125 : f64}
      : (tensor<2x1x14x64xbf16>, tensor<2x4096x2x64xbf16>, tensor<2x4096x2x64xbf16>) -> tensor<2x1x14x64xbf16>
  return %0 : tensor<2x1x14x64xbf16>
}

// Odd sizes: 17 queries and keys, heads of 72, outside the sequence.
// CHECK-LABEL: kernel.func @odd
// CHECK: vector<8xf32>
func.func private @odd(%q: tensor<2x3x17x72xf32>, %k: tensor<2x3x17x72xf32>, %v: tensor<2x3x17x72xf32>) -> tensor<2x3x17x72xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.attention %q, %k, %v {scale = 0.125 : f64, layout = #hf<head_layout bhsd>}
      : (tensor<2x3x17x72xf32>, tensor<2x3x17x72xf32>, tensor<2x3x17x72xf32>) -> tensor<2x3x17x72xf32>
  return %0 : tensor<2x3x17x72xf32>
}

// Rows that count are copied into the cache, which is the output.
// CHECK-LABEL: kernel.func @cache
// CHECK-SAME: {kernel.alias = 0 : i64}
// CHECK: arith.cmpi ult, %{{.*}}, %c128
// CHECK: %[[UPPER:.*]] = arith.select
// CHECK: kernel.distribute %{{.*}} = %{{.*}} to %[[UPPER]] vector 16
func.func private @cache(%c: tensor<2x128x2x16xf32>, %r: tensor<2x8x2x16xf32>, %p: tensor<2xi32>, %n: tensor<2xi32>) -> tensor<2x128x2x16xf32> attributes {kernel.kind = "cache_update"} {
  %0 = hf.cache_update %c, %r, %p, %n : (tensor<2x128x2x16xf32>, tensor<2x8x2x16xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x128x2x16xf32>
  return %0 : tensor<2x128x2x16xf32>
}

// CHECK-LABEL: kernel.func @top_k
// CHECK: kernel.distribute
// CHECK-COUNT-2: memref.store
func.func private @top_k(%x: tensor<48x8xf32>) -> (tensor<48x2xf32>, tensor<48x2xi32>) attributes {kernel.kind = "top_k"} {
  %v, %i = hf.top_k %x : tensor<48x8xf32> -> tensor<48x2xf32>, tensor<48x2xi32>
  return %v, %i : tensor<48x2xf32>, tensor<48x2xi32>
}
