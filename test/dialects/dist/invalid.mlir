// One case for each numbered constraint of each attribute and op.
// RUN: hfc-opt %s --verify-diagnostics --split-input-file

// expected-error @below {{(C1) a mesh's axes need names of their own, got "tp" twice}}
module attributes {test.a = #dist.mesh<"tp" = 2, "tp" = 2>} {}

// -----
// expected-error @below {{(C1) axis "tp" of the mesh has 0 ranks; give at least 1}}
module attributes {test.a = #dist.mesh<"tp" = 0>} {}

// -----
// expected-error @below {{(C1) axis "b" of the mesh has 4611686018427387904 ranks}}
module attributes {test.a = #dist.mesh<"a" = 4, "b" = 4611686018427387904>} {}

// -----
// expected-error @below {{(C1) an axis must have a name}}
module attributes {test.a = #dist.axis<"">} {}

// -----
// expected-error @below {{(C1) sub-axis "tp":(0)2 must have at least 1 in parentheses and a size of at least 2}}
module attributes {test.a = #dist.axis<"tp":(0)2>} {}

// -----
// expected-error @below {{(C1) axes tp:(1)4 and tp:(2)2 overlap}}
module attributes {test.a = #dist.axes<{"tp":(1)4, "tp":(2)2}>} {}

// -----
// expected-error @below {{(C1) axes tp:(3)2 and tp:(1)2 overlap}}
module attributes {test.a = #dist.axes<{"tp":(3)2, "tp":(1)2}>} {}

// -----
// expected-error @below {{(C1) a sharding uses axes tp and tp:(1)2, which overlap}}
module attributes {test.a = #dist.sharding<[{"tp"}, {"dp"}], partial sum {"tp":(1)2}>} {}

// -----
// expected-error @below {{(C2) partial values combine by sum, max or min; 'mean' is none}}
module attributes {test.a = #dist.sharding<[{}], partial mean {"tp"}>} {}

// -----
// expected-error @below {{expected how partial values combine (sum, max or min), got 'product'}}
module attributes {test.a = #dist.sharding<[{}], partial product {"tp"}>} {}

// -----
// expected-error @below {{a partial sharding must name the axes over which it is}}
module attributes {test.a = #dist.sharding<[{}], partial sum {}>} {}

// -----
// expected-error @below {{(C3) a sharding of 1 dimensions has 2 global sizes}}
module attributes {test.a = #dist.sharding<[{}], global [2, 3]>} {}

// -----
// expected-error @below {{(C3) global sizes are not negative, got [-2]}}
module attributes {test.a = #dist.sharding<[{}], global [-2]>} {}

// -----
// expected-error @below {{expected 'partial KIND {axes}', then 'global [sizes]', each at most once}}
module attributes {test.a = #dist.sharding<[{}], global [2], partial sum {"tp"}>} {}

// -----
// expected-error @below {{'k' is none of the rule's factors}}
module attributes {test.a = #dist.rule<([i]) -> ([k]), factors {i = 2}>} {}

// -----
// expected-error @below {{(C1) each factor of a rule needs a word of its own as its name, got "i"}}
module attributes {test.a = #dist.rule<([i]) -> ([i]), factors {i = 2, i = 3}>} {}

// -----
// expected-error @below {{(C1) factor "i" has size -2}}
module attributes {test.a = #dist.rule<([i]) -> ([i]), factors {i = -2}>} {}

// -----
// expected-error @below {{(C1) a factor stands twice in one tensor}}
module attributes {test.a = #dist.rule<([i, i]) -> ([i]), factors {i = 2}>} {}

// -----
// expected-error @below {{(C2) factor i is in more than one of reduce, whole and lookup}}
module attributes {test.a = #dist.rule<([i]) -> ([i]), factors {i = 2}, whole {i}, lookup {i}>} {}

// -----
// expected-error @below {{(C2) results combine by sum, max or min; 'mean' is none}}
module attributes {test.a = #dist.rule<([i]) -> ([]), factors {i = 2}, reduce mean {i}>} {}

// -----
// expected-error @below {{(C2) 'linear' names operand 1, of 1, which is not there or is in two groups}}
module attributes {test.a = #dist.rule<([i]) -> ([i]), factors {i = 2}, linear [[0, 1]]>} {}

// -----
// expected-error @below {{expected reduce, whole, lookup, linear or separate, got 'free'}}
module attributes {test.a = #dist.rule<([i]) -> ([i]), factors {i = 2}, free {i}>} {}

// -----
// expected-error @below {{(C2) separate results are as many as operands, got 2 and 1}}
module attributes {test.a = #dist.rule<([i]) -> ([i], [i]), factors {i = 2}, separate>} {}

// -----
// expected-error @below {{a rule has each part once, got a second 'whole'}}
module attributes {test.a = #dist.rule<([i]) -> ([i]), factors {i = 2}, whole {i}, whole {i}>} {}

// -----
// expected-error @below {{expected factors, or 1 for a dimension without any}}
module attributes {test.a = #dist.rule<([2]) -> ([i]), factors {i = 2}>} {}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C3) its sharding rule has 1 operands and 2 results, but the op has 1 and 1}}
  %0 = hf.exp %x {dist.rule = #dist.rule<([i, j]) -> ([i, j], [i]), factors {i = 4, j = 8}>} : tensor<4x8xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C3) its sharding rule has 1 dimensions for result 0, which is 'tensor<4x8xf32>'}}
  %0 = hf.exp %x {dist.rule = #dist.rule<([i, j]) -> ([i]), factors {i = 4, j = 8}>} : tensor<4x8xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C3) its sharding rule has 6 elements in dimension 1 of operand 0, which is 'tensor<4x8xf32>'}}
  %0 = hf.exp %x {dist.rule = #dist.rule<([i, j]) -> ([i, j]), factors {i = 4, j = 6}>} : tensor<4x8xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{must have a #dist.rule as dist.rule, got 1}}
  %0 = hf.exp %x {dist.rule = 1 : i64} : tensor<4x8xf32>
  return
}

// -----
// expected-error @below {{has dist.mesh = 1 : i64; a #dist.mesh belongs to a module}}
module attributes {dist.mesh = 1 : i64} {}

// -----
// expected-error @below {{has dist.materialized; it belongs to a module with a dist.mesh}}
module attributes {dist.materialized} {}

// -----
// expected-error @below {{has 'dist.shading', which the dist dialect does not know}}
module attributes {dist.shading} {}

// -----
// expected-error @below {{must have #dist.axes as dist.agree, got "tp"}}
hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">] {dist.agree = "tp"}

// -----
// expected-error @below {{has a sharding of 2 dimensions for its tensor, which is 'tensor<4xf32>'}}
hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{}, {}]>}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2>} {
  // expected-error @below {{has a sharding of its tensor that names axis 'tp', which the mesh #dist.mesh<"dp" = 2> does not have}}
  hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{"tp"}]>}
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 6>} {
  // expected-error @below {{has a sharding of argument 0 that names sub-axis 'tp:(1)4', but the 6 ranks of the axis do not divide that way}}
  func.func private @f(tensor<4xf32> {dist.sharding = #dist.sharding<[{"tp":(1)4}]>})
}

// -----
// expected-error @below {{has 'dist.rule' on argument 0; only a function's dist.sharding belongs there}}
func.func private @f(tensor<4xf32> {dist.rule = 1})

// -----
// expected-error @below {{has 'dist.shardings' on result 0; only a function's dist.sharding belongs there}}
func.func private @f() -> (tensor<4xf32> {dist.shardings = []})

// -----
// expected-error @below {{must have a #dist.sharding for result 0, got "replicated"}}
func.func private @f() -> (tensor<4xf32> {dist.sharding = "replicated"})

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{must have a list of 1 shardings as dist.shardings, one for each result, got []}}
  %0 = hf.exp %x {dist.shardings = []} : tensor<4x8xf32>
  return
}

// -----
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{(C1) gives 1 dimensions to a tensor of 2}}
  %0 = dist.reshard %x to <[{}]> : tensor<4x8xf32>
  return
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @f(%x: tensor<4x8xf32> {dist.sharding = #dist.sharding<[{}, {}], global [4, 8]>}) {
    // expected-error @below {{(C2) is left in a module whose types are local}}
    %0 = dist.reshard %x to <[{}, {}]> {dist.shardings = [#dist.sharding<[{}, {}], global [4, 8]>]} : tensor<4x8xf32>
    return
  }
}

// -----
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{(C1) results have the inputs' types}}
  %0 = "dist.all_reduce"(%x) <{kind = #dist<reduction sum>, axes = #dist.axes<{"tp"}>}> : (tensor<4xf32>) -> tensor<8xf32>
  return
}

// -----
func.func @f(%x: tensor<4xf32>, %y: tensor<4xbf16>) {
  // expected-error @below {{(C1) is one transfer, of one element type, but has 'f32' and 'bf16'}}
  %0:2 = dist.all_reduce sum %x, %y over {"tp"} : tensor<4xf32>, tensor<4xbf16>
  return
}

// -----
func.func @f() {
  // expected-error @below {{(C1) must have at least one input and one result}}
  "dist.all_reduce"() <{kind = #dist<reduction sum>, axes = #dist.axes<{"tp"}>}> : () -> ()
  return
}

// -----
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{(C2) is only begun, but its result is read by 'hf.exp' before a dist.done waits for it}}
  %0 = dist.all_reduce sum %x over {"tp"} {start} : tensor<4xf32>
  %1 = hf.exp %0 : tensor<4xf32>
  return
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2>} {
  func.func @f(%x: tensor<4xf32>) {
    // expected-error @below {{names axis 'tp', which the mesh}}
    %0 = dist.all_reduce sum %x over {"tp"} : tensor<4xf32>
    return
  }
}

// -----
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{(C1) dim 1 is no dimension of 'tensor<4xf32>'}}
  %0 = dist.all_gather %x dim 1 over {"tp"} : tensor<4xf32> -> tensor<8xf32>
  return
}

// -----
func.func @f(%x: tensor<4x2xf32>) {
  // expected-error @below {{(C1) changes 'tensor<4x2xf32>' to 'tensor<8x4xf32>'; only the dimensions along which it works may differ}}
  %0 = dist.all_gather %x dim 0 over {"tp"} : tensor<4x2xf32> -> tensor<8x4xf32>
  return
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 4>} {
  func.func @f(%x: tensor<4xf32>) {
    // expected-error @below {{(C1) dimension 0 of 8 elements has no pieces of 4 over 4 ranks; they would be of 2}}
    %0 = dist.all_gather %x dim 0 over {"tp"} : tensor<4xf32> -> tensor<8xf32>
    return
  }
}

// -----
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{(C1) dimension 0 of 4 elements has no pieces of 8}}
  %0 = dist.reduce_scatter sum %x dim 0 over {"tp"} : tensor<4xf32> -> tensor<8xf32>
  return
}

// -----
func.func @f(%x: tensor<4x4xf32>) {
  // expected-error @below {{(C1) splits and joins along the same dimension, 1}}
  %0 = dist.all_to_all %x split 1 concat 1 over {"tp"} : tensor<4x4xf32> -> tensor<4x4xf32>
  return
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 4>} {
  func.func @f(%x: tensor<4x6xf32>) {
    // expected-error @below {{(C1) dimension 1 of 6 elements does not divide among 4 ranks}}
    %0 = dist.all_to_all %x split 1 concat 0 over {"tp"} : tensor<4x6xf32> -> tensor<16x2xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 4>} {
  func.func @f(%x: tensor<4x6xf32>) {
    // expected-error @below {{(C1) place 4 is not in the group of 4}}
    %0 = dist.broadcast %x from 4 over {"tp"} : tensor<4x6xf32>
    return
  }
}

// -----
func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @below {{(C1) a piece of a bucket has rank 1, got 'tensor<4x6xf32>'}}
  %0 = dist.reduce_scatter_bucket sum %x over {"tp"} : tensor<4x6xf32> -> tensor<4x6xf32>
  return
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2>} {
  func.func @f(%x: tensor<8xf32>) {
    // expected-error @below {{(C1) 2 pieces of 8 elements do not hold the 20 of the bucket, whose tensors begin at multiples of 16}}
    %0:2 = dist.all_gather_bucket %x over {"dp"} : tensor<8xf32> -> tensor<4x4xf32>, tensor<4xf32>
    return
  }
}

// -----
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{(C1) must wait for the results of a collective with 'start'}}
  %0 = dist.done %x : tensor<4xf32>
  return
}

// -----
func.func @f(%x: tensor<4xf32>) {
  %0:2 = dist.all_reduce sum %x, %x over {"tp"} {start} : tensor<4xf32>, tensor<4xf32>
  // expected-error @below {{(C1) must take all 2 results of one collective, in order; it takes 1}}
  %1 = dist.done %0#0 : tensor<4xf32>
  return
}

// -----
// expected-error @below {{(C1) a tensor of 2 dimensions has no dimension 2}}
module attributes {test.size = #dist.size<dim 2 of [4, 8]>} {}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 4>} {
  func.func @f() {
    // expected-error @below {{says that it is #dist.size<dim 0 of [250] over {"tp"}>, which is 63, but is not that number}}
    %0 = hf.constant dense<62> : tensor<i32> {dist.size = #dist.size<dim 0 of [250] over {"tp"}>}
    return
  }
}

// -----
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{a #dist.size belongs to a constant}}
  %0 = hf.exp %x {dist.size = #dist.size<dim 0 of [4]>} : tensor<4xf32>
  return
}
