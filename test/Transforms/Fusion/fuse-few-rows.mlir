// RUN: hfc-opt %s --hfc-fuse --hfc-fuse-few-rows -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: FileCheck %s --check-prefix=CACHED < %t.mlir
// RUN: hfc-opt %s --hfc-fuse --hfc-fuse-few-rows=rows=2 | FileCheck %s --check-prefix=TWO
// RUN: hfc-opt %s --hfc-fuse --hfc-fuse-few-rows=norm-bytes=0 | FileCheck %s --check-prefix=APART
// RUN: hfc-interpret %s --compare=%t.mlir --seed=3
// RUN: hfc-opt %s --hfc-fuse --hfc-fuse-few-rows --hfc-schedule --hfc-emit-kernels="vector-bits=256 interleave=1" -o %t.kernel.mlir
// RUN: hfc-interpret %s --compare=%t.kernel.mlir --seed=4
// RUN: hfc-opt %t.kernel.mlir --hfc-map-kernels-to-gpu -o %t.gpu.mlir
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --seed=5
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=wide --seed=6 --tolerance=1e-4
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --entry=three --seed=7 --tolerance=1e-4

// Products of one operand are one body; a gated activation is the epilogue of the two that it reads, and gone as a kernel.
// CHECK-LABEL: func.func private @linear_0
// CHECK-SAME: kernel.kind = "few_rows"
// CHECK-COUNT-3: hf.linear
// CHECK: func.func private @linear_{{.*}}_1
// CHECK-SAME: kernel.kind = "few_rows"
// CHECK-COUNT-2: hf.linear
// CHECK: hf.exp
// CHECK: hf.mul
// CHECK-NOT: @silu
// CHECK-LABEL: func.func @projections
// CHECK: call @linear_0(
// CHECK-NOT: hf.linear
// CHECK: return

// With fewer rows wanted, those of three are left to a library.
// TWO-LABEL: func.func @projections
// TWO-COUNT-3: hf.linear
// TWO: return
func.func @projections(%x: tensor<3x40xf32> {hf.input = "x"}, %q: tensor<24x40xf32> {hf.input = "q"},
                       %k: tensor<8x40xf32> {hf.input = "k"}, %v: tensor<8x40xf32> {hf.input = "v"},
                       %b: tensor<24xf32> {hf.input = "b"})
    -> (tensor<3x24xf32> {hf.output = "query"}, tensor<3x8xf32> {hf.output = "key"}, tensor<3x8xf32> {hf.output = "value"}) {
  %0 = hf.linear %x, %q bias %b : (tensor<3x40xf32>, tensor<24x40xf32>, tensor<24xf32>) -> tensor<3x24xf32>
  %1 = hf.linear %x, %k : (tensor<3x40xf32>, tensor<8x40xf32>) -> tensor<3x8xf32>
  %2 = hf.linear %x, %v : (tensor<3x40xf32>, tensor<8x40xf32>) -> tensor<3x8xf32>
  return %0, %1, %2 : tensor<3x24xf32>, tensor<3x8xf32>, tensor<3x8xf32>
}

// CHECK-LABEL: func.func @gated
// CHECK: call @linear_{{.*}}_1(
// CHECK-NEXT: return
func.func @gated(%x: tensor<2x36xf32> {hf.input = "x"}, %g: tensor<12x36xf32> {hf.input = "g"},
                 %u: tensor<12x36xf32> {hf.input = "u"}) -> (tensor<2x12xf32> {hf.output = "y"}) {
  %0 = hf.linear %x, %g : (tensor<2x36xf32>, tensor<12x36xf32>) -> tensor<2x12xf32>
  %1 = hf.linear %x, %u : (tensor<2x36xf32>, tensor<12x36xf32>) -> tensor<2x12xf32>
  %2 = hf.activation silu, %0 : tensor<2x12xf32>
  %3 = hf.mul %2, %1 : tensor<2x12xf32>
  return %3 : tensor<2x12xf32>
}

// What somebody else reads as well stays a result, and its reader a kernel. Many lanes, and an odd depth.
// CHECK-LABEL: func.func @shared
// CHECK: call @linear
// CHECK-NEXT: call @
// CHECK-NEXT: return
func.func @shared(%x: tensor<1x2049xf32> {hf.input = "x"}, %w: tensor<5x2049xf32> {hf.input = "w"})
    -> (tensor<1x5xf32> {hf.output = "y"}, tensor<1x5xf32> {hf.output = "z"}) {
  %0 = hf.linear %x, %w : (tensor<1x2049xf32>, tensor<5x2049xf32>) -> tensor<1x5xf32>
  %1 = hf.activation relu, %0 : tensor<1x5xf32>
  return %0, %1 : tensor<1x5xf32>, tensor<1x5xf32>
}

