//===- Schedule.cpp - executes rt.entries: an arena, buffers, streams
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Schedule.h"

#include "dialects/dist/Sharding.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace hfc;
using namespace hfc::interpreter;

llvm::Expected<const Kernel *> KernelCache::get(kernel::FuncOp op) {
  std::unique_ptr<Kernel> &kernel = kernels[op];
  if (!kernel) {
    llvm::Expected<std::unique_ptr<Kernel>> prepared = Kernel::prepare(op, domain);
    if (!prepared)
      return prepared.takeError();
    kernel = std::move(*prepared);
  }
  return kernel.get();
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

Schedule::Schedule(rt::EntryOp entry, Machine &machine, KernelCache &kernels, Meetings &meetings, int64_t rank,
                   const Options &options)
    : entry(entry), machine(machine), kernels(kernels), meetings(meetings), rank(rank),
      randomOrder(options.randomStreams), random(options.seed + rank), arena(entry.getArena()) {}

static int64_t streamOf(Operation *op) { return op->getAttrOfType<IntegerAttr>("stream").getInt(); }

static bool isWork(Operation *op) {
  return isa<rt::LaunchOp, rt::GemmOp, rt::CopyOp, rt::CollectiveOp, rt::RecordOp, rt::WaitOp>(op);
}

llvm::Expected<std::unique_ptr<Schedule>> Schedule::start(rt::EntryOp entry, Machine &machine, KernelCache &kernels,
                                                          Meetings &meetings, const TensorMap &inputs, RankStore store,
                                                          const Options &options) {
  std::unique_ptr<Schedule> schedule(new Schedule(entry, machine, kernels, meetings, store.rank, options));
  for (Operation &op : entry.getBody().front()) {
    if (!isWork(&op)) {
      if (llvm::Error error = schedule->makeBuffer(&op, inputs, store))
        return at(&op, std::move(error));
      continue;
    }
    schedule->streams[streamOf(&op)].push_back({schedule->remaining++, &op});
    for (Value operand : op.getOperands())
      ++schedule->usesLeft[rootOf(operand).getAsOpaquePointer()];
  }
  return schedule;
}

Value Schedule::rootOf(Value value) {
  while (auto view = value.getDefiningOp<rt::ViewOp>())
    value = view.getSource();
  return value;
}

Buffer &Schedule::bufferOf(Value value) { return buffers.at(value.getAsOpaquePointer()); }

/// A value of a table that the entry names by symbol.
static llvm::Expected<Tensor> valueOf(const TensorMap &table, StringRef name, const Buffer &buffer) {
  auto found = table.find(name.str());
  if (found == table.end())
    return makeError("no value is bound to " + buffer.name);
  if (found->second.size() != buffer.size() || found->second.getElement() != buffer.element)
    return makeError("the value bound to " + buffer.name + " is " + shapeText(found->second.getShape()) + " of " +
                     nameOf(found->second.getElement()) + ", the buffer " + shapeText(buffer.shape) + " of " +
                     nameOf(buffer.element));
  return found->second;
}

llvm::Error Schedule::makeArenaBuffer(Operation *op, Buffer buffer, int64_t offset) {
  int64_t bytes = buffer.size() * byteSize(buffer.element);
  if (offset < 0 || offset + bytes > static_cast<int64_t>(entry.getArena()))
    return makeError("bytes " + Twine(offset) + " to " + Twine(offset + bytes) + " are not inside the arena of " +
                     Twine(entry.getArena()));
  buffer.name += " (arena bytes " + std::to_string(offset) + " to " + std::to_string(offset + bytes) + ")";
  buffer.arena = &arena;
  buffer.offset = offset;
  buffer.owner = arena.addOwner(buffer.name);
  buffers[op->getResult(0).getAsOpaquePointer()] = std::move(buffer);
  return llvm::Error::success();
}

llvm::Error Schedule::makeBuffer(Operation *op, const TensorMap &inputs, RankStore store) {
  auto type = op->getNumResults() == 1 ? dyn_cast<MemRefType>(op->getResult(0).getType()) : MemRefType();
  if (!type || !elementOf(type.getElementType()))
    return makeError("the interpreter does not know this op in an rt.entry");
  Buffer buffer;
  buffer.element = *elementOf(type.getElementType());
  buffer.shape.assign(type.getShape().begin(), type.getShape().end());
  void *key = op->getResult(0).getAsOpaquePointer();
  auto bind = [&](StringRef what, StringRef name, const TensorMap &table, bool writable) -> llvm::Error {
    buffer.name = (what + " '" + name + "'").str();
    buffer.writable = writable;
    llvm::Expected<Tensor> value = valueOf(table, name, buffer);
    if (!value)
      return value.takeError();
    buffer.tensor = *value;
    buffers[key] = std::move(buffer);
    return llvm::Error::success();
  };
  return llvm::TypeSwitch<Operation *, llvm::Error>(op)
      .Case([&](rt::ArenaOp op) {
        buffer.name = "the temporary " + std::to_string(buffers.size());
        return makeArenaBuffer(op, std::move(buffer), op.getOffset());
      })
      .Case([&](rt::OutputOp op) {
        buffer.name = ("output '" + op.getName() + "'").str();
        return makeArenaBuffer(op, std::move(buffer), op.getOffset());
      })
      .Case([&](rt::InputOp op) -> llvm::Error {
        buffer.name = ("input '" + op.getName() + "'").str();
        llvm::Expected<Tensor> value = valueOf(inputs, op.getName(), buffer);
        if (!value)
          return value.takeError();
        if (llvm::Error error = makeArenaBuffer(op, std::move(buffer), op.getOffset()))
          return error;
        return buffers[key].write(*value);
      })
      .Case([&](rt::ParameterOp op) { return bind("parameter", op.getParameter(), store.parameters, op.getUpdated()); })
      .Case([&](rt::StateOp op) { return bind("state", op.getState(), store.states, true); })
      .Case([&](rt::CoordinateOp op) {
        buffer.name = "the coordinate";
        buffer.tensor = Tensor(buffer.element, buffer.shape);
        buffer.tensor.mutableWords()[0] =
            static_cast<Word>(dist::placeOf(rank, op.getAxes().getAxes(), machine.getMesh()));
        buffer.writable = false;
        buffers[key] = std::move(buffer);
        return llvm::Error::success();
      })
      .Case([&](rt::ConstantOp op) -> llvm::Error {
        llvm::Expected<Tensor> value = constantOf(machine.getDomain(), op.getValue());
        if (!value)
          return value.takeError();
        buffer.name = "the constant";
        buffer.tensor = *value;
        buffer.writable = false;
        buffers[key] = std::move(buffer);
        return llvm::Error::success();
      })
      .Case([&](rt::JoinOp op) {
        buffer.name = "several buffers as one";
        buffer.writable = true;
        for (Value part : op.getParts()) {
          buffer.parts.push_back(bufferOf(part));
          buffer.writable &= buffer.parts.back().writable;
        }
        buffers[key] = std::move(buffer);
        return llvm::Error::success();
      })
      .Case([&](rt::ViewOp op) {
        Buffer view = bufferOf(op.getSource());
        if (!op.isOrdered()) // Whoever reads in another order begins with the source.
          view.shape = std::move(buffer.shape);
        buffers[key] = std::move(view);
        return llvm::Error::success();
      })
      .Default([](Operation *) { return makeError("the interpreter does not know this op in an rt.entry"); });
}

llvm::Expected<TensorMap> Schedule::outputs() {
  TensorMap results;
  for (auto op : entry.getBody().getOps<rt::OutputOp>()) {
    llvm::Expected<Tensor> value = buffers.at(op.getBuffer().getAsOpaquePointer()).read();
    if (!value)
      return makeError("the end of @" + entry.getSymName() + " " + llvm::toString(value.takeError()));
    results[op.getName().str()] = *value;
  }
  return results;
}

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

/// Whether the op can be executed, or arrived at.
bool Schedule::isReady(Operation *op) const {
  if (auto collective = dyn_cast<rt::CollectiveOp>(op))
    return !meetings.hasArrived(collective, rank) || meetings.isComplete(collective, rank);
  auto wait = dyn_cast<rt::WaitOp>(op);
  return !wait || happened.contains(wait.getEvent());
}

Schedule::Stream *Schedule::pick() {
  SmallVector<Stream *> ready;
  for (auto &[number, stream] : streams)
    if (!stream.empty() && isReady(stream.front().second))
      ready.push_back(&stream);
  if (ready.empty())
    return nullptr;
  if (randomOrder)
    return ready[random() % ready.size()];
  return *llvm::min_element(ready, [](Stream *a, Stream *b) { return a->front().first < b->front().first; });
}

llvm::Expected<bool> Schedule::step() {
  Stream *stream = pick();
  if (!stream)
    return false;
  Operation *op = stream->front().second;
  if (auto collective = dyn_cast<rt::CollectiveOp>(op); collective && !meetings.hasArrived(collective, rank)) {
    llvm::Expected<Results> operands = read(collective.getIns());
    if (!operands)
      return at(op, operands.takeError());
    if (llvm::Error error = meetings.arrive(collective, rank, std::move(*operands)))
      return at(op, std::move(error));
    return true;
  }
  stream->pop_front();
  --remaining;
  if (llvm::Error error = execute(op))
    return at(op, std::move(error));
  retire(op);
  return true;
}

std::string Schedule::waiting() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (const auto &[number, works] : streams) {
    if (works.empty())
      continue;
    Operation *op = works.front().second;
    stream << (text.empty() ? "" : "; ") << "stream " << number << " waits ";
    if (auto collective = dyn_cast<rt::CollectiveOp>(op)) {
      stream << "in " << rt::stringifyCollectiveKind(collective.getKind()) << ' ' << collective.getId() << " over "
             << dist::toString(collective.getAxes().getAxes()) << " (" << describe(op) << ") for rank ";
      llvm::interleaveComma(meetings.missing(collective, rank), stream);
    } else {
      stream << "for an event that never happens (" << describe(op) << ')';
    }
  }
  return text;
}

