// RUN: hfc-opt %s --hfc-convert-rt-to-llvm | FileCheck %s
// RUN: hfc-opt %s --hfc-convert-rt-to-llvm | FileCheck %s --check-prefix=JSON
// RUN: hfc-opt %s --hfc-convert-rt-to-llvm | sed 's/^module attributes .* {$/module {/' | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=IR

// CHECK-DAG: llvm.func @hfc_rt_collective(!llvm.ptr, !llvm.ptr, !llvm.ptr, !llvm.ptr)

// id, kind, reduction, dtype, group, tensors, counts, piece, rank, dim, concat, place, shapes. What is defined last comes first.
// IR: { i32 2, i32 7, i32 0, i32 0, i32 1, i32 2, ptr @[[COUNTS:[a-z_0-9]+]], i64 12, i32 0,
// IR: @[[OUT:[a-z_0-9]+]] = internal constant [2 x i64] [i64 2, i64 8], align 64
// IR: @[[IN:[a-z_0-9]+]] = internal constant [2 x i64] [i64 2, i64 4], align 64
// IR: @[[ONE:[a-z_0-9]+]] = internal constant [1 x i64] [i64 8], align 64
// IR: { i32 1, i32 2, i32 0, i32 0, i32 0, i32 1, ptr @[[ONE]], i64 0, i32 2, i32 1, i32 0, i32 0, ptr @[[IN]], ptr @[[OUT]] }
// IR: @[[COUNTS]] = internal constant [2 x i64] [i64 8, i64 4], align 64
// IR: @hfc_collective = internal constant { i32, i32, i32, i32, i32, i32, ptr, i64, i32, i32, i32, i32, ptr, ptr } { i32 0, i32 0, i32 0, i32 0, i32 1, i32 2, ptr @[[COUNTS]], i64 0, i32 0, i32 0, i32 0, i32 0, ptr null, ptr null }

// IR-LABEL: define void @hfc_entry_step(ptr %0)
// IR: call void @hfc_rt_collective(ptr %{{.*}}, ptr @hfc_collective, ptr %{{.*}}, ptr %{{.*}})
// The place along tp, group 0, is element 0 of the frame's places, its fifth field.
// IR: getelementptr i32, ptr %11, i64 0
// IR: call void @hfc_rt_launch

// JSON: \22micro_batches\22:2
// JSON-SAME: \22mesh\22:[{\22name\22:\22dp\22,\22size\22:2},{\22name\22:\22tp\22,\22size\22:4}]
// JSON-SAME: \22groups\22:[{\22axes\22:[{\22name\22:\22tp\22,\22pre\22:1,\22size\22:2}]},{\22axes\22:[{\22name\22:\22dp\22,\22pre\22:1,\22size\22:2}]}]
// JSON-SAME: \22collectives\22:[{\22id\22:0,\22entry\22:\22step\22,\22kind\22:\22all_reduce\22,\22group\22:1,\22dtype\22:\22float32\22,\22bytes\22:48,\22cause\22:\22gradients\22,\22path\22:\22model.norm\22,\22block\22:3}
// JSON-SAME: {\22id\22:1,{{.*}}\22kind\22:\22all_gather\22,\22group\22:0,{{[^}]*}}\22bytes\22:64
// JSON-SAME: {\22id\22:2,{{[^}]*}}\22kind\22:\22reduce_scatter_bucket\22
// JSON-SAME: \22parameters\22:[{\22name\22:\22w\22,\22dtype\22:\22float32\22,\22shape\22:[2,4],\22global\22:[3,4],\22sharding\22:{{\[\[}}{\22name\22:\22tp\22,\22pre\22:1,\22size\22:2}],[]],\22pieces\22:[{{.*}}],\22state_dict\22:[{\22tensor\22:\22t\22,{{.*}}}],\22frozen\22:true,\22initializer\22:{\22kind\22:\22normal\22,\22std\22:
// JSON-SAME: \22states\22:[{\22name\22:\22grad.w\22,\22dtype\22:\22float32\22,\22shape\22:[8],\22of\22:\22w\22,\22role\22:\22gradient\22,\22bucket\22:{\22name\22:\22grads.0\22,\22offset\22:0}}
// JSON-SAME: \22buckets\22:[{\22name\22:\22grads.0\22,\22dtype\22:\22float32\22,\22elements\22:24}]
// JSON-SAME: \22name\22:\22x\22,{{.*}}\22global\22:[4,4],\22sharding\22:{{\[\[}}{\22name\22:\22dp\22,\22pre\22:1,\22size\22:2}],[]]
// JSON-SAME: \22work\22:{\22kinds\22:[{\22by\22:\22collective\22,\22kind\22:\22all_reduce\22,\22phase\22:\22forward\22,\22stream\22:0}
// JSON-SAME: {\22by\22:\22kernel\22,\22kind\22:\22kernel\22,\22name\22:\22kernel\22,\22phase\22:\22forward\22,\22stream\22:0}],\22places\22:{{\[\[}}\22model.norm\22,3],[\22\22,-1]],\22entries\22:{{\[\[}}0,0,1,1,2,1,3,1]]}
module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 4>, hf.program = {task = "train", micro_batches = 2 : i64, checkpoint_prefixes = [""]}} {
  hf.parameter @w : tensor<2x4xf32> from [#hf.piece<"w">]
    {dist.sharding = #dist.sharding<[{"tp":(1)2}, {}], global [3, 4]>, hf.frozen, hf.initializer = {kind = "normal", std = 0.5 : f64}, hf.state_dict = [#hf.piece<"t">]}
  hf.bucket @grads.0 : tensor<24xf32>
  hf.state @grad.w : tensor<8xf32> {hf.of = @w, hf.role = "gradient", hf.bucket = #hf.place<@grads.0, 0>}
  hf.state @grad.v : tensor<4xf32> {hf.bucket = #hf.place<@grads.0, 16>}
  llvm.func internal @kernel(!llvm.ptr, !llvm.ptr, !llvm.ptr) attributes {kernel.grid = 3 : i64, sym_visibility = "private"} {
  ^bb0(%args: !llvm.ptr, %begin: !llvm.ptr, %end: !llvm.ptr):
    llvm.return
  }
  rt.entry @step arena 256 {
    %a = rt.state @grad.w : memref<8xf32>
    %b = rt.state @grad.v : memref<4xf32>
    %x = rt.input "x" at 0 {rt.sharding = #dist.sharding<[{"dp"}, {}], global [4, 4]>} : memref<2x4xf32>
    %y = rt.output "y" at 64 : memref<2x8xf32>
    %p = rt.arena at 128 : memref<12xf32>
    %place = rt.coordinate {"tp":(1)2} : memref<i32>
    rt.collective all_reduce by sum ins(%a, %b : memref<8xf32>, memref<4xf32>) outs(%a, %b : memref<8xf32>, memref<4xf32>) over {"dp"}
      {cause = "gradients", hf.block = 3 : i64, id = 0 : i64} loc("model.norm")
    rt.collective all_gather ins(%x : memref<2x4xf32>) outs(%y : memref<2x8xf32>) over {"tp":(1)2} {dim = 1 : i64, id = 1 : i64}
    rt.collective reduce_scatter_bucket by sum ins(%a, %b : memref<8xf32>, memref<4xf32>) outs(%p : memref<12xf32>) over {"dp"} {id = 2 : i64}
    rt.launch @kernel ins(%place : memref<i32>) outs(%y : memref<2x8xf32>)
  }
}
