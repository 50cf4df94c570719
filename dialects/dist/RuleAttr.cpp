//===- RuleAttr.cpp - syntax and verifier of sharding rules
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/dist/Sharding.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;
using namespace hfc::dist;

namespace {

/// Parses a rule. Dimensions come before the factors' sizes, so that they are lists of names at first.
class RuleParser {
public:
  explicit RuleParser(AsmParser &parser) : parser(parser), loc(parser.getCurrentLocation()) {}

  RuleAttr parse() {
    SmallVector<Tensor> operands, results;
    if (parser.parseLess() || parseTensors(operands) || parser.parseArrow() || parseTensors(results) ||
        parser.parseComma() || parser.parseKeyword("factors") || parseFactors() || parseParts() ||
        parser.parseGreater())
      return {};
    ArrayAttr operandDims, resultDims;
    if (resolve(operands, operandDims) || resolve(results, resultDims))
      return {};
    return parser.getChecked<RuleAttr>(loc, parser.getContext(), ArrayRef(names), ArrayRef(sizes), operandDims,
                                       resultDims, ArrayRef(whole), ArrayRef(lookup), ArrayRef(reduced), kind,
                                       parser.getBuilder().getArrayAttr(linear), separate);
  }

private:
  using Dim = SmallVector<StringRef, 2>;
  using Tensor = SmallVector<Dim, 4>;

  /// `g*r`, or `1`.
  ParseResult parseDim(Dim &dim) {
    int64_t one = 1;
    OptionalParseResult number = parser.parseOptionalInteger(one);
    if (number.has_value())
      return succeeded(*number) && one == 1
                 ? ParseResult(success())
                 : parser.emitError(parser.getCurrentLocation(), "expected factors, or 1 for a dimension without any");
    do {
      if (parser.parseKeyword(&dim.emplace_back()))
        return failure();
    } while (succeeded(parser.parseOptionalStar()));
    return success();
  }

  ParseResult parseTensors(SmallVectorImpl<Tensor> &tensors) {
    return parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&] {
      Tensor &tensor = tensors.emplace_back();
      return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                            [&] { return parseDim(tensor.emplace_back()); });
    });
  }

  ParseResult parseFactors() {
    return parser.parseCommaSeparatedList(AsmParser::Delimiter::Braces, [&]() -> ParseResult {
      StringRef name;
      if (parser.parseKeyword(&name) || parser.parseEqual() || parser.parseInteger(sizes.emplace_back()))
        return failure();
      names.push_back(StringAttr::get(parser.getContext(), name));
      return success();
    });
  }

  ParseResult parseParts() {
    while (succeeded(parser.parseOptionalComma())) {
      StringRef keyword;
      SMLoc at = parser.getCurrentLocation();
      if (parser.parseKeyword(&keyword))
        return failure();
      if (!seen.insert(keyword).second)
        return parser.emitError(at, "a rule has each part once, got a second '") << keyword << "'";
      if (failed(parsePart(keyword, at)))
        return failure();
    }
    return success();
  }

  ParseResult parsePart(StringRef keyword, SMLoc at) {
    if (keyword == "reduce")
      return parseReduce();
    if (keyword == "whole")
      return parseNames(whole);
    if (keyword == "lookup")
      return parseNames(lookup);
    if (keyword == "linear")
      return parseLinear();
    if (keyword != "separate")
      return parser.emitError(at, "expected reduce, whole, lookup, linear or separate, got '") << keyword << "'";
    separate = true;
    return success();
  }

  ParseResult parseReduce() {
    StringRef keyword;
    SMLoc at = parser.getCurrentLocation();
    if (parser.parseKeyword(&keyword))
      return failure();
    std::optional<ReductionKind> symbol = symbolizeReductionKind(keyword);
    if (!symbol)
      return parser.emitError(at, "expected sum, max or min, got '") << keyword << "'";
    kind = *symbol;
    return parseNames(reduced);
  }

  ParseResult parseNames(SmallVectorImpl<int64_t> &numbers) {
    return parser.parseCommaSeparatedList(AsmParser::Delimiter::Braces, [&]() -> ParseResult {
      SMLoc at = parser.getCurrentLocation();
      StringRef name;
      if (parser.parseKeyword(&name))
        return failure();
      return resolve(name, at, numbers.emplace_back());
    });
  }

  ParseResult parseLinear() {
    return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
      SmallVector<int64_t> group;
      if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                         [&] { return parser.parseInteger(group.emplace_back()); }))
        return failure();
      linear.push_back(parser.getBuilder().getDenseI64ArrayAttr(group));
      return success();
    });
  }

  ParseResult resolve(StringRef name, SMLoc at, int64_t &number) {
    auto *found = llvm::find_if(names, [&](StringAttr factor) { return factor.getValue() == name; });
    number = found - names.begin();
    if (found == names.end())
      return parser.emitError(at, "'") << name << "' is none of the rule's factors";
    return success();
  }

  ParseResult resolve(ArrayRef<Tensor> tensors, ArrayAttr &resolved) {
    SmallVector<Attribute> all;
    for (const Tensor &tensor : tensors) {
      SmallVector<Attribute> dims;
      for (const Dim &dim : tensor) {
        SmallVector<int64_t> numbers;
        for (StringRef name : dim)
          if (resolve(name, loc, numbers.emplace_back()))
            return failure();
        dims.push_back(parser.getBuilder().getDenseI64ArrayAttr(numbers));
      }
      all.push_back(parser.getBuilder().getArrayAttr(dims));
    }
    resolved = parser.getBuilder().getArrayAttr(all);
    return success();
  }

  AsmParser &parser;
  SMLoc loc;
  SmallVector<StringAttr> names;
  SmallVector<int64_t> sizes, whole, lookup, reduced;
  ReductionKind kind = ReductionKind::sum;
  SmallVector<Attribute> linear;
  bool separate = false;
  llvm::SmallSet<StringRef, 4> seen;
};

} // namespace

