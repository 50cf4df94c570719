// RUN: not hfc-opt %s --hfc-fuse-few-rows=rows=0 2>&1 | FileCheck %s

// CHECK: error: hfc-fuse-few-rows: rows must be at least 1
func.func @nothing() {
  return
}
