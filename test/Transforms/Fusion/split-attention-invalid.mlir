// RUN: not hfc-opt %s --hfc-split-attention=min-keys=1 2>&1 | FileCheck %s
// RUN: not hfc-opt %s --hfc-split-attention=blocks=0 2>&1 | FileCheck %s

// CHECK: error: hfc-split-attention: min-keys must be at least 2, and blocks at least 1
func.func @nothing() {
  return
}