Attribute RuleAttr::parse(AsmParser &parser, Type) { return RuleParser(parser).parse(); }

/// `([b, g*r], []) `, in parentheses.
static void printTensors(AsmPrinter &printer, ArrayAttr tensors, ArrayRef<StringAttr> names) {
  auto printDim = [&](Attribute dim) {
    ArrayRef<int64_t> factors = cast<DenseI64ArrayAttr>(dim);
    if (factors.empty())
      printer << 1;
    llvm::interleave(factors, printer, [&](int64_t factor) { printer << names[factor].getValue(); }, "*");
  };
  printer << '(';
  llvm::interleaveComma(tensors, printer, [&](Attribute tensor) {
    printer << '[';
    llvm::interleaveComma(cast<ArrayAttr>(tensor), printer, printDim);
    printer << ']';
  });
  printer << ')';
}

void RuleAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printTensors(printer, getOperands(), getFactorNames());
  printer << " -> ";
  printTensors(printer, getResults(), getFactorNames());
  printer << ", factors {";
  llvm::interleaveComma(llvm::zip(getFactorNames(), getFactorSizes()), printer, [&](auto factor) {
    printer << std::get<0>(factor).getValue() << " = " << std::get<1>(factor);
  });
  printer << '}';
  auto printNames = [&](StringRef keyword, ArrayRef<int64_t> factors) {
    if (factors.empty())
      return;
    printer << ", " << keyword << " {";
    llvm::interleaveComma(factors, printer, [&](int64_t factor) { printer << getFactorNames()[factor].getValue(); });
    printer << '}';
  };
  printNames(("reduce " + stringifyReductionKind(getKind())).str(), getReduced());
  printNames("whole", getWhole());
  printNames("lookup", getLookup());
  if (!getLinear().empty()) {
    printer << ", linear [";
    llvm::interleaveComma(getLinear(), printer, [&](Attribute group) {
      printer << '[' << cast<DenseI64ArrayAttr>(group).asArrayRef() << ']';
    });
    printer << ']';
  }
  printer << (getSeparate() ? ", separate>" : ">");
}

