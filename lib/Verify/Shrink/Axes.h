//===- Axes.h - the mesh's axes, and what they shrink to
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_VERIFY_SHRINK_AXES_H
#define HFC_LIB_VERIFY_SHRINK_AXES_H

#include "dialects/dist/Sharding.h"

namespace hfc::verify {

/// Each axis is the product of the sub-axes that programs speak of; each of these is 2 ranks at first.
class Axes {
public:
  /// Finds the sub-axes in all attributes of the two programs.
  Axes(ModuleOp global, ModuleOp local);

  dist::MeshAttr getMesh() const { return mesh; }
  dist::MeshAttr shrunkMesh() const;

  int64_t sizeOf(ArrayRef<dist::AxisRefAttr> axes) const { return dist::sizeOf(axes, mesh); }
  int64_t shrunkSizeOf(ArrayRef<dist::AxisRefAttr> axes) const;

  dist::AxisRefAttr shrunk(dist::AxisRefAttr axis) const;
  dist::AxisListAttr shrunk(dist::AxisListAttr axes) const;

  /// Gives one of these axes more ranks; false if all have what they had.
  bool grow(ArrayRef<dist::AxisRefAttr> axes);
  /// These axes do not shrink.
  void keep(ArrayRef<dist::AxisRefAttr> axes);

private:
  /// A sub-axis that no attribute divides further.
  struct Part {
    int64_t pre, size, shrunk;
  };

  void findCuts(ModuleOp module);
  void makeParts();
  MutableArrayRef<Part> partsOf(dist::AxisRefAttr axis);
  ArrayRef<Part> partsOf(dist::AxisRefAttr axis) const { return const_cast<Axes *>(this)->partsOf(axis); }

  dist::MeshAttr mesh;
  llvm::DenseMap<StringAttr, SmallVector<int64_t, 4>> cuts;
  llvm::DenseMap<StringAttr, SmallVector<Part, 2>> parts;
};

} // namespace hfc::verify

#endif // HFC_LIB_VERIFY_SHRINK_AXES_H
