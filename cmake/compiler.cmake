# Warnings and hardening for our own code. Third-party headers are SYSTEM and stay silent.
add_library(stowage_options INTERFACE)
target_compile_options(stowage_options INTERFACE -Wall -Wextra -Wpedantic -Werror)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # std::stable_sort of libstdc++ 12 uses a function that clang 19 calls deprecated.
  target_compile_options(stowage_options INTERFACE -Wthread-safety -Wno-deprecated-declarations)
endif()
# Diagnostics that depend on the optimiser and misfire inside libstdc++ at -O2 and with sanitizers.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(stowage_options INTERFACE
    -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-dangling-pointer)
endif()
target_include_directories(stowage_options INTERFACE ${CMAKE_SOURCE_DIR}/lib)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

if(STOWAGE_SANITIZE)
  add_compile_options(-fsanitize=${STOWAGE_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${STOWAGE_SANITIZE})
  if(STOWAGE_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
# Coverage of the libraries themselves, for libFuzzer to steer by.
if(STOWAGE_BUILD_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now)
  # It is taken over the symbols too, which say where the checkout lay: without it, equal code is equal bytes. To take it
  # out of a program that mold has linked is no way: strip and objcopy drop the segment of read-only relocations then.
  add_link_options(-Wl,--build-id=none)
endif()
if(STOWAGE_FAILPOINTS)
  add_compile_definitions(STOWAGE_FAILPOINTS=1)
endif()
