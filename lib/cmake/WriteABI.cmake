# Writes hfc/Plugin/ABI.h: the version, and a hash of the public headers' contents and places.
file(STRINGS ${HEADERS} headers)
set(text "")
foreach(header ${headers})
  file(RELATIVE_PATH name ${ROOT} ${header})
  file(SHA256 ${header} hash)
  string(APPEND text "${name} ${hash}\n")
endforeach()
string(SHA256 hash "${text}")
string(SUBSTRING ${hash} 0 16 hash)
file(WRITE ${OUTPUT}
"// Written by lib/cmake/WriteABI.cmake.
#define HFC_ABI_VERSION_STRING \"${VERSION}\"
#define HFC_ABI_HASH \"${hash}\"
")
