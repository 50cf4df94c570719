// RUN: split-file %s %t
// RUN: not hfc-opt %t/local.mlir --hfc-verify-partition 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not hfc-opt %t/local.mlir --hfc-verify-partition=reference=%t/nowhere.mlir 2>&1 | FileCheck %s --check-prefix=NOWHERE
// RUN: not hfc-opt %t/local.mlir --hfc-verify-partition=reference=%t/local.mlir 2>&1 | FileCheck %s --check-prefix=LOCAL
// RUN: not hfc-opt %t/global.mlir --hfc-verify-partition=reference=%t/global.mlir 2>&1 | FileCheck %s --check-prefix=GLOBAL
// RUN: not hfc-opt %t/local.mlir --hfc-verify-partition=reference=%t/other.mlir 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not hfc-opt %t/local.mlir --hfc-verify-partition=reference=%t/nan.mlir 2>&1 | FileCheck %s --check-prefix=NAN

// NONE: --hfc-verify-partition needs the global program to compare with: reference=FILE
// NOWHERE: reference={{.*}}nowhere.mlir
// LOCAL: cannot be verified: the program to compare with is a local one; a global one is wanted
// GLOBAL: cannot be verified: the local program has no dist.mesh, or is not dist.materialized
// OTHER: error: what ranks compute is not the program: @forward
// OTHER: note: in the end, @forward does not run: @forward of the second module has no output 'z'
// NAN: cannot be verified: 'y' of @forward is no number in the global program, so nothing can be compared with it

//--- global.mlir
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func @forward(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.output = "y"}) {
    %0 = hf.neg %x : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

//--- other.mlir
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func @forward(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.output = "z"}) {
    %0 = hf.neg %x : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

//--- nan.mlir
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func @forward(%x: tensor<4xf32> {hf.input = "x"}) -> (tensor<4xf32> {hf.output = "y"}) {
    %0 = hf.sub %x, %x : tensor<4xf32>
    %1 = hf.div %0, %0 : tensor<4xf32>
    return %1 : tensor<4xf32>
  }
}

//--- local.mlir
module attributes {dist.materialized, dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func @forward(%x: tensor<2xf32> {hf.input = "x", dist.sharding = #dist.sharding<[{"tp"}], global [4]>})
      -> (tensor<2xf32> {hf.output = "y", dist.sharding = #dist.sharding<[{"tp"}], global [4]>}) {
    %0 = hf.neg %x {dist.shardings = [#dist.sharding<[{"tp"}], global [4]>]} : tensor<2xf32>
    return %0 : tensor<2xf32>
  }
}
