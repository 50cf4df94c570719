// Sums of columns are made by the kernel that is at their rows anyway, and parts are added up as before.
// RUN: hfc-opt %s --hfc-fuse-column-sums="rows=8 blocks=4" -o %t.fused.mlir
// RUN: hfc-interpret %s --compare=%t.fused.mlir --entry=norm
// RUN: hfc-interpret %s --compare=%t.fused.mlir --entry=early
// RUN: FileCheck %s --input-file=%t.fused.mlir
// RUN: hfc-opt %s --hfc-fuse-column-sums="rows=8 blocks=9" | FileCheck %s --check-prefix=BLOCKS
// RUN: hfc-opt %t.fused.mlir --hfc-fuse-column-sums="rows=8 blocks=4" | diff - %t.fused.mlir

// Too few rows for so many blocks of eight: of five, 13 blocks do not divide them; of four they do.
// BLOCKS: hf.reduce sum, %{{.*}} dims [1] : tensor<16x4x24xf32> -> tensor<16x24xf32>

// CHECK-DAG: func.func private @total_2[[TOTAL:.*]](%{{.*}}: tensor<8x24xf32>) -> tensor<24xf32>
// CHECK-DAG: func.func private @rows_0[[ROWS:.*]](%{{.*}}: tensor<4x16x24xf32>, %{{.*}}: tensor<4x16x24xf32>, %{{.*}}: tensor<24xf32>, %{{.*}}: tensor<4x16xf32>) -> (tensor<4x16x24xf32>, tensor<8x24xf32>)
func.func private @rows_0(%dy: tensor<4x16x24xf32>, %x: tensor<4x16x24xf32>, %w: tensor<24xf32>) -> tensor<4x16x24xf32>
    attributes {kernel.kind = "row"} {
  %0 = hf.broadcast %w dims [2] : tensor<24xf32> -> tensor<4x16x24xf32>
  %1 = hf.mul %dy, %0 : tensor<4x16x24xf32>
  %2 = hf.mul %1, %x : tensor<4x16x24xf32>
  %3 = hf.reduce sum, %2 dims [2] : tensor<4x16x24xf32> -> tensor<4x16xf32>
  %4 = hf.broadcast %3 dims [0, 1] : tensor<4x16xf32> -> tensor<4x16x24xf32>
  %5 = hf.sub %1, %4 : tensor<4x16x24xf32>
  return %5 : tensor<4x16x24xf32>
}
func.func private @sums_1(%x: tensor<4x16x24xf32>, %scale: tensor<4x16xf32>, %dy: tensor<4x16x24xf32>) -> tensor<2x24xf32>
    attributes {kernel.kind = "column"} {
  %0 = hf.broadcast %scale dims [0, 1] : tensor<4x16xf32> -> tensor<4x16x24xf32>
  %1 = hf.mul %x, %0 : tensor<4x16x24xf32>
  %2 = hf.mul %1, %dy : tensor<4x16x24xf32>
  %3 = hf.reshape %2 : tensor<4x16x24xf32> -> tensor<2x32x24xf32>
  %4 = hf.reduce sum, %3 dims [1] : tensor<2x32x24xf32> -> tensor<2x24xf32>
  return %4 : tensor<2x24xf32>
}
func.func private @total_2(%parts: tensor<2x24xf32>) -> tensor<24xf32> attributes {kernel.kind = "column"} {
  %0 = hf.reduce sum, %parts dims [0] : tensor<2x24xf32> -> tensor<24xf32>
  return %0 : tensor<24xf32>
}

// CHECK: func.func @norm
// CHECK-NEXT: %[[FUSED:.*]]:2 = call @rows_0[[ROWS]](%{{.*}}) {hf.block = 3 : i64, hf.phase = "backward"}
// CHECK-NEXT: %[[SUM:.*]] = call @total_2[[TOTAL]](%[[FUSED]]#1) {hf.block = 2 : i64}
// CHECK-NEXT: return %[[FUSED]]#0, %[[SUM]]
func.func @norm(%dy: tensor<4x16x24xf32> {hf.input = "dy"}, %x: tensor<4x16x24xf32> {hf.input = "x"},
                %w: tensor<24xf32> {hf.input = "w"}, %scale: tensor<4x16xf32> {hf.input = "scale"})
    -> (tensor<4x16x24xf32> {hf.output = "dx"}, tensor<24xf32> {hf.output = "dw"}) {
  %0 = func.call @sums_1(%x, %scale, %dy) : (tensor<4x16x24xf32>, tensor<4x16xf32>, tensor<4x16x24xf32>) -> tensor<2x24xf32>
  %1 = func.call @total_2(%0) {hf.block = 2 : i64} : (tensor<2x24xf32>) -> tensor<24xf32>
  %2 = func.call @rows_0(%dy, %x, %w) {hf.block = 3 : i64, hf.phase = "backward"} : (tensor<4x16x24xf32>, tensor<4x16x24xf32>, tensor<24xf32>) -> tensor<4x16x24xf32>
  return %2, %1 : tensor<4x16x24xf32>, tensor<24xf32>
}

// Rows that wait for the sums cannot make them.
// CHECK: func.func @early
// CHECK-NEXT: call @sums_1
// CHECK-NEXT: call @total_2(
// CHECK-NEXT: call @rows_0(
func.func @early(%dy: tensor<4x16x24xf32> {hf.input = "dy"}, %x: tensor<4x16x24xf32> {hf.input = "x"},
                 %scale: tensor<4x16xf32> {hf.input = "scale"})
    -> (tensor<4x16x24xf32> {hf.output = "dx"}, tensor<24xf32> {hf.output = "dw"}) {
  %0 = func.call @sums_1(%x, %scale, %dy) : (tensor<4x16x24xf32>, tensor<4x16xf32>, tensor<4x16x24xf32>) -> tensor<2x24xf32>
  %1 = func.call @total_2(%0) : (tensor<2x24xf32>) -> tensor<24xf32>
  %2 = func.call @rows_0(%dy, %x, %1) : (tensor<4x16x24xf32>, tensor<4x16x24xf32>, tensor<24xf32>) -> tensor<4x16x24xf32>
  return %2, %1 : tensor<4x16x24xf32>, tensor<24xf32>
}
