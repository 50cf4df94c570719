// The dialect's attributes in every spelling, and where a program has them.
// RUN: hfc-opt %s --verify-roundtrip | FileCheck %s

// CHECK: module attributes {
// CHECK-SAME: dist.mesh = #dist.mesh<"dp" = 2, "tp" = 12>
// CHECK-SAME: test.axis = #dist.axis<"tp":(2)3>
// CHECK-SAME: test.empty_mesh = #dist.mesh<>
// CHECK-SAME: test.list = #dist.axes<{"tp":(6)2, "dp"}>
// CHECK-SAME: test.none = #dist.axes<{}>
// CHECK-SAME: test.partial = #dist.sharding<[{"dp"}, {}, {"tp":(1)2}], partial max {"tp":(2)6}, global [2, 24, 64]>
// CHECK-SAME: test.reduction = #dist<reduction mean>
// CHECK-SAME: test.rule = #dist.rule<([b, s, i], [o, i], [o]) -> ([b, s, o]), factors {b = 2, s = 24, i = 64, o = 160}, reduce sum {i}, linear {{\[\[}}0, 2], [1]]>
// CHECK-SAME: test.rule_compound = #dist.rule<([g*r, 1, d], []) -> ([g, r*d]), factors {g = 2, r = 3, d = 4}, whole {d}, lookup {g}>
// CHECK-SAME: test.rule_separate = #dist.rule<([i], [j]) -> ([i], [j]), factors {i = 2, j = 3}, linear {{\[\[}}0], [1]], separate>
// CHECK-SAME: test.scalar = #dist.sharding<[], partial sum {"dp"}>
// CHECK-SAME: test.whole_axis = #dist.axis<"tp">
module attributes {
  dist.mesh = #dist.mesh<"dp" = 2, "tp" = 12>,
  test.axis = #dist.axis<"tp":(2)3>,
  test.empty_mesh = #dist.mesh<>,
  test.list = #dist.axes<{"tp":(6)2, "dp"}>,
  test.none = #dist.axes<{}>,
  test.partial = #dist.sharding<[{"dp"}, {}, {"tp":(1)2}], partial max {"tp":(2)6}, global [2, 24, 64]>,
  test.reduction = #dist<reduction mean>,
  test.rule = #dist.rule<([b, s, i], [o, i], [o]) -> ([b, s, o]), factors {b = 2, s = 24, i = 64, o = 160}, reduce sum {i}, linear [[0, 2], [1]]>,
  test.rule_compound = #dist.rule<([g*r, 1, d], []) -> ([g, r*d]), factors {g = 2, r = 3, d = 4}, lookup {g}, whole {d}>,
  test.rule_separate = #dist.rule<([i], [j]) -> ([i], [j]), factors {i = 2, j = 3}, linear [[0], [1]], separate>,
  test.scalar = #dist.sharding<[], partial sum {"dp"}, global []>,
  test.whole_axis = #dist.axis<"tp">
} {
  // CHECK: hf.parameter @w {{.*}} {dist.agree = #dist.axes<{"tp"}>, dist.sharding = #dist.sharding<[{"tp"}, {}]>}
  hf.parameter @w : tensor<24x4xf32> from [#hf.piece<"w">] {dist.agree = #dist.axes<{"tp"}>, dist.sharding = #dist.sharding<[{"tp"}, {}]>}
  func.func @f(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
    // CHECK: hf.exp {{.*}} {dist.rule = #dist.rule<([i, j]) -> ([i, j]), factors {i = 4, j = 8}, whole {j}>, dist.shardings = [#dist.sharding<[{"dp"}, {}]>]}
    %0 = hf.exp %x {dist.rule = #dist.rule<([i, j]) -> ([i, j]), factors {i = 4, j = 8}, whole {j}>,
                    dist.shardings = [#dist.sharding<[{"dp"}, {}]>]} : tensor<4x8xf32>
    // CHECK: hf.constant dense<2> : tensor<i32> {dist.size = #dist.size<dim 0 of [24, 4] over {"tp"}>}
    %1 = hf.constant dense<2> : tensor<i32> {dist.size = #dist.size<dim 0 of [24, 4] over {"tp"}>}
    // CHECK: hf.constant dense<2.300000e+01> : tensor<4xf32> {dist.size = #dist.size<dim 0 of [24, 4] plus -1>}
    %2 = hf.constant dense<23.0> : tensor<4xf32> {dist.size = #dist.size<dim 0 of [24, 4] plus -1>}
    return %0 : tensor<4x8xf32>
  }
}
