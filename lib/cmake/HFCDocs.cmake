# Target hfc-docs: the reference of every dialect and every group of passes, as Markdown, in build/docs/reference.

set(HFC_DOCS_DIR ${CMAKE_BINARY_DIR}/docs/reference)
add_custom_target(hfc-docs)

# hfc_reference(<name> <file.td> <generator options>...): writes <name>.md and makes it part of hfc-docs.
function(hfc_reference name source)
  set(output ${HFC_DOCS_DIR}/${name}.md)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${HFC_DOCS_DIR}
    COMMAND ${MLIR_TABLEGEN_EXE} ${ARGN} -I ${CMAKE_SOURCE_DIR} -I ${CMAKE_SOURCE_DIR}/include -I ${LLVM_MAIN_INCLUDE_DIR}
            ${source} -o ${output}
    DEPENDS ${source} VERBATIM COMMENT "Writing ${name}.md")
  add_custom_target(hfc-docs-${name} DEPENDS ${output})
  add_dependencies(hfc-docs hfc-docs-${name})
endfunction()

file(GLOB dialects RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/dialects/*/Ops.td)
foreach(source ${dialects})
  string(REGEX REPLACE "dialects/(.*)/Ops.td" "\\1" name ${source})
  hfc_reference(dialect-${name} ${CMAKE_SOURCE_DIR}/${source} -gen-dialect-doc -dialect=${name})
endforeach()

file(GLOB_RECURSE groups RELATIVE ${CMAKE_SOURCE_DIR}/include/hfc CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/include/hfc/*Passes.td)
foreach(source ${groups})
  string(REGEX REPLACE "/?Passes.td" "" name ${source})
  string(REPLACE "/" "-" name ${name})
  string(TOLOWER ${name} name)
  hfc_reference(passes-${name} ${CMAKE_SOURCE_DIR}/include/hfc/${source} -gen-pass-doc)
endforeach()
