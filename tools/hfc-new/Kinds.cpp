//===- Kinds.cpp - what can be made, and where its parts go
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scaffold.h"

using namespace hfc::scaffold;

static Kind plugin() {
  return {"plugin",
          "a plugin, in a folder of its own: a strategy, a pass at an extension point, tests",
          /*isInTree=*/false,
          {{"plugin/CMakeLists.txt.in", "@NAME@/CMakeLists.txt", "", ""},
           {"plugin/Strategy.h.in", "@NAME@/Strategy.h", "", ""},
           {"plugin/Strategy.cpp.in", "@NAME@/Strategy.cpp", "", ""},
           {"plugin/Pass.h.in", "@NAME@/Pass.h", "", ""},
           {"plugin/Pass.cpp.in", "@NAME@/Pass.cpp", "", ""},
           {"plugin/Plugin.cpp.in", "@NAME@/Plugin.cpp", "", ""},
           {"plugin/config.json.in", "@NAME@/test/config.json", "", ""}},
          "cmake -G Ninja -S @NAME@ -B @NAME@/build -DCMAKE_PREFIX_PATH=PREFIX && cmake --build @NAME@/build && "
          "ctest --test-dir @NAME@/build   (PREFIX: where hfc is installed)"};
}

static Kind pass() {
  return {"pass",
          "a pass hfc-NAME in lib/Transforms/GROUP (--group=GROUP), with its tests",
          /*isInTree=*/true,
          {{"pass/Pass.cpp.in", "lib/Transforms/@GROUP@/@CLASS@.cpp", "", ""},
           {"pass/Passes.td.in", "include/hfc/Transforms/@GROUP@/Passes.td", "include \"mlir", "#endif"},
           {"pass/CMakeLists.txt.in", "lib/Transforms/@GROUP@/CMakeLists.txt", "add_hfc_part(HFC@GROUP@", ")"},
           {"pass/test.mlir.in", "test/Transforms/@GROUP@/@NAME@.mlir", "", ""},
           {"pass/invalid.mlir.in", "test/Transforms/@GROUP@/@NAME@-invalid.mlir", "", ""}},
          "ninja -C build hfc-opt && lit build/test/Transforms/@GROUP@/@NAME@.mlir   (docs/adding-a-pass.md)"};
}

static Kind op() {
  return {
      "op",
      "a composite op hf.NAME with its decomposition, from which its derivative and sharding rule follow, and a test",
      /*isInTree=*/true,
      {{"op/Op.td.in", "dialects/hf/Composites.td", "include", "#endif // HFC_DIALECTS_HF_COMPOSITES"},
       {"op/Decompose.cpp.in", "dialects/hf/Decompose@CLASS@.cpp", "", ""},
       {"op/CMakeLists.txt.in", "dialects/hf/CMakeLists.txt", "add_hfc_part(HFCHf", ")"},
       {"op/test.mlir.in", "test/dialects/hf/@NAME@.mlir", "", ""}},
      "ninja -C build hfc-opt hfc-interpret && lit build/test/dialects/hf/@NAME@.mlir   (docs/adding-an-op.md)"};
}

static Kind family() {
  return {"family",
          "a decoder family (model_type NAME) over the shared blocks, its place in the specification, and a test",
          /*isInTree=*/true,
          {{"family/Family.cpp.in", "lib/Frontend/Families/@CLASS@.cpp", "", ""},
           {"family/Families.cpp.in", "lib/Frontend/Families.cpp", "allFamilies[]", "};"},
           {"family/Family.h.in", "lib/Frontend/Family.h", "// The descriptions", "VisionTower "},
           {"family/CMakeLists.txt.in", "lib/Frontend/CMakeLists.txt", "add_hfc_part(HFCFrontend", ")"},
           {"family/model.md.in", "python-frontend-spec/model.md", "| `model_type`", "| `qwen2`"},
           {"family/model.schema.json.in", "python-frontend-spec/model.schema.json", "\"oneOf\"",
            "        {\"properties\": {\"model_type\": {\"const\": \"qwen2\"}"},
           {"family/test.in", "test/Frontend/Decoder/@NAME@.test", "", ""}},
          "ninja -C build hfc-compile hfc-interpret && lit build/test/Frontend/Decoder/@NAME@.test   "
          "(docs/adding-a-family.md)"};
}

const std::vector<Kind> &hfc::scaffold::kinds() {
  static const std::vector<Kind> all = {plugin(), pass(), op(), family()};
  return all;
}