//===----------------------------------------------------------------------===//
// Verifier
//===----------------------------------------------------------------------===//

/// Whether a name is read back as one word.
static bool isWord(StringRef name) {
  return !name.empty() && (llvm::isAlpha(name.front()) || name.front() == '_') &&
         llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_' || c == '$' || c == '.'; });
}

static LogicalResult verifyFactors(function_ref<InFlightDiagnostic()> emitError, ArrayRef<StringAttr> names,
                                   ArrayRef<int64_t> sizes) {
  if (names.size() != sizes.size())
    return emitError() << "(C1) a rule of " << names.size() << " factors has " << sizes.size() << " sizes";
  for (auto [index, name, size] : llvm::enumerate(names, sizes)) {
    if (!isWord(name.getValue()) || llvm::is_contained(names.take_front(index), name))
      return emitError() << "(C1) each factor of a rule needs a word of its own as its name, got " << name;
    if (size < 0)
      return emitError() << "(C1) factor " << name << " has size " << size;
  }
  return success();
}

static LogicalResult verifyTensors(function_ref<InFlightDiagnostic()> emitError, ArrayAttr tensors, int64_t factors) {
  auto isFactor = [&](int64_t factor) { return factor >= 0 && factor < factors; };
  for (Attribute tensor : tensors) {
    auto dims = dyn_cast<ArrayAttr>(tensor);
    if (!dims)
      return emitError() << "(C1) a rule's tensor must be a list of dimensions";
    SmallVector<int64_t> all;
    for (Attribute attribute : dims) {
      auto dim = dyn_cast<DenseI64ArrayAttr>(attribute);
      if (!dim || !llvm::all_of(dim.asArrayRef(), isFactor))
        return emitError() << "(C1) a rule's dimension must be a list of its factors' numbers";
      llvm::append_range(all, dim.asArrayRef());
    }
    llvm::sort(all);
    if (std::adjacent_find(all.begin(), all.end()) != all.end())
      return emitError() << "(C1) a factor stands twice in one tensor";
  }
  return success();
}

static LogicalResult verifyLinear(function_ref<InFlightDiagnostic()> emitError, ArrayAttr linear, int64_t operands) {
  SmallVector<bool> seen(operands, false);
  for (Attribute attribute : linear) {
    auto group = dyn_cast<DenseI64ArrayAttr>(attribute);
    if (!group)
      return emitError() << "(C2) a group of 'linear' must be a list of operands' numbers";
    for (int64_t operand : group.asArrayRef()) {
      if (operand < 0 || operand >= operands || seen[operand])
        return emitError() << "(C2) 'linear' names operand " << operand << ", of " << operands
                           << ", which is not there or is in two groups";
      seen[operand] = true;
    }
  }
  return success();
}

LogicalResult RuleAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<StringAttr> names,
                               ArrayRef<int64_t> sizes, ArrayAttr operands, ArrayAttr results, ArrayRef<int64_t> whole,
                               ArrayRef<int64_t> lookup, ArrayRef<int64_t> reduced, ReductionKind kind,
                               ArrayAttr linear, bool separate) {
  int64_t factors = names.size();
  if (failed(verifyFactors(emitError, names, sizes)) || failed(verifyTensors(emitError, operands, factors)) ||
      failed(verifyTensors(emitError, results, factors)) || failed(verifyLinear(emitError, linear, operands.size())))
    return failure();
  SmallVector<bool> seen(factors, false);
  for (ArrayRef<int64_t> part : {whole, lookup, reduced})
    for (int64_t factor : part) {
      if (factor < 0 || factor >= factors || seen[factor])
        return emitError() << "(C2) factor " << (factor >= 0 && factor < factors ? names[factor].getValue() : "?")
                           << " is in more than one of reduce, whole and lookup";
      seen[factor] = true;
    }
  if (kind == ReductionKind::mean)
    return emitError() << "(C2) results combine by sum, max or min; 'mean' is none";
  if (separate && operands.size() != results.size())
    return emitError() << "(C2) separate results are as many as operands, got " << results.size() << " and "
                       << operands.size();
  return success();
}
