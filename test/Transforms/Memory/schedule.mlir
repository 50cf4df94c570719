// RUN: hfc-opt %s --hfc-schedule --hfc-verify-schedule --split-input-file | FileCheck %s
// RUN: hfc-opt %s --hfc-schedule --hfc-schedule --split-input-file | FileCheck %s

// A loop whose operand dies writes over it, and its body says so; views keep the bytes; the result goes straight to its output.
// CHECK: func.func private @act({{.*}}) -> (tensor<4x64xf32> {kernel.alias = 0 : i64})
// CHECK: rt.entry @forward arena 2048 attributes {rt.live_bytes = 2048 : i64}
// CHECK-DAG: %[[W:.*]] = rt.parameter @w : memref<64x64xf32>
// CHECK-DAG: %[[B:.*]] = rt.parameter @b : memref<64xf32>
// CHECK-DAG: %[[X:.*]] = rt.input "x" at {{[0-9]+}} {hf.max = 7 : i64} : memref<4x64xf32>
// CHECK-DAG: %[[Y:.*]] = rt.output "y" at {{[0-9]+}} : memref<2x2x64xf32>
// CHECK: rt.gemm %[[X]], %[[W]] into %[[T:.*]] bias(%[[B]] : memref<64xf32>) {hf.block = 3 : i64, transpose_b}
// CHECK-NEXT: rt.launch @act ins(%[[T]] : memref<4x64xf32>) outs(%[[T]] : memref<4x64xf32>)
// CHECK-NEXT: %[[V:.*]] = rt.view %[[Y]]
// CHECK-NEXT: rt.gemm %[[T]], %[[W]] into %[[V]] {transpose_b}
// CHECK-NOT: rt.copy
hf.parameter @w : tensor<64x64xf32> from [#hf.piece<"w">]
hf.parameter @b : tensor<64xf32> from [#hf.piece<"b">]
func.func private @act(%x: tensor<4x64xf32>) -> tensor<4x64xf32> attributes {kernel.kind = "loop"} {
  %0 = hf.tanh %x : tensor<4x64xf32>
  return %0 : tensor<4x64xf32>
}
func.func @forward(%w: tensor<64x64xf32> {hf.parameter = @w}, %b: tensor<64xf32> {hf.parameter = @b}, %x: tensor<4x64xf32> {hf.input = "x", hf.max = 7 : i64})
    -> (tensor<2x2x64xf32> {hf.output = "y"}) {
  %0 = hf.linear %x, %w bias %b {hf.block = 3 : i64} : (tensor<4x64xf32>, tensor<64x64xf32>, tensor<64xf32>) -> tensor<4x64xf32>
  %1 = call @act(%0) : (tensor<4x64xf32>) -> tensor<4x64xf32>
  %2 = hf.linear %1, %w : (tensor<4x64xf32>, tensor<64x64xf32>) -> tensor<4x64xf32>
  %3 = hf.reshape %2 : tensor<4x64xf32> -> tensor<2x2x64xf32>
  return %3 : tensor<2x2x64xf32>
}

// -----

// Not in place: an operand that is read at other indices, one that is read later, one that stands twice in the call.
// CHECK: func.func private @turn
// CHECK-NOT: kernel.alias
// CHECK: rt.launch @turn ins(%[[A:.*]] : memref<4x4xf32>) outs(%[[B:.*]] : memref<4x4xf32>)
// CHECK-NEXT: rt.launch @pair ins(%[[B]], %[[B]] : memref<4x4xf32>, memref<4x4xf32>) outs(%[[C:.*]] :
// CHECK-NEXT: rt.launch @pair ins(%[[C]], %[[B]] : {{.*}}) outs(%[[Y:.*]] :
// CHECK-NEXT: rt.launch @pair ins(%[[C]], %[[Y]] : {{.*}}) outs(%[[Z:.*]] :
func.func private @turn(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {kernel.kind = "loop"} {
  %0 = hf.transpose %x perm [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
  %1 = hf.add %0, %x : tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}
func.func private @pair(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {kernel.kind = "attention"} {
  %0 = hf.add %x, %y : tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
func.func @forward(%x: tensor<4x4xf32> {hf.input = "x"}) -> (tensor<4x4xf32> {hf.output = "y"}, tensor<4x4xf32> {hf.output = "z"}) {
  %0 = call @turn(%x) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = call @pair(%0, %0) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = call @pair(%1, %0) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = call @pair(%1, %2) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2, %3 : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// A cache is updated in place, after all that reads the old one.
// CHECK: rt.entry @decode
// CHECK: %[[S:.*]] = rt.state @cache
// CHECK: rt.launch @sum ins(%[[S]]
// CHECK-NEXT: rt.launch @update ins(%[[S]], {{.*}}) outs(%[[S]] :
// CHECK-NEXT: rt.launch @sum ins(%[[S]]
// CHECK-NEXT: }
hf.state @cache : tensor<2x8x4xf32>
func.func private @update(%c: tensor<2x8x4xf32>, %r: tensor<2x1x4xf32>, %p: tensor<2xi32>, %n: tensor<2xi32>) -> tensor<2x8x4xf32>
    attributes {kernel.kind = "cache_update"} {
  %0 = hf.cache_update %c, %r, %p, %n : (tensor<2x8x4xf32>, tensor<2x1x4xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x8x4xf32>
  return %0 : tensor<2x8x4xf32>
}
func.func private @sum(%c: tensor<2x8x4xf32>) -> tensor<2xf32> attributes {kernel.kind = "row"} {
  %0 = hf.reduce sum, %c dims [1, 2] : tensor<2x8x4xf32> -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
func.func @decode(%c: tensor<2x8x4xf32> {hf.state = @cache}, %r: tensor<2x1x4xf32> {hf.input = "rows"}, %p: tensor<2xi32> {hf.input = "past"},
    %n: tensor<2xi32> {hf.input = "count"}) -> (tensor<2xf32> {hf.output = "new"}, tensor<2xf32> {hf.output = "old"}, tensor<2x8x4xf32> {hf.state = @cache}) {
  %0 = call @update(%c, %r, %p, %n) : (tensor<2x8x4xf32>, tensor<2x1x4xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x8x4xf32>
  %1 = call @sum(%0) : (tensor<2x8x4xf32>) -> tensor<2xf32>
  %2 = call @sum(%c) : (tensor<2x8x4xf32>) -> tensor<2xf32>
  return %1, %2, %0 : tensor<2xf32>, tensor<2xf32>, tensor<2x8x4xf32>
}

// -----

// Where the new value is not the state's, a copy is updated.
// CHECK: rt.entry @peek
// CHECK: rt.copy %[[S:.*]] to %[[Y:.*]] : memref<2x8x4xf32>
// CHECK-NEXT: rt.launch @update ins(%[[Y]], {{.*}}) outs(%[[Y]] :
// CHECK-NEXT: }
hf.state @cache : tensor<2x8x4xf32>
func.func private @update(%c: tensor<2x8x4xf32>, %r: tensor<2x1x4xf32>, %p: tensor<2xi32>, %n: tensor<2xi32>) -> tensor<2x8x4xf32>
    attributes {kernel.kind = "cache_update"} {
  %0 = hf.cache_update %c, %r, %p, %n : (tensor<2x8x4xf32>, tensor<2x1x4xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x8x4xf32>
  return %0 : tensor<2x8x4xf32>
}
func.func @peek(%c: tensor<2x8x4xf32> {hf.state = @cache}, %r: tensor<2x1x4xf32> {hf.input = "rows"}, %p: tensor<2xi32> {hf.input = "past"},
    %n: tensor<2xi32> {hf.input = "count"}) -> (tensor<2x8x4xf32> {hf.output = "y"}) {
  %0 = call @update(%c, %r, %p, %n) : (tensor<2x8x4xf32>, tensor<2x1x4xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x8x4xf32>
  return %0 : tensor<2x8x4xf32>
}

// -----

// A loop computes the next value of a state over the old one; a state set from elsewhere is copied at the end, and two states
// may change places.
// CHECK: rt.entry @step
// CHECK: %[[STEP:.*]] = rt.state @counter
// CHECK-DAG: %[[A:.*]] = rt.state @a
// CHECK-DAG: %[[B:.*]] = rt.state @b
// CHECK: rt.launch @next ins(%[[STEP]] : {{.*}}) outs(%[[STEP]] :
// CHECK-DAG: rt.copy %[[B]] to %[[TB:[0-9a-z%]+]] :
// CHECK-DAG: rt.copy %[[A]] to %[[TA:[0-9a-z%]+]] :
// CHECK-DAG: rt.copy %[[TB]] to %[[A]] :
// CHECK-DAG: rt.copy %[[TA]] to %[[B]] :
hf.state @counter : tensor<1xi32>
hf.state @a : tensor<4xf32>
hf.state @b : tensor<4xf32>
func.func private @next(%x: tensor<1xi32>) -> tensor<1xi32> attributes {kernel.kind = "loop"} {
  %one = hf.constant dense<1> : tensor<1xi32>
  %0 = hf.add %x, %one : tensor<1xi32>
  return %0 : tensor<1xi32>
}
func.func @step(%s: tensor<1xi32> {hf.state = @counter}, %a: tensor<4xf32> {hf.state = @a}, %b: tensor<4xf32> {hf.state = @b})
    -> (tensor<1xi32> {hf.state = @counter}, tensor<4xf32> {hf.state = @a}, tensor<4xf32> {hf.state = @b}) {
  %0 = call @next(%s) : (tensor<1xi32>) -> tensor<1xi32>
  return %0, %b, %a : tensor<1xi32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// What is returned but not computed is copied: arguments, constants, views of them, and a second copy of the same value.
// CHECK: rt.entry @boundary
// CHECK-DAG: %[[W:.*]] = rt.parameter @w
// CHECK-DAG: %[[X:.*]] = rt.input "x"
// CHECK-DAG: %[[C:.*]] = rt.constant dense<[1.0
// CHECK: rt.launch @act
// CHECK-COUNT-2: rt.copy
// CHECK-NEXT: rt.copy %[[X]] to
// CHECK-NEXT: rt.copy %[[C]] to
// CHECK-NEXT: rt.view %[[W]]
// CHECK-NEXT: rt.copy
// CHECK-NOT: rt.copy
hf.parameter @w : tensor<4x4xf32> from [#hf.piece<"w">]
func.func private @act(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {kernel.kind = "loop"} {
  %0 = hf.tanh %x : tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
func.func @boundary(%w: tensor<4x4xf32> {hf.parameter = @w}, %x: tensor<4x4xf32> {hf.input = "x"}, %unused: tensor<2xi32> {hf.input = "unused"})
    -> (tensor<4x4xf32> {hf.output = "y"}, tensor<4x4xf32> {hf.output = "again"}, tensor<16xf32> {hf.output = "flat"},
        tensor<4x4xf32> {hf.output = "input"}, tensor<2xf32> {hf.output = "constant"}, tensor<16xf32> {hf.output = "parameter"}) {
  %c = hf.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %v = hf.reshape %w : tensor<4x4xf32> -> tensor<16xf32>
  %0 = call @act(%x) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %f = hf.reshape %0 : tensor<4x4xf32> -> tensor<16xf32>
  return %0, %0, %f, %x, %c, %v : tensor<4x4xf32>, tensor<4x4xf32>, tensor<16xf32>, tensor<4x4xf32>, tensor<2xf32>, tensor<16xf32>
}

// -----

// A training step returns the next values of parameters and states, from one kernel that reads each element before it writes the
// same ones; all of them stay where they are.
// CHECK: func.func private @step({{.*}}) -> (tensor<64xf32> {kernel.alias = 0 : i64}, tensor<64xf32> {kernel.alias = 2 : i64})
// CHECK: rt.entry @optimizer_step
// CHECK-DAG: %[[W:.*]] = rt.parameter updated @w : memref<64xf32>
// CHECK-DAG: %[[V:.*]] = rt.parameter @v : memref<64xf32>
// CHECK-DAG: %[[M:.*]] = rt.state @m : memref<64xf32>
// CHECK: rt.launch @step ins(%[[W]], %[[V]], %[[M]] : {{.*}}) outs(%[[W]], %[[M]] : memref<64xf32>, memref<64xf32>)
// CHECK-NOT: rt.copy
hf.parameter @w : tensor<64xf32> from [#hf.piece<"w">]
hf.parameter @v : tensor<64xf32> from [#hf.piece<"v">]
hf.state @m : tensor<64xf32>
func.func private @step(%w: tensor<64xf32>, %v: tensor<64xf32>, %m: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>) attributes {kernel.kind = "loop"} {
  %0 = hf.add %m, %v : tensor<64xf32>
  %1 = hf.sub %w, %0 : tensor<64xf32>
  return %1, %0 : tensor<64xf32>, tensor<64xf32>
}
func.func @optimizer_step(%w: tensor<64xf32> {hf.parameter = @w}, %v: tensor<64xf32> {hf.parameter = @v}, %m: tensor<64xf32> {hf.state = @m})
    -> (tensor<64xf32> {hf.parameter = @w}, tensor<64xf32> {hf.state = @m}) {
  %0:2 = call @step(%w, %v, %m) : (tensor<64xf32>, tensor<64xf32>, tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>)
  return %0#0, %0#1 : tensor<64xf32>, tensor<64xf32>
}

// -----

// A product is added where a gradient is; what else reads the old value has its copy.
// CHECK: rt.entry @accumulate
// CHECK-DAG: %[[G:.*]] = rt.state @g
// CHECK-DAG: %[[Y:.*]] = rt.output "y"
// CHECK: rt.copy %{{.*}} to %[[Y]]
// CHECK: rt.gemm {{.*}} into %[[Y]] {accumulate, transpose_a}
// CHECK: rt.gemm {{.*}} into %[[G]] {accumulate, hf.block = 1 : i64, transpose_a} : memref<6x4xf32>, memref<6x8xf32>, memref<4x8xf32>
hf.state @g : tensor<4x8xf32>
func.func @accumulate(%dy: tensor<2x3x4xf32> {hf.input = "dy"}, %x: tensor<2x3x8xf32> {hf.input = "x"}, %b: tensor<4x8xf32> {hf.input = "b"},
                      %g: tensor<4x8xf32> {hf.state = @g}) -> (tensor<4x8xf32> {hf.output = "y"}, tensor<4x8xf32> {hf.state = @g}) {
  %0 = hf.linear_wgrad %dy, %x : (tensor<2x3x4xf32>, tensor<2x3x8xf32>) -> tensor<4x8xf32>
  %1 = hf.add %b, %0 : tensor<4x8xf32>
  %2 = hf.linear_wgrad %dy, %x {hf.block = 1 : i64} : (tensor<2x3x4xf32>, tensor<2x3x8xf32>) -> tensor<4x8xf32>
  %3 = hf.add %2, %g : tensor<4x8xf32>
  return %1, %3 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// Products read what is only moved where it is: patches of an image, and a matrix that all of a batch share.
// CHECK: rt.entry @moved
// CHECK-DAG: %[[X:.*]] = rt.input "x"
// CHECK-DAG: %[[A:.*]] = rt.input "a"
// CHECK: %[[P:.*]] = rt.view %[[X]] sizes [2, 2, 3, 4] strides [24, 4, 8, 1] : memref<2x3x2x4xf32> to memref<4x12xf32>
// CHECK-NEXT: rt.gemm %[[P]],
// CHECK: %[[S:.*]] = rt.view %[[A]] sizes [5, 4, 6] strides [0, 6, 1] : memref<4x6xf32> to memref<5x4x6xf32>
// CHECK-NEXT: rt.gemm %[[S]],
// CHECK-NOT: rt.launch
// CHECK-NOT: rt.copy
func.func @moved(%x: tensor<2x3x2x4xf32> {hf.input = "x"}, %w: tensor<7x12xf32> {hf.input = "w"}, %a: tensor<4x6xf32> {hf.input = "a"},
                 %b: tensor<5x6x8xf32> {hf.input = "b"}) -> (tensor<4x7xf32> {hf.output = "y"}, tensor<5x4x8xf32> {hf.output = "z"}) {
  %0 = hf.transpose %x perm [0, 2, 1, 3] : tensor<2x3x2x4xf32> -> tensor<2x2x3x4xf32>
  %1 = hf.reshape %0 : tensor<2x2x3x4xf32> -> tensor<4x12xf32>
  %2 = hf.linear %1, %w : (tensor<4x12xf32>, tensor<7x12xf32>) -> tensor<4x7xf32>
  %3 = hf.broadcast %a dims [1, 2] : tensor<4x6xf32> -> tensor<5x4x6xf32>
  %4 = hf.matmul %3, %b : (tensor<5x4x6xf32>, tensor<5x6x8xf32>) -> tensor<5x4x8xf32>
  return %2, %4 : tensor<4x7xf32>, tensor<5x4x8xf32>
}