// More rows than are few.
// CHECK-LABEL: func.func @many
// CHECK: hf.linear
func.func @many(%x: tensor<9x8xf32> {hf.input = "x"}, %w: tensor<5x8xf32> {hf.input = "w"})
    -> (tensor<9x5xf32> {hf.output = "y"}) {
  %0 = hf.linear %x, %w : (tensor<9x8xf32>, tensor<5x8xf32>) -> tensor<9x5xf32>
  return %0 : tensor<9x5xf32>
}

// A product that reads by strides what is repeated stays a library's.
// CHECK-LABEL: func.func @repeated
// CHECK: hf.broadcast
// CHECK-NEXT: hf.linear
func.func @repeated(%x: tensor<8xf32> {hf.input = "x"}, %w: tensor<5x8xf32> {hf.input = "w"})
    -> (tensor<4x5xf32> {hf.output = "y"}) {
  %0 = hf.broadcast %x dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %1 = hf.linear %0, %w : (tensor<4x8xf32>, tensor<5x8xf32>) -> tensor<4x5xf32>
  return %1 : tensor<4x5xf32>
}

// A vocabulary: blocks take two columns each.
// CHECK-LABEL: func.func @vocabulary
// CHECK: call @linear
func.func @vocabulary(%x: tensor<2x8xf32> {hf.input = "x"}, %w: tensor<32770x8xf32> {hf.input = "w"},
                      %b: tensor<32770xf32> {hf.input = "b"}) -> (tensor<2x32770xf32> {hf.output = "y"}) {
  %0 = hf.linear %x, %w bias %b : (tensor<2x8xf32>, tensor<32770x8xf32>, tensor<32770xf32>) -> tensor<2x32770xf32>
  return %0 : tensor<2x32770xf32>
}

// Kernels that read the results side by side are one.
// CHECK-LABEL: func.func @rotated
// CHECK: %[[P:.*]]:2 = call @linear
// CHECK-NEXT: hf.reshape
// CHECK-NEXT: %{{.*}}:2 = call @
// CHECK-NEXT: return
func.func @rotated(%x: tensor<1x16xf32> {hf.input = "x"}, %q: tensor<24x16xf32> {hf.input = "q"},
                   %k: tensor<8x16xf32> {hf.input = "k"})
    -> (tensor<3x8xf32> {hf.output = "query"}, tensor<1x8xf32> {hf.output = "key"}) {
  %0 = hf.linear %x, %q : (tensor<1x16xf32>, tensor<24x16xf32>) -> tensor<1x24xf32>
  %1 = hf.linear %x, %k : (tensor<1x16xf32>, tensor<8x16xf32>) -> tensor<1x8xf32>
  %2 = hf.reshape %0 : tensor<1x24xf32> -> tensor<3x8xf32>
  %3 = hf.exp %2 : tensor<3x8xf32>
  %4 = hf.neg %1 : tensor<1x8xf32>
  %5 = hf.exp %4 : tensor<1x8xf32>
  return %3, %5 : tensor<3x8xf32>, tensor<1x8xf32>
}

