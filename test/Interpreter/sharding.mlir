// Inputs, parameters and states are whole at the boundary: ranks get their pieces, what they give is put together.

// RUN: hfc-interpret %s --entry=whole --compare=%s --seed=1 | FileCheck %s --check-prefix=SAME
// RUN: hfc-interpret %s --entry=last --weights=random:0 --print | FileCheck %s --check-prefix=LAST
// RUN: not hfc-interpret %s --entry=replicas --weights=random:0 --print 2>&1 | FileCheck %s --check-prefix=REPLICAS
// RUN: not hfc-interpret %s --entry=padding --compare=%s --seed=1 2>&1 | FileCheck %s --check-prefix=PADDING
// RUN: hfc-interpret %s --entry=unmasked --weights=random:0 --inputs=random:1 --print | FileCheck %s --check-prefix=ZEROS
// RUN: hfc-interpret %s --entry=unmasked --weights=random:0 --inputs=random:1 --print --poison-padding | FileCheck %s --check-prefix=POISON

// SAME-DAG: same {{.*}}y [5, 3]: error 0
// SAME-DAG: same {{.*}}total []: error 0
// SAME-DAG: same {{.*}}count [3]: error 0
// SAME-DAG: same {{.*}}w [3, 5]: error 0

// Of 5 elements over 4 ranks, the third piece has one of padding and the last is padding alone.
// LAST: y: [5] f32 = [0, 1, 10, 11, 20]

// REPLICAS: output 'y': ranks 0 and 1 hold replicas that differ, first at element 0
// PADDING: state 'padded': rank 2 has something other than zero in padding, at element 1

// ZEROS: y: [] f32 = {{-?[0-9]}}
// POISON: y: [] f32 = nan

module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>, dist.materialized} {
  hf.parameter @w : tensor<3x3xf32> from [#hf.piece<"w">]
      {dist.sharding = #dist.sharding<[{}, {"tp"}], global [3, 5]>}
  hf.state @count : tensor<2xf32> {dist.sharding = #dist.sharding<[{"dp"}], global [3]>}
  hf.state @padded : tensor<2xf32> {dist.sharding = #dist.sharding<[{"dp", "tp"}], global [5]>}

  func.func @whole(%x: tensor<3x3xf32> {hf.input = "x", dist.sharding = #dist.sharding<[{"dp"}, {}], global [5, 3]>},
      %total: tensor<f32> {hf.input = "z", dist.sharding = #dist.sharding<[], partial sum {"dp", "tp"}>},
      %w: tensor<3x3xf32> {hf.parameter = @w, dist.sharding = #dist.sharding<[{}, {"tp"}], global [3, 5]>},
      %count: tensor<2xf32> {hf.state = @count, dist.sharding = #dist.sharding<[{"dp"}], partial sum {"tp"}, global [3]>})
      -> (tensor<3x3xf32> {hf.output = "y", dist.sharding = #dist.sharding<[{"dp"}, {}], global [5, 3]>},
          tensor<f32> {hf.output = "total", dist.sharding = #dist.sharding<[], partial sum {"dp", "tp"}>},
          tensor<2xf32> {hf.state = @count, dist.sharding = #dist.sharding<[{"dp"}], partial sum {"tp"}, global [3]>},
          tensor<3x3xf32> {hf.parameter = @w, dist.sharding = #dist.sharding<[{}, {"tp"}], global [3, 5]>}) {
    %doubled = hf.add %w, %w : tensor<3x3xf32>
    return %x, %total, %count, %doubled : tensor<3x3xf32>, tensor<f32>, tensor<2xf32>, tensor<3x3xf32>
  }

  func.func @last() -> (tensor<2xf32> {hf.output = "y", dist.sharding = #dist.sharding<[{"dp", "tp"}], global [5]>}) {
    %place = dist.axis_index {"dp", "tp"} : tensor<i32>
    %number = hf.convert %place : tensor<i32> -> tensor<f32>
    %tens = hf.constant dense<10.0> : tensor<f32>
    %first = hf.mul %number, %tens : tensor<f32>
    %all = hf.broadcast %first dims [] : tensor<f32> -> tensor<2xf32>
    %steps = hf.constant dense<[0.0, 1.0]> : tensor<2xf32>
    %y = hf.add %all, %steps : tensor<2xf32>
    return %y : tensor<2xf32>
  }

  func.func @replicas() -> (tensor<i32> {hf.output = "y"}) {
    %place = dist.axis_index {"tp"} : tensor<i32>
    return %place : tensor<i32>
  }

  func.func @padding(%old: tensor<2xf32> {hf.state = @padded,
          dist.sharding = #dist.sharding<[{"dp", "tp"}], global [5]>})
      -> (tensor<2xf32> {hf.state = @padded, dist.sharding = #dist.sharding<[{"dp", "tp"}], global [5]>}) {
    %ones = hf.constant dense<1.0> : tensor<2xf32>
    %new = hf.add %old, %ones : tensor<2xf32>
    return %new : tensor<2xf32>
  }

  // A sum that forgets to mask the padding.
  func.func @unmasked(%x: tensor<3xf32> {hf.input = "x", dist.sharding = #dist.sharding<[{"tp"}], global [5]>})
      -> (tensor<f32> {hf.output = "y"}) {
    %part = hf.reduce sum, %x dims [0] : tensor<3xf32> -> tensor<f32>
    %sum = dist.all_reduce sum %part over {"tp"} : tensor<f32>
    return %sum : tensor<f32>
  }
}
