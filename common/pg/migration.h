#pragma once

#include <span>
#include <string_view>

namespace tidemark::pg {

// One step of a schema: a file NNNN_name.sql, embedded at build time by the CMake function
// tidemark_migrations. Once released it never changes; a correction is a new migration.
//
// A file runs in one transaction, unless it has the line
//   -- migrate: no-transaction
// Such a file holds one statement, which must bear to be run again after it was interrupted, such
// as CREATE INDEX CONCURRENTLY IF NOT EXISTS (what an interrupted one left is dropped first).
struct Migration {
  int number;             // from 1
  std::string_view name;  // of the file, without number and ending
  std::string_view sql;
  std::string_view sha256;  // of the file, in hexadecimal
};

// All migrations of a service, in order of number.
struct MigrationSet {
  // Database schema, also the service's name: "stream_config".
  std::string_view schema;
  std::span<const Migration> migrations;

  // The number of the last one, 0 if there is none.
  int last() const { return migrations.empty() ? 0 : migrations.back().number; }
};

}  // namespace tidemark::pg
