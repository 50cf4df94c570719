module {
  func.func private @turn(%x: tensor<4x8xf32>) -> tensor<8x4xf32> attributes {kernel.kind = "loop"} {
    %0 = hf.transpose %x perm [1, 0] : tensor<4x8xf32> -> tensor<8x4xf32>
    return %0 : tensor<8x4xf32>
  }
  func.func private @double(%x: tensor<8x4xf32>) -> tensor<8x4xf32> attributes {kernel.kind = "loop"} {
    %0 = hf.add %x, %x : tensor<8x4xf32>
    return %0 : tensor<8x4xf32>
  }
  rt.entry @forward arena 256 {
    %x = rt.input "x" at 0 : memref<4x8xf32>
    %y = rt.output "y" at 128 : memref<8x4xf32>
    %t = rt.arena at 0 : memref<8x4xf32>
    rt.launch @turn ins(%x : memref<4x8xf32>) outs(%y : memref<8x4xf32>)
    rt.launch @double ins(%y : memref<8x4xf32>) outs(%t : memref<8x4xf32>)
    rt.copy %t to %y : memref<8x4xf32>
  }
}
