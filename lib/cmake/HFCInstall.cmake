# What `cmake --install` installs: tools, libHFC, the runtime, the public headers (generated ones too) and a CMake
# package, with which plugins are built: find_package(HFC), add_hfc_plugin(NAME sources…).
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(HFC_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/hfc)

# Tests have binaries of their own, which stay in the build tree.
set(tools "")
get_property(HFC_TOOLS GLOBAL PROPERTY HFC_TOOLS)
foreach(tool ${HFC_TOOLS})
  get_target_property(folder ${tool} SOURCE_DIR)
  if(folder MATCHES "^${CMAKE_SOURCE_DIR}/tools/")
    list(APPEND tools ${tool})
  endif()
endforeach()
# LLVM lies where no loader looks by itself.
set_target_properties(${tools} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
get_property(runtimes GLOBAL PROPERTY HFC_RUNTIMES)
install(TARGETS ${tools} ${runtimes}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

target_include_directories(HFC INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(HFC PROPERTIES INSTALL_RPATH "$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS HFC EXPORT HFCTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT HFCTargets NAMESPACE HFC:: DESTINATION ${HFC_CMAKE_DIR})

install(DIRECTORY include/hfc dialects DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN "*.td"
  PATTERN "Runtime/IO" EXCLUDE PATTERN "Runtime/Train" EXCLUDE)
install(DIRECTORY ${CMAKE_BINARY_DIR}/include/hfc ${CMAKE_BINARY_DIR}/dialects DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h.inc" PATTERN "ABI.h" PATTERN "CMakeFiles" EXCLUDE)

configure_package_config_file(lib/cmake/HFCConfig.cmake.in ${CMAKE_BINARY_DIR}/HFCConfig.cmake
  INSTALL_DESTINATION ${HFC_CMAKE_DIR} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/HFCConfigVersion.cmake COMPATIBILITY ExactVersion)
install(FILES ${CMAKE_BINARY_DIR}/HFCConfig.cmake ${CMAKE_BINARY_DIR}/HFCConfigVersion.cmake
              lib/cmake/AddHFCPlugin.cmake lib/cmake/Precompiled.h
  DESTINATION ${HFC_CMAKE_DIR})
