//===- AddOptimizer.cpp - --hfc-add-optimizer
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Transforms/Gradient/Passes.h"

#include "dialects/hf/TensorBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringSwitch.h"

namespace hfc {
#define GEN_PASS_DEF_ADDOPTIMIZER
#include "hfc/Transforms/Gradient/Passes.h.inc"
} // namespace hfc

using namespace hfc;

static constexpr StringLiteral entryName = "optimizer_step", stepName = "step";

namespace {

/// What is trained, and the states that its training keeps.
struct Trained {
  hf::ParameterOp parameter;
  hf::StateOp gradient, moment1, moment2;
  /// Null where the parameter itself is what the optimizer adds to.
  hf::StateOp master;
};

/// The numbers of a step, which the user gives.
struct Settings {
  Value learningRate, beta1, beta2, epsilon, weightDecay, clip;
};

/// Arguments and results of the entry while it is written.
class EntryWriter {
public:
  EntryWriter(ModuleOp module)
      : builder(module.getContext()), loc(NameLoc::get(builder.getStringAttr("optimizer"))),
        function(func::FuncOp::create(loc, entryName, builder.getFunctionType({}, {}))) {
    module.push_back(function);
    builder.setInsertionPointToStart(function.addEntryBlock());
  }

  OpBuilder &get() { return builder; }
  Location getLoc() const { return loc; }

  Value argument(StringRef key, Attribute name, Type type) {
    argumentAttributes.push_back(builder.getDictionaryAttr(builder.getNamedAttr(key, name)));
    return function.front().addArgument(type, loc);
  }
  Value state(hf::StateOp state) {
    return argument("hf.state", FlatSymbolRefAttr::get(state.getSymNameAttr()), state.getType());
  }
  Value input(StringRef name) {
    return argument("hf.input", builder.getStringAttr(name), RankedTensorType::get({}, builder.getF32Type()));
  }
  void result(StringRef key, Attribute name, Value value) {
    resultAttributes.push_back(builder.getDictionaryAttr(builder.getNamedAttr(key, name)));
    results.push_back(value);
  }
  void nextState(hf::StateOp state, Value value) {
    result("hf.state", FlatSymbolRefAttr::get(state.getSymNameAttr()), value);
  }
  void finish();

private:
  OpBuilder builder;
  Location loc;
  func::FuncOp function;
  SmallVector<Attribute> argumentAttributes, resultAttributes;
  SmallVector<Value> results;
};

/// Declares what one program's optimizer keeps.
class StateTable {
public:
  StateTable(ModuleOp module, Type masterType, Type momentsType)
      : symbols(module), masterType(masterType), momentsType(momentsType), builder(module.getContext()) {}

  /// One row for each gradient, in the order of their states; failure if one belongs to no parameter.
  LogicalResult collect(ModuleOp module);
  ArrayRef<Trained> rows() const { return trained; }
  hf::StateOp step() const { return stepState; }

private:
  LogicalResult add(hf::StateOp gradient);
  hf::StateOp declare(const Twine &name, RankedTensorType type, hf::ParameterOp of, StringRef role);

  SymbolTable symbols;
  Type masterType, momentsType;
  OpBuilder builder;
  SmallVector<Trained> trained;
  hf::StateOp stepState;
};

class AddOptimizerPass : public hfc::impl::AddOptimizerBase<AddOptimizerPass> {
public:
  using AddOptimizerBase::AddOptimizerBase;
  void runOnOperation() override;

private:
  /// The element type that `hf.program` names under `key`; float32 if it names none.
  FailureOr<Type> storageType(DictionaryAttr program, StringRef key);
};

} // namespace

void EntryWriter::finish() {
  func::ReturnOp::create(builder, loc, results);
  function.setFunctionType(
      builder.getFunctionType(function.front().getArgumentTypes(), TypeRange(ValueRange(results))));
  function.setArgAttrsAttr(builder.getArrayAttr(argumentAttributes));
  function.setResAttrsAttr(builder.getArrayAttr(resultAttributes));
  for (Operation &op : function.front().without_terminator())
    op.setDiscardableAttr("hf.phase", builder.getStringAttr("update"));
}

