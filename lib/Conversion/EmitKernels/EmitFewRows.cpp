//===- EmitFewRows.cpp - products of few rows
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With few rows (decoding) a product takes as long as reading its weights. A block takes some columns of the result,
// for all rows, or the same columns of several products that an elementwise epilogue combines: its lanes walk over the
// weights' rows in vectors, with several of them under way at once, and add up at the end. A norm of the row that they
// read is part of that: every block first finds what it depends on, and what it knows of its weights' places does
// not wait for that (kernel.await). Products of the same operand that nothing combines
// take blocks of their own, one behind the other.
//
//===----------------------------------------------------------------------===//

#include "Emitters.h"
#include "Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

using namespace hfc;

static constexpr auto kContract = arith::FastMathFlags::contract;
static constexpr int64_t kFewestLanes = 32, kMostLanes = 1024;
/// Vectors that a lane asks for before it needs the first, at most, and steps that are taken at once.
static constexpr int64_t kVectorsOfLane = 14, kStepsTogether = 8;
/// Sums of a block, at most; bytes of weights that a block reads, if rows are shorter; and blocks that there should be:
/// blocks of several columns read what they share once, and more at a time.
static constexpr int64_t kMostSums = 8, kBytesOfBlock = 20 * 1024, kFewestBlocks = 256;

namespace {
/// Products whose sums the same results need, and those results.
struct Group {
  llvm::SetVector<Value> products;
  SmallVector<unsigned> outputs;
  /// Of each product, and of a block.
  int64_t columns = 0, together = 1;
};

/// Elements of a body, where those of its products at one place are known, and the reductions of its row.
class SumsEmitter : public ElementEmitter {
public:
  using ElementEmitter::ElementEmitter;
  DenseMap<Value, Value> sums, reduced;

protected:
  Value known(Value value, const Indices &) override {
    Value sum = sums.lookup(value);
    return sum ? sum : reduced.lookup(value);
  }
};

class FewRowsEmitter {
public:
  FewRowsEmitter(func::FuncOp body, const EmitOptions &options)
      : body(body), results(cast<func::ReturnOp>(body.getBody().front().getTerminator())), options(options),
        widest(options.width) {}

  LogicalResult emit();

private:
  LogicalResult collectGroups();
  void chooseColumns();
  int64_t chooseLanes() const;
  LogicalResult addResult(unsigned number, llvm::MapVector<Value, Group> &found);
  bool isOfRow(Value value) const;
  bool hasRowsSize(Value value) const;
  LogicalResult emitReductions(SumsEmitter &elements);
  LogicalResult emitRowResults(SumsEmitter &elements, Value block);
  LogicalResult emitBlock(const Group &group, SumsEmitter &elements, Value block);
  LogicalResult emitGroups(ArrayRef<Group> rest, SumsEmitter &elements, Value block);
  LogicalResult emitGroup(const Group &group, SumsEmitter &elements, Value block);
  SmallVector<Value> emitSums(const Group &group, SumsEmitter &elements, ArrayRef<Value> columns);
  LogicalResult emitResults(const Group &group, SumsEmitter &elements, int64_t row, Value column);

  func::FuncOp body;
  func::ReturnOp results;
  EmitOptions options;
  int64_t widest, rows = 0, depth = 0;
  std::optional<KernelWriter> writer;
  SmallVector<Group> groups;
  /// Results that no product has a part in: they belong to the row that the products read.
  SmallVector<unsigned> rowResults;
};
} // namespace

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// Finds the products that result `number` needs, and joins the groups that these are in.
LogicalResult FewRowsEmitter::addResult(unsigned number, llvm::MapVector<Value, Group> &found) {
  Group group;
  SmallVector<Value> work{results.getOperand(number)};
  llvm::DenseSet<Value> seen;
  Operation *other = nullptr;
  while (!work.empty()) {
    Value value = work.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || !seen.insert(value).second)
      continue;
    if (isa<hf::LinearOp>(op)) {
      group.products.insert(value);
      continue;
    }
    if (!other && !op->hasTrait<OpTrait::Elementwise>() && !isa<hf::ConstantOp>(op))
      other = op;
    llvm::append_range(work, op->getOperands());
  }
  if (group.products.empty()) {
    if (!isOfRow(results.getOperand(number)))
      return body.emitError("a kernel of few rows has a result that needs none of its products");
    rowResults.push_back(number);
    return success();
  }
  if (other)
    return other->emitError("cannot be part of a kernel of few rows: what follows its products is elementwise");
  group.outputs.push_back(number);
  group.columns = shapeOf(results.getOperand(number)).back();
  Value key = group.products.front();
  for (auto &entry : found) {
    Group &earlier = entry.second;
    if (llvm::none_of(group.products, [&](Value product) { return earlier.products.contains(product); }))
      continue;
    earlier.products.insert_range(group.products);
    earlier.outputs.push_back(number);
    return success();
  }
  found[key] = std::move(group);
  return success();
}

