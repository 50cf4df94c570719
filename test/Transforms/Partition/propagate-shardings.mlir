// RUN: hfc-opt %s --hfc-propagate-shardings --split-input-file | FileCheck %s
// RUN: hfc-opt %s --hfc-propagate-shardings --hfc-propagate-shardings --split-input-file | FileCheck %s

// A contraction that is cut leaves a sum; its bias is added after it, and an annotation is of the whole.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  hf.parameter @w : tensor<32x64xf32> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{}, {"tp"}]>}
  // CHECK-LABEL: @bias(
  // CHECK: %[[PART:.*]] = hf.linear %{{[^ ]*}}, %{{[^ ]*}} {dist.shardings = [#dist.sharding<[{}, {}], partial sum {"tp"}>]}
  // CHECK: hf.add %[[PART]], %{{[^ ]*}} {dist.shardings = [#dist.sharding<[{"tp"}, {}]>]}
  func.func @bias(%x: tensor<48x64xf32> {hf.input = "x"}, %w: tensor<32x64xf32> {hf.parameter = @w}, %b: tensor<32xf32> {hf.input = "b"})
      -> (tensor<48x32xf32> {hf.output = "y"}) {
    %0 = hf.linear %x, %w bias %b {dist.shardings = [#dist.sharding<[{"tp"}, {}]>]} : (tensor<48x64xf32>, tensor<32x64xf32>, tensor<32xf32>) -> tensor<48x32xf32>
    return %0 : tensor<48x32xf32>
  }
}

// -----

// A parameter's cut wins over the activation's.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  hf.parameter @w : tensor<32x64xf32> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{"tp"}, {}]>}
  // CHECK-LABEL: @parameter(
  // CHECK: hf.linear {{.*}}dist.shardings = [#dist.sharding<[{}, {"tp"}]>]
  func.func @parameter(%x: tensor<48x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}]>},
                       %w: tensor<32x64xf32> {hf.parameter = @w}) -> (tensor<48x32xf32> {hf.output = "y"}) {
    %0 = hf.linear %x, %w : (tensor<48x64xf32>, tensor<32x64xf32>) -> tensor<48x32xf32>
    return %0 : tensor<48x32xf32>
  }
}

// -----

// But not where it is cut over what the inputs' batch is cut by: the parameter is gathered, as fully sharded data parallelism
// wants it.
module attributes {dist.mesh = #dist.mesh<"dp" = 2>} {
  hf.parameter @w : tensor<32x64xf32> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{"dp"}, {}]>}
  // CHECK-LABEL: @sharded(
  // CHECK: hf.linear {{.*}}dist.shardings = [#dist.sharding<[{"dp"}, {}]>]
  func.func @sharded(%x: tensor<48x64xf32> {dist.sharding = #dist.sharding<[{"dp"}, {}]>, hf.input = "x"},
                       %w: tensor<32x64xf32> {hf.parameter = @w}) -> (tensor<48x32xf32> {hf.output = "y"}) {
    %0 = hf.linear %x, %w : (tensor<48x64xf32>, tensor<32x64xf32>) -> tensor<48x32xf32>
    return %0 : tensor<48x32xf32>
  }
}

// -----

// A merged dimension is cut by its major part only: the pieces would not be contiguous.
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  // CHECK-LABEL: @merge(
  // CHECK: hf.reshape {{.*}}dist.shardings = [#dist.sharding<[{"dp"}, {}]>]
  func.func @merge(%x: tensor<4x24x64xf32> {dist.sharding = #dist.sharding<[{"dp"}, {"tp"}, {}]>}) -> tensor<96x64xf32> {
    %0 = hf.reshape %x : tensor<4x24x64xf32> -> tensor<96x64xf32>
    return %0 : tensor<96x64xf32>
  }
  // CHECK-LABEL: @merge_whole(
  // CHECK: hf.reshape {{.*}}dist.shardings = [#dist.sharding<[{"dp", "tp"}, {}]>]
  func.func @merge_whole(%x: tensor<2x24x64xf32> {dist.sharding = #dist.sharding<[{"dp"}, {"tp"}, {}]>}) -> tensor<48x64xf32> {
    %0 = hf.reshape %x : tensor<2x24x64xf32> -> tensor<48x64xf32>
    return %0 : tensor<48x64xf32>
  }
}

// -----

// A state that is only added to takes the partial axes of what is added; what is added is not reduced first.
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  hf.state @grad : tensor<32x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}]>}
  // CHECK-LABEL: @accumulate(
  // CHECK-SAME: %{{[^ ]*}}: tensor<32x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], partial sum {"dp"}>, hf.state = @grad})
  // CHECK-SAME: -> (tensor<32x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}], partial sum {"dp"}>, hf.state = @grad})
  // CHECK: hf.linear_wgrad {{.*}}dist.shardings = [#dist.sharding<[{"tp"}, {}], partial sum {"dp"}>]
  func.func @accumulate(%dy: tensor<48x32xf32> {dist.sharding = #dist.sharding<[{"dp"}, {"tp"}]>, hf.input = "dy"},
                        %x: tensor<48x64xf32> {dist.sharding = #dist.sharding<[{"dp", "tp"}, {}]>, hf.input = "x"},
                        %grad: tensor<32x64xf32> {hf.state = @grad}) -> (tensor<32x64xf32> {hf.state = @grad}) {
    %0 = hf.linear_wgrad %dy, %x : (tensor<48x32xf32>, tensor<48x64xf32>) -> tensor<32x64xf32>
    %1 = hf.add %grad, %0 : tensor<32x64xf32>
    return %1 : tensor<32x64xf32>
  }
}

// -----

// Scalars stay sums, over all the axes of any.
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  // CHECK-LABEL: @norm(
  // CHECK: hf.add {{.*}}dist.shardings = [#dist.sharding<[], partial sum {"dp", "tp"}>]
  // CHECK: hf.sqrt {{.*}}dist.shardings = [#dist.sharding<[]>]
  func.func @norm(%a: tensor<64xf32> {dist.sharding = #dist.sharding<[{"dp"}]>}, %b: tensor<64xf32> {dist.sharding = #dist.sharding<[{"tp"}]>}) -> tensor<f32> {
    %0 = hf.reduce sum, %a dims [0] : tensor<64xf32> -> tensor<f32>
    %1 = hf.reduce sum, %b dims [0] : tensor<64xf32> -> tensor<f32>
    %2 = hf.add %0, %1 : tensor<f32>
    %3 = hf.sqrt %2 : tensor<f32>
    return %3 : tensor<f32>
  }
}

// -----

// A barrier's tensors have nothing to do with each other; sums are complete behind it.
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
  // CHECK-LABEL: @barrier(
  // CHECK: hf.barrier {{.*}}dist.shardings = [#dist.sharding<[{"dp"}, {}]>, #dist.sharding<[{"tp"}, {"dp"}]>]
  func.func @barrier(%a: tensor<8x4xf32> {dist.sharding = #dist.sharding<[{"dp"}, {}], partial sum {"tp"}>},
                     %b: tensor<6x4xf32> {dist.sharding = #dist.sharding<[{"tp"}, {"dp"}]>}) -> (tensor<8x4xf32>, tensor<6x4xf32>) {
    %0:2 = hf.barrier %a, %b : (tensor<8x4xf32>, tensor<6x4xf32>) -> (tensor<8x4xf32>, tensor<6x4xf32>)
    return %0#0, %0#1 : tensor<8x4xf32>, tensor<6x4xf32>
  }
}
