// RUN: not hfc-opt %s --hfc-merge-products=few-rows=-1 2>&1 | FileCheck %s

// CHECK: error: hfc-merge-products: few-rows must not be negative
func.func @nothing() {
  return
}
