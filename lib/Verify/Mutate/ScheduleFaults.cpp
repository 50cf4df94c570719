//===- ScheduleFaults.cpp - events, offsets, numbers of collectives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include "dialects/hf/Hf.h"
#include "dialects/rt/Rt.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

using namespace hfc;
using namespace hfc::verify;

static int64_t streamOf(Operation *op) {
  auto stream = op->getAttrOfType<IntegerAttr>("stream");
  return stream ? stream.getInt() : 0;
}

static bool isWork(Operation &op) { return isa<rt::LaunchOp, rt::GemmOp, rt::CopyOp, rt::CollectiveOp>(op); }

static Operation *bufferOf(Value value) {
  while (auto view = value.getDefiningOp<rt::ViewOp>())
    value = view.getSource();
  return value.getDefiningOp();
}

//===----------------------------------------------------------------------===//
// Events
//===----------------------------------------------------------------------===//

static unsigned waysToForget(Operation *op) { return isa<rt::WaitOp>(op); }

/// Blames work behind the wait, of its stream, that touches a buffer which work before the event touches, of its
/// stream: the accesses that the wait was to order.
static void blameUnordered(rt::WaitOp wait, Mutation &mutation) {
  Block &block = *wait->getBlock();
  auto record = llvm::find_if(block, [&](Operation &op) {
    auto record = dyn_cast<rt::RecordOp>(op);
    return record && record.getEvent() == wait.getEvent();
  });
  if (record == block.end())
    return;
  llvm::DenseSet<Operation *> touched;
  auto addBuffers = [&](Operation &op) {
    for (Value operand : op.getOperands())
      touched.insert(bufferOf(operand));
  };
  for (Operation &op : llvm::make_range(block.begin(), record))
    if (isWork(op) && streamOf(&op) == streamOf(&*record))
      addBuffers(op);
  for (Operation &op : llvm::make_range(std::next(Block::iterator(wait)), block.end())) {
    bool isShared = isa<rt::CollectiveOp>(op) ||
                    llvm::any_of(op.getOperands(), [&](Value operand) { return touched.contains(bufferOf(operand)); });
    if (isWork(op) && isShared)
      blame(mutation, &op);
  }
  // Behind the last wait the entry ends, which is to find all written.
  if (mutation.guilty.empty())
    for (Operation &op : llvm::make_range(block.begin(), record))
      if (isWork(op) && streamOf(&op) == streamOf(&*record))
        blame(mutation, &op);
}

static void forgetWait(Operation *op, unsigned, Mutation &mutation) {
  auto wait = cast<rt::WaitOp>(op);
  mutation.what = "event " + std::to_string(wait.getEvent()) + " is not waited for";
  blameUnordered(wait, mutation);
  op->erase();
}

static unsigned waysToDropEvent(Operation *op) { return isa<rt::RecordOp>(op); }

static void dropEvent(Operation *op, unsigned, Mutation &mutation) {
  int64_t event = cast<rt::RecordOp>(op).getEvent();
  mutation.what = "event " + std::to_string(event) + " is not there, nor who waits for it";
  SmallVector<Operation *> gone;
  for (Operation &other : *op->getBlock())
    if (auto wait = dyn_cast<rt::WaitOp>(other); wait && static_cast<int64_t>(wait.getEvent()) == event) {
      blameUnordered(wait, mutation);
      gone.push_back(wait);
    }
  for (Operation *wait : gone)
    wait->erase();
  op->erase();
}

//===----------------------------------------------------------------------===//
// The arena
//===----------------------------------------------------------------------===//

static Operation *nextBuffer(Operation *op) {
  if (!isa<rt::ArenaOp, rt::InputOp, rt::OutputOp>(op))
    return nullptr;
  for (Operation *next = op->getNextNode(); next; next = next->getNextNode())
    if (isa<rt::ArenaOp, rt::InputOp, rt::OutputOp>(next) && next->getAttr("offset") != op->getAttr("offset"))
      return next;
  return nullptr;
}

static unsigned waysToOverlap(Operation *op) { return nextBuffer(op) != nullptr; }

static void blameUsers(Operation *buffer, Mutation &mutation) {
  blame(mutation, buffer);
  for (Operation *user : buffer->getUsers())
    if (isa<rt::ViewOp>(user))
      blameUsers(user, mutation);
    else
      blame(mutation, user);
}