// Keys, once rotated, and values are written into their caches by the kernel that rotates; nothing else reads them. Two
// sequences have different lengths, and one may have nothing to write.
// CACHED: -> (tensor<2x1x3x8xf32>, tensor<2x12x1x8xf32> {kernel.alias = {{[0-9]+}} : i64}, tensor<2x12x1x8xf32> {kernel.alias = {{[0-9]+}} : i64}) attributes {kernel.kind = "loop"}
// CHECK-LABEL: func.func @cached
// CHECK: %[[P:.*]]:3 = call @linear
// CHECK: %[[JOINED:.*]]:3 = call @
// CHECK-NOT: call
// CHECK: return %[[JOINED]]#0, %[[JOINED]]#1, %[[JOINED]]#2
hf.state @cache.key : tensor<2x12x1x8xf32>
hf.state @cache.value : tensor<2x12x1x8xf32>
func.func @cached(%x: tensor<2x16xf32> {hf.input = "x"}, %q: tensor<24x16xf32> {hf.input = "q"},
                  %k: tensor<8x16xf32> {hf.input = "k"}, %v: tensor<8x16xf32> {hf.input = "v"},
                  %keys: tensor<2x12x1x8xf32> {hf.state = @cache.key}, %values: tensor<2x12x1x8xf32> {hf.state = @cache.value},
                  %past: tensor<2xi32> {hf.input = "past", hf.min = 0 : i64, hf.max = 11 : i64},
                  %count: tensor<2xi32> {hf.input = "count", hf.min = 0 : i64, hf.max = 1 : i64})
    -> (tensor<2x1x3x8xf32> {hf.output = "query"}, tensor<2x12x1x8xf32> {hf.state = @cache.key},
        tensor<2x12x1x8xf32> {hf.state = @cache.value}) {
  %0 = hf.linear %x, %q : (tensor<2x16xf32>, tensor<24x16xf32>) -> tensor<2x24xf32>
  %1 = hf.linear %x, %k : (tensor<2x16xf32>, tensor<8x16xf32>) -> tensor<2x8xf32>
  %2 = hf.linear %x, %v : (tensor<2x16xf32>, tensor<8x16xf32>) -> tensor<2x8xf32>
  %3 = hf.reshape %0 : tensor<2x24xf32> -> tensor<2x1x3x8xf32>
  %4 = hf.reshape %1 : tensor<2x8xf32> -> tensor<2x1x1x8xf32>
  %5 = hf.reshape %2 : tensor<2x8xf32> -> tensor<2x1x1x8xf32>
  %6 = hf.exp %3 : tensor<2x1x3x8xf32>
  %7 = hf.exp %4 : tensor<2x1x1x8xf32>
  %8 = hf.cache_update %keys, %7, %past, %count : (tensor<2x12x1x8xf32>, tensor<2x1x1x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x12x1x8xf32>
  %9 = hf.cache_update %values, %5, %past, %count : (tensor<2x12x1x8xf32>, tensor<2x1x1x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x12x1x8xf32>
  return %6, %8, %9 : tensor<2x1x3x8xf32>, tensor<2x12x1x8xf32>, tensor<2x12x1x8xf32>
}

// The norm of one row goes into the products that read it, with the sum that it is of, which is read again; not where
// reading it in each block costs more than a launch.
// CHECK-LABEL: func.func @normed
// CHECK-NEXT: %[[ALL:.*]]:3 = call @add_rms_norm_linear_{{[0-9]+}}(
// CHECK-NEXT: return %[[ALL]]#0, %[[ALL]]#1, %[[ALL]]#2
// APART-LABEL: func.func @normed
// APART: call @add_rms_norm_
// APART-NEXT: call @linear_
func.func @normed(%residual: tensor<1x1x64xf32> {hf.input = "residual"}, %x: tensor<1x1x64xf32> {hf.input = "x"},
                  %g: tensor<64xf32> {hf.input = "g"}, %a: tensor<24x64xf32> {hf.input = "a"}, %b: tensor<8x64xf32> {hf.input = "b"})
    -> (tensor<1x1x64xf32> {hf.output = "sum"}, tensor<1x1x24xf32> {hf.output = "a"}, tensor<1x1x8xf32> {hf.output = "b"}) {
  %sum = hf.add %residual, %x : tensor<1x1x64xf32>
  %normed = hf.rms_norm %sum, %g {epsilon = 1.0e-6 : f64} : (tensor<1x1x64xf32>, tensor<64xf32>) -> tensor<1x1x64xf32>
  %0 = hf.linear %normed, %a : (tensor<1x1x64xf32>, tensor<24x64xf32>) -> tensor<1x1x24xf32>
  %1 = hf.linear %normed, %b : (tensor<1x1x64xf32>, tensor<8x64xf32>) -> tensor<1x1x8xf32>
  return %sum, %0, %1 : tensor<1x1x64xf32>, tensor<1x1x24xf32>, tensor<1x1x8xf32>
}

// Of two rows it stays a kernel, and so it does where somebody else reads it.
// CHECK-LABEL: func.func @apart
// CHECK: call @rms_norm_
// CHECK: call @linear_
// CHECK: call @rms_norm_
// CHECK: call @linear_
func.func @apart(%x: tensor<2x64xf32> {hf.input = "x"}, %y: tensor<1x64xf32> {hf.input = "y"}, %g: tensor<64xf32> {hf.input = "g"},
                 %a: tensor<24x64xf32> {hf.input = "a"})
    -> (tensor<2x24xf32> {hf.output = "two"}, tensor<1x24xf32> {hf.output = "one"}, tensor<1x64xf32> {hf.output = "normed"}) {
  %two = hf.rms_norm %x, %g {epsilon = 1.0e-6 : f64} : (tensor<2x64xf32>, tensor<64xf32>) -> tensor<2x64xf32>
  %0 = hf.linear %two, %a : (tensor<2x64xf32>, tensor<24x64xf32>) -> tensor<2x24xf32>
  %one = hf.rms_norm %y, %g {epsilon = 1.0e-6 : f64} : (tensor<1x64xf32>, tensor<64xf32>) -> tensor<1x64xf32>
  %1 = hf.linear %one, %a : (tensor<1x64xf32>, tensor<24x64xf32>) -> tensor<1x24xf32>
  return %0, %1, %one : tensor<2x24xf32>, tensor<1x24xf32>, tensor<1x64xf32>
}

// A norm of two reductions, and a result that depends on another norm, as Gemma 2's residual does.
// CHECK-LABEL: func.func @chained
// CHECK-NEXT: call @{{.*}}linear_{{[0-9]+}}(
// CHECK-NEXT: return
func.func @chained(%residual: tensor<1x33xf32> {hf.input = "residual"}, %x: tensor<1x33xf32> {hf.input = "x"},
                   %g: tensor<33xf32> {hf.input = "g"}, %a: tensor<24x33xf32> {hf.input = "a"})
    -> (tensor<1x33xf32> {hf.output = "sum"}, tensor<1x24xf32> {hf.output = "a"}) {
  %first = hf.rms_norm %x, %g {epsilon = 1.0e-6 : f64} : (tensor<1x33xf32>, tensor<33xf32>) -> tensor<1x33xf32>
  %sum = hf.add %residual, %first : tensor<1x33xf32>
  %normed = hf.layer_norm %sum, %g bias %g {epsilon = 1.0e-5 : f64} : (tensor<1x33xf32>, tensor<33xf32>, tensor<33xf32>) -> tensor<1x33xf32>
  %0 = hf.linear %normed, %a : (tensor<1x33xf32>, tensor<24x33xf32>) -> tensor<1x24xf32>
  return %sum, %0 : tensor<1x33xf32>, tensor<1x24xf32>
}


// A norm of what the kernel is given, with nothing to compute before its first sum: the head of SigLIP's pooling.
// CHECK-LABEL: func.func @given
// CHECK-NEXT: call @layer_norm_linear_{{[0-9]+}}(
// CHECK-NEXT: return
func.func @given(%x: tensor<1x40xf32> {hf.input = "x"}, %g: tensor<40xf32> {hf.input = "g"}, %a: tensor<24x40xf32> {hf.input = "a"})
    -> (tensor<1x24xf32> {hf.output = "a"}) {
  %normed = hf.layer_norm %x, %g bias %g {epsilon = 1.0e-5 : f64} : (tensor<1x40xf32>, tensor<40xf32>, tensor<40xf32>) -> tensor<1x40xf32>
  %0 = hf.linear %normed, %a : (tensor<1x40xf32>, tensor<24x40xf32>) -> tensor<1x24xf32>
  return %0 : tensor<1x24xf32>
}

// Blocks of several columns and several warps, whose sums travel together: four of them, and three.
func.func @wide(%x: tensor<1x896xf32> {hf.input = "x"}, %g: tensor<512x896xf32> {hf.input = "g"},
                %u: tensor<512x896xf32> {hf.input = "u"}) -> (tensor<1x512xf32> {hf.output = "y"}) {
  %0 = hf.linear %x, %g : (tensor<1x896xf32>, tensor<512x896xf32>) -> tensor<1x512xf32>
  %1 = hf.linear %x, %u : (tensor<1x896xf32>, tensor<512x896xf32>) -> tensor<1x512xf32>
  %2 = hf.activation silu, %0 : tensor<1x512xf32>
  %3 = hf.mul %2, %1 : tensor<1x512xf32>
  return %3 : tensor<1x512xf32>
}
func.func @three(%x: tensor<1x2048xf32> {hf.input = "x"}, %a: tensor<16x2048xf32> {hf.input = "a"},
                 %b: tensor<16x2048xf32> {hf.input = "b"}, %c: tensor<16x2048xf32> {hf.input = "c"})
    -> (tensor<1x16xf32> {hf.output = "y"}) {
  %0 = hf.linear %x, %a : (tensor<1x2048xf32>, tensor<16x2048xf32>) -> tensor<1x16xf32>
  %1 = hf.linear %x, %b : (tensor<1x2048xf32>, tensor<16x2048xf32>) -> tensor<1x16xf32>
  %2 = hf.linear %x, %c : (tensor<1x2048xf32>, tensor<16x2048xf32>) -> tensor<1x16xf32>
  %3 = hf.mul %0, %1 : tensor<1x16xf32>
  %4 = hf.add %3, %2 : tensor<1x16xf32>
  return %4 : tensor<1x16xf32>
}