void Schedule::retire(Operation *op) {
  for (Value operand : op->getOperands()) {
    Value root = rootOf(operand);
    if (--usesLeft[root.getAsOpaquePointer()] || !root.getDefiningOp<rt::ArenaOp>())
      continue;
    const Buffer &buffer = bufferOf(root);
    arena.poison(buffer.offset, buffer.size() * byteSize(buffer.element), buffer.owner);
  }
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

llvm::Error Schedule::execute(Operation *op) {
  return llvm::TypeSwitch<Operation *, llvm::Error>(op)
      .Case([&](rt::LaunchOp op) { return launch(op); })
      .Case([&](rt::GemmOp op) { return multiply(op); })
      .Case([&](rt::CopyOp op) { return copy(op); })
      .Case([&](rt::CollectiveOp op) { return write(op.getOuts(), meetings.take(op, rank)); })
      .Case([&](rt::RecordOp op) {
        happened.insert(op.getEvent());
        return llvm::Error::success();
      })
      .Default([](Operation *) { return llvm::Error::success(); });
}

llvm::Expected<Results> Schedule::read(ValueRange from) {
  Results values;
  for (Value buffer : from) {
    llvm::Expected<Tensor> value = bufferOf(buffer).read();
    if (!value)
      return value.takeError();
    values.push_back(std::move(*value));
  }
  return values;
}

llvm::Error Schedule::write(ValueRange to, ArrayRef<Tensor> values) {
  for (auto [buffer, value] : llvm::zip(to, values))
    if (llvm::Error error = bufferOf(buffer).write(value))
      return error;
  return llvm::Error::success();
}

llvm::Error Schedule::launch(rt::LaunchOp op) {
  Operation *callee = machine.getSymbols().lookup(op.getCallee());
  if (auto function = dyn_cast_if_present<func::FuncOp>(callee))
    return callFunction(op, function);
  if (auto kernel = dyn_cast_if_present<kernel::FuncOp>(callee))
    return callKernel(op, kernel);
  if (auto module = dyn_cast_if_present<gpu::GPUModuleOp>(callee))
    if (auto kernel = module.lookupSymbol<gpu::GPUFuncOp>(op.getCallee()))
      return callMappedKernel(op, kernel);
  return makeError("there is no function or kernel @" + op.getCallee());
}

llvm::Error Schedule::callFunction(rt::LaunchOp op, func::FuncOp callee) {
  if (callee.getNumArguments() != op.getIns().size() || callee.getNumResults() != op.getOuts().size())
    return makeError("@" + op.getCallee() + " takes " + Twine(callee.getNumArguments()) + " and gives " +
                     Twine(callee.getNumResults()) + " values, the launch has " + Twine(op.getIns().size()) + " and " +
                     Twine(op.getOuts().size()));
  llvm::Expected<Results> arguments = read(op.getIns());
  if (!arguments)
    return arguments.takeError();
  llvm::Expected<Results> results = machine.call(callee, *arguments);
  if (!results)
    return results.takeError();
  return write(op.getOuts(), *results);
}

llvm::Error Schedule::callKernel(rt::LaunchOp op, kernel::FuncOp callee) {
  if (callee.getArgumentTypes().size() != op.getIns().size() + op.getOuts().size() ||
      callee.getOutputs() != op.getOuts().size())
    return makeError("@" + op.getCallee() + " has " + Twine(callee.getArgumentTypes().size()) + " arguments, " +
                     Twine(callee.getOutputs()) + " of them outputs; the launch has " + Twine(op.getIns().size()) +
                     " and " + Twine(op.getOuts().size()));
  llvm::Expected<const Kernel *> kernel = kernels.get(callee);
  if (!kernel)
    return kernel.takeError();
  SmallVector<Buffer> arguments;
  for (Value buffer : op.getIns()) {
    arguments.push_back(bufferOf(buffer));
    arguments.back().writable = false;
  }
  for (Value buffer : op.getOuts())
    arguments.push_back(bufferOf(buffer));
  return (*kernel)->run(arguments);
}

/// One matrix of a batch, its last two dimensions swapped on request.
static MatrixRef matrixOf(const Tensor &x, int64_t batch, int64_t rows, int64_t columns, bool transposed) {
  const Word *data = x.words().data() + batch * rows * columns;
  return transposed ? MatrixRef{data, 1, columns} : MatrixRef{data, columns, 1};
}

/// A factor of a product, in the order in which the product reads it.
llvm::Expected<Tensor> Schedule::readFactor(Value factor) {
  llvm::Expected<Tensor> stored = bufferOf(factor).read();
  auto view = factor.getDefiningOp<rt::ViewOp>();
  if (!stored || !view || !view.isOrdered())
    return stored;
  ArrayRef<int64_t> sizes = *view.getSizes(), strides = *view.getStrides();
  Tensor ordered(stored->getElement(), cast<MemRefType>(factor.getType()).getShape());
  SmallVector<int64_t> index(sizes.size(), 0);
  int64_t place = view.getOffset();
  for (Word &word : ordered.mutableWords()) {
    word = stored->words()[place];
    for (size_t dim = sizes.size(); dim-- > 0;) {
      place += strides[dim];
      if (++index[dim] < sizes[dim])
        break;
      place -= sizes[dim] * strides[dim];
      index[dim] = 0;
    }
  }
  return ordered;
}

llvm::Error Schedule::multiply(rt::GemmOp op) {
  llvm::Expected<Tensor> a = readFactor(op.getA());
  if (!a)
    return a.takeError();
  llvm::Expected<Tensor> b = readFactor(op.getB());
  if (!b)
    return b.takeError();
  Tensor bias;
  if (op.getBias()) {
    llvm::Expected<Tensor> read = bufferOf(op.getBias()).read();
    if (!read)
      return read.takeError();
    bias = *read;
  }
  Buffer &target = bufferOf(op.getC());
  Tensor c(target.element, target.shape);
  ArrayRef<int64_t> shape = target.shape, right = b->getShape();
  int64_t columns = shape.back(), depth = right.take_back(2)[op.getTransposeB() ? 1 : 0];
  bool batched = right.size() > 2;
  int64_t batches = batched ? countOf(shape.drop_back(2)) : 1;
  int64_t rows = batched ? shape.take_back(2)[0] : countOf(shape.drop_back());
  for (int64_t batch = 0; batch < batches; ++batch)
    machine.getDomain().matmul(
        target.element, rows, columns, depth,
        matrixOf(*a, batch, op.getTransposeA() ? depth : rows, op.getTransposeA() ? rows : depth, op.getTransposeA()),
        matrixOf(*b, batch, right.take_back(2)[0], right.back(), op.getTransposeB()),
        op.getBias() ? bias.words() : ArrayRef<Word>(), c.mutableWords().slice(batch * rows * columns, rows * columns));
  if (op.getAccumulate()) {
    llvm::Expected<Tensor> old = target.read();
    if (!old)
      return old.takeError();
    machine.getDomain().binary(Binary::Add, target.element, old->words(), c.words(), c.mutableWords());
  }
  return target.write(c);
}

llvm::Error Schedule::copy(rt::CopyOp op) {
  llvm::Expected<Tensor> value = bufferOf(op.getSource()).read();
  if (!value)
    return value.takeError();
  return bufferOf(op.getTarget()).write(*value);
}
