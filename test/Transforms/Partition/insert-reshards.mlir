// RUN: hfc-opt %s --hfc-propagate-shardings --hfc-insert-reshards --split-input-file | FileCheck %s

// What three products read is gathered once, and once more in the backward part: nothing gathered is kept between them.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  hf.parameter @w : tensor<32x64xf32> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{"tp"}, {}]>}
  // CHECK-LABEL: @once(
  // CHECK: %[[X:.*]] = dist.reshard %{{.*}} to <[{}, {}]> {cause = "column-parallel input"
  // CHECK-NOT: dist.reshard
  // CHECK: hf.linear %[[X]]
  // CHECK-NEXT: hf.linear %[[X]]
  // CHECK: dist.reshard {{.*}}hf.phase = "backward"
  // CHECK-NOT: dist.reshard
  func.func @once(%x: tensor<48x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}]>},
                  %w: tensor<32x64xf32> {hf.parameter = @w})
      -> (tensor<48x32xf32> {hf.output = "a"}, tensor<48x32xf32> {hf.output = "b"}, tensor<48x32xf32> {hf.output = "c"}) {
    %0 = hf.linear %x, %w : (tensor<48x64xf32>, tensor<32x64xf32>) -> tensor<48x32xf32>
    %1 = hf.linear %x, %w : (tensor<48x64xf32>, tensor<32x64xf32>) -> tensor<48x32xf32>
    %2 = hf.linear %x, %w {hf.phase = "backward"} : (tensor<48x64xf32>, tensor<32x64xf32>) -> tensor<48x32xf32>
    return %0, %1, %2 : tensor<48x32xf32>, tensor<48x32xf32>, tensor<48x32xf32>
  }
}

// -----

// A constant is made again where it is needed cut, and a broadcast too.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  // CHECK-LABEL: @again(
  // CHECK-NOT: dist.reshard
  // CHECK: hf.broadcast {{.*}}dist.shardings = [#dist.sharding<[{"tp"}, {}]>]
  // CHECK: return
  func.func @again(%x: tensor<48x64xf32> {dist.sharding = #dist.sharding<[{"tp"}, {}]>}, %b: tensor<64xf32>) -> tensor<48x64xf32> {
    %0 = hf.broadcast %b dims [1] : tensor<64xf32> -> tensor<48x64xf32>
    %1 = hf.constant dense<2.0> : tensor<48x64xf32>
    %2 = hf.mul %0, %1 : tensor<48x64xf32>
    %3 = hf.add %x, %2 : tensor<48x64xf32>
    return %3 : tensor<48x64xf32>
  }
}

// -----

// The greedy choice of a token from cut logits: the largest of all pieces, and the least of the places where it stands,
// which are numbered in the whole vocabulary. No logit moves.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  // CHECK-LABEL: @choice(
  // CHECK: dist.reshard {{.*}}cause = "extremum over a cut dimension"{{.*}} : tensor<48xf32>
  // CHECK: hf.iota 1 {{.*}} : tensor<48x250xi32>
  // CHECK: hf.constant dense<250> {{.*}}dist.size = #dist.size<dim 1 of [48, 250]>
  // CHECK: dist.reshard {{.*}}cause = "extremum over a cut dimension"{{.*}} : tensor<48xi32>
  // CHECK-NOT: dist.reshard
  func.func @choice(%logits: tensor<48x250xf32> {dist.sharding = #dist.sharding<[{}, {"tp"}]>}) -> tensor<48xi32> {
    %token = hf.argmax %logits : tensor<48x250xf32> -> tensor<48xi32>
    return %token : tensor<48xi32>
  }
}

// -----

// A cross-entropy over a cut vocabulary: three reductions of one number for each row.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  // CHECK-LABEL: @loss(
  // CHECK: dist.reshard {{.*}}cause = "cross-entropy maximum"{{.*}} : tensor<48xf32>
  // CHECK: dist.reshard {{.*}}cause = "cross-entropy sum"{{.*}} : tensor<48xf32>
  // CHECK: dist.reshard {{.*}}cause = "cross-entropy target"{{.*}} : tensor<48xf32>
  // CHECK-NOT: dist.reshard
  func.func @loss(%logits: tensor<48x250xf32> {dist.sharding = #dist.sharding<[{}, {"tp"}]>}, %labels: tensor<48xi32>) -> tensor<48xf32> {
    %loss, %log_sum = hf.cross_entropy %logits, %labels : (tensor<48x250xf32>, tensor<48xi32>) -> tensor<48xf32>
    return %loss : tensor<48xf32>
  }
}
