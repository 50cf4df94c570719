// RUN: hfc-interpret %s --entry=forward --print --domain=field | FileCheck %s
// RUN: hfc-interpret %s --entry=forward --print --domain=field --seed=3 | FileCheck %s
// RUN: hfc-interpret %s --entry=comparisons --print --domain=field | FileCheck %s --check-prefix=ORDER

// Exact arithmetic: no order of sums and no rounding shows, whatever the oracles' key.
func.func @forward() -> (tensor<4xf32> {hf.output = "thirds"}, tensor<2xf32> {hf.output = "sums"},
    tensor<2xf32> {hf.output = "softmax"}, tensor<3xf32> {hf.output = "largest"}, tensor<3xi32> {hf.output = "integers"},
    tensor<2xi1> {hf.output = "order"}, tensor<2xf32> {hf.output = "limits"}, tensor<2xf32> {hf.output = "known"},
    tensor<2xi1> {hf.output = "roots"}) {
  // A third is a number of the field.
  // CHECK-DAG: thirds: [4] f32 = [1, 1, 1, -2]
  %one = hf.constant dense<1.0> : tensor<4xf32>
  %three = hf.constant dense<[3.0, 7.0, 1.0e-3, -0.5]> : tensor<4xf32>
  %scale = hf.constant dense<[3.0, 7.0, 1.0e-3, 1.0]> : tensor<4xf32>
  %third = hf.div %one, %three : tensor<4xf32>
  %thirds = hf.mul %third, %scale : tensor<4xf32>

  // Neither 1e-20 beside 1e20 nor an eighth in bfloat16 is lost.
  // CHECK-DAG: sums: [2] f32 = [0.125, 0]
  %terms = hf.constant dense<[[1.0e20, 0.125, -1.0e20], [1.0e-20, -1.0e-20, 0.0]]> : tensor<2x3xf32>
  %narrow = hf.convert %terms : tensor<2x3xf32> -> tensor<2x3xbf16>
  %sum = hf.reduce sum, %narrow dims [1] : tensor<2x3xbf16> -> tensor<2xbf16>
  %sums = hf.convert %sum : tensor<2xbf16> -> tensor<2xf32>

  // What a softmax says of one key, nobody knows; that its weights add to 1, everybody.
  // CHECK-DAG: softmax: [2] f32 = [1, 1]
  %scores = hf.constant dense<[[0.3, -1.7, 2.9, -5.0], [0.0, 0.0, 0.0, 0xFF800000]]> : tensor<2x4xf32>
  %softmax = hf.softmax %scores : tensor<2x4xf32>
  %total = hf.reduce sum, %softmax dims [1] : tensor<2x4xf32> -> tensor<2xf32>

  // CHECK-DAG: largest: [3] f32 = [2.5, -1, 3]
  %rows = hf.constant dense<[[2.5, -7.0], [-1.0, 0xFF800000], [3.0, -3.0e38]]> : tensor<3x2xf32>
  %largest = hf.reduce max, %rows dims [1] : tensor<3x2xf32> -> tensor<3xf32>

  // CHECK-DAG: integers: [3] i32 = [2, -1, 100]
  %reals = hf.constant dense<[2.5, -1.25, 100.0]> : tensor<3xf32>
  %integers = hf.convert %reals : tensor<3xf32> -> tensor<3xi32>

  // CHECK-DAG: order: [2] i1 = [true, false]
  %left = hf.constant dense<[-4.0, 12.0]> : tensor<2xf32>
  %right = hf.constant dense<[3.0, 2.0]> : tensor<2xf32>
  %order = hf.compare lt, %left, %right : tensor<2xf32> -> tensor<2xi1>

  // CHECK-DAG: limits: [2] f32 = [0, nan]
  %ends = hf.constant dense<[0xFF800000, 0x7FC00000]> : tensor<2xf32>
  %limits = hf.exp %ends : tensor<2xf32>

  // CHECK-DAG: known: [2] f32 = [1, 1]
  %zero = hf.constant dense<0.0> : tensor<2xf32>
  %known = hf.exp %zero : tensor<2xf32>

  // A root and its inverse belong together.
  // CHECK-DAG: roots: [2] i1 = [true, true]
  %positive = hf.constant dense<[0.3, 17.0]> : tensor<2xf32>
  %root = hf.sqrt %positive : tensor<2xf32>
  %inverse = hf.rsqrt %positive : tensor<2xf32>
  %product = hf.mul %root, %inverse : tensor<2xf32>
  %ones = hf.constant dense<1.0> : tensor<2xf32>
  %roots = hf.compare eq, %product, %ones : tensor<2xf32> -> tensor<2xi1>
  return %thirds, %sums, %total, %largest, %integers, %order, %limits, %known, %roots
    : tensor<4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<3xf32>, tensor<3xi32>, tensor<2xi1>, tensor<2xf32>, tensor<2xf32>, tensor<2xi1>
}

// Of 64 numbers that are no small fractions some stand between -1 and 0, and all have their sign.
// ORDER-DAG: between: [] i1 = true
// ORDER-DAG: opposite: [] i1 = true
func.func @comparisons() -> (tensor<i1> {hf.output = "between"}, tensor<i1> {hf.output = "opposite"}) {
  %index = hf.iota 0 : tensor<64xi32>
  %numbers = hf.convert %index : tensor<64xi32> -> tensor<64xf32>
  %seven = hf.constant dense<7.0> : tensor<64xf32>
  %one = hf.constant dense<1.0> : tensor<64xf32>
  %positive = hf.add %numbers, %one : tensor<64xf32>
  %x = hf.div %positive, %seven : tensor<64xf32>
  %zero = hf.constant dense<0.0> : tensor<64xf32>
  %below = hf.sub %zero, %one : tensor<64xf32>
  %overZero = hf.compare gt, %x, %zero : tensor<64xf32> -> tensor<64xi1>
  %overBelow = hf.compare gt, %x, %below : tensor<64xf32> -> tensor<64xi1>
  %a = hf.convert %overZero : tensor<64xi1> -> tensor<64xf32>
  %b = hf.convert %overBelow : tensor<64xi1> -> tensor<64xf32>
  %difference = hf.sub %b, %a : tensor<64xf32>
  %count = hf.reduce sum, %difference dims [0] : tensor<64xf32> -> tensor<f32>
  %none = hf.constant dense<0.0> : tensor<f32>
  %between = hf.compare gt, %count, %none : tensor<f32> -> tensor<i1>
  %minus = hf.neg %x : tensor<64xf32>
  %underZero = hf.compare lt, %minus, %zero : tensor<64xf32> -> tensor<64xi1>
  %c = hf.convert %underZero : tensor<64xi1> -> tensor<64xf32>
  %error = hf.sub %a, %c : tensor<64xf32>
  %squares = hf.mul %error, %error : tensor<64xf32>
  %sum = hf.reduce sum, %squares dims [0] : tensor<64xf32> -> tensor<f32>
  %opposite = hf.compare eq, %sum, %none : tensor<f32> -> tensor<i1>
  return %between, %opposite : tensor<i1>, tensor<i1>
}
