//===- RuleCache.h - sharding rules found so far
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_DIALECTS_DIST_RULECACHE_H
#define HFC_DIALECTS_DIST_RULECACHE_H

#include "dialects/dist/Sharding.h"

#include "mlir/IR/DialectInterface.h"
#include "llvm/Support/RWMutex.h"

namespace hfc::dist {

/// Ops of equal types and properties have equal rules: a model of 80 layers has the ops of one.
class RuleCache : public DialectInterface::Base<RuleCache> {
public:
  explicit RuleCache(Dialect *dialect) : Base(dialect) {}

  FailureOr<Rule> get(ShardingRuleOpInterface op) const;
  /// As if the op's operands and results had those types.
  FailureOr<Rule> get(ShardingRuleOpInterface op, TypeRange operands, TypeRange results) const;

private:
  using Key = std::tuple<const void *, Type, Attribute>; ///< name, types, properties

  static Key keyOf(Operation *op, TypeRange operands, TypeRange results);
  std::optional<FailureOr<Rule>> find(const Key &key) const;
  FailureOr<Rule> insert(const Key &key, RuleAttr attribute) const;

  // The context's dialect is shared between threads, and const to them.
  mutable llvm::sys::RWMutex mutex;
  mutable DenseMap<Key, FailureOr<Rule>> rules;
};

} // namespace hfc::dist

#endif // HFC_DIALECTS_DIST_RULECACHE_H
