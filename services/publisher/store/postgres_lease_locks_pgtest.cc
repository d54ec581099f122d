// What publishers do while others hold locks: they neither wait for them nor deadlock.

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "absl/time/clock.h"
#include "services/publisher/store/postgres_lease_store.h"
#include "services/publisher/store/testing/postgres_database.h"

namespace tidemark::publisher {
namespace {

constexpr absl::Duration kTtl = absl::Minutes(1);

class PostgresLeaseLocksTest : public ::testing::Test {
 protected:
  PostgresLeaseLocksTest() { Clear(SharedDatabase()); }

  // Whether a statement of the other session, which is in a transaction, works.
  ::testing::AssertionResult Other(std::string_view sql) {
    const auto result = other_.RunScript(sql, absl::Now() + absl::Minutes(1));
    if (result.ok()) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << result.status();
  }

  static void MakeExpire(const std::string& member) {
    SharedDatabase().Run(
        "UPDATE publisher.member SET expires_time = clock_timestamp() - interval '1 second'"
        " WHERE member_id = '" +
        member + "'");
  }

  void Take(const std::string& member, int shards) {
    ASSERT_TRUE(store_.Join(member, kTtl).ok());
    ASSERT_TRUE(store_.Take(member, shards).ok());
  }

  Standing Renew(const std::string& member) {
    const auto standing = store_.Renew(member, kTtl);
    EXPECT_TRUE(standing.ok()) << standing.status();
    return standing.ok() ? standing->value_or(Standing()) : Standing();
  }

  PostgresLeaseStore store_{ServiceOptions(SharedDatabase())};
  pg::Connection other_ = SharedDatabase().Connect();
};

TEST_F(PostgresLeaseLocksTest, OneThatStopsWhileItStoresKeepsNobodyFromRenewing) {
  Take("frozen", 128);
  Take("one", 64);
  MakeExpire("frozen");
  ASSERT_TRUE(
      Other("BEGIN; SELECT 1 FROM publisher.lease WHERE member_id = 'frozen'"
            " FOR NO KEY UPDATE"));
  EXPECT_EQ(Renew("one").members, 2);
  EXPECT_TRUE(store_.Join("two", kTtl).ok());
  ASSERT_TRUE(Other("ROLLBACK"));
  const Standing standing = Renew("one");
  EXPECT_EQ(standing.members, 2) << "it is removed once its session has ended";
  EXPECT_EQ(standing.free, 192);
}

TEST_F(PostgresLeaseLocksTest, OneThatRenewsAtTheSameMomentIsNotRemoved) {
  Take("one", 128);
  Take("two", 128);
  MakeExpire("one");
  MakeExpire("two");
  ASSERT_TRUE(
      Other("BEGIN; UPDATE publisher.member SET expires_time = 'infinity'"
            " WHERE member_id = 'two'"));
  EXPECT_EQ(Renew("one").members, 2);
  ASSERT_TRUE(Other("COMMIT"));
  const Standing standing = Renew("one");
  EXPECT_EQ(standing.members, 2);
  EXPECT_EQ(standing.free, 0);
}

}  // namespace
}  // namespace tidemark::publisher
