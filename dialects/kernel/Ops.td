//===- Ops.td - the kernel dialect -------------------------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_KERNEL_OPS
#define HFC_DIALECTS_KERNEL_OPS

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/LoopLikeInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::hfc::kernel";
  let summary = "One kernel, with explicit levels, for the CPU and the GPU alike";
  let description = [{
    A kernel is a grid of independent blocks. A block has lanes that share scratch memory. Its body is
    *block-uniform* code (scf, arith, memref, with every lane computing the same values) in which
    `kernel.distribute` divides a range over the lanes in vectors of consecutive elements, and
    `kernel.reduce` combines what each lane has accumulated into one value that all lanes know.

    On the CPU a block is one thread and `distribute` an ordinary loop over vectors; on the GPU a block
    is a CTA, and a reduction goes through vector, lane (shuffles), warp (shared memory). Bodies use
    `arith`, `math`, `scf`, `vector.load/store`, `memref.load/store` and nothing that one of the two cannot lower.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::vector::VectorDialect",
                           "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

class Kernel_Op<string mnemonic, list<Trait> traits = []> : Op<Kernel_Dialect, mnemonic, traits>;

def Kernel_Combine : I32EnumAttr<"Combine", "how partial values combine", [
    I32EnumAttrCase<"add", 0>, I32EnumAttrCase<"max", 1>, I32EnumAttrCase<"min", 2>]> {
  let cppNamespace = "::hfc::kernel";
  let genSpecializedAttr = 0;
}
def Kernel_CombineAttr : EnumAttr<Kernel_Dialect, Kernel_Combine, "combine"> {
  let assemblyFormat = "$value";
}

def Kernel_FuncOp : Kernel_Op<"func", [IsolatedFromAbove, FunctionOpInterface, AutomaticAllocationScope]> {
  let summary = "a kernel: a grid of blocks over buffers";
  let description = [{
    Arguments are memrefs with static shapes and identity layout; the last `outputs` of them are written, the
    others only read. Outputs do not overlap other arguments unless an attribute `kernel.alias = <argument
    number>` on the output says that the two are one buffer. `kernel.constant` on an argument says that nothing in the
    program writes it.

    `grid` is the number of blocks, `lanes` the lanes of a block on a GPU (a CPU uses one).

    Constraints:
    - (C1) all arguments are memrefs of static shape and identity layout; there are no results.
    - (C2) `grid >= 1`; `lanes` is a multiple of 32 up to 1024; `0 <= outputs <= arguments`.
    - (C3) no output is `kernel.constant`.

    Example:

    ```mlir
    kernel.func @double(%x: memref<4x64xf32>, %y: memref<4x64xf32>) grid(4) lanes(32) outputs(1) {
      %row = kernel.block_id
      %c0 = arith.constant 0 : index
      %c64 = arith.constant 64 : index
      kernel.distribute %i = %c0 to %c64 vector 4 {
        %v = vector.load %x[%row, %i] : memref<4x64xf32>, vector<4xf32>
        %d = arith.addf %v, %v : vector<4xf32>
        vector.store %d, %y[%row, %i] : memref<4x64xf32>, vector<4xf32>
      }
      kernel.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       I64Attr:$grid, I64Attr:$lanes, I64Attr:$outputs,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::TypeRange":$arguments, "int64_t":$grid,
                                 "int64_t":$lanes, "int64_t":$outputs)>];
  let extraClassDeclaration = [{
    /// FunctionOpInterface.
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}

def Kernel_ReturnOp : Kernel_Op<"return", [Pure, HasParent<"FuncOp">, Terminator]> {
  let summary = "ends a kernel";
  let description = [{
    Example:

    ```mlir
    kernel.func @nothing() grid(1) lanes(32) outputs(0) {
      kernel.return
    }
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Kernel_BlockIdOp : Kernel_Op<"block_id", [Pure]> {
  let summary = "the number of this block in the grid";
  let description = [{
    Counts from 0 to `grid - 1`; a kernel over several dimensions takes it apart itself.

    Example:

    ```mlir
    kernel.func @f(%x: memref<8xf32>) grid(8) lanes(32) outputs(1) {
      %i = kernel.block_id
      kernel.return
    }
    ```
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}

def Kernel_DistributeOp : Kernel_Op<"distribute", [RecursiveMemoryEffects, AutomaticAllocationScope,
      SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "divides a range over the lanes of the block, in vectors";
  let description = [{
    Runs the body for `i` in `{lower, lower + vector, …} < upper`, each `i` on one lane, in no fixed order and
    concurrently. The body handles the `vector` consecutive elements from `i` on. The values carried by `iter_args`
    are each lane's own: every lane starts from the initial value (so it must be the neutral element, or what the lane
    has from another distribute), and the results are the lanes' partial values, to be combined by `kernel.reduce`.
    Bounds are block-uniform.

    Lanes are not synchronised at the end: `kernel.barrier` orders scratch accesses of different lanes.
    Distributes do not nest.

    Constraints:
    - (C1) `vector >= 1`, and where both bounds are constants it divides their difference.
    - (C2) yielded types, initial types and result types agree.
    - (C3) no `kernel.distribute`, `kernel.reduce` or `kernel.barrier` stands inside.

    Example:

    ```mlir
    kernel.func @sum(%x: memref<4x64xf32>, %y: memref<4xf32>) grid(4) lanes(32) outputs(1) {
      %row = kernel.block_id
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c64 = arith.constant 64 : index
      %zero = arith.constant dense<0.0> : vector<4xf32>
      %partial = kernel.distribute %i = %c0 to %c64 vector 4 iter_args(%acc = %zero : vector<4xf32>) {
        %v = vector.load %x[%row, %i] : memref<4x64xf32>, vector<4xf32>
        %s = arith.addf %acc, %v : vector<4xf32>
        kernel.yield %s : vector<4xf32>
      }
      %sum = kernel.reduce add %partial : vector<4xf32> -> f32
      kernel.distribute %lane = %c0 to %c1 vector 1 {
        memref.store %sum, %y[%row] : memref<4xf32>
      }
      kernel.return
    }
    ```
  }];
  let arguments = (ins Index:$lower, Index:$upper, I64Attr:$vector, Variadic<AnyType>:$inits);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$lower, "::mlir::Value":$upper, "int64_t":$vector,
      CArg<"::mlir::ValueRange", "{}">:$inits,
      CArg<"::llvm::function_ref<::llvm::SmallVector<::mlir::Value>(::mlir::OpBuilder &, ::mlir::Location, ::mlir::Value, ::mlir::ValueRange)>", "nullptr">:$body)>];
  let extraClassDeclaration = [{
    ::mlir::Value getInductionVar() { return getBody().getArgument(0); }
    ::mlir::Block::BlockArgListType getRegionIterArgs() { return getBody().getArguments().drop_front(); }
  }];
}

def Kernel_YieldOp : Kernel_Op<"yield", [Pure, HasParent<"DistributeOp">, Terminator]> {
  let summary = "ends the body of a distribute with its carried values";
  let description = [{
    Example: see `kernel.distribute`.
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{ }]>];
}

def Kernel_ReduceOp : Kernel_Op<"reduce", []> {
  let summary = "combines the lanes' partial values into one that all lanes know";
  let description = [{
    Combines over the elements of a vector, the lanes of a warp and the warps of a block, in a fixed order.
    It is also a barrier for the block's lanes.

    Constraints:
    - (C1) the operand is a float or integer, or a vector of them; the result is the element.
    - (C2) it stands in block-uniform code, not inside `kernel.distribute`.

    Example: see `kernel.distribute`.
  }];
  let arguments = (ins Kernel_CombineAttr:$kind, AnyType:$partial);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$kind $partial attr-dict `:` type($partial) `->` type($result)";
  let hasVerifier = 1;
}

def Kernel_ScratchOp : Kernel_Op<"scratch", [MemoryEffects<[MemAlloc]>]> {
  let summary = "memory that the lanes of a block share";
  let description = [{
    Uninitialised; alive until the kernel returns. Shared memory on a GPU, the stack on a CPU.

    Constraints:
    - (C1) a memref of static shape; it stands directly in the kernel's body.

    Example:

    ```mlir
    kernel.func @f() grid(1) lanes(32) outputs(0) {
      %s = kernel.scratch : memref<32xf32>
      kernel.return
    }
    ```
  }];
  let results = (outs AnyStaticShapeMemRef:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Kernel_BarrierOp : Kernel_Op<"barrier", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "orders the lanes' accesses to memory";
  let description = [{
    What any lane of the block wrote before is visible to all of them after. Stands in block-uniform code.

    Example:

    ```mlir
    kernel.func @f() grid(1) lanes(32) outputs(0) {
      kernel.barrier
      kernel.return
    }
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Kernel_AwaitOp : Kernel_Op<"await", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "waits for what the kernel depends on";
  let description = [{
    A GPU may begin a kernel while those in front of it still run. A kernel waits for them first of all, unless it says
    where: what stands in front of the op may happen early, so that weights are on their way when what they are
    multiplied with is there. A kernel with the op has it on every path.

    Constraints:
    - (C1) it stands in block-uniform code of a `kernel.func` or `gpu.func`, not in a loop.
    - (C2) what stands in front of it only reads, and only arguments that are `kernel.constant`.

    Example:

    ```mlir
    kernel.func @f(%w: memref<8xf32> {kernel.constant}, %x: memref<8xf32>, %y: memref<8xf32>) grid(8) lanes(32) outputs(1) {
      %i = kernel.block_id
      %a = memref.load %w[%i] : memref<8xf32>
      kernel.await
      %b = memref.load %x[%i] : memref<8xf32>
      %c = arith.mulf %a, %b : f32
      memref.store %c, %y[%i] : memref<8xf32>
      kernel.return
    }
    ```
  }];
  let assemblyFormat = "attr-dict";
  let hasVerifier = 1;
}

#endif // HFC_DIALECTS_KERNEL_OPS
