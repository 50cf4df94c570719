// One product, cut over 4 of 16 ranks by rows and over all by columns: every op and collective is there, with small sizes.
// RUN: rm -rf %t && split-file %s %t
// RUN: hfc-opt %t/local.mlir --hfc-shrink="reference=%t/global.mlir report" -o %t/small-local.mlir 2> %t/remark
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t/remark
// RUN: FileCheck %s --input-file=%t/small-local.mlir
// RUN: hfc-opt %t/local.mlir --hfc-shrink="reference=%t/global.mlir of=global" -o %t/small-global.mlir
// RUN: FileCheck %s --check-prefix=GLOBAL --input-file=%t/small-global.mlir
// RUN: hfc-interpret %t/small-global.mlir --compare=%t/small-local.mlir | FileCheck %s --check-prefix=SAME --implicit-check-not=DIFFERS

// SAME: @forward y
// REMARK: remark: dp 4 -> 2, tp 16 -> 4, x dim 0 64 -> [[B:[0-9]+]], x dim 1 4096 -> [[I:[0-9]+]]

// The two sub-axes of tp have 2 ranks each. An offset in a table cut over all of them is its piece's size, and the
// last rank's piece is filled in part.
// CHECK: dist.mesh = #dist.mesh<"dp" = 2, "tp" = 4>
// CHECK: hf.parameter @table : tensor<[[PIECE:[0-9]+]]x[[I:[0-9]+]]xf32>
// CHECK-SAME: #dist.sharding<[{"tp"}, {}], global {{\[}}[[ROWS:[0-9]+]], [[I]]]>
// CHECK: dist.axis_index {"tp"}
// CHECK: hf.constant dense<[[PIECE]]> : tensor<i32> {dist.size = #dist.size<dim 0 of {{\[}}[[ROWS]], [[I]]] over {"tp"}>}
// CHECK: dist.all_reduce
// CHECK-SAME: over {"tp"}
// CHECK: hf.slice_at
// CHECK: dist.all_gather
// CHECK-SAME: over {"tp":(2)2}

// GLOBAL-NOT: dist.materialized
// GLOBAL: hf.parameter @table : tensor<{{[0-9]+}}x[[I:[0-9]+]]xf32>
// GLOBAL: hf.constant dense<{{[0-9.e+]+}}> {{.*}}dist.size = #dist.size<dim 1 of [{{[0-9]+}}, [[I]]]>

// A constant that says nothing of itself and meets a rank's place may be the number of ranks: tp stays, and so does what
// has 63 elements; dp does not.
// RUN: sed '0,/dense<63> : tensor<i32> {dist.size[^}]*}[^}]*}/s//dense<63> : tensor<i32>/' %t/local.mlir > %t/unsaid.mlir
// RUN: hfc-opt %t/unsaid.mlir --hfc-shrink="reference=%t/global.mlir report" -o %t/unsaid-local.mlir 2>&1 | FileCheck %s --check-prefix=UNSAID
// UNSAID: remark: dp 4 -> 2, tp 16 -> 16, {{.*}}table dim 0 1000 -> 1000
// RUN: hfc-opt %t/unsaid.mlir --hfc-shrink="reference=%t/global.mlir of=global" -o %t/unsaid-global.mlir
// RUN: hfc-interpret %t/unsaid-global.mlir --compare=%t/unsaid-local.mlir | FileCheck %s --check-prefix=SAME --implicit-check-not=DIFFERS

