// Where each row's largest element stands, on both sides of the mapping and on the CPU's: ties, NaN, and rows that vectors do
// not divide or that have fewer vectors than a block has lanes.
// RUN: hfc-opt %s --hfc-fuse --hfc-schedule --hfc-emit-kernels="vector-bits=256 interleave=1" -o %t.kernel.mlir
// RUN: FileCheck %s < %t.kernel.mlir
// RUN: hfc-interpret %s --compare=%t.kernel.mlir --seed=1
// RUN: hfc-opt %t.kernel.mlir --hfc-map-kernels-to-gpu -o %t.gpu.mlir
// RUN: hfc-interpret %s --compare=%t.gpu.mlir --seed=2
// RUN: hfc-opt %s --hfc-fuse --hfc-schedule --hfc-emit-kernels -o %t.cpu.mlir
// RUN: hfc-interpret %s --compare=%t.cpu.mlir --seed=3
// RUN: hfc-interpret %t.gpu.mlir --entry=special --print | FileCheck %s --check-prefix=VALUES

// CHECK: kernel.func @argmax_{{.*}} grid(3) lanes(64) outputs(1)
// CHECK: kernel.distribute {{.*}} vector 8 iter_args({{.*}} : vector<8xf32>, {{.*}} : vector<8xi32>)
// CHECK: kernel.reduce max
// CHECK: kernel.reduce min
func.func @rows(%x: tensor<3x1504xbf16> {hf.input = "x"}) -> (tensor<3xi32> {hf.output = "places"}) {
  %0 = hf.argmax %x : tensor<3x1504xbf16> -> tensor<3xi32>
  return %0 : tensor<3xi32>
}

// Few numbers are the largest of many rows at once.
// CHECK: kernel.func @argmax_{{.*}} grid(6) lanes(64) outputs(1)
func.func @ties(%x: tensor<2x3x203xi32> {hf.input = "x", hf.min = 0 : i64, hf.max = 3 : i64})
    -> (tensor<2x3xi32> {hf.output = "places"}) {
  %0 = hf.convert %x : tensor<2x3x203xi32> -> tensor<2x3x203xf32>
  %1 = hf.argmax %0 : tensor<2x3x203xf32> -> tensor<2x3xi32>
  return %1 : tensor<2x3xi32>
}

// A row that holds NaN has no largest element; of one that holds nothing but -infinity it is the first.
// VALUES: places: [3] i32 = [6, 0, 4]
func.func @special() -> (tensor<3xi32> {hf.output = "places"}) {
  %0 = hf.constant dense<[[1.0, 5.0, 0x7FC00000, 0x7F800000, 1.0, 0.0],
                          [0xFF800000, 0xFF800000, 0xFF800000, 0xFF800000, 0xFF800000, 0xFF800000],
                          [-5.0, -4.0, -3.0, -2.0, -1.0, -1.0]]> : tensor<3x6xf32>
  %1 = hf.argmax %0 : tensor<3x6xf32> -> tensor<3xi32>
  return %1 : tensor<3xi32>
}

// A row alone.
// CHECK: kernel.func @argmax_{{.*}}(%{{.*}}: memref<7xf32>, %{{.*}}: memref<i32>) grid(1) lanes(32)
func.func @alone(%x: tensor<7xf32> {hf.input = "x"}) -> (tensor<i32> {hf.output = "place"}) {
  %0 = hf.argmax %x : tensor<7xf32> -> tensor<i32>
  return %0 : tensor<i32>
}
