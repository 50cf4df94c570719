// RUN: hfc-interpret %s --entry=missing --print | FileCheck %s
// RUN: not hfc-interpret %s --entry=missing --streams=random:1 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: hfc-interpret %s --entry=ordered --print | FileCheck %s
// RUN: hfc-interpret %s --entry=ordered --print --streams=random:1 | FileCheck %s
// RUN: hfc-interpret %s --entry=ordered --print --streams=random:2 | FileCheck %s
// RUN: hfc-interpret %s --entry=ordered --print --streams=random:3 | FileCheck %s

func.func private @double(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = hf.add %x, %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK: y: [4] f32 = [4, 4, 4, 4]
// MISSING: 'rt.launch' at {{.*}}reads element 0 of the temporary {{.*}}, but it is poisoned
rt.entry @missing arena 128 {
  %c = rt.constant dense<1.0> : tensor<4xf32> as memref<4xf32>
  %t = rt.arena at 0 : memref<4xf32>
  %y = rt.output "y" at 64 : memref<4xf32>
  rt.launch @double ins(%c : memref<4xf32>) outs(%t : memref<4xf32>) {stream = 1 : i32}
  rt.launch @double ins(%t : memref<4xf32>) outs(%y : memref<4xf32>)
}

rt.entry @ordered arena 128 {
  %c = rt.constant dense<1.0> : tensor<4xf32> as memref<4xf32>
  %t = rt.arena at 0 : memref<4xf32>
  %y = rt.output "y" at 64 : memref<4xf32>
  rt.launch @double ins(%c : memref<4xf32>) outs(%t : memref<4xf32>) {stream = 1 : i32}
  rt.record 0 {stream = 1 : i32}
  rt.wait 0
  rt.launch @double ins(%t : memref<4xf32>) outs(%y : memref<4xf32>)
}
