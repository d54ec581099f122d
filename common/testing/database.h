#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/pg/connection.h"
#include "common/pg/migration.h"
#include "common/pg/options.h"

namespace tidemark::testing {

// A fresh database in the cluster that TIDEMARK_TEST_DSN names (as superuser), dropped by the
// destructor. Any failure, an unset variable included, ends the process with a message: a missing
// database is never a skipped test.
class TestDatabase {
 public:
  // Runs `sets` in their order; they need not outlive the call.
  static std::unique_ptr<TestDatabase> Create(
      const std::vector<const pg::MigrationSet*>& sets = {});

  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;
  ~TestDatabase();

  // Unique in the cluster: a prefix for names of roles that a test makes.
  const std::string& name() const { return name_; }

  // Of the superuser, and of another role such as "tidemark_dataset", which exists.
  const std::string& dsn() const { return dsn_; }
  std::string DsnAs(std::string_view role) const;

  // Options with that DSN and defaults else, for any cluster, durable or not.
  pg::ConnectOptions options() const;

  // A connection as superuser.
  pg::Connection Connect() const;

  // Runs statements as superuser, on a connection of their own.
  void Run(std::string_view sql) const;

 private:
  explicit TestDatabase(std::string name);

  std::string name_;
  std::string dsn_;
};

}  // namespace tidemark::testing
