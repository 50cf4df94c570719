//===- PluginFile.cpp - what a plugin's file says before it is loaded
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PluginFile.h"

#include "hfc/Plugin/Stamp.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELFObjectFile.h"

using namespace hfc;
using llvm::object::ELFObjectFileBase;

/// The stamps in the file, one for each of its object files that includes the header; hfc pads them with zeros.
static SmallVector<StringRef> stampsOf(const ELFObjectFileBase &object) {
  SmallVector<StringRef> stamps;
  for (llvm::object::SectionRef section : object.sections()) {
    llvm::Expected<StringRef> name = section.getName(), contents = section.getContents();
    if (name && contents && *name == HFC_PLUGIN_SECTION)
      contents->split(stamps, '\0', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
    llvm::consumeError(name.takeError());
    llvm::consumeError(contents.takeError());
  }
  return stamps;
}

/// Whether it needs anything of namespace hfc: mangled names spell it out.
static bool usesHFC(const ELFObjectFileBase &object) {
  return llvm::any_of(object.getDynamicSymbolIterators(), [](const llvm::object::ELFSymbolRef &symbol) {
    llvm::Expected<StringRef> name = symbol.getName();
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    bool uses = name && flags && (*flags & llvm::object::SymbolRef::SF_Undefined) && name->contains("3hfc");
    llvm::consumeError(name.takeError());
    llvm::consumeError(flags.takeError());
    return uses;
  });
}

LogicalResult hfc::checkPluginFile(StringRef file, std::string &error) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer = llvm::MemoryBuffer::getFile(file);
  if (!buffer) {
    error = "cannot read it: " + buffer.getError().message();
    return failure();
  }
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> object =
      llvm::object::ObjectFile::createELFObjectFile(**buffer);
  auto *elf = object ? dyn_cast<ELFObjectFileBase>(object->get()) : nullptr;
  if (!elf || elf->getEType() != llvm::ELF::ET_DYN) {
    llvm::consumeError(object.takeError());
    error = "it is no shared object";
    return failure();
  }
  SmallVector<StringRef> stamps = stampsOf(*elf);
  for (StringRef stamp : stamps)
    if (stamp != HFC_PLUGIN_STAMP) {
      error = ("it was built against another hfc (" + stamp + "; this is " HFC_PLUGIN_STAMP "): build it again").str();
      return failure();
    }
  if (!stamps.empty() || !usesHFC(*elf))
    return success();
  error = "it does not say which hfc it was built against: include \"hfc/Plugin/Plugin.h\", or build it with "
          "add_hfc_plugin";
  return failure();
}
