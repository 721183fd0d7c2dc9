# stowage_library(name DEPS ...): the static library of the folder it is called in, from every .cc
# below it. Dependencies are PUBLIC on purpose: include paths of third-party headers follow.
function(stowage_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;PRIVATE_DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(NOT sources)  # only contracts so far
    set(sources ${CMAKE_CURRENT_BINARY_DIR}/${name}_empty.cc)
    if(NOT EXISTS ${sources})
      file(WRITE ${sources} "")
    endif()
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE stowage_options ${ARG_PRIVATE_DEPS})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/lib)
endfunction()

# What `make asan` and `make tsan` build.
add_custom_target(unit-tests)
add_custom_target(threaded-tests)

# stowage_test(name [THREADED] DEPS ...): one test program from every .cc of the calling folder.
# LABEL unit (default) or integration; integration tests need the control plane's binaries.
# THREADED programs also run under ThreadSanitizer.
# SHARDS n: its tests are dealt out to n runs of the program, side by side (googletest's GTEST_TOTAL_SHARDS): for those that take
# longest, lest all others are done and wait for them. SECONDS: about what one run takes; the longest are started first.
function(stowage_test name)
  cmake_parse_arguments(ARG "THREADED" "LABEL;TIMEOUT;SHARDS;SECONDS" "DEPS;SOURCES" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB_RECURSE ARG_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  endif()
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE stowage_options ${ARG_DEPS} GTest::gmock GTest::gtest_main ${RAPIDCHECK_LIBRARY} Threads::Threads)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  # stowage_paths.h: a header instead of -D, so that only tests that read paths depend on where the
  # checkout lies and ccache serves the rest from any clone.
  target_include_directories(${name} PRIVATE ${CMAKE_BINARY_DIR}/generated)
  if(ARG_LABEL STREQUAL unit)
    add_dependencies(unit-tests ${name})
  endif()
  # Folders with threads; everything else is pure and has nothing for ThreadSanitizer to see.
  if(ARG_THREADED OR name MATCHES "^(stowage_)?(base|k8sclient|serving|scheduling|scheduler_cmd)_test$")
    list(APPEND ARG_LABEL threaded)
    add_dependencies(threaded-tests ${name})
  endif()
  if(NOT ARG_SHARDS)
    set(ARG_SHARDS 1)
  endif()
  if(NOT ARG_SECONDS)
    set(ARG_SECONDS 1)
  endif()
  foreach(shard RANGE 1 ${ARG_SHARDS})
    set(test ${name})
    set(environment "")
    if(ARG_SHARDS GREATER 1)
      set(test ${name}_${shard})
      math(EXPR index "${shard} - 1")
      set(environment "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${index}")
    endif()
    add_test(NAME ${test} COMMAND ${name})
    set_tests_properties(${test} PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT} COST ${ARG_SECONDS} ENVIRONMENT "${environment}")
  endforeach()
endfunction()
