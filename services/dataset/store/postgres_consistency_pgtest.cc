// The checker that other tests trust must see what is wrong.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/dataset/store/testing/postgres_fixture.h"
#include "services/dataset/store/testing/requests.h"

namespace tidemark::dataset {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

class ConsistencyTest : public ::testing::Test {
 protected:
  ConsistencyTest() {
    Clear(SharedDatabase());
    PostgresUpdateStore store(ServiceOptions(SharedDatabase()));
    Apply(store, UpdateOf(dataset_, {Put("a", SyncCount(0)), Put("b", SyncCount(0))}));
    Apply(store, UpdateOf(dataset_, {Put("a", SyncCount(1))}));
    EXPECT_THAT(Inconsistencies(SharedDatabase()), IsEmpty());
  }

  // What is found after `damage`.
  static std::vector<std::string> After(const std::string& damage) {
    SharedDatabase().Run(damage);
    return Inconsistencies(SharedDatabase());
  }

  const DatasetKey dataset_{IdentityKey::Of("us-east-1:0a", "us-east-1:1b"), "prefs"};
};

TEST_F(ConsistencyTest, SeesALostRecord) {
  const auto faults = After("DELETE FROM dataset.record WHERE key = 'b'");
  EXPECT_THAT(faults, IsSupersetOf({HasSubstr("holds 1 records"), HasSubstr("lacks 1 records")}));
}

TEST_F(ConsistencyTest, SeesALostChange) {
  const auto faults = After("DELETE FROM dataset.change_log WHERE sync_count = 1");
  EXPECT_THAT(faults, IsSupersetOf({HasSubstr("goes from count 0 to 2")}));
}

TEST_F(ConsistencyTest, SeesARepeatedChange) {
  const auto faults = After(
      "INSERT INTO dataset.change_log (log_shard, pool_number, owner, dataset_id, sync_count,"
      " generation, kind, commit_time, body) SELECT log_shard, pool_number, owner, dataset_id,"
      " sync_count, generation, kind, commit_time, body FROM dataset.change_log"
      " WHERE sync_count = 2");
  EXPECT_THAT(faults, IsSupersetOf({HasSubstr("goes from count 2 to 2")}));
}

TEST_F(ConsistencyTest, SeesAChangeWhoseRecordsWereNotWritten) {
  const auto faults = After("UPDATE dataset.record SET sync_count = 1, value = '' WHERE key = 'a'");
  EXPECT_THAT(faults, IsSupersetOf({HasSubstr("record a is at count 1, in the log at 2")}));
}

TEST_F(ConsistencyTest, SeesWrongCountsOfIdentitiesAndPools) {
  const auto faults = After(
      "UPDATE dataset.identity SET live_datasets = 2; UPDATE dataset.usage_delta SET bytes = 1");
  EXPECT_THAT(faults, IsSupersetOf({HasSubstr("has 1 live datasets"), HasSubstr("says 1")}));
}

TEST_F(ConsistencyTest, SeesRecordsOfNobody) {
  const auto faults = After("UPDATE dataset.record SET dataset_id = -5");
  EXPECT_THAT(faults, IsSupersetOf({HasSubstr("2 records of nobody")}));
}

}  // namespace
}  // namespace tidemark::dataset
