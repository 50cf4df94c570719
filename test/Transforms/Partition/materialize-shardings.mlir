// RUN: hfc-opt %s --hfc-materialize-shardings --split-input-file | FileCheck %s

// One reshard of each kind.
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  // CHECK: dist.materialized
  // CHECK-LABEL: @kinds(
  // CHECK-SAME: %[[X:.*]]: tensor<24x64xf32> {dist.sharding = #dist.sharding<[{"dp"}, {}], partial sum {"tp"}, global [48, 64]>}
  // CHECK: dist.all_reduce sum %[[X]] over {"tp"} {{.*}} : tensor<24x64xf32>
  // CHECK: %[[PIECE:.*]] = dist.reduce_scatter sum %[[X]] dim 1 over {"tp"} {{.*}} : tensor<24x64xf32> -> tensor<24x32xf32>
  // CHECK: %[[MOVED:.*]] = dist.all_to_all %[[PIECE]] split 0 concat 1 over {"tp"} {{.*}} : tensor<24x32xf32> -> tensor<12x64xf32>
  // CHECK: %[[WHOLE:.*]] = dist.all_gather %[[MOVED]] dim 0 over {"dp", "tp"} {{.*}} : tensor<12x64xf32> -> tensor<48x64xf32>
  // CHECK: hf.slice_at %[[WHOLE]], %{{.*}} dim 1 {{.*}} : tensor<48x64xf32> -> tensor<48x32xf32>
  func.func @kinds(%x: tensor<48x64xf32> {dist.sharding = #dist.sharding<[{"dp"}, {}], partial sum {"tp"}>})
      -> (tensor<48x64xf32> {dist.sharding = #dist.sharding<[{"dp"}, {}]>}, tensor<48x64xf32> {dist.sharding = #dist.sharding<[{}, {"tp"}]>}) {
    %0 = dist.reshard %x to #dist.sharding<[{"dp"}, {}]> {dist.shardings = [#dist.sharding<[{"dp"}, {}]>]} : tensor<48x64xf32>
    %1 = dist.reshard %x to #dist.sharding<[{"dp"}, {"tp"}]> {dist.shardings = [#dist.sharding<[{"dp"}, {"tp"}]>]} : tensor<48x64xf32>
    %2 = dist.reshard %1 to #dist.sharding<[{"dp", "tp"}, {}]> {dist.shardings = [#dist.sharding<[{"dp", "tp"}, {}]>]} : tensor<48x64xf32>
    %3 = dist.reshard %2 to #dist.sharding<[{}, {}]> {dist.shardings = [#dist.sharding<[{}, {}]>]} : tensor<48x64xf32>
    %4 = dist.reshard %3 to #dist.sharding<[{}, {"tp"}]> {dist.shardings = [#dist.sharding<[{}, {"tp"}]>]} : tensor<48x64xf32>
    return %0, %4 : tensor<48x64xf32>, tensor<48x64xf32>
  }
}

// -----

// 250 rows on 4 ranks: pieces of 63, and the maximum does not see the two that are not there.
module attributes {dist.mesh = #dist.mesh<"tp" = 4>} {
  // CHECK-LABEL: @padded(
  // CHECK-SAME: %[[X:.*]]: tensor<63xf32>
  // CHECK: %[[LOW:.*]] = hf.constant dense<0xFF800000> : tensor<63xf32>
  // CHECK: %[[MASKED:.*]] = hf.select %{{.*}}, %[[X]], %[[LOW]]
  // CHECK: hf.reduce max, %[[MASKED]]
  func.func @padded(%x: tensor<250xf32> {dist.sharding = #dist.sharding<[{"tp"}]>}) -> (tensor<f32> {dist.sharding = #dist.sharding<[], partial max {"tp"}>}) {
    %0 = hf.reduce max, %x dims [0] {dist.shardings = [#dist.sharding<[], partial max {"tp"}>]} : tensor<250xf32> -> tensor<f32>
    return %0 : tensor<f32>
  }
}

// -----

// A parameter is zero behind its end, and so is what a product makes of its rows, and a sum over it needs no mask.
module attributes {dist.mesh = #dist.mesh<"tp" = 4>} {
  // CHECK: hf.parameter @w : tensor<63x8xf32> {{.*}}dist.sharding = #dist.sharding<[{"tp"}, {}], global [250, 8]>
  hf.parameter @w : tensor<250x8xf32> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{"tp"}, {}]>}
  // CHECK-LABEL: @zero(
  // CHECK-NOT: hf.select
  // CHECK: return
  func.func @zero(%x: tensor<6x8xf32> {dist.sharding = #dist.sharding<[{}, {}]>, hf.input = "x"},
                  %w: tensor<250x8xf32> {hf.parameter = @w, dist.sharding = #dist.sharding<[{"tp"}, {}]>})
      -> (tensor<6xf32> {dist.sharding = #dist.sharding<[{}], partial sum {"tp"}>, hf.output = "y"}) {
    %0 = hf.linear %x, %w {dist.shardings = [#dist.sharding<[{}, {"tp"}]>]} : (tensor<6x8xf32>, tensor<250x8xf32>) -> tensor<6x250xf32>
    %1 = hf.reduce sum, %0 dims [1] {dist.shardings = [#dist.sharding<[{}], partial sum {"tp"}>]} : tensor<6x250xf32> -> tensor<6xf32>
    return %1 : tensor<6xf32>
  }
}
