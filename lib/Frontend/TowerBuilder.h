//===- TowerBuilder.h - writes the layers of a vision transformer
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HFC_LIB_FRONTEND_TOWERBUILDER_H
#define HFC_LIB_FRONTEND_TOWERBUILDER_H

#include "Dropout.h"
#include "VisionTower.h"

#include <cmath>

namespace hfc::frontend {

/// Writes the parts of a tower into an entry. `prefix` stands in front of its names where it is part of a larger model.
class TowerBuilder {
public:
  /// `dropout` is null where nothing is dropped.
  TowerBuilder(const VisionTower &tower, EntryBuilder &entry, StringRef prefix = "", DropoutBuilder *dropout = nullptr)
      : tower(tower), starts(tower.initializers), entry(entry), prefix(prefix.str()), dropout(dropout) {}

  /// What the first `layers` layers read, and the last of them writes: transformers' `hidden_states`.
  SmallVector<Value> hiddenStates(Value pixels, int64_t layers);
  Value lastHiddenState(Value pixels);
  /// What the class's pooler makes of the last hidden state.
  Value pooled(Value x);

private:
  Value embeddings(Value pixels);
  Value layer(const std::string &path, Value x);
  Value selfAttention(const std::string &path, Value x);
  Value mlp(const std::string &path, Value x);
  Value attentionHead(Value x);
  Value probeAttention(const std::string &path, Value x);
  Value linear(const std::string &name, int64_t in, int64_t out, Initializer start, Value x, Initializer bias = {});
  double scale() const { return 1.0 / std::sqrt(static_cast<double>(tower.hidden / tower.heads)); }

  const VisionTower &tower;
  const TowerInitializers &starts;
  EntryBuilder &entry;
  std::string prefix;
  DropoutBuilder *dropout;
};

} // namespace hfc::frontend

#endif // HFC_LIB_FRONTEND_TOWERBUILDER_H
