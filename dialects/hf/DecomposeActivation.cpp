//===- DecomposeActivation.cpp - decomposition of hf.activation
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/TensorBuilder.h"

#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::hf;

namespace {

/// The formulas of `transformers.activations`, each over a value of the type it is computed in.
class ActivationBuilder {
public:
  ActivationBuilder(TensorBuilder &tb, Value x) : tb(tb), x(x) {}

  Value build(Activation kind) {
    switch (kind) {
    case Activation::gelu:
    case Activation::gelu_python:
      return geluErf();
    case Activation::gelu_new:
    case Activation::gelu_pytorch_tanh:
    case Activation::gelu_fast:
    case Activation::gelu_accurate:
      return geluTanh();
    case Activation::gelu_10:
      return clamp(geluErf(), -10.0, 10.0);
    case Activation::quick_gelu:
      return tb.mul(x, sigmoid(tb.mul(x, 1.702)));
    case Activation::silu:
    case Activation::swish:
      return tb.mul(x, sigmoid(x));
    case Activation::relu:
      return relu();
    case Activation::relu2:
      return square(relu());
    case Activation::relu6:
      return clamp(x, 0.0, 6.0);
    case Activation::leaky_relu:
      return tb.select(tb.compare(Compare::ge, x, splat(0.0)), x, tb.mul(x, 0.01));
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::tanh:
      return tb.tanh(x);
    case Activation::mish:
      return mish();
    case Activation::laplace:
      return laplace();
    case Activation::linear:
      return x;
    }
    llvm_unreachable("every activation has a formula");
  }

private:
  Value splat(double value) { return tb.splatLike(x, value); }
  Value square(Value y) { return tb.mul(y, y); }
  Value relu() { return tb.max(x, splat(0.0)); }
  Value clamp(Value y, double low, double high) { return tb.min(tb.max(y, splat(low)), splat(high)); }
  /// `(1 + y) / 2`, which makes a distribution function of an odd one.
  Value halfOnePlus(Value y) { return tb.mul(tb.add(y, 1.0), 0.5); }

  /// `1 / (1 + e^-y)` with an exponential that cannot overflow, exact in both tails.
  Value sigmoid(Value y) {
    Value power = tb.exp(tb.neg(tb.unary<AbsOp>(y)));
    Value numerator = tb.select(tb.compare(Compare::ge, y, splat(0.0)), splat(1.0), power);
    return tb.div(numerator, tb.add(power, 1.0));
  }

  Value geluErf() { return tb.mul(x, halfOnePlus(tb.unary<ErfOp>(tb.mul(x, llvm::numbers::sqrt2 / 2)))); }

  Value geluTanh() {
    const double slope = llvm::numbers::sqrt2 * llvm::numbers::inv_sqrtpi; // sqrt(2 / pi)
    Value inner = tb.mul(tb.add(x, tb.mul(tb.mul(square(x), x), 0.044715)), slope);
    return tb.mul(x, halfOnePlus(tb.tanh(inner)));
  }

  /// `x tanh(ln(1 + e^x))`. With `n = e^x (e^x + 2)` the tangent is `n / (n + 2)`, which is 1 long before `n`
  /// overflows: hence the bound.
  Value mish() {
    Value power = tb.exp(tb.min(x, splat(40.0)));
    Value n = tb.mul(power, tb.add(power, 2.0));
    return tb.mul(x, tb.div(n, tb.add(n, 2.0)));
  }

  Value laplace() {
    const double mean = 0.707107, deviation = 0.282095;
    Value scaled = tb.mul(tb.add(x, -mean), 1.0 / (deviation * llvm::numbers::sqrt2));
    return halfOnePlus(tb.unary<ErfOp>(scaled));
  }

  TensorBuilder &tb;
  Value x;
};

} // namespace

SmallVector<Value> ActivationOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  Type element = elementOf(getX());
  Value x = tb.convert(getX(), tb.computeType(element));
  return {tb.convert(ActivationBuilder(tb, x).build(getKind()), element)};
}
