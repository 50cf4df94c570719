// RUN: hfc-opt %s --split-input-file --hfc-verify-distribution --verify-diagnostics

// expected-error @below {{is not local yet (no dist.materialized); run hfc-materialize-shardings first}}
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  // expected-error @below {{argument 0 ("x") has no dist.sharding; every argument and result of an entry needs one}}
  func.func @forward(%x: tensor<4xf32> {hf.input = "x"}) {
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  func.func @forward(%x: tensor<4xf32> {hf.input = "x", dist.sharding = #dist.sharding<[{}], global [4]>}) {
    %0 = hf.constant dense<1.0> : tensor<4xf32>
    // expected-error @below {{has no dist.shardings, and is no number of the rank's own; say where result 0 lives}}
    %1 = hf.mul %x, %0 : tensor<4xf32>
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  // expected-error @below {{result 0 ("loss") is partial (sum) over {tp}; hfc-insert-gradient-all-reduce completes what leaves the last micro-step}}
  func.func @forward(%x: tensor<f32> {hf.input = "x", dist.sharding = #dist.sharding<[], partial sum {"tp"}>})
      -> (tensor<f32> {hf.output = "loss", dist.sharding = #dist.sharding<[], partial sum {"tp"}>}) {
    return %x : tensor<f32>
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2>, dist.materialized} {
  hf.state @grad.w : tensor<4xf32> {dist.sharding = #dist.sharding<[{}], global [4]>}
  // expected-error @below {{result 0 (@grad.w) is partial (sum) over {dp}}}
  func.func @last_micro_step(%g: tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [4]>})
      -> (tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [4]>}) {
    return %g : tensor<4xf32>
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">] {dist.sharding = #dist.sharding<[{"tp"}], global [8]>}
  // expected-error @below {{argument 0 (@w) lives as #dist.sharding<[{}], global [4]>, but @w is declared to live as #dist.sharding<[{"tp"}], global [8]>}}
  func.func @forward(%w: tensor<4xf32> {hf.parameter = @w, dist.sharding = #dist.sharding<[{}], global [4]>}) {
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"tp" = 2>, dist.materialized} {
  hf.parameter @w : tensor<4xf32> from [#hf.piece<"w">]
  // expected-error @below {{but @w is declared without a dist.sharding}}
  func.func @forward(%w: tensor<4xf32> {hf.parameter = @w, dist.sharding = #dist.sharding<[{"tp"}], global [8]>}) {
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2>, dist.materialized} {
  hf.state @grad.w : tensor<4xf32> {dist.sharding = #dist.sharding<[{}], global [4]>}
  // expected-error @below {{leaves state @grad.w as #dist.sharding<[{}], global [4]>, and @micro_step takes it as #dist.sharding<[{}], partial sum {"dp"}, global [4]>; it would be counted wrongly}}
  func.func @micro_step(%g: tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [4]>})
      -> (tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], global [4]>}) {
    // expected-note @below {{it is made by 'dist.all_reduce'}}
    %0 = dist.all_reduce sum %g over {"dp"} {dist.shardings = [#dist.sharding<[{}], global [4]>]} : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}

// -----
// Complete is not zero: it would be counted once for each rank.
module attributes {dist.mesh = #dist.mesh<"dp" = 2>, dist.materialized} {
  hf.state @loss : tensor<f32> {dist.sharding = #dist.sharding<[]>}
  // expected-error @below {{leaves state @loss as #dist.sharding<[]>, and @last_micro_step takes it as #dist.sharding<[], partial sum {"dp"}>; it would be counted wrongly}}
  func.func @begin_step() -> (tensor<f32> {hf.state = @loss, dist.sharding = #dist.sharding<[]>}) {
    // expected-note @below {{it is made by 'hf.constant'}}
    %0 = hf.constant dense<1.0> : tensor<f32>
    return %0 : tensor<f32>
  }
  func.func @last_micro_step(%l: tensor<f32> {hf.state = @loss, dist.sharding = #dist.sharding<[], partial sum {"dp"}>})
      -> (tensor<f32> {hf.state = @loss, dist.sharding = #dist.sharding<[]>}) {
    %0 = dist.all_reduce sum %l over {"dp"} {dist.shardings = [#dist.sharding<[]>]} : tensor<f32>
    return %0 : tensor<f32>
  }
}

// -----
// An accumulator that is a sum after the last micro-step is nobody's to read.
module attributes {dist.mesh = #dist.mesh<"dp" = 2>, dist.materialized} {
  hf.state @grad.w : tensor<4xf32> {hf.role = "accumulator", dist.sharding = #dist.sharding<[{}], global [4]>}
  // expected-error @below {{leaves state @grad.w as #dist.sharding<[{}], partial sum {"dp"}, global [4]>, and @optimizer_step takes it as #dist.sharding<[{}], global [4]>}}
  func.func @last_micro_step(%g: tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [4]>})
      -> (tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], partial sum {"dp"}, global [4]>}) {
    return %g : tensor<4xf32>
  }
  func.func @optimizer_step(%g: tensor<4xf32> {hf.state = @grad.w, dist.sharding = #dist.sharding<[{}], global [4]>}) {
    return
  }
}

// -----
module attributes {dist.mesh = #dist.mesh<"dp" = 2>, dist.materialized} {
  // expected-error @below {{is an entry, and entries have one block}}
  func.func @forward() {
    cf.br ^bb1
  ^bb1:
    return
  }
}
