//===- ConfigReader.h - checked access to the keys of a config
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_CONFIGREADER_H
#define HFC_LIB_FRONTEND_CONFIGREADER_H

#include "Json.h"

#include "dialects/hf/Hf.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <optional>

namespace hfc::frontend {

/// The problems found so far. A user gets them all at once, as one message.
class Problems {
public:
  void add(const Twine &problem) { list.push_back(problem.str()); }
  bool any() const { return !list.empty(); }
  /// One line if there is one problem, and a list after `heading` otherwise.
  std::string message(StringRef heading) const;

private:
  std::vector<std::string> list;
};

/// Upper ends of what a number may be. They are far above every model, and keep sizes, their products and the
/// length of a program within what the compiler can count.
struct Limits {
  static constexpr int64_t size = 1 << 24;
  static constexpr int64_t layers = 4096;
  static constexpr int64_t heads = 1 << 16;
  static constexpr int64_t headDim = 1 << 16;
  static constexpr int64_t experts = 1 << 14;
  /// Layers times experts: each is a piece of the parameter table.
  static constexpr int64_t expertPieces = 1 << 18;
  static constexpr int64_t batch = 1 << 20;
  static constexpr int64_t positions = 1 << 30;
  static constexpr int64_t ranks = 1 << 20;
  static constexpr int64_t tokens = (1ll << 31) - 1;
  /// Elements of one tensor.
  static constexpr int64_t elements = 1ll << 44;
};

/// Reads the keys of one JSON object with types, ranges and transformers' defaults, and remembers which were
/// read: what is left at the end is unknown. Each accessor reports a problem and returns the default, so that a
/// description reads on and the user sees every problem at once.
///
/// A key that is absent has its default. `null` stands for "not given", and is refused where transformers' class
/// has no such value.
class ConfigReader {
public:
  /// `where` stands in front of keys in messages ("rope_parameters." or nothing).
  ConfigReader(const Json &object, Problems &problems, StringRef where = "");

  /// True if the key is there and not null.
  bool has(StringRef key) const;
  /// The value, or null; marks it as read.
  const Json *get(StringRef key);
  /// Makes `alias` another spelling of `key`. It is a problem if both are there and differ.
  void alias(StringRef key, StringRef alias);

  int64_t size(StringRef key, int64_t byDefault, int64_t limit = Limits::size) {
    return integer(key, byDefault, 1, limit);
  }
  int64_t integer(StringRef key, int64_t byDefault, int64_t low, int64_t high);
  std::optional<int64_t> optionalInteger(StringRef key, std::optional<int64_t> byDefault, int64_t low, int64_t high);
  /// A finite number of at least `low`; with `above`, greater than `low`.
  double real(StringRef key, double byDefault, int64_t low, bool above = false);
  std::optional<double> optionalReal(StringRef key, std::optional<double> byDefault, int64_t low, bool above = false);
  bool flag(StringRef key, bool byDefault);
  std::optional<std::string> text(StringRef key);
  hf::Activation activation(StringRef key, hf::Activation byDefault);
  std::optional<std::vector<std::string>> texts(StringRef key);
  std::optional<std::vector<int64_t>> integers(StringRef key, int64_t low, int64_t high);
  std::optional<std::vector<double>> reals(StringRef key, int64_t low);

  /// These keys have no effect on this family.
  void ignore(std::initializer_list<StringRef> keys);
  /// The key may only have a value that changes nothing; otherwise `why` says what it would change.
  void require(StringRef key, bool value, StringRef why);
  void problem(const Twine &text) { problems.add(text); }
  /// The key as messages spell it.
  std::string name(StringRef key) const { return (where + key).str(); }
  Problems &getProblems() { return problems; }

  /// Reports the keys that nothing has read and that are not in the shared list of inert keys.
  void finish();
  /// Reports the keys that nothing has read.
  void finishStrictly();

private:
  void wrong(StringRef key, const Twine &expected, const Json &value);
  std::optional<int64_t> checkInteger(StringRef key, const Json &value, int64_t low, int64_t high);
  std::optional<double> checkReal(StringRef key, const Json &value, int64_t low, bool above);
  void checkInert(StringRef key, const Json &value);

  const Json &object;
  Problems &problems;
  std::string where;
  llvm::StringSet<> read;
  llvm::StringMap<std::string> aliases;
};

/// What the shared list says of a key that no family reads.
enum class Inertness {
  unknown, ///< not in the list
  inert,   ///< never has an effect on what hfc computes
  neutral, ///< has none as long as its value is neutral (absent, null, false, or the one given)
};

/// Looks `key` up. For a neutral key, `neutralValue` is the value beside null and false that changes nothing (null:
/// none), and `effect` says what any other value would do.
Inertness lookUpInertKey(StringRef key, Json &neutralValue, StringRef &effect);

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_CONFIGREADER_H
