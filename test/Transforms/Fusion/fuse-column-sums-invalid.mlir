// RUN: not hfc-opt %s --hfc-fuse-column-sums=rows=1 2>&1 | FileCheck %s
// RUN: not hfc-opt %s --hfc-fuse-column-sums=blocks=0 2>&1 | FileCheck %s

// CHECK: error: hfc-fuse-column-sums: rows must be at least 2, and blocks at least 1
func.func @nothing() {
  return
}
