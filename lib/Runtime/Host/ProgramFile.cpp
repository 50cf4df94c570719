//===- ProgramFile.cpp - looks into a program before it is loaded
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProgramFile.h"

#include "hfc/Runtime/IO/File.h"

#include <cstring>
#include <elf.h>
#include <link.h>
#include <vector>

namespace hfc::host {

namespace {
/// An ELF shared object's exported data. Every access is checked against the file's size.
class ElfFile {
public:
  explicit ElfFile(const io::MappedFile &file) : file(file) {}

  /// Reads the header and the tables; false if this is no loadable x86-64 shared object.
  bool parse() {
    ElfW(Ehdr) header;
    if (!read(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_DYN ||
        header.e_machine != EM_X86_64)
      return false;
    if (header.e_phentsize != sizeof(ElfW(Phdr)) || !readTable(header.e_phoff, header.e_phnum, segments))
      return false;
    for (const ElfW(Phdr) &segment : segments)
      if (segment.p_type == PT_LOAD && !inFile(segment.p_offset, segment.p_filesz))
        return false;
    std::vector<ElfW(Shdr)> sections;
    if (header.e_shentsize != sizeof(ElfW(Shdr)) || !readTable(header.e_shoff, header.e_shnum, sections))
      return false;
    for (const ElfW(Shdr) &section : sections)
      if (section.sh_type == SHT_DYNSYM && section.sh_link < sections.size()) {
        strings = sections[section.sh_link];
        return inFile(strings.sh_offset, strings.sh_size) &&
               readTable(section.sh_offset, section.sh_size / sizeof(ElfW(Sym)), symbols);
      }
    return false;
  }

  /// The bytes of an exported object up to the end of its segment, or nothing.
  std::string_view data(std::string_view name) const {
    for (const ElfW(Sym) &symbol : symbols)
      if (symbol.st_shndx != SHN_UNDEF && nameIs(symbol, name))
        return bytesAt(symbol.st_value);
    return {};
  }

private:
  bool inFile(uint64_t offset, uint64_t size) const {
    uint64_t total = uint64_t(file.size());
    return offset <= total && size <= total - offset;
  }
  template <typename T>
  bool read(uint64_t offset, T &value) const {
    if (!inFile(offset, sizeof(T)))
      return false;
    std::memcpy(&value, file.data() + offset, sizeof(T));
    return true;
  }
  template <typename T>
  bool readTable(uint64_t offset, uint64_t count, std::vector<T> &table) const {
    if (count > uint64_t(file.size()) / sizeof(T) || !inFile(offset, count * sizeof(T)))
      return false;
    table.resize(count);
    if (count)
      std::memcpy(table.data(), file.data() + offset, count * sizeof(T));
    return true;
  }
  bool nameIs(const ElfW(Sym) & symbol, std::string_view name) const {
    if (symbol.st_name >= strings.sh_size || strings.sh_size - symbol.st_name <= name.size())
      return false;
    const char *text = file.data() + strings.sh_offset + symbol.st_name;
    return std::memcmp(text, name.data(), name.size()) == 0 && text[name.size()] == '\0';
  }
  std::string_view bytesAt(uint64_t address) const {
    for (const ElfW(Phdr) &segment : segments)
      if (segment.p_type == PT_LOAD && address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz) {
        uint64_t skip = address - segment.p_vaddr;
        return {file.data() + segment.p_offset + skip, segment.p_filesz - skip};
      }
    return {};
  }

  const io::MappedFile &file;
  std::vector<ElfW(Phdr)> segments;
  std::vector<ElfW(Sym)> symbols;
  ElfW(Shdr) strings {};
};

io::Status checkCpu(const std::string &level) {
  bool known = true, supported = true;
#if defined(__x86_64__)
  if (level.empty() || level == "x86-64")
    return {};
  if (level == "x86-64-v2")
    supported = __builtin_cpu_supports("x86-64-v2");
  else if (level == "x86-64-v3")
    supported = __builtin_cpu_supports("x86-64-v3");
  else if (level == "x86-64-v4")
    supported = __builtin_cpu_supports("x86-64-v4");
  else
    known = false;
#else
  known = level.empty();
#endif
  if (!known)
    return io::Failure{"it was compiled for a CPU that this runtime does not know ('" + level + "')"};
  if (!supported)
    return io::Failure{"it was compiled for " + level + ", and this machine's CPU lacks features of that level"};
  return {};
}

io::Result<io::ProgramInfo> readProgram(const io::MappedFile &file) {
  ElfFile elf(file);
  std::string_view abi, json;
  if (elf.parse()) {
    abi = elf.data("hfc_program_abi");
    json = elf.data("hfc_program_json");
  }
  size_t length = json.find('\0');
  if (abi.size() < 4 || length == std::string_view::npos)
    return io::Failure{"it is not a program that hfc-compile wrote (or it is cut short)"};
  uint32_t version;
  std::memcpy(&version, abi.data(), sizeof version);
  if (version != HFC_ABI_VERSION)
    return io::Failure{"it was compiled for version " + std::to_string(version) +
                       " of the runtime, and this is version " + std::to_string(HFC_ABI_VERSION) +
                       "; compile it again"};
  io::Result<io::ProgramInfo> info = io::parseMetadata(json.substr(0, length));
  if (!info)
    return info;
  if (info->target != "cpu" && info->target != "cuda")
    return io::Failure{"it was compiled for --target=" + info->target + ", which this runtime does not know"};
  if (io::Status status = checkCpu(info->cpu); !status)
    return io::Failure{status.error()};
  return info;
}
} // namespace

io::Result<io::ProgramInfo> inspectProgram(const std::string &path) {
  io::Result<std::shared_ptr<io::MappedFile>> file = io::MappedFile::open(path);
  if (!file)
    return io::Failure{file.error()};
  io::Result<io::ProgramInfo> info = readProgram(**file);
  if (!info)
    return io::Failure{"cannot run '" + path + "': " + info.error()};
  return info;
}

} // namespace hfc::host
