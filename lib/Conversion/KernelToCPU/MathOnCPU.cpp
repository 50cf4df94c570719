//===- MathOnCPU.cpp - functions of `math` for the CPU
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MathOnCPU.h"

#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace hfc;

/// MLIR's polynomials of these are accurate to a few units in the last place over the whole range. Not so its sine
/// and cosine, which reduce large arguments in float32, nor its powers: those are libm's.
static bool hasAccuratePolynomial(StringRef op) {
  return op == math::ExpOp::getOperationName() || op == math::ExpM1Op::getOperationName() ||
         op == math::LogOp::getOperationName() || op == math::Log2Op::getOperationName() ||
         op == math::Log1pOp::getOperationName() || op == math::TanhOp::getOperationName() ||
         op == math::ErfOp::getOperationName();
}

static LogicalResult applyOnce(ModuleOp module, RewritePatternSet &&patterns) {
  GreedyRewriteConfig config;
  config.enableFolding(false).setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  return applyPatternsGreedily(module, std::move(patterns), config);
}

/// Calls libm for what has neither an instruction nor a polynomial, element by element.
static LogicalResult callLibm(ModuleOp module) {
  MLIRContext *context = module.getContext();
  ConversionTarget target(*context);
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  target.addIllegalOp<math::AcosOp, math::AcoshOp, math::AsinOp, math::AsinhOp, math::AtanOp, math::Atan2Op,
                      math::AtanhOp, math::CbrtOp, math::CosOp, math::CoshOp, math::ErfcOp, math::Exp2Op, math::Log10Op,
                      math::PowFOp, math::SinOp, math::SinhOp, math::TanOp>();
  RewritePatternSet patterns(context);
  populateMathToLibmConversionPatterns(patterns);
  return applyPartialConversion(module, target, std::move(patterns));
}

LogicalResult hfc::expandMathForCPU(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  populateMathPolynomialApproximationPatterns(patterns, hasAccuratePolynomial);
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  arith::populateExpandBFloat16Patterns(patterns);
  if (failed(applyOnce(module, std::move(patterns))))
    return failure();
  return callLibm(module);
}
