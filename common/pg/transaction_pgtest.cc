#include "common/pg/transaction.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <tuple>

#include "absl/time/clock.h"
#include "common/errors/sqlstate.h"
#include "common/testing/database.h"

namespace tidemark::pg {
namespace {

using testing::TestDatabase;

absl::Time Soon() { return absl::Now() + absl::Seconds(30); }

class TransactionPgTest : public ::testing::Test {
 protected:
  void SetUp() override { database_->Run("CREATE TABLE item (id int PRIMARY KEY)"); }

  std::int64_t Items() {
    const auto result = connection_.RunOnce("SELECT count(*) FROM item", Params(), Soon());
    return result.ok() ? std::get<0>(result->ParseOnly<std::int64_t>().value()) : -1;
  }

  absl::StatusOr<Transaction> Begin(Isolation isolation = Isolation::kReadCommitted) {
    return Transaction::Begin(connection_, Soon(), isolation);
  }

  const std::unique_ptr<TestDatabase> database_ = TestDatabase::Create();
  Connection connection_ = database_->Connect();
};

TEST_F(TransactionPgTest, CommitsAllOrNothing) {
  {
    auto transaction = Begin();
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(transaction->RunScript("INSERT INTO item VALUES (1), (2)").ok());
  }
  EXPECT_EQ(Items(), 0);  // undone by the destructor
  EXPECT_TRUE(connection_.Healthy());
  auto transaction = Begin();
  ASSERT_TRUE(transaction.ok());
  ASSERT_TRUE(transaction->RunScript("INSERT INTO item VALUES (1), (2)").ok());
  EXPECT_TRUE(connection_.InTransaction());
  EXPECT_FALSE(connection_.Healthy());
  EXPECT_TRUE((*std::move(transaction)).Commit().ok());
  EXPECT_EQ(Items(), 2);
  EXPECT_TRUE(connection_.Healthy());
}

TEST_F(TransactionPgTest, CommittingAFailedTransactionIsAnError) {
  auto transaction = Begin();
  ASSERT_TRUE(transaction.ok());
  ASSERT_TRUE(transaction->RunScript("INSERT INTO item VALUES (1)").ok());
  EXPECT_EQ(errors::SqlStateOf(transaction->RunScript("INSERT INTO item VALUES (1)")), "23505");
  EXPECT_FALSE((*std::move(transaction)).Commit().ok());
  EXPECT_EQ(Items(), 0);
}

TEST_F(TransactionPgTest, SerializationFailuresAreAborted) {
  Connection other = database_->Connect();
  ASSERT_TRUE(other.RunScript("INSERT INTO item VALUES (1)", Soon()).ok());
  auto transaction = Begin(Isolation::kRepeatableRead);
  ASSERT_TRUE(transaction.ok());
  ASSERT_TRUE(transaction->RunScript("SELECT * FROM item").ok());
  ASSERT_TRUE(other.RunScript("DELETE FROM item", Soon()).ok());
  EXPECT_EQ(transaction->RunScript("DELETE FROM item").code(), absl::StatusCode::kAborted);
}

TEST_F(TransactionPgTest, TransactionsDoNotNest) {
  auto transaction = Begin();
  ASSERT_TRUE(transaction.ok());
  EXPECT_EQ(Begin().status().code(), absl::StatusCode::kInternal);
}

TEST_F(TransactionPgTest, AMovedTransactionIsUndoneOnce) {
  std::optional<Transaction> kept;
  {
    auto transaction = Begin();
    ASSERT_TRUE(transaction.ok());
    kept.emplace(*std::move(transaction));
  }
  EXPECT_TRUE(connection_.InTransaction());
  kept.reset();
  EXPECT_TRUE(connection_.Healthy());
}

}  // namespace
}  // namespace tidemark::pg
