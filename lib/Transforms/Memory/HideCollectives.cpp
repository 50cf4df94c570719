//===- HideCollectives.cpp - work beside which collectives run
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In the backward pass collectives stand in one chain with the products of the cotangents: each waits for the one
// before. The products of the weights' gradients hang off it. They wait in a pool, and are issued where the chain would
// otherwise wait for a collective: the smallest that lasts as long.
//
//===----------------------------------------------------------------------===//

#include "WorkOrder.h"
#include "dialects/dist/Dist.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include <queue>

using namespace hfc;
using namespace hfc::memory;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// A collective that was begun uses what it reads until it is done.
template <typename Visit>
void LiveBytes::forEachUse(unsigned number, Visit visit) const {
  const Work &work = plan.works[number];
  auto visitAll = [&](ArrayRef<View> views) {
    for (const View &view : views)
      visit(plan.versions[view.version].buffer);
  };
  visitAll(work.ins);
  visitAll(work.outs);
  if (work.kind == Work::Kind::done)
    visitAll(plan.works[work.partner].ins);
}

LiveBytes::LiveBytes(const EntryPlan &plan) : plan(plan), left(plan.buffers.size(), 0), begun(plan.buffers.size()) {
  for (unsigned work : llvm::seq<unsigned>(0, plan.works.size()))
    forEachUse(work, [&](unsigned buffer) { ++left[buffer]; });
  for (auto [number, buffer] : llvm::enumerate(plan.buffers)) {
    if (buffer.kind == Buffer::Kind::output)
      ++left[number];
    if (buffer.kind != Buffer::Kind::input)
      continue;
    begun.set(number);
    alive += bytesOf(buffer.type);
  }
}

int64_t LiveBytes::issue(unsigned work) {
  forEachUse(work, [&](unsigned buffer) {
    if (!plan.buffers[buffer].isInArena() || begun.test(buffer))
      return;
    begun.set(buffer);
    alive += bytesOf(plan.buffers[buffer].type);
  });
  int64_t during = alive;
  forEachUse(work, [&](unsigned buffer) {
    if (--left[buffer] == 0 && plan.buffers[buffer].isInArena())
      alive -= bytesOf(plan.buffers[buffer].type);
  });
  return during;
}

//===----------------------------------------------------------------------===//
// What can wait
//===----------------------------------------------------------------------===//

namespace {
/// Finds the work of the backward pass that can wait, because it is not in the chain: it leads to one product at most,
/// and to no collective whose results anything reads before the entry ends. Collectives can wait whose results only
/// such work reads.
class Deferrable {
public:
  Deferrable(const EntryPlan &plan, Bodies &bodies)
      : plan(plan), products(plan.works.size(), 0), isRead(plan.works.size()), leadsOn(plan.works.size()),
        found(plan.works.size()) {
    // Results have greater numbers than what they are made of.
    for (unsigned work : llvm::reverse(llvm::seq<unsigned>(0, plan.works.size())))
      visit(work, bodies);
  }

  bool operator[](unsigned work) const { return found.test(work); }
  bool hasProduct() const {
    return llvm::any_of(found.set_bits(), [&](unsigned work) { return plan.works[work].kind == Work::Kind::gemm; });
  }

private:
  void visit(unsigned number, Bodies &bodies) {
    const Work &work = plan.works[number];
    bool usersCanWait = true;
    auto follow = [&](unsigned user) {
      if (user == none || user == number)
        return;
      products[number] = std::max(products[number], products[user]);
      isRead[number] = isRead[number] || plan.works[user].kind != Work::Kind::done || isRead[user];
      leadsOn[number] = leadsOn[number] || leadsOn[user];
      usersCanWait &= found.test(user);
    };
    for (const View &view : work.outs) {
      followVersion(view.version, follow);
      for (unsigned version : view.joined)
        followVersion(version, follow);
    }
    bool isCollective = work.kind == Work::Kind::collective;
    products[number] += work.kind == Work::Kind::gemm || isAttention(work, bodies);
    leadsOn[number] = leadsOn[number] || (isCollective && isRead[number]);
    if (isCollective || work.kind == Work::Kind::done)
      found[number] = usersCanWait && work.partner != none;
    else
      found[number] = isBackward(work) && products[number] <= 1 && !leadsOn[number];
  }

