//===- Meetings.cpp - where ranks that take turns meet for collectives
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Meetings.h"

#include "Collectives.h"

#include "dialects/dist/Sharding.h"

using namespace hfc;
using namespace hfc::interpreter;

static Collective meaningOf(rt::CollectiveOp op) {
  // Kinds are the dist dialect's, in its order.
  using Kind = Collective::Kind;
  static constexpr Kind kinds[] = {Kind::AllReduce,      Kind::Agree,     Kind::AllGather,   Kind::ReduceScatter,
                                   Kind::AllToAll,       Kind::Broadcast, Kind::SendReceive, Kind::ReduceScatterBucket,
                                   Kind::AllGatherBucket};
  Collective collective{kinds[static_cast<size_t>(op.getKind())]};
  collective.reduction = op.getReduction().value_or(dist::ReductionKind::sum);
  collective.dim = op.getDim().value_or(0);
  collective.concat = op.getConcat().value_or(0);
  collective.place = op.getPlace().value_or(0);
  for (Type type : op.getOuts().getTypes())
    collective.shapes.emplace_back(cast<ShapedType>(type).getShape());
  return collective;
}

Meetings::Key Meetings::keyOf(rt::CollectiveOp op, int64_t rank) const {
  return {op.getId(), dist::groupOf(rank, op.getAxes().getAxes(), machine.getMesh()).front()};
}

const Meetings::Meeting *Meetings::find(rt::CollectiveOp op, int64_t rank) const {
  auto found = meetings.find(keyOf(op, rank));
  return found == meetings.end() ? nullptr : &found->second;
}

bool Meetings::hasArrived(rt::CollectiveOp op, int64_t rank) const {
  const Meeting *meeting = find(op, rank);
  return meeting && meeting->operands[llvm::find(meeting->group, rank) - meeting->group.begin()];
}

bool Meetings::isComplete(rt::CollectiveOp op, int64_t rank) const {
  const Meeting *meeting = find(op, rank);
  return meeting && meeting->isComplete();
}

llvm::Error Meetings::arrive(rt::CollectiveOp op, int64_t rank, Results operands) {
  Meeting &meeting = meetings[keyOf(op, rank)];
  if (!meeting.op) {
    meeting.op = op;
    meeting.group = dist::groupOf(rank, op.getAxes().getAxes(), machine.getMesh());
    meeting.operands.resize(meeting.group.size());
  }
  if (meeting.op != op)
    return makeError("number " + Twine(op.getId()) + " is also that of " + describe(meeting.op) +
                     ", which others of the group have reached");
  meeting.operands[llvm::find(meeting.group, rank) - meeting.group.begin()] = std::move(operands);
  if (!llvm::all_of(meeting.operands, [](const auto &given) { return given.has_value(); }))
    return llvm::Error::success();
  std::vector<Results> given;
  for (std::optional<Results> &values : meeting.operands)
    given.push_back(*values);
  llvm::Expected<std::vector<Results>> results = perform(machine.getDomain(), meaningOf(op), given);
  if (!results)
    return results.takeError();
  meeting.results = std::move(*results);
  machine.getLog().add(op,
                       {"", rt::stringifyCollectiveKind(op.getKind()).str(), dist::toString(op.getAxes().getAxes()),
                        op.getCause().value_or("").str(),
                        messageBytes(op.getIns().getTypes(), op.getOuts().getTypes())},
                       meeting.group.front());
  return llvm::Error::success();
}

Results Meetings::take(rt::CollectiveOp op, int64_t rank) {
  Meeting &meeting = meetings.at(keyOf(op, rank));
  return std::move(meeting.results[llvm::find(meeting.group, rank) - meeting.group.begin()]);
}

SmallVector<int64_t> Meetings::missing(rt::CollectiveOp op, int64_t rank) const {
  SmallVector<int64_t> ranks;
  const Meeting *meeting = find(op, rank);
  if (!meeting)
    return ranks;
  for (auto [place, other] : llvm::enumerate(meeting->group))
    if (!meeting->operands[place])
      ranks.push_back(other);
  return ranks;
}
