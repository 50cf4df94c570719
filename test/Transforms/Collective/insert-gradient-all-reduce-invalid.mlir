// RUN: hfc-opt %s --hfc-insert-gradient-all-reduce --verify-diagnostics --split-input-file

// A sum that an entry reads without adding to it. (Of optimizer_step the verifier says so.)
module attributes {dist.mesh = #dist.mesh<"dp" = 2>, dist.materialized} {
  hf.state @grad.w : tensor<4xf32>
  // expected-error @below {{takes 'grad.w' partial over dp; only what it adds to and returns again may be partial}}
  func.func @begin_step(%g: tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [4]>}) {
    return
  }
}

// -----

module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>, dist.materialized} {
  // expected-note @below {{the parameter is declared here}}
  hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{}], global [4]>}
  hf.state @grad.w : tensor<2xf32> {hf.of = @w, hf.role = "gradient"}
  func.func @last_micro_step(
      // expected-error @below {{the gradient of 'w' is cut over {tp} in dimension 0, the parameter over {}; no reduction completes it}}
      %g: tensor<2xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{"tp"}], global [4]>})
      -> (tensor<2xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{"tp"}], global [4]>}) {
    return %g : tensor<2xf32>
  }
}

// -----

module attributes {dist.mesh = #dist.mesh<"dp" = 2>, dist.materialized} {
  // expected-note @below {{the parameter is declared here}}
  hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">]
  hf.state @grad.w : tensor<4xf32> {hf.of = @w, hf.role = "gradient"}
  func.func @last_micro_step(
      // expected-error @below {{the gradient of 'w' combines over {dp} as max, but gradients are sums}}
      %g: tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], partial max {"dp"}, global [4]>})
      -> (tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], partial max {"dp"}, global [4]>}) {
    return %g : tensor<4xf32>
  }
}

// -----

module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  // expected-error @below {{is to agree over {tp}, but it is cut over {tp}; only replicas can agree}}
  hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">] {dist.agree = #dist.axes<{"tp"}>, dist.sharding = #dist.sharding<[{"tp"}], global [8]>}
  hf.state @grad.w : tensor<4xf32> {hf.of = @w, hf.role = "gradient"}
  func.func @last_micro_step(%g: tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{"tp"}], global [8]>})
      -> (tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{"tp"}], global [8]>}) {
    return %g : tensor<4xf32>
  }
}

// -----

// expected-error @below {{the program is global, so no gradient is partial yet; run --hfc-materialize-shardings first}}
module attributes {dist.mesh = #dist.mesh<"dp" = 2>} {
}

// -----

module attributes {dist.mesh = #dist.mesh<"dp" = 2>, dist.materialized} {
  // expected-error @below {{is the gradient of @v, which is no parameter of this module}}
  hf.state @grad.w : tensor<4xf32> {hf.of = @v, hf.role = "gradient"}
}
