#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/testing/database.h"
#include "services/dataset/store/postgres_admin_store.h"
#include "services/dataset/store/postgres_read_store.h"
#include "services/dataset/store/postgres_snapshots.h"
#include "services/dataset/store/postgres_update_store.h"
#include "services/dataset/store/postgres_upkeep.h"
#include "services/dataset/store/store_contract.h"

namespace tidemark::dataset {

// The database that the tests of a program share, made at the first call.
testing::TestDatabase& SharedDatabase();

// Removes all data from a database of the dataset service.
void Clear(const testing::TestDatabase& database);

// As the service connects: in its own role.
pg::ConnectOptions ServiceOptions(const testing::TestDatabase& database);

// What FindInconsistencies says; its failure is a fault too.
std::vector<std::string> Inconsistencies(const testing::TestDatabase& database);

// Upkeep until there is nothing left to do.
void Settle(PostgresUpkeep& upkeep);

// The PostgreSQL stores over the shared database, empty.
class PostgresUnderTest final : public StoreUnderTest {
 public:
  // `settings` as in ConnectOptions.
  explicit PostgresUnderTest(const std::vector<std::pair<std::string, std::string>>& settings = {});

  UpdateStore& updates() override { return updates_; }
  ReadStore& reads() override { return reads_; }
  AdminStore& admin() override { return admin_; }
  SnapshotStore& snapshots() override { return snapshots_; }
  std::vector<LoggedChange> Log() override;
  void Settle() override;

 private:
  const pg::ConnectOptions options_;
  PostgresUpdateStore updates_;
  PostgresReadStore reads_;
  PostgresAdminStore admin_;
  PostgresSnapshots snapshots_;
  PostgresUpkeep upkeep_;
};

}  // namespace tidemark::dataset
