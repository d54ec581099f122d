# Language level, warnings, sanitizers, linker and compiler cache for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

add_compile_options(-Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers
                    -fno-omit-frame-pointer)
# Paths relative to the source tree: objects are equal in every clone, so ccache hits across clones.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)

option(TIDEMARK_FUZZ "Build the fuzzers; needs clang" OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)  # Its warnings are clang-tidy's business.
  add_compile_options(-Wno-error)
endif()

set(TIDEMARK_SANITIZERS "" CACHE STRING "Comma-separated list for -fsanitize=, empty for none")
if(TIDEMARK_SANITIZERS)
  add_compile_options(-fsanitize=${TIDEMARK_SANITIZERS} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TIDEMARK_SANITIZERS})
endif()

find_program(TIDEMARK_MOLD mold)
if(TIDEMARK_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

find_program(TIDEMARK_CCACHE ccache)
if(TIDEMARK_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros
      ${TIDEMARK_CCACHE})
endif()
