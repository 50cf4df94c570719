//===- Ops.td - reshards and collectives -*- tablegen -*-===//
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_DIST_OPS
#define HFC_DIALECTS_DIST_OPS

include "dialects/dist/Attrs.td"
include "dialects/dist/Interfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Dist_Op<string mnemonic, list<Trait> traits = []> : Op<Dist_Dialect, mnemonic, traits>;

def Dist_ReshardOp : Dist_Op<"reshard", [Pure, SameOperandsAndResultType]> {
  let summary = "the same tensor, living elsewhere";
  let description = [{
    The identity of the global tensor; the result lives as `to` says. Materializing turns it into local slices and collectives.

    Constraints:
    - (C1) `to` has as many dimensions as the tensor.
    - (C2) it stands before materializing only.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x24x64xf32>) -> tensor<2x24x64xf32> {
      %0 = dist.reshard %x to <[{}, {"tp"}, {} ]> : tensor<2x24x64xf32>
      return %0 : tensor<2x24x64xf32>
    }
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$x, Dist_ShardingAttr:$to, OptionalAttr<StrAttr>:$cause);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$x `to` $to attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Dist_AxisIndexOp : Dist_Op<"axis_index", [Pure]> {
  let summary = "this rank's place along axes";
  let description = [{
    A scalar from 0 to the product of the axes' sizes, the last axis fastest.

    Example:

    ```mlir
    func.func @example() -> tensor<i32> {
      %0 = dist.axis_index {"tp"} : tensor<i32>
      return %0 : tensor<i32>
    }
    ```
  }];
  let arguments = (ins Dist_AxisListAttr:$axes);
  let results = (outs 0DTensorOf<[I32]>:$result);
  let assemblyFormat = "custom<Axes>($axes) attr-dict `:` type($result)";
}

/// Not `Pure`: ranks must agree on which collectives they execute, so that one rank's dead code is no other's.
class Dist_Collective<string mnemonic, list<Trait> traits = []>
    : Dist_Op<mnemonic, !listconcat([DeclareOpInterfaceMethods<Dist_CollectiveOpInterface>], traits)> {
  let hasVerifier = 1;
}

/// As many results as inputs, of the same types.
def Dist_ResultsAsInputs : RangedTypesMatchWith<"(C1) results have the inputs' types", "results", "inputs", "$_self">;

def Dist_AllReduceOp : Dist_Collective<"all_reduce", [Dist_ResultsAsInputs]> {
  let summary = "combines the ranks' tensors, every rank getting the result";
  let description = [{
    Several tensors are one collective (a bucket), reduced each for itself. `start` only begins it: see `dist.done`.

    Constraints:
    - (C1) as many results as inputs, of the same types; all of one element type.
    - (C2) results of a `start` are read by `dist.done` only.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x24x64xf32>) -> tensor<2x24x64xf32> {
      %0 = dist.all_reduce sum %x over {"tp"} {cause = "row-parallel output"} : tensor<2x24x64xf32>
      return %0 : tensor<2x24x64xf32>
    }
    ```
  }];
  let arguments = (ins Dist_ReductionKindAttr:$kind, Variadic<AnyStaticShapeTensor>:$inputs, Dist_AxisListAttr:$axes,
                       OptionalAttr<StrAttr>:$cause, OptionalAttr<I64Attr>:$id, UnitAttr:$start);
  let results = (outs Variadic<AnyStaticShapeTensor>:$results);
  let assemblyFormat = "$kind $inputs `over` custom<Axes>($axes) attr-dict `:` type($results)";
}

def Dist_AgreeOp : Dist_Collective<"agree", [Dist_ResultsAsInputs]> {
  let summary = "makes replicas equal: their mean";
  let description = [{
    Mathematically the identity: the inputs are replicated over `axes`. What a strategy asks for where kernels may make replicas drift
    (Megatron's `average_gradients_across_tp_domain`).

    Constraints: as `dist.all_reduce`.

    Example:

    ```mlir
    func.func @example(%x: tensor<64xf32>) -> tensor<64xf32> {
      %0 = dist.agree %x over {"tp"} : tensor<64xf32>
      return %0 : tensor<64xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyStaticShapeTensor>:$inputs, Dist_AxisListAttr:$axes, OptionalAttr<StrAttr>:$cause,
                       OptionalAttr<I64Attr>:$id, UnitAttr:$start);
  let results = (outs Variadic<AnyStaticShapeTensor>:$results);
  let assemblyFormat = "$inputs `over` custom<Axes>($axes) attr-dict `:` type($results)";
}

def Dist_AllGatherOp : Dist_Collective<"all_gather"> {
  let summary = "joins the ranks' pieces along a dimension";
  let description = [{
    Constraints:
    - (C1) the result has the input's type but along `dim`, where it has the group's size times as much, or less where the last pieces were padded.
    - (C2) as `dist.all_reduce`.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x12x64xf32>) -> tensor<2x24x64xf32> {
      %0 = dist.all_gather %x dim 1 over {"tp"} : tensor<2x12x64xf32> -> tensor<2x24x64xf32>
      return %0 : tensor<2x24x64xf32>
    }
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, I64Attr:$dim, Dist_AxisListAttr:$axes, OptionalAttr<StrAttr>:$cause,
                       OptionalAttr<I64Attr>:$id, UnitAttr:$start);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$input `dim` $dim `over` custom<Axes>($axes) attr-dict `:` type($input) `->` type($result)";
}

def Dist_ReduceScatterOp : Dist_Collective<"reduce_scatter"> {
  let summary = "combines the ranks' tensors, every rank getting its piece of the result along a dimension";
  let description = [{
    Constraints:
    - (C1) the result has the input's type but along `dim`, where it has `ceil(size / group)`.
    - (C2) as `dist.all_reduce`.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x24x64xf32>) -> tensor<2x12x64xf32> {
      %0 = dist.reduce_scatter sum %x dim 1 over {"tp"} : tensor<2x24x64xf32> -> tensor<2x12x64xf32>
      return %0 : tensor<2x12x64xf32>
    }
    ```
  }];
  let arguments = (ins Dist_ReductionKindAttr:$kind, AnyStaticShapeTensor:$input, I64Attr:$dim, Dist_AxisListAttr:$axes,
                       OptionalAttr<StrAttr>:$cause, OptionalAttr<I64Attr>:$id, UnitAttr:$start);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$kind $input `dim` $dim `over` custom<Axes>($axes) attr-dict `:` type($input) `->` type($result)";
}

def Dist_AllToAllOp : Dist_Collective<"all_to_all"> {
  let summary = "cuts along one dimension, exchanges the pieces, joins along another";
  let description = [{
    Constraints:
    - (C1) `split` and `concat` differ; the result has `1/group` of the input's size along `split` and `group` times along `concat`; the first divides.
    - (C2) as `dist.all_reduce`.

    Example:

    ```mlir
    func.func @example(%x: tensor<2x12x64xf32>) -> tensor<2x24x32xf32> {
      %0 = dist.all_to_all %x split 2 concat 1 over {"tp"} : tensor<2x12x64xf32> -> tensor<2x24x32xf32>
      return %0 : tensor<2x24x32xf32>
    }
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, I64Attr:$split, I64Attr:$concat, Dist_AxisListAttr:$axes,
                       OptionalAttr<StrAttr>:$cause, OptionalAttr<I64Attr>:$id, UnitAttr:$start);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{
    $input `split` $split `concat` $concat `over` custom<Axes>($axes) attr-dict `:` type($input) `->` type($result)
  }];
}

def Dist_BroadcastOp : Dist_Collective<"broadcast", [SameOperandsAndResultType]> {
  let summary = "every rank gets the tensor of one of them";
  let description = [{
    Constraints:
    - (C1) `root` is not negative (and below the group's size, which the mesh says).
    - (C2) as `dist.all_reduce`.

    Example:

    ```mlir
    func.func @example(%x: tensor<64xf32>) -> tensor<64xf32> {
      %0 = dist.broadcast %x from 0 over {"dp"} : tensor<64xf32>
      return %0 : tensor<64xf32>
    }
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, I64Attr:$root, Dist_AxisListAttr:$axes, OptionalAttr<StrAttr>:$cause,
                       OptionalAttr<I64Attr>:$id, UnitAttr:$start);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$input `from` $root `over` custom<Axes>($axes) attr-dict `:` type($result)";
}

def Dist_SendReceiveOp : Dist_Collective<"send_receive", [SameOperandsAndResultType]> {
  let summary = "sends to the rank some places on, receives from as far behind";
  let description = [{
    Places along `axes` form a ring: the tensor of place `i` arrives at place `i + by`.

    Constraints: as `dist.all_reduce`.

    Example:

    ```mlir
    func.func @example(%x: tensor<64xf32>) -> tensor<64xf32> {
      %0 = dist.send_receive %x by 1 over {"tp"} : tensor<64xf32>
      return %0 : tensor<64xf32>
    }
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, I64Attr:$by, Dist_AxisListAttr:$axes, OptionalAttr<StrAttr>:$cause,
                       OptionalAttr<I64Attr>:$id, UnitAttr:$start);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$input `by` $by `over` custom<Axes>($axes) attr-dict `:` type($result)";
}

def Dist_ReduceScatterBucketOp : Dist_Collective<"reduce_scatter_bucket"> {
  let summary = "combines tensors as one flat bucket, every rank getting its piece";
  let description = [{
    The bucket is the inputs, flattened and in order, each beginning at a multiple of 16 elements (`dist::bucketAlignment`), and zeros
    between them and up to the result's size times the group's. What ZeRO does to gradients; the inputs lie in one buffer (see
    `hf.state`'s `bucket`), so nothing is copied.

    Constraints:
    - (C1) the result has rank 1, and group times its size is at least the bucket's elements; one element type.
    - (C2) as `dist.all_reduce`.

    Example:

    ```mlir
    func.func @example(%a: tensor<4x8xf32>, %b: tensor<30xf32>) -> tensor<32xf32> {
      %0 = dist.reduce_scatter_bucket sum %a, %b over {"dp"} : tensor<4x8xf32>, tensor<30xf32> -> tensor<32xf32>
      return %0 : tensor<32xf32>
    }
    ```
  }];
  let arguments = (ins Dist_ReductionKindAttr:$kind, Variadic<AnyStaticShapeTensor>:$inputs, Dist_AxisListAttr:$axes,
                       OptionalAttr<StrAttr>:$cause, OptionalAttr<I64Attr>:$id, UnitAttr:$start);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$kind $inputs `over` custom<Axes>($axes) attr-dict `:` type($inputs) `->` type($result)";
}

def Dist_AllGatherBucketOp : Dist_Collective<"all_gather_bucket"> {
  let summary = "joins the ranks' pieces of a flat bucket into the tensors that it holds";
  let description = [{
    The inverse of `dist.reduce_scatter_bucket`'s cut: what ZeRO does to updated parameters.

    Constraints:
    - (C1) the input has rank 1, and group times its size is at least the bucket's elements; one element type.
    - (C2) as `dist.all_reduce`.

    Example:

    ```mlir
    func.func @example(%s: tensor<32xf32>) -> (tensor<4x8xf32>, tensor<30xf32>) {
      %a, %b = dist.all_gather_bucket %s over {"dp"} : tensor<32xf32> -> tensor<4x8xf32>, tensor<30xf32>
      return %a, %b : tensor<4x8xf32>, tensor<30xf32>
    }
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, Dist_AxisListAttr:$axes, OptionalAttr<StrAttr>:$cause,
                       OptionalAttr<I64Attr>:$id, UnitAttr:$start);
  let results = (outs Variadic<AnyStaticShapeTensor>:$results);
  let assemblyFormat = "$input `over` custom<Axes>($axes) attr-dict `:` type($input) `->` type($results)";
}

def Dist_DoneOp : Dist_Op<"done", [Dist_ResultsAsInputs]> {
  let summary = "waits for a collective that was begun";
  let description = [{
    Takes all results of one collective with `start` and returns them, ready to be read. Between the two the collective's operands and
    results belong to it.

    Constraints:
    - (C1) the operands are all results, in order, of one collective with `start`; types agree.

    Example:

    ```mlir
    func.func @example(%x: tensor<64xf32>) -> tensor<64xf32> {
      %0 = dist.all_reduce sum %x over {"dp"} {start} : tensor<64xf32>
      %1 = dist.done %0 : tensor<64xf32>
      return %1 : tensor<64xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyStaticShapeTensor>:$inputs);
  let results = (outs Variadic<AnyStaticShapeTensor>:$results);
  let assemblyFormat = "$inputs attr-dict `:` type($results)";
  let hasVerifier = 1;
}

#endif // HFC_DIALECTS_DIST_OPS