  template <typename Follow>
  void followVersion(unsigned version, Follow follow) const {
    for (unsigned reader : plan.versions[version].readers)
      follow(reader);
    follow(plan.versions[version].overwriter);
  }

  static bool isBackward(const Work &work) {
    auto phase = work.op ? work.op->getAttrOfType<StringAttr>("hf.phase") : StringAttr();
    return phase && phase.getValue() == "backward";
  }

  const EntryPlan &plan;
  /// How many stand on the longest path from a work on, itself included.
  std::vector<unsigned> products;
  /// Whether anything but the wait for it reads what a work gives; and whether it leads to a collective of which that
  /// is true, or is one.
  llvm::BitVector isRead, leadsOn;
  llvm::BitVector found;
};

//===----------------------------------------------------------------------===//
// The order
//===----------------------------------------------------------------------===//

using EarliestFirst = std::priority_queue<unsigned, std::vector<unsigned>, std::greater<unsigned>>;

/// Issues work in program order, but for what can wait; keeps a clock for each stream.
class Issuer {
public:
  Issuer(EntryPlan &plan, Bodies &bodies, const Deferrable &canWait, int64_t memoryLimit)
      : plan(plan), bodies(bodies), canWait(canWait), dependences(plan, /*ordered=*/false), live(plan),
        memoryLimit(memoryLimit), ended(plan.works.size(), 0) {
    for (auto [number, work] : llvm::enumerate(plan.works)) {
      begunBefore.push_back(collectives);
      collectives += work.kind == Work::Kind::collective && !canWait[number];
    }
    measureStretches();
  }

  bool hasToHide() const { return collectives > 0; }

  void run() {
    plan.order.clear();
    for (unsigned work : llvm::seq<unsigned>(0, plan.works.size()))
      if (dependences.pending[work] == 0)
        release(work);
    while (step())
      ;
  }

private:
  /// How many collectives of the chain work may be held back for: about those of a layer.
  static constexpr unsigned patience = 4;

  bool step() {
    if (!arriving.empty() && ended[plan.works[arriving.front()].partner] <= now)
      return issueFirst(arriving);
    if (chain.empty())
      return drain();
    unsigned head = chain.top();
    if (plan.works[head].kind == Work::Kind::done) {
      double gap = ended[plan.works[head].partner] - now;
      if (gap > 0 && !pool.empty())
        return issueFromPool(bestFor(gap));
    } else if (plan.works[head].kind != Work::Kind::collective) {
      if (auto oldest = findOldest(); oldest != pool.end() && *oldest < head && isDue(*oldest))
        return issueFromPool(oldest);
      if (!background.empty() && background.top() < head && fitsAheadOfChain(head))
        return issueTop(background);
    }
    return issueTop(chain);
  }

  /// The chain is over, or waits for what could itself wait.
  bool drain() {
    if (!background.empty() && (pool.empty() || link <= now || begun == collectives))
      return issueTop(background);
    if (!pool.empty())
      return issueFromPool(findOldest());
    return !arriving.empty() && issueFirst(arriving);
  }

  /// The time of the chain's work from each on, up to its next collective.
  void measureStretches() {
    stretch.assign(plan.works.size(), 0);
    double time = 0;
    for (unsigned work : llvm::reverse(llvm::seq<unsigned>(0, plan.works.size()))) {
      if (!canWait[work])
        time = plan.works[work].kind == Work::Kind::collective ? 0 : time + timeOf(work);
      stretch[work] = time;
      longest = std::max(longest, time);
    }
  }

  /// Collectives that can wait stay out of the way of those that cannot: whether the next of them will be over when the
  /// chain's next begins, or could never be.
  bool fitsAheadOfChain(unsigned head) const {
    double time = std::min(timeOf(background.top()), longest);
    return begun == collectives || std::max(link, now) + time <= now + stretch[head];
  }

