# Helpers of the hfc build. One line adds a dialect, a pass group, or a part of libHFC.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Without the first, ccache does not cache what includes a precompiled header.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
set(HFC_PRECOMPILED_HEADER "" CACHE FILEPATH
    "lib/cmake/Precompiled.h, compiled already with this tree's flags; work trees that share it share their compiler cache")
if(NOT DEFINED LLVM_USE_LINKER)
  add_link_options(-fuse-ld=lld)
endif()
# RTTI stays on, as in Debian's LLVM. Visibility stays default: TypeIDs must cross libraries.
add_compile_definitions(HFC_VERSION="${PROJECT_VERSION}")
add_compile_options(-Wall -Wextra -Wno-unused-parameter -ffunction-sections)
if(HFC_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
                      -fno-sanitize=vptr -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=address,undefined -fno-sanitize=vptr)
endif()

if(HFC_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

set_property(GLOBAL PROPERTY HFC_OBJECTS "")
set_property(GLOBAL PROPERTY HFC_TABLEGEN_TARGETS "")

# hfc_tablegen(<tag> <file.td> <out> <args…>...): generated targets are collected, so that
# every object of libHFC waits for all of them.
function(hfc_tablegen_target name)
  add_public_tablegen_target(${name})
  set_property(GLOBAL APPEND PROPERTY HFC_TABLEGEN_TARGETS ${name})
endfunction()

# hfc_mlir_code(<target>): objects of libHFC have no exceptions, as LLVM itself is built, and read MLIR's headers
# precompiled, which halves the time to compile them.
function(hfc_mlir_code name)
  target_compile_options(${name} PRIVATE -fno-exceptions)
  if(HFC_PRECOMPILED_HEADER)
    target_compile_options(${name} PRIVATE "SHELL:-include-pch ${HFC_PRECOMPILED_HEADER}")
    return()
  endif()
  if(NOT TARGET HFCPrecompiled)
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/Precompiled.cpp CONTENT "")
    add_library(HFCPrecompiled OBJECT ${CMAKE_BINARY_DIR}/Precompiled.cpp)
    target_compile_options(HFCPrecompiled PRIVATE -fno-exceptions)
    target_precompile_headers(HFCPrecompiled PRIVATE ${CMAKE_SOURCE_DIR}/lib/cmake/Precompiled.h)
  endif()
  target_precompile_headers(${name} REUSE_FROM HFCPrecompiled)
endfunction()

# add_hfc_part(<name> <sources>...): objects that become part of the one shared libHFC.
function(add_hfc_part name)
  add_library(${name} OBJECT ${ARGN})
  hfc_mlir_code(${name})
  set_property(GLOBAL APPEND PROPERTY HFC_OBJECTS ${name})
endfunction()

# add_hfc_tool(<name> <sources>...): a binary that links libHFC, libMLIR and libLLVM, nothing else.
function(add_hfc_tool name)
  add_executable(${name} ${ARGN})
  target_compile_options(${name} PRIVATE -fno-exceptions)
  target_link_libraries(${name} PRIVATE HFC MLIR LLVM)
  set_target_properties(${name} PROPERTIES BUILD_RPATH "$ORIGIN/../lib" INSTALL_RPATH "$ORIGIN/../lib")
  set_property(GLOBAL APPEND PROPERTY HFC_TOOLS ${name})
endfunction()

# add_hfc_fuzzer(<name> <sources>...): a libFuzzer target, built with -DHFC_FUZZERS=ON only. Link what it
# exercises with target_link_libraries.
function(add_hfc_fuzzer name)
  if(HFC_FUZZERS)
    add_executable(${name} ${ARGN})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${name} PROPERTIES BUILD_RPATH "$ORIGIN/../lib")
  endif()
endfunction()
