// RUN: split-file %s %t
// RUN: not hfc-opt %t/batch.mlir --hfc-annotate="mesh=dp=2" 2>&1 | FileCheck %s --check-prefix=BATCH
// RUN: not hfc-opt %t/batch.mlir --hfc-annotate="mesh=dp=2,tp" 2>&1 | FileCheck %s --check-prefix=MESH
// RUN: not hfc-opt %t/batch.mlir --hfc-annotate="mesh=dp=2,dp=2" 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not hfc-opt %t/batch.mlir --hfc-annotate="mesh=dp=3 strategy=magic" 2>&1 | FileCheck %s --check-prefix=STRATEGY
// RUN: not hfc-opt %t/batch.mlir --hfc-annotate="mesh=dp=3 options=sequence-parallel=yes" 2>&1 | FileCheck %s --check-prefix=OPTION
// RUN: not hfc-opt %t/heads.mlir --hfc-annotate="mesh=tp=4" 2>&1 | FileCheck %s --check-prefix=HEADS
// RUN: not hfc-opt %t/heads.mlir --hfc-annotate="mesh=tp=3" 2>&1 | FileCheck %s --check-prefix=KEYS
// RUN: not hfc-opt %t/heads.mlir --hfc-annotate="mesh=tp=2,ep=3" 2>&1 | FileCheck %s --check-prefix=AXIS

// BATCH: error: a batch of 3 in 'forward' cannot be cut into 2 (axis dp): choose --batch so that every micro-batch is a multiple of 2
// MESH: error: the mesh has 'tp'; an axis is written NAME=SIZE, as in dp=2,tp=4
// TWICE: error: {{.*}}dp
// STRATEGY: error: there is no partition strategy 'magic'; known are: megatron, replicate
// OPTION: error: the partition strategy 'megatron' has no option 'sequence-parallel=yes'; its options: sequence-parallel=on|off zero=0|1
// AXIS: error: the partition strategy 'megatron' does not use the mesh's axis 'ep'; its axes: dp, tp
// HEADS: error: 6 attention heads (num_attention_heads) cannot be cut into 4 (axis tp): choose an axis size that divides them
// KEYS: error: 2 key and value heads (num_key_value_heads) and 3 ranks (axis tp) do not fit: one number must be a multiple of the other

//--- batch.mlir
func.func @forward(%x: tensor<3x8xf32> {hf.input = "x"}) -> (tensor<3x8xf32> {hf.output = "y"}) {
  return %x : tensor<3x8xf32>
}

//--- heads.mlir
func.func @forward(%q: tensor<2x24x6x16xf32> {hf.input = "q"}, %k: tensor<2x24x2x16xf32> {hf.input = "k"})
    -> (tensor<2x24x6x16xf32> {hf.output = "y"}) {
  %0 = hf.attention %q, %k, %k {causal, scale = 0.25 : f64}
    : (tensor<2x24x6x16xf32>, tensor<2x24x2x16xf32>, tensor<2x24x2x16xf32>) -> tensor<2x24x6x16xf32>
  return %0 : tensor<2x24x6x16xf32>
}
