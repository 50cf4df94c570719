//===- WorkTable.cpp - what entries do, call by call
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Runtime/IO/WorkTable.h"

#include "MetadataReader.h"

#include <algorithm>

namespace hfc::io {

namespace {
WorkKind readKind(Reader &reader) {
  WorkKind kind;
  constexpr std::pair<std::string_view, WorkKind::By> names[] = {{"kernel", WorkKind::By::Kernel},
                                                                 {"library", WorkKind::By::Library},
                                                                 {"copy", WorkKind::By::Copy},
                                                                 {"collective", WorkKind::By::Collective}};
  std::string by = reader.string("by");
  auto found = std::find_if(std::begin(names), std::end(names), [&](const auto &each) { return each.first == by; });
  if (found == std::end(names))
    reader.fail("'by' must be kernel, library, copy or collective");
  else
    kind.by = found->second;
  kind.kind = reader.string("kind");
  kind.name = reader.string("name");
  kind.phase = reader.string("phase");
  kind.stream = reader.integer("stream");
  kind.flops = reader.integer("flops");
  kind.read = reader.integer("read");
  kind.written = reader.integer("written");
  if (reader.get("microseconds"))
    kind.planned = reader.number("microseconds", 0);
  return kind;
}

/// Each place is a path and a layer, -1 if it is in none.
void readPlaces(const json &list, WorkTable &table, Reader &reader) {
  for (const json &place : list) {
    if (!place.is_array() || place.size() != 2 || !place[0].is_string() || !place[1].is_number_integer())
      return reader.fail("'places' must be pairs of a path and a layer");
    table.places.push_back({place[0].get<std::string>(), place[1].get<int64_t>()});
  }
}

/// Each entry is a list of numbers: of each work its kind and its place.
void readEntries(const json &list, WorkTable &table, Reader &reader) {
  size_t collectives = 0;
  for (const json &numbers : list) {
    std::vector<Work> &works = table.entries.emplace_back();
    if (!numbers.is_array() || numbers.size() % 2)
      return reader.fail("'entries' must be lists of pairs");
    for (size_t i = 0; i < numbers.size(); i += 2) {
      const json &kind = numbers[i], &place = numbers[i + 1];
      if (!kind.is_number_unsigned() || kind.get<size_t>() >= table.kinds.size() || !place.is_number_unsigned() ||
          place.get<size_t>() >= table.places.size())
        return reader.fail("a work has a kind or a place that there is not");
      const auto &[path, block] = table.places[place.get<size_t>()];
      Work work{&table.kinds[kind.get<size_t>()], &path, std::nullopt, std::nullopt};
      if (block >= 0)
        work.block = block;
      if (work.kind->by == WorkKind::By::Collective)
        work.collective = collectives++;
      works.push_back(work);
    }
  }
}
} // namespace

Result<WorkTable> parseWorkTable(std::string_view metadata, const ProgramInfo &program) {
  json document = json::parse(metadata.begin(), metadata.end(), nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("work"))
    return Failure{"the program does not say what its entries do; compile it again"};
  WorkTable table;
  Reader reader(document, "the program's metadata: ");
  reader.object("work", [&](Reader &work) {
    table.machine = work.string("machine");
    work.objects("kinds", [&](Reader &each) { table.kinds.push_back(readKind(each)); });
    const json empty = json::array(), *places = work.get("places"), *entries = work.get("entries");
    readPlaces(places ? *places : empty, table, work);
    readEntries(entries ? *entries : empty, table, work);
    if (table.entries.size() != program.entries.size())
      work.fail("there are " + std::to_string(program.entries.size()) + " entries, and the work of " +
                std::to_string(table.entries.size()));
  });
  if (!reader.error.empty())
    return Failure{reader.error};
  for (const std::vector<Work> &works : table.entries)
    for (const Work &work : works)
      if (work.collective && *work.collective >= program.collectives.size())
        return Failure{"the program's metadata: work: more collectives than 'collectives' has"};
  return table;
}

} // namespace hfc::io
