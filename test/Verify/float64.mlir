// What the field cannot explain is checked in float64: a softmax in parts, rescaled, is the softmax by an identity of the exponential,
// exp(a - b) exp(b) = exp(a), which an unknown function has not. A wrong one is found, and the collectives around it stay exact.
//
// RUN: split-file %s %t
// RUN: hfc-opt %t/parts.mlir --hfc-verify-partition=reference=%t/global.mlir -o %t.out 2>&1 | FileCheck %s --check-prefix=RIGHT
// RIGHT: remark: verified: {{[0-9]+}} operations on tp=2: {{[0-9]+}} exactly (prime field), {{[0-9]+}} by oracles, {{[1-9][0-9]*}} in float64
//
// Without the factor by which a part's sum is rescaled, it is wrong in float64 too.
// RUN: sed -e 's/%%5 = hf.mul %%4, %%scale/%%5 = hf.mul %%4, %%one/' %t/parts.mlir > %t/wrong.mlir
// RUN: not hfc-opt %t/wrong.mlir --hfc-verify-partition=reference=%t/global.mlir 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: error: what ranks compute is not the program
// WRONG: note: in the end, 'y' {{.*}} of @forward is not what the global program gives
//
// A collective has no identities: one that is wrong is wrong without asking float64.
// RUN: sed -e 's/all_reduce sum/all_reduce mean/' %t/parts.mlir > %t/mean.mlir
// RUN: not hfc-opt %t/mean.mlir --mlir-very-unsafe-disable-verifier-on-parsing --verify-each=0 --hfc-verify-partition=reference=%t/global.mlir 2>&1 | FileCheck %s --check-prefix=MEAN
// MEAN: error: what ranks compute is not the program: 'dist.all_reduce'{{.*}} combines by mean what is partial by sum

//--- global.mlir
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func @forward(%x: tensor<4x6xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.output = "y"}) {
    %0 = hf.exp %x : tensor<4x6xf32>
    %1 = hf.reduce sum, %0 dims [1] : tensor<4x6xf32> -> tensor<4xf32>
    return %1 : tensor<4xf32>
  }
}

//--- parts.mlir
#cut = #dist.sharding<[{}, {"tp"}], global [4, 6]>
#sum = #dist.sharding<[{}], partial sum {"tp"}, global [4]>
#whole = #dist.sharding<[{}], global [4]>
module attributes {dist.materialized, dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func @forward(%x: tensor<4x3xf32> {hf.input = "x", dist.sharding = #cut})
      -> (tensor<4xf32> {hf.output = "y", dist.sharding = #whole}) {
    %half = hf.constant dense<0.5> : tensor<4x3xf32> {dist.shardings = [#cut]}
    %one = hf.constant dense<1.0> : tensor<4xf32> {dist.shardings = [#whole]}
    %2 = hf.sub %x, %half {dist.shardings = [#cut]} : tensor<4x3xf32>
    %3 = hf.exp %2 {dist.shardings = [#cut]} : tensor<4x3xf32>
    %4 = hf.reduce sum, %3 dims [1] {dist.shardings = [#sum]} : tensor<4x3xf32> -> tensor<4xf32>
    %back = hf.constant dense<0.5> : tensor<4xf32> {dist.shardings = [#whole]}
    %scale = hf.exp %back {dist.shardings = [#whole]} : tensor<4xf32>
    %5 = hf.mul %4, %scale {dist.shardings = [#sum]} : tensor<4xf32>
    %6 = dist.all_reduce sum %5 over {"tp"} {dist.shardings = [#whole]} : tensor<4xf32>
    return %6 : tensor<4xf32>
  }
}