//--- global.mlir
module attributes {dist.mesh = #dist.mesh<"dp" = 4, "tp" = 16>, hf.program = {}} {
  hf.parameter @table : tensor<1000x4096xf32> from [#hf.piece<"table">] {dist.sharding = #dist.sharding<[{"tp"}, {}]>}
  func.func @forward(%table: tensor<1000x4096xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}]>, hf.parameter = @table},
                     %x: tensor<64x4096xf32> {dist.sharding = #dist.sharding<[{"dp"}, {}]>, hf.input = "x"},
                     %ids: tensor<64xi32> {dist.sharding = #dist.sharding<[{"dp"}]>, hf.input = "ids", hf.min = 0 : i64, hf.max = 999 : i64})
      -> (tensor<64x4096xf32> {dist.sharding = #dist.sharding<[{"dp"}, {}]>, hf.output = "y"}) {
    %0 = hf.embedding %table, %ids {dist.shardings = [#dist.sharding<[{"dp"}, {}]>]} : (tensor<1000x4096xf32>, tensor<64xi32>) -> tensor<64x4096xf32>
    %1 = hf.add %0, %x {dist.shardings = [#dist.sharding<[{"dp"}, {}]>]} : tensor<64x4096xf32>
    %2 = hf.reduce sum, %1 dims [1] {dist.shardings = [#dist.sharding<[{"dp"}]>]} : tensor<64x4096xf32> -> tensor<64xf32>
    %3 = hf.constant dense<4096.0> : tensor<64xf32> {dist.size = #dist.size<dim 1 of [64, 4096]>, dist.shardings = [#dist.sharding<[{"dp"}]>]}
    %4 = hf.div %2, %3 {dist.shardings = [#dist.sharding<[{"dp"}]>]} : tensor<64xf32>
    %5 = hf.broadcast %4 dims [0] {dist.shardings = [#dist.sharding<[{"dp"}, {"tp":(2)8}]>]} : tensor<64xf32> -> tensor<64x4096xf32>
    %6 = hf.mul %1, %5 {dist.shardings = [#dist.sharding<[{"dp"}, {"tp":(2)8}]>]} : tensor<64x4096xf32>
    return %6 : tensor<64x4096xf32>
  }
}

//--- local.mlir
module attributes {dist.materialized, dist.mesh = #dist.mesh<"dp" = 4, "tp" = 16>, hf.program = {}} {
  hf.parameter @table : tensor<63x4096xf32> from [#hf.piece<"table">] {dist.sharding = #dist.sharding<[{"tp"}, {}], global [1000, 4096]>}
  func.func @forward(%table: tensor<63x4096xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], global [1000, 4096]>, hf.parameter = @table},
                     %x: tensor<16x4096xf32> {dist.sharding = #dist.sharding<[{"dp"}, {}], global [64, 4096]>, hf.input = "x"},
                     %ids: tensor<16xi32> {dist.sharding = #dist.sharding<[{"dp"}], global [64]>, hf.input = "ids", hf.min = 0 : i64, hf.max = 999 : i64})
      -> (tensor<16x4096xf32> {dist.sharding = #dist.sharding<[{"dp"}, {}], global [64, 4096]>, hf.output = "y"}) {
    %place = dist.axis_index {"tp"} : tensor<i32>
    %piece = hf.constant dense<63> : tensor<i32> {dist.size = #dist.size<dim 0 of [1000, 4096] over {"tp"}>}
    %first = hf.mul %place, %piece : tensor<i32>
    %spread = hf.broadcast %first dims [] : tensor<i32> -> tensor<16xi32>
    %own = hf.sub %ids, %spread : tensor<16xi32>
    %zero = hf.constant dense<0> : tensor<16xi32>
    %end = hf.constant dense<63> : tensor<16xi32> {dist.size = #dist.size<dim 0 of [1000, 4096] over {"tp"}>}
    %above = hf.compare ge, %own, %zero : tensor<16xi32> -> tensor<16xi1>
    %below = hf.compare lt, %own, %end : tensor<16xi32> -> tensor<16xi1>
    %here = hf.and %above, %below : tensor<16xi1>
    %row = hf.select %here, %own, %zero : tensor<16xi1>, tensor<16xi32>
    %found = hf.embedding %table, %row : (tensor<63x4096xf32>, tensor<16xi32>) -> tensor<16x4096xf32>
    %mask = hf.broadcast %here dims [0] : tensor<16xi1> -> tensor<16x4096xi1>
    %nothing = hf.constant dense<0.0> : tensor<16x4096xf32>
    %part = hf.select %mask, %found, %nothing {dist.shardings = [#dist.sharding<[{"dp"}, {}], partial sum {"tp"}, global [64, 4096]>]} : tensor<16x4096xi1>, tensor<16x4096xf32>
    %0 = dist.all_reduce sum %part over {"tp"} {dist.shardings = [#dist.sharding<[{"dp"}, {}], global [64, 4096]>]} : tensor<16x4096xf32>
    %1 = hf.add %0, %x {dist.shardings = [#dist.sharding<[{"dp"}, {}], global [64, 4096]>]} : tensor<16x4096xf32>
    %2 = hf.reduce sum, %1 dims [1] {dist.shardings = [#dist.sharding<[{"dp"}], global [64]>]} : tensor<16x4096xf32> -> tensor<16xf32>
    %3 = hf.constant dense<4096.0> : tensor<16xf32> {dist.size = #dist.size<dim 1 of [64, 4096]>, dist.shardings = [#dist.sharding<[{"dp"}], global [64]>]}
    %4 = hf.div %2, %3 {dist.shardings = [#dist.sharding<[{"dp"}], global [64]>]} : tensor<16xf32>
    %5 = hf.broadcast %4 dims [0] {dist.shardings = [#dist.sharding<[{"dp"}, {"tp":(2)8}], global [64, 4096]>]} : tensor<16xf32> -> tensor<16x512xf32>
    %minor = dist.axis_index {"tp":(2)8} : tensor<i32>
    %width = hf.constant dense<512> : tensor<i32> {dist.size = #dist.size<dim 1 of [64, 4096] over {"tp":(2)8}>}
    %start = hf.mul %minor, %width : tensor<i32>
    %6 = hf.slice_at %1, %start dim 1 {dist.shardings = [#dist.sharding<[{"dp"}, {"tp":(2)8}], global [64, 4096]>]} : tensor<16x4096xf32> -> tensor<16x512xf32>
    %7 = hf.mul %6, %5 {dist.shardings = [#dist.sharding<[{"dp"}, {"tp":(2)8}], global [64, 4096]>]} : tensor<16x512xf32>
    %8 = dist.all_gather %7 dim 1 over {"tp":(2)8} {dist.shardings = [#dist.sharding<[{"dp"}, {}], global [64, 4096]>]} : tensor<16x512xf32> -> tensor<16x4096xf32>
    return %8 : tensor<16x4096xf32>
  }
}
