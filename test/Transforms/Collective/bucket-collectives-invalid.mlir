// RUN: hfc-opt %s --hfc-bucket-collectives=bucket-bytes=0 --verify-diagnostics
// RUN: not hfc-opt %S/Inputs/no-optimizer.mlir --hfc-bucket-collectives=zero=1 2>&1 | FileCheck %s --check-prefix=OPTIMIZER
// RUN: not hfc-opt %S/Inputs/no-optimizer.mlir --hfc-bucket-collectives=zero=2 2>&1 | FileCheck %s --check-prefix=STAGE
// OPTIMIZER: error: ZeRO divides the optimizer's work, but there is no entry @optimizer_step; run --hfc-add-optimizer first
// STAGE: error: zero=2 is not there; 0 keeps the optimizer whole, 1 divides it

// expected-error @below {{bucket-bytes must be positive, got 0}}
module {
}
