// What is asked for, or what is given as the global program, does not fit.
// RUN: rm -rf %t && split-file %s %t
// RUN: not hfc-opt %t/local.mlir --hfc-shrink 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not hfc-opt %t/local.mlir --hfc-shrink="reference=%t/missing.mlir" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not hfc-opt %t/local.mlir --hfc-shrink="reference=%t/global.mlir of=both" 2>&1 | FileCheck %s --check-prefix=OF
// RUN: not hfc-opt %t/global.mlir --hfc-shrink="reference=%t/global.mlir" 2>&1 | FileCheck %s --check-prefix=GLOBAL
// RUN: not hfc-opt %t/local.mlir --hfc-shrink="reference=%t/mesh.mlir" 2>&1 | FileCheck %s --check-prefix=MESH
// RUN: sed 's/64xf32/32xf32/g' %t/global.mlir > %t/smaller.mlir
// RUN: not hfc-opt %t/local.mlir --hfc-shrink="reference=%t/smaller.mlir" 2>&1 | FileCheck %s --check-prefix=SHAPE

// NONE: hfc-shrink needs the global program as reference=FILE
// OF: hfc-shrink leaves the 'local' or the 'global' program, not 'both'
// GLOBAL: hfc-shrink needs a local program; run --hfc-materialize-shardings first
// SHAPE: error: @f <- x is [32] in the global program, and [64] here, whole; give the program that this one was made of
// MESH: has the mesh #dist.mesh<"tp" = 4>, but the global program #dist.mesh<"tp" = 8>

//--- global.mlir
module attributes {dist.mesh = #dist.mesh<"tp" = 4>} {
  func.func @f(%x: tensor<64xf32> {dist.sharding = #dist.sharding<[{"tp"}]>, hf.input = "x"}) -> (tensor<64xf32> {dist.sharding = #dist.sharding<[{"tp"}]>, hf.output = "y"}) {
    return %x : tensor<64xf32>
  }
}

//--- mesh.mlir
module attributes {dist.mesh = #dist.mesh<"tp" = 8>} {
  func.func @f(%x: tensor<64xf32> {dist.sharding = #dist.sharding<[{"tp"}]>, hf.input = "x"}) -> (tensor<64xf32> {dist.sharding = #dist.sharding<[{"tp"}]>, hf.output = "y"}) {
    return %x : tensor<64xf32>
  }
}

//--- local.mlir
module attributes {dist.materialized, dist.mesh = #dist.mesh<"tp" = 4>} {
  func.func @f(%x: tensor<16xf32> {dist.sharding = #dist.sharding<[{"tp"}], global [64]>, hf.input = "x"}) -> (tensor<16xf32> {dist.sharding = #dist.sharding<[{"tp"}], global [64]>, hf.output = "y"}) {
    return %x : tensor<16xf32>
  }
}
