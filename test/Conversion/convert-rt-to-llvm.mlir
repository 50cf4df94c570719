// RUN: hfc-opt %s --hfc-convert-rt-to-llvm | FileCheck %s --implicit-check-not=@hfc_constant_ --implicit-check-not='rt.' --implicit-check-not=hf.parameter
// RUN: hfc-opt %s --hfc-convert-rt-to-llvm | hfc-opt --hfc-convert-rt-to-llvm | FileCheck %s --implicit-check-not=@hfc_constant_ --implicit-check-not='rt.' --implicit-check-not=hf.parameter
// RUN: hfc-opt %s --hfc-convert-rt-to-llvm | FileCheck %s --check-prefix=JSON
// RUN: hfc-opt %s --hfc-convert-rt-to-llvm | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=IR

// CHECK-DAG: llvm.mlir.global external constant @hfc_program_abi(4 : i32)
// CHECK-DAG: llvm.mlir.global internal constant @hfc_constant({{.*}}alignment = 64
// CHECK-DAG: llvm.func @hfc_rt_launch(!llvm.ptr, !llvm.ptr, i64, !llvm.ptr)
// CHECK-DAG: llvm.func @hfc_rt_gemm(!llvm.ptr, !llvm.ptr)
// CHECK-DAG: llvm.func @hfc_rt_copy(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64)

// JSON: hfc_program_json({{.*}}\22hfc\22:\22{{[0-9.]+}}\22,\22abi\22:4,\22task\22:\22generate\22
// JSON-SAME: \22cpu\22:\22x86-64-v3\22
// JSON-SAME: \22checkpoint_prefixes\22:[\22\22,\22model.\22]
// JSON-SAME: \22arena\22:1024
// JSON-SAME: \22parameters\22:[{\22name\22:\22w\22,\22dtype\22:\22float32\22,\22shape\22:[8,4],\22pieces\22:[{\22tensor\22:\22t\22,\22offsets\22:[0,4],\22sizes\22:[8,4],\22permutation\22:[]}]}]
// JSON-SAME: \22states\22:[{\22name\22:\22cache\22,\22dtype\22:\22float32\22,\22shape\22:[2,4]}]
// JSON-SAME: \22name\22:\22ids\22,\22dtype\22:\22int32\22,\22shape\22:[2],\22offset\22:0,\22default\22:\22ones\22,\22min\22:0,\22max\22:7
// JSON-SAME: \22name\22:\22y\22,\22dtype\22:\22float32\22,\22shape\22:[2,8],\22offset\22:128
// JSON-SAME: \22generation\22:{\22eos\22:[2,3],\22temperature\22:{{0\.5|5.0+e-01}}}
module attributes {hf.program = {
    task = "generate", target = "cpu", cpu = "x86-64-v3", family = "f", architecture = "F", batch = 2 : i64, sequence = 1 : i64,
    dtype = "float32", layout = "batch-first", checkpoint_prefixes = ["", "model."],
    generation = {eos = [2, 3], temperature = 0.5 : f64}}} {
  hf.state @cache : tensor<2x4xf32>
  hf.parameter @w : tensor<8x4xf32> from [#hf.piece<"t", offsets = [0, 4], sizes = [8, 4]>]
  llvm.func internal @kernel(!llvm.ptr, !llvm.ptr, !llvm.ptr) attributes {kernel.grid = 3 : i64, sym_visibility = "private"} {
  ^bb0(%args: !llvm.ptr, %begin: !llvm.ptr, %end: !llvm.ptr):
    llvm.return
  }

  // IR-LABEL: define void @hfc_entry_step(ptr %0)
  // IR: %[[CONTEXT:.*]] = load ptr
  // IR: getelementptr ptr, ptr %0, i64 1
  // IR-NEXT: %[[ARENA:.*]] = load ptr
  // The product: float32, b transposed, 1 of 2 x 8 over 4.
  // IR: store i32 0, ptr %[[GEMM:.*]],
  // IR: store i32 0,
  // IR: store i32 1,
  // IR: store i64 1,
  // IR: store i64 2,
  // IR: store i64 8,
  // IR: store i64 4,
  // IR: call void @hfc_rt_gemm(ptr %[[CONTEXT]], ptr
  // IR: call void @hfc_rt_launch(ptr %[[CONTEXT]], ptr @kernel, i64 3, ptr
  // IR: %[[Y:.*]] = getelementptr i8, ptr %[[ARENA]], i64 128
  // IR: %[[T:.*]] = getelementptr i8, ptr %[[ARENA]], i64 64
  // IR: call void @hfc_rt_copy(ptr %[[CONTEXT]], ptr %[[Y]], ptr %[[T]], i64 64)
  // IR: ret void
  // IR: attributes #0 = { noinline optnone }
  rt.entry @step arena 512 {
    %ids = rt.input "ids" at 0 {hf.default = "ones", hf.min = 0 : i64, hf.max = 7 : i64} : memref<2xi32>
    %y = rt.output "y" at 128 : memref<2x8xf32>
    %t = rt.arena at 64 : memref<16xf32>
    %v = rt.view %t : memref<16xf32> to memref<2x8xf32>
    %w = rt.parameter @w : memref<8x4xf32>
    %cache = rt.state @cache : memref<2x4xf32>
    %bias = rt.constant dense<1.0> : tensor<8xf32> as memref<8xf32>
    %same = rt.constant dense<1.0> : tensor<8xf32> as memref<8xf32>
    rt.gemm %cache, %w into %v bias(%bias : memref<8xf32>) {transpose_b} : memref<2x4xf32>, memref<8x4xf32>, memref<2x8xf32>
    rt.record 0 {stream = 1 : i32}
    rt.wait 0
    rt.launch @kernel ins(%ids, %same : memref<2xi32>, memref<8xf32>) outs(%cache : memref<2x4xf32>)
    rt.copy %v to %y : memref<2x8xf32>
  }
  rt.entry @nothing arena 1024 {
  }
}
