// RUN: not hfc-interpret %s --entry=gather 2>&1 | FileCheck %s --check-prefix=GATHER
// RUN: not hfc-interpret %s --entry=take 2>&1 | FileCheck %s --check-prefix=TAKE
// RUN: not hfc-interpret %s 2>&1 | FileCheck %s --check-prefix=WHICH
// RUN: not hfc-interpret %s --entry=nothing 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not hfc-interpret %s --entry=take --domain=decimal 2>&1 | FileCheck %s --check-prefix=DOMAIN
// RUN: not hfc-interpret %s --rank=2 2>&1 | FileCheck %s --check-prefix=OPTION

// WHICH: name one of the module's entries with --entry: gather, take
// NONE: there is no entry @nothing
// DOMAIN: --domain: 'decimal' is no domain
// OPTION: there is no option '--rank'

// GATHER: 'hf.gather' at model.embed: index 2 at element 1 is outside the dimension of size 2
func.func @gather() -> tensor<2x1xf32> {
  %x = hf.constant dense<1.0> : tensor<2x1xf32>
  %i = hf.constant dense<[0, 2]> : tensor<2xi32>
  %0 = hf.gather %x, %i : (tensor<2x1xf32>, tensor<2xi32>) -> tensor<2x1xf32> loc("model.embed")
  return %0 : tensor<2x1xf32>
}

// TAKE: 'hf.take' at {{.*}}: index -1 at element 0 is outside the dimension of size 1
func.func @take() -> tensor<2xf32> {
  %x = hf.constant dense<1.0> : tensor<2x1xf32>
  %i = hf.constant dense<[-1, 0]> : tensor<2xi32>
  %0 = hf.take %x, %i : (tensor<2x1xf32>, tensor<2xi32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