/// Whether a value is computed here, and has the size of the one row that the products read.
bool FewRowsEmitter::isOfRow(Value value) const { return value.getDefiningOp() && hasRowsSize(value); }

bool FewRowsEmitter::hasRowsSize(Value value) const {
  return rows == 1 && llvm::product_of(shapeOf(value)) == depth && !value.getDefiningOp<hf::LinearOp>();
}

LogicalResult FewRowsEmitter::collectGroups() {
  for (auto product : body.getOps<hf::LinearOp>()) {
    ArrayRef<int64_t> shape = shapeOf(product.getX());
    int64_t ownDepth = shape.back(), ownRows = llvm::product_of(shape.drop_back());
    bool isFirst = depth == 0, fits = isFirst || (depth == ownDepth && rows == ownRows);
    depth = ownDepth;
    rows = ownRows;
    auto isArgument = [](Value operand) { return isa<BlockArgument>(operand); };
    fits &= isArgument(product.getX()) || isOfRow(product.getX());
    if (!fits || !llvm::all_of(product->getOperands().drop_front(), isArgument))
      return product.emitError("the products of a kernel of few rows are of its arguments, and of one size in all but "
                               "columns");
  }
  llvm::MapVector<Value, Group> found;
  for (unsigned number : llvm::seq(0u, results.getNumOperands()))
    if (failed(addResult(number, found)))
      return failure();
  groups = llvm::map_to_vector(found, [](auto &entry) { return std::move(entry.second); });
  return success();
}

/// How many columns blocks take together.
void FewRowsEmitter::chooseColumns() {
  int64_t all = 0;
  for (const Group &group : groups)
    all += group.columns;
  for (Group &group : groups) {
    auto weights = cast<RankedTensorType>(group.products.front().getDefiningOp<hf::LinearOp>().getWeight().getType());
    int64_t products = group.products.size();
    int64_t bytes = products * depth * llvm::divideCeil(weights.getElementTypeBitWidth(), 8);
    auto fits = [&](int64_t columns) {
      return group.columns % columns == 0 && products * rows * columns <= kMostSums &&
             bytes * columns <= kBytesOfBlock && all >= columns * kFewestBlocks;
    };
    while (fits(2 * group.together))
      group.together *= 2;
  }
}

/// So many that the steps they take together are full, and rather few.
int64_t FewRowsEmitter::chooseLanes() const {
  int64_t vectors = llvm::divideCeil(depth, widest), rowsOfBlock = 1;
  for (const Group &group : groups)
    rowsOfBlock = std::max<int64_t>(rowsOfBlock, group.products.size() * group.together);
  int64_t best = kMostLanes, bestScore = std::numeric_limits<int64_t>::min();
  for (int64_t lanes = kFewestLanes; lanes <= kMostLanes; lanes += kFewestLanes) {
    int64_t steps = llvm::divideCeil(vectors, lanes);
    // What is asked of 4000 lanes, and what they are given to do.
    int64_t score = vectors * 4000 / (lanes * steps) - lanes;
    bool fits = steps <= kStepsTogether && (steps == 1 || steps * rowsOfBlock <= kVectorsOfLane);
    if (fits && score > bestScore) {
      best = lanes;
      bestScore = score;
    }
  }
  return best;
}

