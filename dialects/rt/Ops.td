//===- Ops.td - the rt dialect -----------------------------*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_RT_OPS
#define HFC_DIALECTS_RT_OPS

include "dialects/dist/Attrs.td"
include "dialects/dist/Interfaces.td"
include "dialects/hf/Attrs.td"
include "dialects/rt/Attrs.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rt_AttentionAttr : AttrDef<Rt_Dialect, "Attention"> {
  let mnemonic = "attention";
  let summary = "an attention that the target's library may do in place of a kernel";
  let description = [{
    What an `rt.launch` of the body of one hf.attention, hf.attention_with_statistics (`with_statistics`) or hf.attention_backward
    (`backward`) computes: the kernel is then what runs where no library can. There is no bias, soft cap, dropout or cache; sizes are
    those of the launch's buffers. `window` is 0 where all keys are seen. `key_mask` and `segments` say that the op has them. With
    `deterministic` gradients are the same bits in every run.

    Example:

    ```mlir
    func.func private @attention_0(%q: tensor<2x24x4x16xbf16>, %k: tensor<2x24x2x16xbf16>, %v: tensor<2x24x2x16xbf16>)
        -> tensor<2x24x4x16xbf16> attributes {kernel.kind = "attention"} {
      %0 = hf.attention %q, %k, %v {causal, scale = 0.25 : f64}
        : (tensor<2x24x4x16xbf16>, tensor<2x24x2x16xbf16>, tensor<2x24x2x16xbf16>) -> tensor<2x24x4x16xbf16>
      return %0 : tensor<2x24x4x16xbf16>
    }
    rt.entry @e arena 24576 {
      %q = rt.input "q" at 0 : memref<2x24x4x16xbf16>
      %k = rt.input "k" at 6144 : memref<2x24x2x16xbf16>
      %v = rt.input "v" at 9216 : memref<2x24x2x16xbf16>
      %y = rt.output "y" at 12288 : memref<2x24x4x16xbf16>
      rt.launch @attention_0 ins(%q, %k, %v : memref<2x24x4x16xbf16>, memref<2x24x2x16xbf16>, memref<2x24x2x16xbf16>)
        outs(%y : memref<2x24x4x16xbf16>) {library = #rt.attention<forward, scale = 2.500000e-01 : f64, layout = bshd, causal = true>}
    }
    ```
  }];
  let parameters = (ins EnumParameter<Rt_AttentionKind>:$kind, "::mlir::FloatAttr":$scale, EnumParameter<Hf_HeadLayout>:$layout,
    DefaultValuedParameter<"bool", "false">:$causal, DefaultValuedParameter<"int64_t", "0">:$window,
    DefaultValuedParameter<"bool", "false">:$key_mask, DefaultValuedParameter<"bool", "false">:$segments,
    DefaultValuedParameter<"bool", "false">:$deterministic);
  let assemblyFormat = "`<` $kind `,` struct($scale, $layout, $causal, $window, $key_mask, $segments, $deterministic) `>`";
}

class Rt_Op<string mnemonic, list<Trait> traits = []> : Op<Rt_Dialect, mnemonic, traits>;

/// An op that only names a buffer.
class Rt_BufferOp<string mnemonic, list<Trait> traits = []> : Rt_Op<mnemonic, !listconcat([Pure, HasParent<"EntryOp">], traits)> {
  let results = (outs AnyStaticShapeMemRef:$buffer);
}

