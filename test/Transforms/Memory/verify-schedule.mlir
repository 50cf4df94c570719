// RUN: hfc-opt %s --hfc-verify-schedule | FileCheck %s

// Two streams meet through events; buffers are used again once all that read them is known to be done.
// CHECK: rt.entry @streams
hf.state @s : tensor<16xf32>
func.func private @add(%x: tensor<16xf32>, %y: tensor<16xf32>) -> (tensor<16xf32> {kernel.alias = 1 : i64}) attributes {kernel.kind = "loop"} {
  %0 = hf.add %x, %y : tensor<16xf32>
  return %0 : tensor<16xf32>
}
rt.entry @streams arena 256 {
  %s = rt.state @s : memref<16xf32>
  %x = rt.input "x" at 0 : memref<16xf32>
  %a = rt.arena at 64 : memref<16xf32>
  %b = rt.arena at 128 : memref<16xf32>
  %y = rt.output "y" at 192 : memref<4x4xf32>
  %c = rt.arena at 0 : memref<16xf32>
  %v = rt.view %y : memref<4x4xf32> to memref<16xf32>
  rt.launch @add ins(%x, %s : memref<16xf32>, memref<16xf32>) outs(%a : memref<16xf32>)
  rt.record 0
  rt.wait 0 {stream = 1 : i32}
  rt.launch @add ins(%x, %a : memref<16xf32>, memref<16xf32>) outs(%b : memref<16xf32>) {stream = 1 : i32}
  rt.record 1 {stream = 1 : i32}
  rt.wait 1
  rt.launch @add ins(%a, %b : memref<16xf32>, memref<16xf32>) outs(%c : memref<16xf32>)
  rt.launch @add ins(%c, %s : memref<16xf32>, memref<16xf32>) outs(%s : memref<16xf32>)
  rt.copy %c to %v : memref<16xf32>
}
