# Embeds a service's migrations.
#
#   tidemark_migrations(dataset_migrations SCHEMA dataset DIRECTORY migrations)
#
# makes the library dataset_migrations from the files migrations/NNNN_name.sql (numbered from 0001
# without gaps), with
#
#   #include "tidemark/dataset/migrations.h"
#   const tidemark::pg::MigrationSet& tidemark::dataset::Migrations();
function(tidemark_migrations name)
  cmake_parse_arguments(ARG "" "SCHEMA;DIRECTORY" "" ${ARGN})
  cmake_path(ABSOLUTE_PATH ARG_DIRECTORY BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  file(GLOB files CONFIGURE_DEPENDS ${ARG_DIRECTORY}/*.sql)
  string(SHA1 listing "${files}")  # So that a removed file, too, makes them anew.
  set(stem ${CMAKE_BINARY_DIR}/gen/tidemark/${ARG_SCHEMA}/migrations)
  set(script ${CMAKE_SOURCE_DIR}/cmake/EmbedMigrations.cmake)
  add_custom_command(
    OUTPUT ${stem}.cc ${stem}.h
    COMMAND ${CMAKE_COMMAND} -D schema=${ARG_SCHEMA} -D directory=${ARG_DIRECTORY} -D stem=${stem}
            -D listing=${listing} -P ${script}
    DEPENDS ${files} ${script}
    COMMENT "Embedding the migrations of ${ARG_SCHEMA}"
    VERBATIM)
  add_custom_target(${name}_generate DEPENDS ${stem}.cc ${stem}.h)
  add_dependencies(tidemark_generate ${name}_generate)
  add_library(${name} STATIC ${stem}.cc ${stem}.h)
  target_include_directories(${name} PUBLIC ${CMAKE_BINARY_DIR}/gen ${CMAKE_SOURCE_DIR})
endfunction()