/// What the row depends on, one reduction after the other.
LogicalResult FewRowsEmitter::emitReductions(SumsEmitter &elements) {
  ImplicitLocOpBuilder &b = writer->b;
  IndexBuilder &index = elements.index;
  for (auto reduce : body.getOps<hf::ReduceOp>()) {
    ArrayRef<int64_t> shape = shapeOf(reduce.getX());
    if (!hasRowsSize(reduce.getX()) || shape.back() != depth)
      return reduce.emitError("cannot be part of a kernel of few rows: it does not reduce the row that products read");
    LogicalResult done = emitAtWidest(elements, widest, depth, [&]() -> LogicalResult {
      Value none = elements.toVector(neutralElement(b, reduce.getKind(), reduce.getType().getElementType()));
      auto loop = kernel::DistributeOp::create(b, index.constant(0), index.constant(depth), index.width, none);
      {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToEnd(&loop.getBody().front());
        ElementEmitter::Scope scope(elements);
        Indices at{index.group(index.constant(0), shape.drop_back()),
                   index.group(loop.getInductionVar(), {depth}, /*lane=*/index.width > 1, index.width)};
        Value value = elements.emit(reduce.getX(), at);
        if (!value)
          return failure();
        Value next = combine(b, reduce.getKind(), loop.getRegionIterArgs()[0], elements.toVector(value));
        kernel::YieldOp::create(b, next);
      }
      elements.reduced[reduce.getResult()] =
          kernel::ReduceOp::create(b, b.getF32Type(), combineOf(reduce.getKind()), loop.getResult(0));
      return success();
    });
    if (failed(done))
      return failure();
  }
  index.width = 1;
  return success();
}

/// The first block writes them; all have computed them.
LogicalResult FewRowsEmitter::emitRowResults(SumsEmitter &elements, Value block) {
  if (rowResults.empty())
    return success();
  ImplicitLocOpBuilder &b = writer->b;
  IndexBuilder &index = elements.index;
  Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, block, index.constant(0));
  auto branch = scf::IfOp::create(b, isFirst);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(branch.thenBlock()->getTerminator());
  ElementEmitter::Scope scope(elements);
  auto loop = kernel::DistributeOp::create(b, index.constant(0), index.constant(depth), /*vector=*/1, ValueRange());
  b.setInsertionPointToEnd(&loop.getBody().front());
  for (unsigned number : rowResults) {
    Value result = results.getOperand(number);
    Indices at{index.group(loop.getInductionVar(), shapeOf(result))};
    Value value = elements.emit(result, at);
    if (!value || failed(elements.store(value, writer->output(number), at)))
      return failure();
  }
  kernel::YieldOp::create(b, ValueRange());
  return success();
}

/// The sums of each product at `columns`, for each of them row by row.
SmallVector<Value> FewRowsEmitter::emitSums(const Group &group, SumsEmitter &elements, ArrayRef<Value> columns) {
  ImplicitLocOpBuilder &b = writer->b;
  int64_t width = widest;
  while (depth % width)
    width /= 2;
  elements.index.width = width;
  Type sum = width == 1 ? Type(b.getF32Type()) : Type(VectorType::get(width, b.getF32Type()));
  SmallVector<Value> zeros(rows * group.products.size() * columns.size(),
                           arith::ConstantOp::create(b, b.getZeroAttr(sum)));
  auto loop = kernel::DistributeOp::create(b, elements.index.constant(0), elements.index.constant(depth), width, zeros);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&loop.getBody().front());
    ElementEmitter::Scope scope(elements);
    IndexGroup element = elements.index.group(loop.getInductionVar(), {depth}, /*lane=*/width > 1, width);
    SmallVector<Value> next(loop.getRegionIterArgs());
    auto total = next.begin();
    for (Value value : group.products) {
      auto product = value.getDefiningOp<hf::LinearOp>();
      for (Value column : columns) {
        Value weights = elements.emit(product.getWeight(), {elements.index.group(column, {group.columns}), element});
        for (int64_t row = 0; row < rows; ++row, ++total) {
          IndexGroup place = elements.index.group(elements.index.constant(row), shapeOf(product.getX()).drop_back());
          Value x = elements.emit(product.getX(), {place, element});
          if (!x)
            return {};
          *total = arith::AddFOp::create(b, *total, arith::MulFOp::create(b, x, weights, kContract), kContract);
        }
      }
    }
    kernel::YieldOp::create(b, next);
  }
  elements.index.width = 1;
  return llvm::map_to_vector(loop.getResults(), [&](Value partial) -> Value {
    return kernel::ReduceOp::create(b, b.getF32Type(), kernel::Combine::add, partial);
  });
}

