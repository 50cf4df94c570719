//===- DecomposeActivation.cpp - activation functions and their derivatives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/hf/Activations.h"

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

  /// The derivative; at a kink, the one that PyTorch takes.
  Value derivative(Activation kind) {
    switch (kind) {
    case Activation::gelu:
    case Activation::gelu_python:
      return geluErfDerivative();
    case Activation::gelu_new:
    case Activation::gelu_pytorch_tanh:
    case Activation::gelu_fast:
    case Activation::gelu_accurate:
      return geluTanhDerivative();
    case Activation::gelu_10: // It never falls below -1, and reaches 10 at 10.
      return tb.select(tb.compare(Compare::le, x, splat(10.0)), geluErfDerivative(), splat(0.0));
    case Activation::quick_gelu:
      return siluDerivative(1.702);
    case Activation::silu:
    case Activation::swish:
      return siluDerivative(1.0);
    case Activation::relu:
      return where(tb.compare(Compare::gt, x, splat(0.0)));
    case Activation::relu2:
      return tb.mul(relu(), 2.0);
    case Activation::relu6:
      return where(tb.logicalAnd(tb.compare(Compare::gt, x, splat(0.0)), tb.compare(Compare::lt, x, splat(6.0))));
    case Activation::leaky_relu:
      return tb.select(tb.compare(Compare::gt, x, splat(0.0)), splat(1.0), splat(0.01));
    case Activation::sigmoid: {
      Value y = sigmoid(x);
      return tb.mul(y, oneMinus(y));
    }
    case Activation::tanh:
      return oneMinus(square(tb.tanh(x)));
    case Activation::mish:
      return mishDerivative();
    case Activation::laplace:
      return laplaceDerivative();
    case Activation::linear:
      return splat(1.0);
    }
    llvm_unreachable("every activation has a derivative");
  }

private:
  Value splat(double value) { return tb.splatLike(x, value); }
  Value square(Value y) { return tb.mul(y, y); }
  Value relu() { return tb.max(x, splat(0.0)); }
  Value clamp(Value y, double low, double high) { return tb.min(tb.max(y, splat(low)), splat(high)); }
  Value oneMinus(Value y) { return tb.sub(splat(1.0), y); }
  /// 1 where the condition holds, else 0.
  Value where(Value condition) { return tb.select(condition, splat(1.0), splat(0.0)); }
  /// `(1 + y) / 2`, which makes a distribution function of an odd one.
  Value halfOnePlus(Value y) { return tb.mul(tb.add(y, 1.0), 0.5); }

  /// `1 / (1 + e^-y)`, exact in both tails: where the exponential overflows, the quotient is 0.
  Value sigmoid(Value y) { return tb.div(splat(1.0), tb.add(tb.exp(tb.neg(y)), 1.0)); }

  Value geluErf() { return tb.mul(x, halfOnePlus(tb.unary<ErfOp>(tb.mul(x, llvm::numbers::sqrt2 / 2)))); }

  Value geluTanh() {
    const double slope = llvm::numbers::sqrt2 * llvm::numbers::inv_sqrtpi; // sqrt(2 / pi)
    Value inner = tb.mul(tb.add(x, tb.mul(tb.mul(square(x), x), 0.044715)), slope);
    return tb.mul(x, halfOnePlus(tb.tanh(inner)));
  }

  /// Of `x s(scale x)`, with `s` the sigmoid: `s + scale x s (1 - s)`.
  Value siluDerivative(double scale) {
    Value scaled = scale == 1.0 ? x : tb.mul(x, scale);
    Value s = sigmoid(scaled);
    return tb.mul(s, tb.add(tb.mul(scaled, oneMinus(s)), 1.0));
  }

  /// The normal distribution's function, and `x` times its density.
  Value geluErfDerivative() {
    const double peak = 0.5 * llvm::numbers::sqrt2 * llvm::numbers::inv_sqrtpi; // 1 / sqrt(2 pi)
    Value density = tb.mul(tb.exp(tb.mul(square(x), -0.5)), peak);
    return tb.add(halfOnePlus(tb.unary<ErfOp>(tb.mul(x, llvm::numbers::sqrt2 / 2))), tb.mul(x, density));
  }

  Value geluTanhDerivative() {
    const double slope = llvm::numbers::sqrt2 * llvm::numbers::inv_sqrtpi;
    Value t = tb.tanh(tb.mul(tb.add(x, tb.mul(tb.mul(square(x), x), 0.044715)), slope));
    Value inner = tb.mul(tb.add(tb.mul(square(x), 3 * 0.044715), 1.0), slope);
    return tb.add(halfOnePlus(t), tb.mul(tb.mul(tb.mul(x, 0.5), oneMinus(square(t))), inner));
  }

  /// `x tanh(ln(1 + e^x))`. With `n = e^x (e^x + 2)` the tangent is `n / (n + 2)`, which is 1 long before `n`
  /// overflows: hence the bound.
  Value mish() {
    Value power = tb.exp(tb.min(x, splat(40.0)));
    Value n = tb.mul(power, tb.add(power, 2.0));
    return tb.mul(x, tb.div(n, tb.add(n, 2.0)));
  }

  /// `t + x (1 - t^2) s`, with `t` the tangent of above, and `s` the sigmoid.
  Value mishDerivative() {
    Value power = tb.exp(tb.min(x, splat(40.0)));
    Value n = tb.mul(power, tb.add(power, 2.0));
    Value t = tb.div(n, tb.add(n, 2.0));
    return tb.add(t, tb.mul(tb.mul(x, oneMinus(square(t))), sigmoid(x)));
  }

  static constexpr double laplaceMean = 0.707107, laplaceDeviation = 0.282095;
  Value laplaceScaled() { return tb.mul(tb.add(x, -laplaceMean), 1.0 / (laplaceDeviation * llvm::numbers::sqrt2)); }
  Value laplace() { return halfOnePlus(tb.unary<ErfOp>(laplaceScaled())); }
  Value laplaceDerivative() {
    const double peak = llvm::numbers::inv_sqrtpi / (laplaceDeviation * llvm::numbers::sqrt2);
    return tb.mul(tb.exp(tb.neg(square(laplaceScaled()))), peak);
  }

  TensorBuilder &tb;
  Value x;
};

} // namespace

Value hf::buildActivation(TensorBuilder &tb, Activation kind, Value x) { return ActivationBuilder(tb, x).build(kind); }

Value hf::buildActivationDerivative(TensorBuilder &tb, Activation kind, Value x) {
  return ActivationBuilder(tb, x).derivative(kind);
}

SmallVector<Value> ActivationOp::decompose(OpBuilder &builder) {
  TensorBuilder tb(builder, getLoc());
  Type element = elementOf(getX());
  Value x = tb.convert(getX(), tb.computeType(element));
  return {tb.convert(buildActivation(tb, getKind(), x), element)};
}