def Rt_EntryOp : Rt_Op<"entry", [IsolatedFromAbove, Symbol, NoTerminator, SingleBlock]> {
  let summary = "an entry of the program: a straight schedule over planned buffers";
  let description = [{
    `arena` is the number of bytes, 64-byte aligned, in which all `rt.arena`, `rt.input` and `rt.output` buffers of
    this entry lie. All entries of a program share one arena, as large as the largest.

    Constraints:
    - (C1) `arena` is a multiple of 64, not negative; every buffer of the arena lies inside it, aligned to 64 bytes.
    - (C2) input names are distinct; output names are distinct.
    - (C3) no stream has a negative number.
    - (C4) collectives have distinct numbers.

    Example:

    ```mlir
    func.func private @double(%x: tensor<16xf32>) -> tensor<16xf32> {
      %0 = hf.add %x, %x : tensor<16xf32>
      return %0 : tensor<16xf32>
    }
    rt.entry @forward arena 128 {
      %x = rt.input "x" at 0 : memref<16xf32>
      %y = rt.output "y" at 64 : memref<16xf32>
      rt.launch @double ins(%x : memref<16xf32>) outs(%y : memref<16xf32>)
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$arena);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `arena` $arena attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Rt_ArenaOp : Rt_BufferOp<"arena"> {
  let summary = "a temporary buffer at a planned offset in bytes";
  let description = [{
    Its lifetime is from the first launch that writes it to the last that reads it.

    Example:

    ```mlir
    rt.entry @e arena 64 {
      %t = rt.arena at 0 : memref<16xf32>
    }
    ```
  }];
  let arguments = (ins I64Attr:$offset);
  let assemblyFormat = "`at` $offset attr-dict `:` type($buffer)";
}

def Rt_InputOp : Rt_BufferOp<"input"> {
  let summary = "a buffer of the arena that the caller fills before the entry runs";
  let description = [{
    Example:

    ```mlir
    rt.entry @e arena 64 {
      %ids = rt.input "input_ids" at 0 : memref<2x8xi32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, I64Attr:$offset);
  let assemblyFormat = "$name `at` $offset attr-dict `:` type($buffer)";
}

def Rt_OutputOp : Rt_BufferOp<"output"> {
  let summary = "a buffer of the arena that the caller reads after the entry ran";
  let description = [{
    Example:

    ```mlir
    rt.entry @e arena 64 {
      %y = rt.output "logits" at 0 : memref<2x8xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, I64Attr:$offset);
  let assemblyFormat = "$name `at` $offset attr-dict `:` type($buffer)";
}

def Rt_ParameterOp : Rt_BufferOp<"parameter", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the buffer of a parameter";
  let description = [{
    Only an entry that has it as `updated` writes it.

    Constraints:
    - (C1) the symbol is an `hf.parameter` of the same shape and element type.

    Example:

    ```mlir
    hf.parameter @w : tensor<4x4xf32> from [#hf.piece<"w">]
    rt.entry @e arena 0 {
      %w = rt.parameter @w : memref<4x4xf32>
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$parameter, UnitAttr:$updated);
  let assemblyFormat = "(`updated` $updated^)? $parameter attr-dict `:` type($buffer)";
}

def Rt_StateOp : Rt_BufferOp<"state", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the buffer of a state, updated in place";
  let description = [{
    Constraints:
    - (C1) the symbol is an `hf.state` of the same shape and element type.

    Example:

    ```mlir
    hf.state @cache : tensor<4x4xf32>
    rt.entry @e arena 0 {
      %c = rt.state @cache : memref<4x4xf32>
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state);
  let assemblyFormat = "$state attr-dict `:` type($buffer)";
}

def Rt_ConstantOp : Rt_BufferOp<"constant"> {
  let summary = "a buffer with values fixed at compile time";
  let description = [{
    Constraints:
    - (C1) the buffer has the value's shape and element type.

    Example:

    ```mlir
    rt.entry @e arena 0 {
      %c = rt.constant dense<[1.0, 0.5]> : tensor<2xf32> as memref<2xf32>
    }
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let assemblyFormat = "$value `as` type($buffer) attr-dict";
  let hasVerifier = 1;
}

def Rt_CoordinateOp : Rt_BufferOp<"coordinate"> {
  let summary = "the buffer that holds this rank's place along axes";
  let description = [{
    A number from 0 to the product of the axes' sizes, the last axis fastest; the same in every run of the program.

    Constraints:
    - (C1) the buffer is one i32.
    - (C2) the mesh has the axes (`dist.mesh` of the module).

    Example:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
      rt.entry @e arena 0 {
        %place = rt.coordinate {"tp"} : memref<i32>
      }
    }
    ```
  }];
  let arguments = (ins Dist_AxisListAttr:$axes);
  let assemblyFormat = "custom<Axes>($axes) attr-dict `:` type($buffer)";
  let hasVerifier = 1;
}

def Rt_ViewOp : Rt_Op<"view", [Pure, HasParent<"EntryOp">]> {
  let summary = "a buffer under another shape, or in another order";
  let description = [{
    The same bytes, row-major, with as many elements of the same type.

    With `sizes` and `strides` the view's elements, row-major, are those at `offset + sum_d index[d] * strides[d]` of the source, for each
    `index` below `sizes`, row-major: dimensions exchanged or cut, or with a stride of 0 repeated. Products read such a view where it is,
    which spares a kernel that would only move elements; nothing else does.

    Constraints:
    - (C1) element types and numbers of elements agree; of an ordered view, element types, and the view has `sizes`' number of elements.
    - (C2) `sizes` and `strides` come together, are as many, sizes positive, strides and `offset` not negative, and all elements inside the
      source; without them `offset` is 0.
    - (C3) an ordered view is a factor of `rt.gemm`, and nothing else.

    Example:

    ```mlir
    rt.entry @e arena 64 {
      %t = rt.arena at 0 : memref<16xf32>
      %v = rt.view %t : memref<16xf32> to memref<4x4xf32>
      %o = rt.view %t sizes [2, 4, 4] strides [0, 1, 4] : memref<16xf32> to memref<2x16xf32>
    }
    ```
  }];
  let arguments = (ins AnyStaticShapeMemRef:$source, OptionalAttr<DenseI64ArrayAttr>:$sizes, OptionalAttr<DenseI64ArrayAttr>:$strides,
                       DefaultValuedAttr<I64Attr, "0">:$offset);
  let results = (outs AnyStaticShapeMemRef:$buffer);
  let builders = [OpBuilder<(ins "::mlir::MemRefType":$type, "::mlir::Value":$source), [{
    build($_builder, $_state, type, source, ::mlir::DenseI64ArrayAttr(), ::mlir::DenseI64ArrayAttr(), 0);
  }]>];
  let assemblyFormat = "$source (`sizes` $sizes^ `strides` $strides (`offset` $offset^)?)? attr-dict `:` type($source) `to` type($buffer)";
  let extraClassDeclaration = [{
    /// Whether elements stand in an order of their own.
    bool isOrdered() { return getSizes().has_value(); }
  }];
  let hasVerifier = 1;
}

def Rt_JoinOp : Rt_Op<"join", [Pure, HasParent<"EntryOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "parameters or states that lie one behind the other, as one buffer";
  let description = [{
    The bytes of all parts, from the first one's beginning to the last one's end. So one product has the projections of
    a value by several weights as the columns of its result, though each weight is a parameter of its own.

    Constraints:
    - (C1) there are two parts at least; element types agree, and the buffer has as many elements as the parts together.
    - (C2) parts are named by `rt.parameter` or `rt.state`.
    - (C3) their declarations lie in one bucket, each where the one before it ends.

    Example:

    ```mlir
    hf.bucket @projections : tensor<24xbf16>
    hf.parameter @q : tensor<4x4xbf16> from [#hf.piece<"q">] {hf.bucket = #hf.place<@projections, 0>}
    hf.parameter @k : tensor<2x4xbf16> from [#hf.piece<"k">] {hf.bucket = #hf.place<@projections, 16>}
    rt.entry @e arena 0 {
      %q = rt.parameter @q : memref<4x4xbf16>
      %k = rt.parameter @k : memref<2x4xbf16>
      %qk = rt.join %q, %k : memref<4x4xbf16>, memref<2x4xbf16> to memref<6x4xbf16>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyStaticShapeMemRef>:$parts);
  let results = (outs AnyStaticShapeMemRef:$buffer);
  let assemblyFormat = "$parts attr-dict `:` type($parts) `to` type($buffer)";
  let hasVerifier = 1;
}

/// Work that a stream executes.
class Rt_WorkOp<string mnemonic, list<Trait> traits = []> : Rt_Op<mnemonic, !listconcat([HasParent<"EntryOp">], traits)>;

def Rt_LaunchOp : Rt_WorkOp<"launch", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a kernel over buffers";
  let description = [{
    The callee's arguments are the `ins`; its results (of a function of hf ops), or its last arguments (of a kernel),
    are the `outs`. An output buffer that equals an input buffer is an update in place, which the callee
    must allow.

    Constraints:
    - (C1) the callee is a `func.func` or a `kernel.func`, or a kernel lowered for the CPU, with `kernel.grid`.
    - (C2) shapes and element types agree with the callee's signature.
    - (C3) `library`, if there, has as many buffers as its kind takes, of shapes that fit each other and one floating-point type, masks of
      i32 and rows' sums of f32 aside.

    Example: see `rt.entry`; with `library`, `#rt.attention`.
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyStaticShapeMemRef>:$ins, Variadic<AnyStaticShapeMemRef>:$outs,
                       OptionalAttr<Rt_AttentionAttr>:$library, DefaultValuedAttr<I32Attr, "0">:$stream);
  let builders = [OpBuilder<(ins "::llvm::StringRef":$callee, "::mlir::ValueRange":$ins, "::mlir::ValueRange":$outs), [{
    build($_builder, $_state, callee, ins, outs, AttentionAttr());
  }]>];
  let hasVerifier = 1;
  let assemblyFormat = [{
    $callee (`ins` `(` $ins^ `:` type($ins) `)`)? (`outs` `(` $outs^ `:` type($outs) `)`)? attr-dict
  }];
}

def Rt_GemmOp : Rt_WorkOp<"gemm"> {
  let summary = "matrix product by the target's library";
  let description = [{
    `c[m, n] = sum_k a[m, k] * b[k, n] (+ bias[n])`, after the last two dimensions of `a` or `b` are swapped if
    `transpose_a` or `transpose_b` is there. If `b` has rank 2, all leading dimensions of `a` and `c` are rows
    (`m` is their product); otherwise leading dimensions are batch dimensions, equal in all three. Accumulates in float32; `c` is
    rounded once. With `accumulate` the product is added to what `c` holds.

    Constraints:
    - (C1) sizes agree; element types of a, b (and bias) are equal and floating point; `c` has the same or f32.
    - (C2) with `b` of rank 2, `transpose_a` is absent or `a` has rank 2.
    - (C3) `accumulate` comes without a bias.

    Example:

    ```mlir
    hf.parameter @w : tensor<8x4xf32> from [#hf.piece<"w">]
    rt.entry @e arena 128 {
      %a = rt.input "x" at 0 : memref<2x4xf32>
      %c = rt.output "y" at 64 : memref<2x8xf32>
      %w = rt.parameter @w : memref<8x4xf32>
      rt.gemm %a, %w into %c {transpose_b} : memref<2x4xf32>, memref<8x4xf32>, memref<2x8xf32>
    }
    ```
  }];
  let arguments = (ins AnyStaticShapeMemRef:$a, AnyStaticShapeMemRef:$b, AnyStaticShapeMemRef:$c,
                       Optional<AnyStaticShapeMemRef>:$bias, UnitAttr:$transpose_a, UnitAttr:$transpose_b,
                       UnitAttr:$accumulate, DefaultValuedAttr<I32Attr, "0">:$stream);
  let assemblyFormat = [{
    $a `,` $b `into` $c (`bias` `(` $bias^ `:` type($bias) `)`)? attr-dict `:` type($a) `,` type($b) `,` type($c)
  }];
  let hasVerifier = 1;
}

def Rt_CopyOp : Rt_WorkOp<"copy", [SameTypeOperands]> {
  let summary = "copies one buffer into another";
  let description = [{
    Only at boundaries that the user asked for; the planner avoids all others.

    Example:

    ```mlir
    rt.entry @e arena 128 {
      %a = rt.input "x" at 0 : memref<16xf32>
      %c = rt.output "y" at 64 : memref<16xf32>
      rt.copy %a to %c : memref<16xf32>
    }
    ```
  }];
  let arguments = (ins AnyStaticShapeMemRef:$source, AnyStaticShapeMemRef:$target, DefaultValuedAttr<I32Attr, "0">:$stream);
  let assemblyFormat = "$source `to` $target attr-dict `:` type($source)";
}

def Rt_CollectiveOp : Rt_WorkOp<"collective", [AttrSizedOperandSegments]> {
  let summary = "work in which all ranks of a group take part";
  let description = [{
    The collective of the dist dialect that is called `kind`, on buffers. A group is the ranks that differ only in their
    places along `axes`. All ranks execute an entry's collectives in one order, that of `id`; `id` is the collective's number in the whole program.

    The numbers that a kind takes: `dim` (all_gather, reduce_scatter; of all_to_all the dimension that is cut), `concat`
    (all_to_all: the dimension along which pieces are joined), `place` (broadcast: whose tensor; send_receive: how many places on).

    An output may be an input's buffer, in all_reduce, agree, broadcast and send_receive. In the bucket kinds the tensors may lie one behind
    the other in one bucket (`hf.bucket`), at multiples of 16 elements, and the piece in this rank's part of it.

    `scratch` is a buffer of the arena that the target's collective may write, where it moves only contiguous memory
    (`hfc-plan-collective-scratch`); what it holds before and after means nothing.

    Constraints:
    - (C1) buffers are of one element type, and ins and outs as many as the kind takes: several of both in all_reduce and agree, several
      ins in reduce_scatter_bucket, several outs in all_gather_bucket, else one.
    - (C2) kinds that combine have a reduction, others none; `dim`, `concat` and `place` are there where the kind takes them, and in range.
    - (C3) shapes are those of the dist dialect's collective, for groups of the mesh's size.
    - (C4) the mesh has the axes (`dist.mesh` of the module); `id` is not negative.
    - (C5) `scratch` is an `rt.arena` of rank 1 that is no other operand.

    Example:

    ```mlir
    module attributes {dist.mesh = #dist.mesh<"dp" = 2, "tp" = 2>} {
      rt.entry @e arena 256 {
        %x = rt.input "x" at 0 : memref<16xf32>
        %piece = rt.output "y" at 128 : memref<8xf32>
        rt.collective all_reduce by sum ins(%x : memref<16xf32>) outs(%x : memref<16xf32>) over {"tp"} {id = 0 : i64}
        rt.collective reduce_scatter by sum ins(%x : memref<16xf32>) outs(%piece : memref<8xf32>) over {"dp"}
          {cause = "gradients", dim = 0 : i64, id = 1 : i64}
      }
    }
    ```
  }];
  let arguments = (ins Rt_CollectiveKindAttr:$kind, OptionalAttr<Dist_ReductionKindAttr>:$reduction,
                       Variadic<AnyStaticShapeMemRef>:$ins, Variadic<AnyStaticShapeMemRef>:$outs,
                       Optional<AnyStaticShapeMemRef>:$scratch, Dist_AxisListAttr:$axes, I64Attr:$id, OptionalAttr<I64Attr>:$dim, OptionalAttr<I64Attr>:$concat, OptionalAttr<I64Attr>:$place,
                       OptionalAttr<StrAttr>:$cause, DefaultValuedAttr<I32Attr, "0">:$stream);
  let assemblyFormat = [{
    $kind (`by` $reduction^)? `ins` `(` $ins `:` type($ins) `)` `outs` `(` $outs `:` type($outs) `)`
    (`scratch` `(` $scratch^ `:` type($scratch) `)`)? `over` custom<Axes>($axes) attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether an output of this kind may be an input's buffer.
    bool mayBeInPlace();
  }];
}

def Rt_RecordOp : Rt_WorkOp<"record"> {
  let summary = "marks a point of a stream";
  let description = [{
    Event `event` happens when all earlier work of the stream is done.

    Constraints:
    - (C1) the event is recorded once in the entry (checked by `rt.entry`).

    Example:

    ```mlir
    rt.entry @e arena 0 {
      rt.record 0 {stream = 1 : i32}
      rt.wait 0 {stream = 0 : i32}
    }
    ```
  }];
  let arguments = (ins I32Attr:$event, DefaultValuedAttr<I32Attr, "0">:$stream);
  let assemblyFormat = "$event attr-dict";
}

def Rt_WaitOp : Rt_WorkOp<"wait"> {
  let summary = "makes later work of a stream wait for an event";
  let description = [{
    Constraints:
    - (C1) the event is recorded earlier in the entry (checked by `rt.entry`).

    Example: see `rt.record`.
  }];
  let arguments = (ins I32Attr:$event, DefaultValuedAttr<I32Attr, "0">:$stream);
  let assemblyFormat = "$event attr-dict";
}

#endif // HFC_DIALECTS_RT_OPS
