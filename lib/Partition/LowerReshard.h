//===- LowerReshard.h - a reshard as collectives and local slices
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_PARTITION_LOWERRESHARD_H
#define HFC_LIB_PARTITION_LOWERRESHARD_H

#include "dialects/dist/Sharding.h"

namespace hfc::partition {

/// An i32 scalar: the rank's place along `axes` times the elements of a piece of dimension `dim`, as `sharding` cuts
/// it.
Value pieceStart(OpBuilder &builder, Location loc, dist::AxisListAttr axes, dist::ShardingAttr sharding, size_t dim,
                 dist::MeshAttr mesh);

/// Makes of `x`, a local tensor that lives as `from` says, the one that lives as `to` says; both have global shapes.
/// What is made has the location, block and phase of `like`.
Value lowerReshard(OpBuilder &builder, Operation *like, StringAttr cause, Value x, dist::ShardingAttr from,
                   dist::ShardingAttr to, dist::MeshAttr mesh);

} // namespace hfc::partition

#endif // HFC_LIB_PARTITION_LOWERRESHARD_H
