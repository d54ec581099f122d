# The three kinds of target. Each takes SOURCES and DEPS; headers are found by their path from the
# root of the tree (#include "common/pg/connection.h").
include(GoogleTest)

option(TIDEMARK_UNITY "Compile UNITY targets in batches" ON)  # clang-tidy wants file by file

# A static library. UNITY compiles its sources in batches: for sources that include gRPC headers.
function(tidemark_library name)
  cmake_parse_arguments(ARG "UNITY" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  if(ARG_UNITY)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ${TIDEMARK_UNITY} UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# A program, built into <build>/bin.
function(tidemark_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# gtest_discover_tests takes lists apart (and then loses what follows them), so several labels become
# one word: ctest -L unit and ctest -L tsan, which search, both find "unit,tsan".
function(tidemark_discover_tests name timeout labels)
  list(JOIN labels "," labels)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES
                       TEST_PREFIX "${name}."
                       PROPERTIES LABELS "${labels}" TIMEOUT ${timeout})
endfunction()

# A GoogleTest program; each of its tests (with label pg: the program as a whole) is a ctest test.
# LABELS:
#   unit   no process, no file, no network     pg    needs PostgreSQL (started privately)
#   moto   needs moto, kinesalite              e2e   needs the whole stack
#   python needs Python with botocore
#   tsan   free of gRPC, judged by ThreadSanitizer as well
# TIMEOUT is in seconds for one test, 60 by default.
function(tidemark_test name)
  cmake_parse_arguments(ARG "UNITY" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main rapidcheck)
  if(ARG_UNITY)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ${TIDEMARK_UNITY} UNITY_BUILD_BATCH_SIZE 6)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if("pg" IN_LIST ARG_LABELS)  # One process, so that a suite can share one database.
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  else()
    tidemark_discover_tests(${name} ${ARG_TIMEOUT} "${ARG_LABELS}")
  endif()
  if("tsan" IN_LIST ARG_LABELS)
    set_property(GLOBAL APPEND PROPERTY TIDEMARK_TSAN_TESTS ${name})
  endif()
endfunction()
