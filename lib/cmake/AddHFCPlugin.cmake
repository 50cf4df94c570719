# add_hfc_plugin(<name> <sources>...): a shared object <name>.so for hfc's --load-pass-plugin=FILE.
#
# MLIR's headers are compiled once for all plugins of a project, so that building again after an edit takes seconds.

set(HFC_PLUGIN_PRECOMPILED ${CMAKE_CURRENT_LIST_DIR}/Precompiled.h)

function(add_hfc_plugin name)
  add_library(${name} MODULE ${ARGN})
  # Its stamp says which hfc it is for, also where no source includes hfc/Plugin/Plugin.h.
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}-stamp.cpp CONTENT "#include \"hfc/Plugin/Stamp.h\"\n")
  target_sources(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${name}-stamp.cpp)
  set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/${name}-stamp.cpp PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  target_compile_features(${name} PRIVATE cxx_std_17)
  # As hfc and LLVM are built. RTTI stays on, as in Debian's LLVM.
  target_compile_options(${name} PRIVATE -fno-exceptions -Wall -Wextra -Wno-unused-parameter)
  target_include_directories(${name} SYSTEM PRIVATE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
  target_link_libraries(${name} PRIVATE HFC::HFC)
  set_target_properties(${name} PROPERTIES PREFIX "")
  get_property(first GLOBAL PROPERTY HFC_FIRST_PLUGIN)
  if(first)
    target_precompile_headers(${name} REUSE_FROM ${first})
  else()
    target_precompile_headers(${name} PRIVATE ${HFC_PLUGIN_PRECOMPILED})
    set_property(GLOBAL PROPERTY HFC_FIRST_PLUGIN ${name})
  endif()
endfunction()