/// Bytes of a buffer of the arena: from where, and how many.
static std::pair<int64_t, int64_t> bytesOf(Operation *buffer) {
  auto type = cast<MemRefType>(buffer->getResult(0).getType());
  return {buffer->getAttrOfType<IntegerAttr>("offset").getInt(),
          type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8)};
}

/// Blames what touches the buffer where it is now.
static void overlapBuffers(Operation *op, unsigned, Mutation &mutation) {
  Operation *next = nextBuffer(op);
  op->setAttr("offset", next->getAttr("offset"));
  auto [from, size] = bytesOf(op);
  mutation.what = "lies at " + std::to_string(from) + ", where another buffer is";
  for (Operation &other : *op->getBlock())
    if (isa<rt::ArenaOp, rt::InputOp, rt::OutputOp>(other)) {
      auto [otherFrom, otherSize] = bytesOf(&other);
      if (from < otherFrom + otherSize && otherFrom < from + size)
        blameUsers(&other, mutation);
    }
}

//===----------------------------------------------------------------------===//
// Buckets
//===----------------------------------------------------------------------===//

/// Of a member; what is all of a bucket, as one tensor, is none.
static hf::PlaceAttr placeOf(Operation *op) {
  bool isMember = isa<hf::ParameterOp, hf::StateOp>(op) && !op->hasAttr("hf.of_bucket");
  return isMember ? op->getAttrOfType<hf::PlaceAttr>("hf.bucket") : hf::PlaceAttr();
}

/// The next one that lies in the bucket.
static Operation *nextMember(Operation *op) {
  hf::PlaceAttr place = placeOf(op);
  for (Operation *next = place ? op->getNextNode() : nullptr; next; next = next->getNextNode())
    if (hf::PlaceAttr other = placeOf(next); other && other.getBucket() == place.getBucket())
      return next;
  return nullptr;
}

static unsigned waysToMisplace(Operation *op) { return !placeOf(op) ? 0 : nextMember(op) ? 2 : 1; }

/// One element further, or where another lies.
static void misplace(Operation *op, unsigned way, Mutation &mutation) {
  hf::PlaceAttr place = placeOf(op);
  Operation *next = nextMember(op);
  int64_t offset = way ? placeOf(next).getOffset() : place.getOffset() + 1;
  for (Operation &other : *op->getBlock())
    if (hf::PlaceAttr otherPlace = placeOf(&other); otherPlace && otherPlace.getBucket() == place.getBucket())
      blame(mutation, &other);
  op->setAttr("hf.bucket", hf::PlaceAttr::get(op->getContext(), place.getBucket(), offset));
  mutation.what = "lies at " + std::to_string(offset) + " of its bucket";
}

//===----------------------------------------------------------------------===//
// The order of collectives
//===----------------------------------------------------------------------===//

static rt::CollectiveOp nextCollective(Operation *op) {
  if (!isa<rt::CollectiveOp>(op))
    return {};
  for (Operation *next = op->getNextNode(); next; next = next->getNextNode())
    if (auto collective = dyn_cast<rt::CollectiveOp>(next))
      return collective;
  return {};
}

static unsigned waysToRenumber(Operation *op) { return nextCollective(op) ? 1 : 0; }

static void renumber(Operation *op, unsigned, Mutation &mutation) {
  rt::CollectiveOp next = nextCollective(op);
  Attribute number = op->getAttr("id");
  op->setAttr("id", next->getAttr("id"));
  next->setAttr("id", number);
  mutation.what = "has the number of the one behind it";
  blame(mutation, {op, next});
}

ArrayRef<FaultKind> verify::getScheduleFaults() {
  constexpr FaultLevel schedule = FaultLevel::Schedule;
  static const FaultKind all[] = {
      {"wait-dropped", schedule, "a stream does not wait for an event", waysToForget, forgetWait},
      {"event-dropped", schedule, "an event is not there", waysToDropEvent, dropEvent},
      {"arena-overlap", schedule, "a buffer of the arena lies where another does", waysToOverlap, overlapBuffers},
      {"bucket-overlap", schedule, "what lies in a bucket lies elsewhere in it", waysToMisplace, misplace},
      {"collective-renumbered", schedule, "two collectives have each other's numbers", waysToRenumber, renumber},
  };
  return all;
}
