// Every kind of collective as calls of NCCL and copies. What they compute is checked by running four ranks as threads, with doubles of
// NCCL and of the runtime (Inputs/nccl_double.c), against what the dist dialect says of the kinds (Inputs/nccl.py).
// RUN: hfc-opt %s --hfc-plan-collective-scratch --hfc-verify-schedule --hfc-convert-rt-to-llvm -o %t.llvm.mlir
// RUN: FileCheck %s --input-file=%t.llvm.mlir
// RUN: not hfc-opt %s --hfc-convert-rt-to-llvm -o /dev/null 2>&1 | FileCheck %s --check-prefix=SCRATCH
// SCRATCH: error: 'rt.collective' op needs {{[0-9]+}} bytes of scratch memory, and has 0 (hfc-plan-collective-scratch comes first)

// CHECK-DAG: llvm.func @ncclAllReduce(!llvm.ptr, !llvm.ptr, i64, i32, i32, !llvm.ptr, !llvm.ptr) -> i32
// CHECK-DAG: llvm.func @ncclAllGather(!llvm.ptr, !llvm.ptr, i64, i32, !llvm.ptr, !llvm.ptr) -> i32
// CHECK-DAG: llvm.func @ncclReduceScatter(!llvm.ptr, !llvm.ptr, i64, i32, i32, !llvm.ptr, !llvm.ptr) -> i32
// CHECK-DAG: llvm.func @ncclBroadcast(!llvm.ptr, !llvm.ptr, i64, i32, i32, !llvm.ptr, !llvm.ptr) -> i32
// CHECK-DAG: llvm.func @ncclSend(!llvm.ptr, i64, i32, i32, !llvm.ptr, !llvm.ptr) -> i32
// CHECK-DAG: llvm.func @ncclRecv(!llvm.ptr, i64, i32, i32, !llvm.ptr, !llvm.ptr) -> i32
module attributes {dist.mesh = #dist.mesh<"dp" = 1, "tp" = 4>,
                   hf.program = {task = "forward", target = "cuda", cpu = "x86-64", gpu = "sm_90a", checkpoint_prefixes = [""]}} {
  hf.bucket @bucket : tensor<32xf32>
  hf.state @first : tensor<5xf32> {hf.bucket = #hf.place<@bucket, 0>}
  hf.state @second : tensor<2x4xf32> {hf.bucket = #hf.place<@bucket, 16>}
  hf.state @piece : tensor<4xf32>
  hf.state @part : tensor<8xf32>

  // One call, on the stream and in the communicator that the frame has; the runtime is told before and after.
  // CHECK-LABEL: llvm.func @hfc_entry_all_reduce(
  // CHECK: %[[CONTEXT:.*]] = llvm.load
  // CHECK-COUNT-5: llvm.load
  // CHECK: %[[STREAMS:.*]] = llvm.load
  // CHECK: %[[COMMUNICATORS:.*]] = llvm.load
  // CHECK: %[[ID:.*]] = llvm.mlir.constant(0 : i32)
  // CHECK: llvm.call @hfc_cuda_collective_begin(%[[CONTEXT]], %[[ID]], %{{.*}})
  // CHECK: llvm.getelementptr %[[COMMUNICATORS]]
  // CHECK-NEXT: %[[COMMUNICATOR:.*]] = llvm.load
  // CHECK: llvm.getelementptr %[[STREAMS]]
  // CHECK-NEXT: %[[STREAM:.*]] = llvm.load
  // CHECK: %[[COUNT:.*]] = llvm.mlir.constant(24 : i64)
  // CHECK: %[[FLOAT:.*]] = llvm.mlir.constant(7 : i32)
  // CHECK: %[[MAX:.*]] = llvm.mlir.constant(2 : i32)
  // CHECK: %[[RESULT:.*]] = llvm.call @ncclAllReduce(%{{.*}}, %{{.*}}, %[[COUNT]], %[[FLOAT]], %[[MAX]], %[[COMMUNICATOR]], %[[STREAM]])
  // CHECK: %[[BYTES:.*]] = llvm.mlir.constant(96 : i64)
  // CHECK: llvm.call @hfc_cuda_collective_end(%[[CONTEXT]], %[[ID]], %[[BYTES]], %[[RESULT]], %{{.*}})
  // CHECK-NEXT: llvm.return
  rt.entry @all_reduce arena 256 {
    %x = rt.input "x" at 0 : memref<4x6xf32>
    %y = rt.output "y" at 128 : memref<4x6xf32>
    rt.collective all_reduce by max ins(%x : memref<4x6xf32>) outs(%y : memref<4x6xf32>) over {"tp"} {id = 0 : i64}
  }

  // What lies one behind the other is one call. The first error is that of the collective.
  // CHECK-LABEL: llvm.func @hfc_entry_all_reduce_several(
  // CHECK: %[[RESULT0:.*]] = llvm.call @ncclGroupStart()
  // CHECK: llvm.mlir.constant(32 : i64)
  // CHECK: %[[RESULT1:.*]] = llvm.call @ncclAllReduce
  // CHECK: %[[FAILED:.*]] = llvm.icmp "ne" %[[RESULT0]]
  // CHECK: llvm.select %[[FAILED]], %[[RESULT0]], %[[RESULT1]]
  // CHECK: llvm.mlir.constant(3 : i64)
  // CHECK: llvm.call @ncclAllReduce
  // CHECK: llvm.call @ncclGroupEnd()
  // CHECK: llvm.call @hfc_cuda_collective_end
  rt.entry @all_reduce_several arena 256 {
    %x = rt.output "x" at 0 : memref<16xi32>
    %y = rt.output "y" at 64 : memref<4x4xi32>
    %z = rt.output "z" at 192 : memref<3xi32>
    %from = rt.constant dense<[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]> : tensor<16xi32> as memref<16xi32>
    %matrix = rt.constant dense<7> : tensor<4x4xi32> as memref<4x4xi32>
    %short = rt.constant dense<[1, -2, 3]> : tensor<3xi32> as memref<3xi32>
    rt.copy %from to %x : memref<16xi32>
    rt.copy %matrix to %y : memref<4x4xi32>
    rt.copy %short to %z : memref<3xi32>
    rt.collective all_reduce by sum ins(%x, %y, %z : memref<16xi32>, memref<4x4xi32>, memref<3xi32>)
      outs(%x, %y, %z : memref<16xi32>, memref<4x4xi32>, memref<3xi32>) over {"tp"} {id = 1 : i64}
  }

  // CHECK-LABEL: llvm.func @hfc_entry_agree(
  // CHECK: llvm.mlir.constant(9 : i32)
  // CHECK: llvm.mlir.constant(4 : i32)
  // CHECK: llvm.call @ncclAllReduce
  rt.entry @agree arena 128 {
    %x = rt.input "x" at 0 : memref<6xbf16>
    %y = rt.output "y" at 64 : memref<6xbf16>
    rt.collective agree ins(%x : memref<6xbf16>) outs(%y : memref<6xbf16>) over {"tp"} {id = 2 : i64}
  }

  // CHECK-LABEL: llvm.func @hfc_entry_all_gather_outermost(
  // CHECK-NOT: ncclGroupStart
  // CHECK: llvm.call @ncclAllGather
  // CHECK-NOT: copy
  // CHECK: llvm.return
  rt.entry @all_gather_outermost arena 256 {
    %x = rt.input "x" at 0 : memref<1x2x3xbf16>
    %y = rt.output "y" at 128 : memref<1x8x3xbf16>
    rt.collective all_gather ins(%x : memref<1x2x3xbf16>) outs(%y : memref<1x8x3xbf16>) over {"tp"} {dim = 1 : i64, id = 3 : i64}
  }

  // A call for each row outside.
  // CHECK-LABEL: llvm.func @hfc_entry_all_gather_rows(
  // CHECK: ncclGroupStart
  // CHECK-COUNT-3: llvm.call @ncclAllGather
  // CHECK: ncclGroupEnd
  // CHECK-NOT: copy
  // CHECK: llvm.return
  rt.entry @all_gather_rows arena 448 {
    %x = rt.input "x" at 0 : memref<3x2x2xf32>
    %y = rt.output "y" at 64 : memref<3x8x2xf32>
    rt.collective all_gather ins(%x : memref<3x2x2xf32>) outs(%y : memref<3x8x2xf32>) over {"tp"} {dim = 1 : i64, id = 4 : i64}
  }

  // Too many: through scratch memory, 20 rows of 8 bytes from each of four ranks.
  // CHECK-LABEL: llvm.func @hfc_entry_all_gather_many(
  // CHECK-NOT: ncclGroupStart
  // CHECK: llvm.call @ncclAllGather
  // CHECK: %[[TARGET_PITCH:.*]] = llvm.mlir.constant(32 : i64)
  // CHECK-NEXT: %[[SOURCE_PITCH:.*]] = llvm.mlir.constant(8 : i64)
  // CHECK-NEXT: %[[ROWS:.*]] = llvm.mlir.constant(20 : i64)
  // CHECK-NEXT: %[[STREAM:.*]] = llvm.mlir.constant(0 : i32)
  // CHECK-NEXT: llvm.call @hfc_cuda_copy_rows(%{{.*}}, %{{.*}}, %[[TARGET_PITCH]], %{{.*}}, %[[SOURCE_PITCH]], %{{.*}}, %[[ROWS]], %[[STREAM]])
  // CHECK-COUNT-3: llvm.call @hfc_cuda_copy_rows
  // CHECK: llvm.call @hfc_cuda_collective_end
  rt.entry @all_gather_many arena 896 {
    %x = rt.input "x" at 0 : memref<20x2xf32>
    %y = rt.output "y" at 192 : memref<20x8xf32>
    rt.collective all_gather ins(%x : memref<20x2xf32>) outs(%y : memref<20x8xf32>) over {"tp"} {dim = 1 : i64, id = 5 : i64}
  }

  // Five columns: of the last ranks' pieces of two, one has one column and one has none.
  // CHECK-LABEL: llvm.func @hfc_entry_all_gather_uneven(
  // CHECK: llvm.call @ncclAllGather
  // CHECK-COUNT-3: llvm.call @hfc_cuda_copy_rows
  // CHECK-NOT: llvm.call @hfc_cuda_copy_rows
  // CHECK: llvm.return
  rt.entry @all_gather_uneven arena 256 {
    %x = rt.input "x" at 0 : memref<3x2xi32>
    %y = rt.output "y" at 64 : memref<3x5xi32>
    rt.collective all_gather ins(%x : memref<3x2xi32>) outs(%y : memref<3x5xi32>) over {"tp"} {dim = 1 : i64, id = 6 : i64}
  }

  // CHECK-LABEL: llvm.func @hfc_entry_reduce_scatter_rows(
  // CHECK-COUNT-2: llvm.call @ncclReduceScatter
  // CHECK: ncclGroupEnd
  rt.entry @reduce_scatter_rows arena 256 {
    %x = rt.input "x" at 0 : memref<2x8x2xf32>
    %y = rt.output "y" at 192 : memref<2x2x2xf32>
    rt.collective reduce_scatter by sum ins(%x : memref<2x8x2xf32>) outs(%y : memref<2x2x2xf32>) over {"tp"} {dim = 1 : i64, id = 7 : i64}
  }

  // CHECK-LABEL: llvm.func @hfc_entry_reduce_scatter_many(
  // CHECK-COUNT-4: llvm.call @hfc_cuda_copy_rows
  // CHECK: llvm.call @ncclReduceScatter
  rt.entry @reduce_scatter_many arena 896 {
    %x = rt.input "x" at 0 : memref<20x8xf32>
    %y = rt.output "y" at 704 : memref<20x2xf32>
    rt.collective reduce_scatter by mean ins(%x : memref<20x8xf32>) outs(%y : memref<20x2xf32>) over {"tp"} {dim = 1 : i64, id = 8 : i64}
  }

  // Zeros where there is nothing.
  // CHECK-LABEL: llvm.func @hfc_entry_reduce_scatter_uneven(
  // CHECK: llvm.call @hfc_cuda_clear
  // CHECK-COUNT-3: llvm.call @hfc_cuda_copy
  // CHECK: llvm.call @ncclReduceScatter
  rt.entry @reduce_scatter_uneven arena 128 {
    %x = rt.input "x" at 0 : memref<5x2xf32>
    %y = rt.output "y" at 64 : memref<2x2xf32>
    rt.collective reduce_scatter by min ins(%x : memref<5x2xf32>) outs(%y : memref<2x2xf32>) over {"tp"} {dim = 0 : i64, id = 9 : i64}
  }

  // Pieces of the operand are contiguous, those of the result are not.
  // CHECK-LABEL: llvm.func @hfc_entry_all_to_all_out(
  // CHECK: ncclGroupStart
  // CHECK: ncclSend
  // CHECK: ncclRecv
  // CHECK: ncclGroupEnd
  // CHECK-COUNT-4: llvm.call @hfc_cuda_copy_rows
  rt.entry @all_to_all_out arena 320 {
    %x = rt.input "x" at 0 : memref<8x3xf32>
    %y = rt.output "y" at 128 : memref<2x12xf32>
    rt.collective all_to_all ins(%x : memref<8x3xf32>) outs(%y : memref<2x12xf32>) over {"tp"} {dim = 0 : i64, concat = 1 : i64, id = 10 : i64}
  }
  // CHECK-LABEL: llvm.func @hfc_entry_all_to_all_both(
  // CHECK-COUNT-4: llvm.call @hfc_cuda_copy_rows
  // CHECK: ncclGroupEnd
  // CHECK-COUNT-4: llvm.call @hfc_cuda_copy_rows
  rt.entry @all_to_all_both arena 512 {
    %x = rt.input "x" at 0 : memref<2x8x3xf32>
    %y = rt.output "y" at 256 : memref<2x2x12xf32>
    rt.collective all_to_all ins(%x : memref<2x8x3xf32>) outs(%y : memref<2x2x12xf32>) over {"tp"} {dim = 1 : i64, concat = 2 : i64, id = 11 : i64}
  }

  // CHECK-LABEL: llvm.func @hfc_entry_broadcast(
  // CHECK: %[[ROOT:.*]] = llvm.mlir.constant(2 : i32)
  // CHECK-NEXT: llvm.call @ncclBroadcast(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[ROOT]],
  rt.entry @broadcast arena 128 {
    %x = rt.input "x" at 0 : memref<5xf32>
    %y = rt.output "y" at 64 : memref<5xf32>
    rt.collective broadcast ins(%x : memref<5xf32>) outs(%y : memref<5xf32>) over {"tp"} {place = 2 : i64, id = 12 : i64}
  }

  // To the rank one back, from the rank one on: places are taken modulo the group, of this rank's own.
  // CHECK-LABEL: llvm.func @hfc_entry_send_receive(
  // CHECK: llvm.call @ncclCommUserRank
  // CHECK: %[[OWN:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i32
  // CHECK: %[[THREE:.*]] = llvm.mlir.constant(3 : i32)
  // CHECK: llvm.add %[[OWN]], %[[THREE]]
  // CHECK: %[[PEER:.*]] = llvm.srem
  // CHECK: llvm.call @ncclSend(%{{.*}}, %{{.*}}, %{{.*}}, %[[PEER]],
  // CHECK: %[[ONE:.*]] = llvm.mlir.constant(1 : i32)
  // CHECK: llvm.add %[[OWN]], %[[ONE]]
  // CHECK: llvm.call @ncclRecv
  rt.entry @send_receive arena 128 {
    %x = rt.input "x" at 0 : memref<5xf32>
    %y = rt.output "y" at 64 : memref<5xf32>
    rt.collective send_receive ins(%x : memref<5xf32>) outs(%y : memref<5xf32>) over {"tp"} {place = -1 : i64, id = 13 : i64}
  }
  // What it sends must not be overwritten by what it receives.
  // CHECK-LABEL: llvm.func @hfc_entry_send_receive_in_place(
  // CHECK: llvm.call @ncclRecv
  // CHECK: llvm.call @ncclGroupEnd
  // CHECK: llvm.call @hfc_cuda_copy(
  rt.entry @send_receive_in_place arena 0 {
    %x = rt.state @piece : memref<4xf32>
    rt.collective send_receive ins(%x : memref<4xf32>) outs(%x : memref<4xf32>) over {"tp"} {place = 2 : i64, id = 14 : i64}
  }

  // Tensors of a bucket are where NCCL wants them, and what is behind them is cleared; between them is nothing but zeros.
  // CHECK-LABEL: llvm.func @hfc_entry_reduce_scatter_bucket(
  // CHECK-NOT: llvm.call @hfc_cuda_copy
  // CHECK: %[[TAIL:.*]] = llvm.mlir.constant(32 : i64)
  // CHECK: llvm.call @hfc_cuda_clear(%{{.*}}, %{{.*}}, %[[TAIL]],
  // CHECK: %[[COUNT:.*]] = llvm.mlir.constant(8 : i64)
  // CHECK: llvm.call @ncclReduceScatter(%{{.*}}, %{{.*}}, %[[COUNT]],
  // CHECK: llvm.return
  rt.entry @reduce_scatter_bucket arena 0 {
    %a = rt.state @first : memref<5xf32>
    %b = rt.state @second : memref<2x4xf32>
    %p = rt.state @part : memref<8xf32>
    rt.collective reduce_scatter_bucket by sum ins(%a, %b : memref<5xf32>, memref<2x4xf32>) outs(%p : memref<8xf32>) over {"tp"} {id = 15 : i64}
  }
  // CHECK-LABEL: llvm.func @hfc_entry_all_gather_bucket(
  // CHECK-NOT: llvm.call @hfc_cuda_copy
  // CHECK: llvm.return
  rt.entry @all_gather_bucket arena 0 {
    %a = rt.state @first : memref<5xf32>
    %b = rt.state @second : memref<2x4xf32>
    %p = rt.state @part : memref<8xf32>
    rt.collective all_gather_bucket ins(%p : memref<8xf32>) outs(%a, %b : memref<5xf32>, memref<2x4xf32>) over {"tp"} {id = 16 : i64}
  }
  // In another order they are packed, with zeros between them.
  // CHECK-LABEL: llvm.func @hfc_entry_reduce_scatter_packed(
  // CHECK: llvm.call @hfc_cuda_copy(
  // CHECK: llvm.call @hfc_cuda_clear(
  // CHECK: llvm.call @hfc_cuda_copy(
  // CHECK: llvm.call @hfc_cuda_clear(
  // CHECK: llvm.call @ncclReduceScatter
  rt.entry @reduce_scatter_packed arena 0 {
    %a = rt.state @first : memref<5xf32>
    %b = rt.state @second : memref<2x4xf32>
    %p = rt.state @part : memref<8xf32>
    rt.collective reduce_scatter_bucket by sum ins(%b, %a : memref<2x4xf32>, memref<5xf32>) outs(%p : memref<8xf32>) over {"tp"} {id = 17 : i64}
  }
  // CHECK-LABEL: llvm.func @hfc_entry_all_gather_packed(
  // CHECK: llvm.call @ncclAllGather
  // CHECK-COUNT-2: llvm.call @hfc_cuda_copy(
  rt.entry @all_gather_packed arena 0 {
    %a = rt.state @first : memref<5xf32>
    %b = rt.state @second : memref<2x4xf32>
    %p = rt.state @part : memref<8xf32>
    rt.collective all_gather_bucket ins(%p : memref<8xf32>) outs(%b, %a : memref<2x4xf32>, memref<5xf32>) over {"tp"} {id = 18 : i64}
  }

  // Alone, a rank copies.
  // CHECK-LABEL: llvm.func @hfc_entry_alone(
  // CHECK: llvm.call @hfc_cuda_collective_begin
  // CHECK-NOT: nccl
  // CHECK: llvm.call @hfc_cuda_copy(
  // CHECK: llvm.call @hfc_cuda_collective_end
  rt.entry @alone arena 128 {
    %x = rt.input "x" at 0 : memref<2x3xf32>
    %y = rt.output "y" at 64 : memref<2x3xf32>
    rt.collective all_gather ins(%x : memref<2x3xf32>) outs(%y : memref<2x3xf32>) over {"dp"} {dim = 1 : i64, id = 19 : i64}
  }
}
