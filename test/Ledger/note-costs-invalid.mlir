// RUN: not hfc-opt %s --hfc-note-costs=machine=%t.nowhere.json 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: option 'machine': {{.*}}nowhere.json{{.*}}cannot read it
// RUN: echo '{"devices": 1}' > %t.json
// RUN: not hfc-opt %s --hfc-note-costs=machine=%t.json 2>&1 | FileCheck %s --check-prefix=KEY
// KEY: error: option 'machine': {{.*}}must be a positive number
rt.entry @forward arena 128 {
  %x = rt.input "x" at 0 : memref<16xf32>
  %y = rt.output "y" at 64 : memref<16xf32>
  rt.copy %x to %y : memref<16xf32>
}
