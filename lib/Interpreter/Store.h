//===- Store.h - the values that ranks keep from one run to the next
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_INTERPRETER_STORE_H
#define HFC_LIB_INTERPRETER_STORE_H

#include "Primitives.h"
#include "hfc/Interpreter/Placement.h"

#include "hfc/Interpreter/Interpreter.h"

namespace hfc::interpreter {

/// The parameters, or the states, of a program. A whole value is cut when an entry first takes it, as this entry
/// wants it; from then on each rank has its own.
class Store {
public:
  /// `what` they are, for messages; `ranks` hold them.
  Store(StringRef what, dist::MeshAttr mesh, int64_t ranks) : what(what.str()), mesh(mesh), pieces(ranks) {}

  void set(StringRef name, Tensor value);
  void clear();
  /// Whether there is a value that the caller has set, or that ranks have.
  bool has(StringRef name) const { return whole.count(name.str()) || ports.count(name.str()); }
  /// What ranks have of a value is no longer so.
  void drop(StringRef name) { ports.erase(name.str()); }
  /// Nor is what the caller has set.
  void dropAll(StringRef name) {
    drop(name);
    whole.erase(name.str());
  }
  /// The whole value, as entries have left it.
  llvm::Expected<Tensor> get(const Domain &domain, StringRef name) const;

  /// Gives the ranks what an entry takes. What was never set is zero if `zeroIfAbsent`, else an error.
  llvm::Error prepare(ArrayRef<Port> ports, bool zeroIfAbsent);
  /// Remembers how what an entry has given lives.
  void adopt(ArrayRef<Port> ports);

  TensorMap &rank(int64_t number) { return pieces[number]; }

private:
  /// Ranks must hold a value as the next entry takes it.
  llvm::Error checkTaken(const Port &held, const Port &taken) const;

  std::string what;
  dist::MeshAttr mesh;
  std::vector<TensorMap> pieces;
  /// Values that no entry has taken yet.
  TensorMap whole;
  /// How the ranks hold the others.
  std::map<std::string, Port> ports;
};

/// `value` is what the port takes.
llvm::Error checkType(const Twine &what, const Port &port, const Tensor &value);

} // namespace hfc::interpreter

#endif // HFC_LIB_INTERPRETER_STORE_H
