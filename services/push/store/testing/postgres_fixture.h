#pragma once

#include "common/pg/options.h"
#include "common/testing/database.h"
#include "services/push/store/postgres_read_store.h"
#include "services/push/store/postgres_write_store.h"
#include "services/push/store/store_contract.h"

namespace tidemark::push {

// The database that the tests of a program share, made at the first call.
const testing::TestDatabase& SharedDatabase();

// As the service connects: in its own role.
pg::ConnectOptions ServiceOptions();

// The PostgreSQL stores over the shared database, empty.
class PostgresUnderTest final : public StoreUnderTest {
 public:
  PostgresUnderTest();

  ReadStore& reads() override { return reads_; }
  WriteStore& writes() override { return writes_; }
  WriteStore& replica() override { return replica_; }

 private:
  PostgresReadStore reads_;
  PostgresWriteStore writes_;
  PostgresWriteStore replica_;
};

}  // namespace tidemark::push
