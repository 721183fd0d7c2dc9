# Version and commit, stamped at build time into one small object so that a new commit recompiles
# one file only.
add_custom_target(stowage_commit ALL
  COMMAND ${CMAKE_COMMAND} -DOUT=${CMAKE_BINARY_DIR}/generated/stowage_commit.h
          -DSOURCE=${CMAKE_SOURCE_DIR} -P ${CMAKE_SOURCE_DIR}/cmake/write_commit.cmake
  BYPRODUCTS ${CMAKE_BINARY_DIR}/generated/stowage_commit.h)

file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/stowage_paths.h @ONLY CONTENT
"// Where this build lies, for tests.
#pragma once
#define STOWAGE_SOURCE_DIR \"@CMAKE_SOURCE_DIR@\"
#define STOWAGE_BINARY_DIR \"@CMAKE_BINARY_DIR@\"
")