//===----------------------------------------------------------------------===//
// States
//===----------------------------------------------------------------------===//

hf::StateOp StateTable::declare(const Twine &name, RankedTensorType type, hf::ParameterOp of, StringRef role) {
  auto state = hf::StateOp::create(builder, of ? of.getLoc() : builder.getUnknownLoc(), builder.getStringAttr(name),
                                   TypeAttr::get(type));
  if (!of)
    return state;
  state->setDiscardableAttr("hf.of", FlatSymbolRefAttr::get(of.getSymNameAttr()));
  state->setDiscardableAttr("hf.role", builder.getStringAttr(role));
  // It lives where its parameter lives.
  if (Attribute sharding = of->getAttr("dist.sharding"))
    state->setDiscardableAttr("dist.sharding", sharding);
  return state;
}

LogicalResult StateTable::add(hf::StateOp gradient) {
  auto of = gradient->getAttrOfType<FlatSymbolRefAttr>("hf.of");
  auto parameter = of ? symbols.lookup<hf::ParameterOp>(of.getAttr()) : hf::ParameterOp();
  if (!parameter)
    return gradient.emitOpError("has the role of a gradient, but hf.of names no parameter that it is the gradient of");
  auto type = cast<RankedTensorType>(parameter.getType());
  StringRef name = parameter.getSymName();
  Trained row{parameter, gradient, {}, {}, {}};
  row.moment1 = declare("moment1." + name, type.clone(momentsType), parameter, "moment1");
  row.moment2 = declare("moment2." + name, type.clone(momentsType), parameter, "moment2");
  if (type.getElementType() != masterType) {
    row.master = declare("master." + name, type.clone(masterType), parameter, "master");
    row.master->setDiscardableAttr("hf.initial", of);
  }
  trained.push_back(row);
  return success();
}

LogicalResult StateTable::collect(ModuleOp module) {
  SmallVector<hf::StateOp> gradients;
  Operation *last = nullptr;
  for (Operation &op : module.getOps()) {
    if (isa<hf::ParameterOp, hf::StateOp>(op))
      last = &op;
    if (auto state = dyn_cast<hf::StateOp>(op); state && state->getAttr("hf.role") == builder.getStringAttr("gradient"))
      gradients.push_back(state);
  }
  if (last)
    builder.setInsertionPointAfter(last);
  else
    builder.setInsertionPointToStart(module.getBody());
  for (hf::StateOp gradient : gradients)
    if (failed(add(gradient)))
      return failure();
  // Dropout counts steps too, and may have declared the state.
  stepState = symbols.lookup<hf::StateOp>(stepName);
  RankedTensorType counter = RankedTensorType::get({}, builder.getI32Type());
  if (!stepState)
    stepState = declare(stepName, counter, {}, "");
  if (stepState.getType() != counter)
    return stepState.emitOpError("counts steps: its type must be ") << counter << ", got " << stepState.getType();
  return success();
}

//===----------------------------------------------------------------------===//
// The entry
//===----------------------------------------------------------------------===//

/// The sum of scalars, as a balanced tree: rounding grows with its height only.
static Value sumOf(hf::TensorBuilder &ops, SmallVector<Value> terms) {
  if (terms.empty())
    return ops.splat(RankedTensorType::get({}, ops.get().getF32Type()), 0);
  for (; terms.size() > 1; terms.resize((terms.size() + 1) / 2))
    for (size_t i = 0, e = terms.size(); i < e; i += 2)
      terms[i / 2] = i + 1 < e ? ops.add(terms[i], terms[i + 1]) : terms[i];
  return terms.front();
}

static Value squaredNorm(hf::TensorBuilder &ops, Value gradient) {
  Value g = ops.convert(gradient, ops.get().getF32Type());
  Value square = ops.mul(g, g);
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, hf::shapeOf(g).size()));
  return all.empty() ? square : ops.reduce(hf::Reduction::sum, square, all);
}

/// torch's clip_grad_norm_: the factor that makes the norm at most `clip`.
static Value clippingFactor(hf::TensorBuilder &ops, Value norm, Value clip) {
  constexpr double torchEpsilon = 1e-6;
  return ops.min(ops.div(clip, ops.add(norm, torchEpsilon)), ops.splatLike(norm, 1));
}

