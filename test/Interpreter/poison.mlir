// RUN: not hfc-interpret %s --entry=unwritten 2>&1 | FileCheck %s --check-prefix=UNWRITTEN
// RUN: not hfc-interpret %s --entry=overlap 2>&1 | FileCheck %s --check-prefix=OVERLAP
// RUN: not hfc-interpret %s --entry=partly 2>&1 | FileCheck %s --check-prefix=PARTLY
// RUN: not hfc-interpret %s --entry=output 2>&1 | FileCheck %s --check-prefix=OUTPUT
// RUN: hfc-interpret %s --entry=reuse --print | FileCheck %s --check-prefix=REUSE

func.func private @double(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = hf.add %x, %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// UNWRITTEN: 'rt.launch' at {{.*}}reads element 0 of the temporary 0 (arena bytes 0 to 16), but it is poisoned
rt.entry @unwritten arena 128 {
  %t = rt.arena at 0 : memref<4xf32>
  %y = rt.output "y" at 64 : memref<4xf32>
  rt.launch @double ins(%t : memref<4xf32>) outs(%y : memref<4xf32>)
}

// The two temporaries are alive at the same time, in the same bytes.
// OVERLAP: reads element 0 of the temporary 1 (arena bytes 0 to 16), but the temporary 2 (arena bytes 0 to 16) has overwritten it
rt.entry @overlap arena 128 {
  %c = rt.constant dense<1.0> : tensor<4xf32> as memref<4xf32>
  %t = rt.arena at 0 : memref<4xf32>
  %u = rt.arena at 0 : memref<4xf32>
  %y = rt.output "y" at 64 : memref<4xf32>
  rt.launch @double ins(%c : memref<4xf32>) outs(%t : memref<4xf32>)
  rt.launch @double ins(%t : memref<4xf32>) outs(%u : memref<4xf32>)
  rt.launch @double ins(%t : memref<4xf32>) outs(%y : memref<4xf32>)
  rt.launch @double ins(%u : memref<4xf32>) outs(%y : memref<4xf32>)
}

kernel.func @half(%y: memref<4xf32>) grid(1) lanes(32) outputs(1) {
  %zero = arith.constant 0 : index
  %two = arith.constant 2 : index
  %one = arith.constant 1.0 : f32
  kernel.distribute %i = %zero to %two vector 1 {
    memref.store %one, %y[%i] : memref<4xf32>
  }
  kernel.return
}

// A kernel that leaves a part of its output unwritten.
// PARTLY: reads element 2 of the temporary 0 (arena bytes 0 to 16), but it is poisoned
rt.entry @partly arena 128 {
  %t = rt.arena at 0 : memref<4xf32>
  %y = rt.output "y" at 64 : memref<4xf32>
  rt.launch @half outs(%t : memref<4xf32>)
  rt.launch @double ins(%t : memref<4xf32>) outs(%y : memref<4xf32>)
}

// OUTPUT: the end of @output reads element 2 of output 'y'{{.*}}but it is poisoned
rt.entry @output arena 128 {
  %y = rt.output "y" at 64 : memref<4xf32>
  rt.launch @half outs(%y : memref<4xf32>)
}

// Bytes whose buffer has had its last use belong to the next.
// REUSE: y: [4] f32 = [8, 8, 8, 8]
rt.entry @reuse arena 128 {
  %c = rt.constant dense<1.0> : tensor<4xf32> as memref<4xf32>
  %t = rt.arena at 0 : memref<4xf32>
  %u = rt.arena at 64 : memref<4xf32>
  %y = rt.output "y" at 0 : memref<4xf32>
  rt.launch @double ins(%c : memref<4xf32>) outs(%t : memref<4xf32>)
  rt.launch @double ins(%t : memref<4xf32>) outs(%u : memref<4xf32>)
  rt.launch @double ins(%u : memref<4xf32>) outs(%y : memref<4xf32>)
}
