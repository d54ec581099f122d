# Writes ${stem}.h and ${stem}.cc from ${directory}/*.sql; see Migrations.cmake.
file(GLOB files ${directory}/*.sql)
list(SORT files)
set(entries "")
set(expected 1)
foreach(file IN LISTS files)
  cmake_path(GET file STEM stem_of_file)
  if(NOT stem_of_file MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
    message(FATAL_ERROR "${file}: the name of a migration is NNNN_name.sql")
  endif()
  set(title ${CMAKE_MATCH_2})
  math(EXPR number "1${CMAKE_MATCH_1} - 10000")
  if(NOT number EQUAL expected)
    message(FATAL_ERROR "${file}: migrations count from 0001 without gaps")
  endif()
  math(EXPR expected "${expected} + 1")
  file(SHA256 ${file} checksum)
  file(READ ${file} sql)
  string(FIND "${sql}" ")tidemark\"" delimiter)
  if(NOT delimiter EQUAL -1)
    message(FATAL_ERROR "${file}: must not contain )tidemark\"")
  endif()
  string(APPEND entries
         "    {${number}, \"${title}\",\n     R\"tidemark(${sql})tidemark\",\n     \"${checksum}\"},\n")
endforeach()

file(WRITE ${stem}.h "#pragma once

#include \"common/pg/migration.h\"

namespace tidemark::${schema} {

// Generated from the service's migrations/*.sql.
const pg::MigrationSet& Migrations();

}  // namespace tidemark::${schema}
")
file(WRITE ${stem}.cc "#include \"tidemark/${schema}/migrations.h\"

#include <vector>

namespace tidemark::${schema} {

const pg::MigrationSet& Migrations() {
  static const std::vector<pg::Migration> migrations = {
${entries}  };
  static const pg::MigrationSet set{\"${schema}\", migrations};
  return set;
}

}  // namespace tidemark::${schema}
")
