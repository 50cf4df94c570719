//===- Mesh.h - the ranks that a program is for
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_MESH_H
#define HFC_LIB_FRONTEND_MESH_H

#include "ConfigReader.h"

#include "hfc/Frontend/Import.h"

namespace hfc::frontend {

/// Who partitions a program where nobody is named.
inline constexpr StringLiteral defaultPartitioner = "megatron{sequence-parallel=off zero=0}";

/// Reports axes without a proper name, named twice, and meshes of too many ranks.
void checkMesh(ArrayRef<MeshAxis> axes, Problems &problems);

/// The module's `dist.mesh`; null where there is one rank, which nothing has to be partitioned for.
Attribute meshAttribute(MLIRContext *context, ArrayRef<MeshAxis> axes);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_MESH_H
