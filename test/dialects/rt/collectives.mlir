// Every kind of collective survives printing and parsing, as text and as bytecode.
// RUN: hfc-opt %s --verify-roundtrip | FileCheck %s
// RUN: hfc-opt %s --emit-bytecode | hfc-opt --mlir-print-op-generic | hfc-opt | FileCheck %s

module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 4>} {
  hf.parameter @w : tensor<8xf32> from [#hf.piece<"w">]
  rt.entry @e arena 512 {
    // CHECK: %[[P:.*]] = rt.coordinate {"dp", "tp":(1)2} : memref<i32>
    %place = rt.coordinate {"dp", "tp":(1)2} : memref<i32>
    // CHECK: %[[W:.*]] = rt.parameter updated @w : memref<8xf32>
    %w = rt.parameter updated @w : memref<8xf32>
    %a = rt.arena at 0 : memref<4x4xf32>
    %b = rt.arena at 64 : memref<4x4xf32>
    %c = rt.arena at 128 : memref<1x4xf32>
    %d = rt.arena at 192 : memref<1x16xf32>
    %e = rt.arena at 256 : memref<3x4xf32>
    %f = rt.arena at 320 : memref<16xf32>
    // CHECK: rt.collective all_reduce by sum ins(%{{.*}}, %[[W]] : memref<4x4xf32>, memref<8xf32>) outs(%{{.*}}, %[[W]] : memref<4x4xf32>, memref<8xf32>) over {"dp", "tp"} {cause = "gradients", id = 0 : i64, stream = 1 : i32}
    rt.collective all_reduce by sum ins(%a, %w : memref<4x4xf32>, memref<8xf32>) outs(%b, %w : memref<4x4xf32>, memref<8xf32>) over {"dp", "tp"} {cause = "gradients", id = 0 : i64, stream = 1 : i32}
    // CHECK: rt.collective all_reduce {{.*}} scratch(%{{.*}} : memref<16xf32>) over {"tp"} {id = 40 : i64}
    %scratch = rt.arena at 64 : memref<16xf32>
    rt.collective all_reduce by sum ins(%a : memref<4x4xf32>) outs(%a : memref<4x4xf32>) scratch(%scratch : memref<16xf32>) over {"tp"} {id = 40 : i64}
    // CHECK: rt.collective agree ins(%{{.*}} : memref<4x4xf32>) outs(%{{.*}} : memref<4x4xf32>) over {"tp"} {id = 1 : i64}
    rt.collective agree ins(%a : memref<4x4xf32>) outs(%a : memref<4x4xf32>) over {"tp"} {id = 1 : i64}
    // CHECK: rt.collective all_gather {{.*}} over {"tp"} {dim = 0 : i64, id = 2 : i64}
    rt.collective all_gather ins(%c : memref<1x4xf32>) outs(%a : memref<4x4xf32>) over {"tp"} {dim = 0 : i64, id = 2 : i64}
    // The last piece is padded.
    rt.collective all_gather ins(%c : memref<1x4xf32>) outs(%e : memref<3x4xf32>) over {"tp"} {dim = 0 : i64, id = 3 : i64}
    // CHECK: rt.collective reduce_scatter by max
    rt.collective reduce_scatter by max ins(%e : memref<3x4xf32>) outs(%c : memref<1x4xf32>) over {"tp"} {dim = 0 : i64, id = 4 : i64}
    // CHECK: rt.collective all_to_all {{.*}} {concat = 1 : i64, dim = 0 : i64, id = 5 : i64}
    rt.collective all_to_all ins(%a : memref<4x4xf32>) outs(%d : memref<1x16xf32>) over {"tp"} {concat = 1 : i64, dim = 0 : i64, id = 5 : i64}
    // CHECK: rt.collective broadcast {{.*}} {id = 6 : i64, place = 1 : i64}
    rt.collective broadcast ins(%a : memref<4x4xf32>) outs(%b : memref<4x4xf32>) over {"dp"} {id = 6 : i64, place = 1 : i64}
    // CHECK: rt.collective send_receive {{.*}} {id = 7 : i64, place = -1 : i64}
    rt.collective send_receive ins(%a : memref<4x4xf32>) outs(%b : memref<4x4xf32>) over {"tp":(2)2} {id = 7 : i64, place = -1 : i64}
    // CHECK: rt.collective reduce_scatter_bucket by sum
    rt.collective reduce_scatter_bucket by sum ins(%a, %w : memref<4x4xf32>, memref<8xf32>) outs(%f : memref<16xf32>) over {"dp"} {id = 8 : i64}
    // CHECK: rt.collective all_gather_bucket
    rt.collective all_gather_bucket ins(%f : memref<16xf32>) outs(%a, %w : memref<4x4xf32>, memref<8xf32>) over {"dp"} {id = 9 : i64}
  }
}
