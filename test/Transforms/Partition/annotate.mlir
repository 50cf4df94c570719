// Roles are found by data flow: names say nothing here. A decoder block with fewer key heads than ranks, an MLP, a table that
// is both embedding and head.

// RUN: hfc-opt %s --hfc-annotate="mesh=dp=2,tp=4" | FileCheck %s
// RUN: hfc-opt %s --hfc-annotate="mesh=dp=2,tp=4 options=sequence-parallel=on,zero=1" | FileCheck %s --check-prefix=SEQUENCE
// RUN: hfc-opt %s --hfc-annotate="mesh=dp=2,tp=4 strategy=replicate" | FileCheck %s --check-prefix=REPLICATE
// RUN: hfc-opt %s --hfc-annotate="mesh=dp=2,tp=4" | hfc-opt --hfc-annotate="mesh=dp=8" | FileCheck %s
// RUN: hfc-opt %s --hfc-annotate="mesh=dp=1,tp=1" | FileCheck %s --check-prefix=ONE

// CHECK: dist.mesh = #dist.mesh<"dp" = 2, "tp" = 4>
// SEQUENCE: hf.program = {{.*}}zero = 1 : i64
// REPLICATE-NOT: {"tp"}, {}
// ONE-NOT: dist.sharding

module attributes {hf.program = {batch = 2 : i64, task = "forward"}} {
  // CHECK-DAG: @a : {{.*}}dist.sharding = #dist.sharding<[{"tp"}, {}]>
  // REPLICATE-DAG: @a : {{.*}}dist.agree = #dist.axes<{"tp"}>
  hf.parameter @a : tensor<256x64xf32> from [#hf.piece<"a">]
  // CHECK-DAG: @b : {{.*}}[#hf.piece<"b">]{{$}}
  hf.parameter @b : tensor<64xf32> from [#hf.piece<"b">]
  // CHECK-DAG: @c : {{.*}}dist.sharding = #dist.sharding<[{"tp"}, {}]>
  hf.parameter @c : tensor<64x64xf32> from [#hf.piece<"c">]
  // Two ranks share a key head.
  // CHECK-DAG: @d : {{.*}}dist.sharding = #dist.sharding<[{"tp":(1)2}, {}]>
  hf.parameter @d : tensor<32x64xf32> from [#hf.piece<"d">]
  // CHECK-DAG: @e : {{.*}}dist.sharding = #dist.sharding<[{"tp":(1)2}, {}]>
  hf.parameter @e : tensor<32x64xf32> from [#hf.piece<"e">]
  // CHECK-DAG: @f : {{.*}}dist.sharding = #dist.sharding<[{}, {"tp"}]>
  hf.parameter @f : tensor<64x64xf32> from [#hf.piece<"f">]
  // CHECK-DAG: @g : {{.*}}dist.sharding = #dist.sharding<[{"tp"}, {}]>
  hf.parameter @g : tensor<160x64xf32> from [#hf.piece<"g">]
  // CHECK-DAG: @h : {{.*}}dist.sharding = #dist.sharding<[{"tp"}]>
  hf.parameter @h : tensor<160xf32> from [#hf.piece<"h">]
  // CHECK-DAG: @i : {{.*}}dist.sharding = #dist.sharding<[{}, {"tp"}]>
  hf.parameter @i : tensor<64x160xf32> from [#hf.piece<"i">]
  // CHECK-DAG: @j : {{.*}}[#hf.piece<"j">]{{$}}
  hf.parameter @j : tensor<64xf32> from [#hf.piece<"j">]
  // Positions are looked up by numbers that count: the table is not cut.
  // CHECK-DAG: @k : {{.*}}[#hf.piece<"k">]{{$}}
  hf.parameter @k : tensor<128x64xf32> from [#hf.piece<"k">]

  // CHECK: func.func @forward(%{{.*}}: tensor<2x24xi32> {dist.sharding = #dist.sharding<[{"dp"}, {}]>
  func.func @forward(%ids: tensor<2x24xi32> {hf.input = "ids"}, %positions: tensor<2x24xi32> {hf.input = "p", hf.default = "arange"},
                     %a: tensor<256x64xf32> {hf.parameter = @a}, %b: tensor<64xf32> {hf.parameter = @b},
                     %c: tensor<64x64xf32> {hf.parameter = @c}, %d: tensor<32x64xf32> {hf.parameter = @d},
                     %e: tensor<32x64xf32> {hf.parameter = @e}, %f: tensor<64x64xf32> {hf.parameter = @f},
                     %g: tensor<160x64xf32> {hf.parameter = @g}, %h: tensor<160xf32> {hf.parameter = @h},
                     %i: tensor<64x160xf32> {hf.parameter = @i}, %j: tensor<64xf32> {hf.parameter = @j},
                     %k: tensor<128x64xf32> {hf.parameter = @k}) -> (tensor<2x24x256xf32> {hf.output = "logits"}) {
    // CHECK: hf.embedding {{.*}}dist.shardings = [#dist.sharding<[{"dp"}, {}, {}]>]
    // SEQUENCE: hf.embedding {{.*}}dist.shardings = [#dist.sharding<[{"dp"}, {"tp"}, {}]>]
    %0 = hf.embedding %a, %ids : (tensor<256x64xf32>, tensor<2x24xi32>) -> tensor<2x24x64xf32>
    %1 = hf.embedding %k, %positions : (tensor<128x64xf32>, tensor<2x24xi32>) -> tensor<2x24x64xf32>
    %2 = hf.add %0, %1 : tensor<2x24x64xf32>
    %n = hf.rms_norm %2, %b {epsilon = 1.0e-6 : f64} : (tensor<2x24x64xf32>, tensor<64xf32>) -> tensor<2x24x64xf32>
    %q = hf.linear %n, %c : (tensor<2x24x64xf32>, tensor<64x64xf32>) -> tensor<2x24x64xf32>
    %qh = hf.reshape %q : tensor<2x24x64xf32> -> tensor<2x24x4x16xf32>
    %kk = hf.linear %n, %d : (tensor<2x24x64xf32>, tensor<32x64xf32>) -> tensor<2x24x32xf32>
    %kh = hf.reshape %kk : tensor<2x24x32xf32> -> tensor<2x24x2x16xf32>
    %v = hf.linear %n, %e : (tensor<2x24x64xf32>, tensor<32x64xf32>) -> tensor<2x24x32xf32>
    %vh = hf.reshape %v : tensor<2x24x32xf32> -> tensor<2x24x2x16xf32>
    %o = hf.attention %qh, %kh, %vh {causal, scale = 0.25 : f64} : (tensor<2x24x4x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>) -> tensor<2x24x4x16xf32>
    %or = hf.reshape %o : tensor<2x24x4x16xf32> -> tensor<2x24x64xf32>
    // SEQUENCE: hf.linear {{.*}}(tensor<2x24x64xf32>, tensor<64x64xf32>)
    // SEQUENCE: hf.linear {{.*}}dist.shardings = [#dist.sharding<[{"dp"}, {"tp"}, {}]>]{{.*}}tensor<64x64xf32>
    %p = hf.linear %or, %f : (tensor<2x24x64xf32>, tensor<64x64xf32>) -> tensor<2x24x64xf32>
    %r = hf.add %2, %p : tensor<2x24x64xf32>
    %u = hf.linear %r, %g bias %h : (tensor<2x24x64xf32>, tensor<160x64xf32>, tensor<160xf32>) -> tensor<2x24x160xf32>
    %w = hf.activation gelu, %u : tensor<2x24x160xf32>
    %x = hf.linear %w, %i bias %j : (tensor<2x24x160xf32>, tensor<64x160xf32>, tensor<64xf32>) -> tensor<2x24x64xf32>
    %y = hf.add %r, %x : tensor<2x24x64xf32>
    %l = hf.linear %y, %a : (tensor<2x24x64xf32>, tensor<256x64xf32>) -> tensor<2x24x256xf32>
    return %l : tensor<2x24x256xf32>
  }
}