  SmallVectorImpl<unsigned>::iterator findOldest() { return llvm::min_element(pool); }

  /// Whether what stood ahead of the chain's next work has waited for long enough.
  bool isDue(unsigned work) const {
    return begun == collectives || begunBefore[work] + patience <= begun || live.now() > memoryLimit;
  }

  /// The shortest that lasts as long as the gap, or the longest if none does.
  SmallVectorImpl<unsigned>::iterator bestFor(double gap) {
    return llvm::min_element(pool, [&](unsigned a, unsigned b) {
      double x = timeOf(a), y = timeOf(b);
      if ((x >= gap) != (y >= gap))
        return x >= gap;
      return x >= gap ? x < y : x > y;
    });
  }

  double timeOf(unsigned work) const { return estimateTime(plan.works[work], bodies); }

  bool issueTop(EarliestFirst &queue) {
    unsigned work = queue.top();
    queue.pop();
    return issue(work);
  }
  bool issueFirst(std::queue<unsigned> &queue) {
    unsigned work = queue.front();
    queue.pop();
    return issue(work);
  }
  bool issueFromPool(SmallVectorImpl<unsigned>::iterator waiting) {
    unsigned work = *waiting;
    pool.erase(waiting);
    return issue(work);
  }

  bool issue(unsigned number) {
    const Work &work = plan.works[number];
    plan.order.push_back(number);
    live.issue(number);
    if (work.kind == Work::Kind::collective) {
      link = ended[number] = std::max(link, now) + timeOf(number);
      if (work.partner == none)
        now = link;
      begun += !canWait[number];
    } else if (work.kind == Work::Kind::done) {
      now = std::max(now, ended[work.partner]);
    } else {
      now += timeOf(number);
    }
    for (unsigned user : dependences.users[number])
      if (--dependences.pending[user] == 0)
        release(user);
    return true;
  }

  void release(unsigned number) {
    Work::Kind kind = plan.works[number].kind;
    if (!canWait[number])
      chain.push(number);
    else if (kind == Work::Kind::collective)
      background.push(number);
    else if (kind == Work::Kind::done)
      arriving.push(number);
    else
      pool.push_back(number);
  }

  EntryPlan &plan;
  Bodies &bodies;
  const Deferrable &canWait;
  Dependences dependences;
  LiveBytes live;
  int64_t memoryLimit;
  /// Work that may be issued: what cannot wait; collectives that can, and their ends; everything else that can.
  EarliestFirst chain, background;
  std::queue<unsigned> arriving;
  SmallVector<unsigned> pool;
  /// Collectives that cannot wait: all, those that have been begun, and of each work those ahead of it in the program.
  unsigned collectives = 0, begun = 0;
  std::vector<unsigned> begunBefore;
  /// When the main stream and the communication stream are through with what has been issued, and each collective is.
  double now = 0, link = 0;
  std::vector<double> ended;
  std::vector<double> stretch;
  double longest = 0;
};
} // namespace

/// Collectives are numbered in the order in which they are begun.
static void renumber(EntryPlan &plan) {
  SmallVector<Operation *> collectives;
  SmallVector<IntegerAttr> ids;
  for (unsigned number : plan.order)
    if (const Work &work = plan.works[number]; work.kind == Work::Kind::collective) {
      collectives.push_back(work.op);
      ids.push_back(work.op->getAttrOfType<IntegerAttr>("id"));
    }
  llvm::sort(ids, [](IntegerAttr a, IntegerAttr b) { return a.getInt() < b.getInt(); });
  for (auto [op, id] : llvm::zip_equal(collectives, ids))
    op->setAttr("id", id);
}

void memory::hideCollectives(EntryPlan &plan, Bodies &bodies) {
  Deferrable canWait(plan, bodies);
  if (!canWait.hasProduct())
    return;
  LiveBytes live(plan);
  int64_t peak = 0;
  for (unsigned work : plan.order)
    peak = std::max(peak, live.issue(work));
  Issuer issuer(plan, bodies, canWait, peak + peak / 64);
  if (!issuer.hasToHide())
    return;
  issuer.run();
  renumber(plan);
}