/// All are computed before any is written, since an output may be in an input's buffer.
LogicalResult FewRowsEmitter::emitResults(const Group &group, SumsEmitter &elements, int64_t row, Value column) {
  SmallVector<std::pair<Value, Indices>, 1> values;
  for (unsigned output : group.outputs) {
    Value result = results.getOperand(output);
    Indices at{elements.index.group(elements.index.constant(row), shapeOf(result).drop_back()),
               elements.index.group(column, {group.columns})};
    Value value = elements.emit(result, at);
    if (!value)
      return failure();
    values.push_back({value, at});
  }
  for (auto [output, value] : llvm::zip_equal(group.outputs, values))
    if (failed(elements.store(value.first, writer->output(output), value.second)))
      return failure();
  return success();
}

LogicalResult FewRowsEmitter::emitGroup(const Group &group, SumsEmitter &elements, Value block) {
  ElementEmitter::Scope scope(elements);
  ImplicitLocOpBuilder &b = writer->b;
  elements.index.width = 1;
  SmallVector<Value> columns, biases;
  for (int64_t number = 0; number < group.together; ++number)
    columns.push_back(elements.index.add(elements.index.mul(block, group.together), number));
  // Asked for before the weights, so that nothing waits for it afterwards.
  for (Value value : group.products)
    for (Value column : columns) {
      Value bias = value.getDefiningOp<hf::LinearOp>().getBias();
      biases.push_back(bias ? elements.emit(bias, {elements.index.group(column, {group.columns})}) : Value());
    }
  SmallVector<Value> sums = emitSums(group, elements, columns);
  if (sums.empty())
    return failure();
  for (auto [place, column] : llvm::enumerate(columns))
    for (int64_t row = 0; row < rows; ++row) {
      elements.sums.clear();
      for (auto [number, value] : llvm::enumerate(group.products)) {
        size_t pair = number * columns.size() + place;
        Value sum = sums[pair * rows + row];
        elements.sums[value] = biases[pair] ? Value(arith::AddFOp::create(b, sum, biases[pair], kContract)) : sum;
      }
      if (failed(emitResults(group, elements, row, column)))
        return failure();
    }
  return success();
}

/// All that a block does, once it is known which columns it takes. Each block computes what the row depends on.
LogicalResult FewRowsEmitter::emitBlock(const Group &group, SumsEmitter &elements, Value block) {
  kernel::AwaitOp::create(writer->b);
  elements.reduced.clear();
  if (failed(emitReductions(elements)))
    return failure();
  if (&group == &groups.front() && failed(emitRowResults(elements, block)))
    return failure();
  return emitGroup(group, elements, block);
}

/// The blocks of the first of `rest` are as many as it needs, counted from where the others' end.
LogicalResult FewRowsEmitter::emitGroups(ArrayRef<Group> rest, SumsEmitter &elements, Value block) {
  if (rest.size() == 1)
    return emitBlock(rest.front(), elements, block);
  ImplicitLocOpBuilder &b = writer->b;
  Value blocks = elements.index.constant(rest.front().columns / rest.front().together);
  Value own = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, block, blocks);
  auto branch = scf::IfOp::create(b, TypeRange(), own, /*addThenBlock=*/true, /*addElseBlock=*/true);
  auto fill = [&](Block *into, function_ref<LogicalResult()> emitInto) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(into);
    ElementEmitter::Scope scope(elements);
    if (failed(emitInto()))
      return failure();
    scf::YieldOp::create(b);
    return success();
  };
  if (failed(fill(branch.thenBlock(), [&] { return emitBlock(rest.front(), elements, block); })))
    return failure();
  return fill(branch.elseBlock(),
              [&] { return emitGroups(rest.drop_front(), elements, arith::SubIOp::create(b, block, blocks)); });
}

LogicalResult FewRowsEmitter::emit() {
  if (failed(collectGroups()))
    return failure();
  chooseColumns();
  EmitOptions own = options;
  own.lanes = chooseLanes();
  writer.emplace(body, own);
  SumsEmitter elements(writer->b, writer->entry(), options.bufferAlignment);
  for (auto [number, argument] : llvm::enumerate(body.getArguments()))
    elements.bind(argument, writer->input(number));
  int64_t grid = 0;
  for (const Group &group : groups)
    grid += group.columns / group.together;
  Value block = kernel::BlockIdOp::create(writer->b, writer->b.getIndexType());
  if (failed(emitGroups(groups, elements, block)))
    return failure();
  writer->finish(grid);
  return success();
}

LogicalResult hfc::emitFewRowsKernel(func::FuncOp body, const EmitOptions &options) {
  return FewRowsEmitter(body, options).emit();
}