/// Adds one parameter's update, and returns it and its moments.
static void update(EntryWriter &entry, Trained row, Value gradient, const Settings &settings, Value step, Value scale) {
  hf::TensorBuilder ops(entry.get(), row.parameter.getLoc());
  auto name = FlatSymbolRefAttr::get(row.parameter.getSymNameAttr());
  Value old = row.master ? entry.state(row.master) : entry.argument("hf.parameter", name, row.parameter.getType());
  Value moment1 = entry.state(row.moment1), moment2 = entry.state(row.moment2);
  // Biases, norms and other vectors keep their size.
  bool decays = hf::shapeOf(old).size() > 1;
  Value decay = decays ? settings.weightDecay : ops.splatLike(settings.weightDecay, 0);
  auto adamw = hf::AdamWOp::create(entry.get(), ops.getLoc(), old.getType(), moment1.getType(), moment2.getType(), old,
                                   gradient, moment1, moment2, step, settings.learningRate, settings.beta1,
                                   settings.beta2, settings.epsilon, decay, scale);
  Value updated = adamw.getNewParameter();
  if (row.master)
    entry.nextState(row.master, updated);
  entry.result("hf.parameter", name,
               ops.convert(updated, cast<RankedTensorType>(row.parameter.getType()).getElementType()));
  entry.nextState(row.moment1, adamw.getNewMoment1());
  entry.nextState(row.moment2, adamw.getNewMoment2());
}

static void writeEntry(ModuleOp module, StateTable &states) {
  EntryWriter entry(module);
  hf::TensorBuilder ops(entry.get(), entry.getLoc());
  Settings settings{entry.input("lr"),  entry.input("beta1"),        entry.input("beta2"),
                    entry.input("eps"), entry.input("weight_decay"), entry.input("clip")};
  Value step = ops.add(entry.state(states.step()), 1);
  SmallVector<Value> gradients, squares;
  for (Trained row : states.rows()) {
    gradients.push_back(entry.state(row.gradient));
    hf::TensorBuilder local(entry.get(), row.parameter.getLoc());
    squares.push_back(squaredNorm(local, gradients.back()));
  }
  Value norm = ops.unary<hf::SqrtOp>(sumOf(ops, std::move(squares)));
  Value scale = clippingFactor(ops, norm, settings.clip);
  for (auto [row, gradient] : llvm::zip_equal(states.rows(), gradients))
    update(entry, row, gradient, settings, step, scale);
  entry.nextState(states.step(), step);
  entry.result("hf.output", entry.get().getStringAttr("grad_norm"), norm);
  entry.finish();
}

FailureOr<Type> AddOptimizerPass::storageType(DictionaryAttr program, StringRef key) {
  auto name = program.getAs<StringAttr>(key);
  Builder builder(&getContext());
  Type type = llvm::StringSwitch<Type>(name ? name.getValue() : "float32")
                  .Case("float32", builder.getF32Type())
                  .Case("bfloat16", builder.getBF16Type())
                  .Default(Type());
  if (!type)
    return getOperation().emitOpError("hf.program's ") << key << " must be \"float32\" or \"bfloat16\", got " << name;
  return type;
}

void AddOptimizerPass::runOnOperation() {
  ModuleOp module = getOperation();
  auto program = module->getAttrOfType<DictionaryAttr>("hf.program");
  auto task = program ? program.getAs<StringAttr>("task") : StringAttr();
  auto entries = module.getOps<func::FuncOp>();
  auto named = [&](StringRef name) {
    return llvm::any_of(entries, [&](func::FuncOp function) { return function.getSymName() == name; });
  };
  // Only what was differentiated, and only once.
  if (!task || task.getValue() != "train" || !named("last_micro_step") || named(entryName))
    return;
  FailureOr<Type> master = storageType(program, "master_dtype"), moments = storageType(program, "moments_dtype");
  if (failed(master) || failed(moments))
    return signalPassFailure();
  StateTable states(module, *master, *moments);
  if (failed(states.collect(module)))
    return signalPassFailure();
  writeEntry(module, states);
}
