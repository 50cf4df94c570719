// RUN: hfc-interpret %s --print | FileCheck %s

func.func @forward() -> (tensor<3xf32> {hf.output = "neg"}, tensor<3xf32> {hf.output = "abs"},
    tensor<2xf32> {hf.output = "exp"}, tensor<2xf32> {hf.output = "log"}, tensor<2xf32> {hf.output = "sqrt"},
    tensor<2xf32> {hf.output = "rsqrt"}, tensor<2xf32> {hf.output = "tanh"}, tensor<2xf32> {hf.output = "erf"},
    tensor<2xf32> {hf.output = "sin"}, tensor<2xf32> {hf.output = "cos"}, tensor<3xf32> {hf.output = "floor"},
    tensor<3xf32> {hf.output = "add"}, tensor<3xf32> {hf.output = "sub"}, tensor<3xf32> {hf.output = "mul"},
    tensor<3xf32> {hf.output = "div"}, tensor<2xf32> {hf.output = "pow"}, tensor<3xf32> {hf.output = "max"},
    tensor<3xf32> {hf.output = "min"}, tensor<4xi32> {hf.output = "div_int"}, tensor<2xi32> {hf.output = "add_int"},
    tensor<4xi1> {hf.output = "and"}, tensor<4xi1> {hf.output = "or"}, tensor<3xi1> {hf.output = "lt"},
    tensor<3xi1> {hf.output = "ne"}, tensor<3xi1> {hf.output = "ge"}, tensor<3xf32> {hf.output = "select"}) {
  %a = hf.constant dense<[1.5, -2.0, 0.25]> : tensor<3xf32>
  %b = hf.constant dense<[0.5, 4.0, 0.25]> : tensor<3xf32>
  %nan = hf.constant dense<[0x7FC00000, 4.0, 0.25]> : tensor<3xf32>
  %p = hf.constant dense<[1.0, 4.0]> : tensor<2xf32>
  // CHECK-DAG: neg: [3] f32 = [-1.5, 2, -0.25]
  %neg = hf.neg %a : tensor<3xf32>
  // CHECK-DAG: abs: [3] f32 = [1.5, 2, 0.25]
  %abs = hf.abs %a : tensor<3xf32>
  // CHECK-DAG: exp: [2] f32 = [2.71828, 54.5981
  %exp = hf.exp %p : tensor<2xf32>
  // CHECK-DAG: log: [2] f32 = [0, 1.38629]
  %log = hf.log %p : tensor<2xf32>
  // CHECK-DAG: sqrt: [2] f32 = [1, 2]
  %sqrt = hf.sqrt %p : tensor<2xf32>
  // CHECK-DAG: rsqrt: [2] f32 = [1, 0.5]
  %rsqrt = hf.rsqrt %p : tensor<2xf32>
  // CHECK-DAG: tanh: [2] f32 = [0.761594, 0.999329]
  %tanh = hf.tanh %p : tensor<2xf32>
  // CHECK-DAG: erf: [2] f32 = [0.842701, 1]
  %erf = hf.erf %p : tensor<2xf32>
  // CHECK-DAG: sin: [2] f32 = [0.841471, -0.756802]
  %sin = hf.sin %p : tensor<2xf32>
  // CHECK-DAG: cos: [2] f32 = [0.540302, -0.653644]
  %cos = hf.cos %p : tensor<2xf32>
  // CHECK-DAG: floor: [3] f32 = [1, -2, 0]
  %floor = hf.floor %a : tensor<3xf32>
  // CHECK-DAG: add: [3] f32 = [2, 2, 0.5]
  %add = hf.add %a, %b : tensor<3xf32>
  // CHECK-DAG: sub: [3] f32 = [1, -6, 0]
  %sub = hf.sub %a, %b : tensor<3xf32>
  // CHECK-DAG: mul: [3] f32 = [0.75, -8, 0.0625]
  %mul = hf.mul %a, %b : tensor<3xf32>
  // CHECK-DAG: div: [3] f32 = [3, -0.5, 1]
  %div = hf.div %a, %b : tensor<3xf32>
  // CHECK-DAG: pow: [2] f32 = [1, 256]
  %pow = hf.pow %p, %p : tensor<2xf32>
  // CHECK-DAG: max: [3] f32 = [nan, 4, 0.25]
  %max = hf.max %a, %nan : tensor<3xf32>
  // CHECK-DAG: min: [3] f32 = [nan, -2, 0.25]
  %min = hf.min %a, %nan : tensor<3xf32>
  %i = hf.constant dense<[7, -7, 7, -2147483648]> : tensor<4xi32>
  %j = hf.constant dense<[2, 2, 0, -1]> : tensor<4xi32>
  // CHECK-DAG: div_int: [4] i32 = [3, -3, 0, -2147483648]
  %div_int = hf.div %i, %j : tensor<4xi32>
  %k = hf.constant dense<[2147483647, -1]> : tensor<2xi32>
  // CHECK-DAG: add_int: [2] i32 = [-2, -2]
  %add_int = hf.add %k, %k : tensor<2xi32>
  %t = hf.constant dense<[true, true, false, false]> : tensor<4xi1>
  %u = hf.constant dense<[true, false, true, false]> : tensor<4xi1>
  // CHECK-DAG: and: [4] i1 = [true, false, false, false]
  %and = hf.and %t, %u : tensor<4xi1>
  // CHECK-DAG: or: [4] i1 = [true, true, true, false]
  %or = hf.or %t, %u : tensor<4xi1>
  // CHECK-DAG: lt: [3] i1 = [false, true, false]
  %lt = hf.compare lt, %a, %nan : tensor<3xf32> -> tensor<3xi1>
  // CHECK-DAG: ne: [3] i1 = [true, true, false]
  %ne = hf.compare ne, %a, %nan : tensor<3xf32> -> tensor<3xi1>
  // CHECK-DAG: ge: [3] i1 = [false, false, true]
  %ge = hf.compare ge, %a, %nan : tensor<3xf32> -> tensor<3xi1>
  // CHECK-DAG: select: [3] f32 = [1.5, 4, 0.25]
  %select = hf.select %lt, %b, %a : tensor<3xi1>, tensor<3xf32>
  return %neg, %abs, %exp, %log, %sqrt, %rsqrt, %tanh, %erf, %sin, %cos, %floor, %add, %sub, %mul, %div, %pow, %max,
    %min, %div_int, %add_int, %and, %or, %lt, %ne, %ge, %select : tensor<3xf32>, tensor<3xf32>, tensor<2xf32>,
    tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
    tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<2xf32>, tensor<3xf32>,
    tensor<3xf32>, tensor<4xi32>, tensor<2xi32>, tensor<4xi1>, tensor<4xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xi1>,
    tensor<3xf32>
}
