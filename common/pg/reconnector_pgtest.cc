#include "common/pg/reconnector.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/time/clock.h"
#include "common/testing/eventually.h"
#include "common/testing/private_postgres.h"

namespace tidemark::pg {
namespace {

using testing::Eventually;
using testing::PrivatePostgres;

absl::Time Soon() { return absl::Now() + absl::Seconds(30); }

constexpr Query kOne{"reconnector_one", "SELECT 1::int8"};

class ReconnectorPgTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new PrivatePostgres(); }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  static ConnectOptions Options() {
    ConnectOptions options;
    options.dsn = server_->dsn();
    return options;
  }

  static PrivatePostgres* server_;
};

PrivatePostgres* ReconnectorPgTest::server_ = nullptr;

TEST_F(ReconnectorPgTest, KeepsAConnectionWhileItIsHealthy) {
  Reconnector reconnector(Options());
  const auto first = reconnector.Acquire(absl::Seconds(10));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(reconnector.Acquire(absl::ZeroDuration()).value(), *first);
}

TEST_F(ReconnectorPgTest, PreparesAnewAfterACrashOfTheServer) {
  std::atomic<int> attempts = 0;
  Reconnector reconnector(Options(), [&] { ++attempts; });
  auto connection = reconnector.Acquire(absl::Seconds(10));
  ASSERT_TRUE(connection.ok()) << connection.status();
  ASSERT_TRUE((*connection)->Run(kOne, Params(), Soon()).ok());
  server_->Kill9();
  EXPECT_EQ((*connection)->Run(kOne, Params(), Soon()).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(reconnector.Acquire(absl::Seconds(10)).status().code(), absl::StatusCode::kUnavailable);
  server_->Start();
  EXPECT_TRUE(Eventually([&] {
    connection = reconnector.Acquire(absl::Milliseconds(50));
    return connection.ok();
  }));
  EXPECT_TRUE((*connection)->Run(kOne, Params(), Soon()).ok());
  EXPECT_GE(attempts, 3);
}

TEST_F(ReconnectorPgTest, ASessionThatARestartEndedIsReplacedBeforeItIsUsed) {
  Reconnector reconnector(Options());
  auto connection = reconnector.AcquireAlive(absl::Seconds(10), Soon());
  ASSERT_TRUE(connection.ok()) << connection.status();
  ASSERT_TRUE((*connection)->Run(kOne, Params(), Soon()).ok());
  EXPECT_EQ(reconnector.AcquireAlive(absl::Seconds(10), Soon()).value(), *connection);
  server_->Stop();
  server_->Start();
  connection = reconnector.AcquireAlive(absl::Seconds(10), Soon());
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_TRUE((*connection)->Run(kOne, Params(), Soon()).ok());
}

TEST_F(ReconnectorPgTest, AServerThatHangsHoldsItsUserNoLongerThanItsPatience) {
  ConnectOptions options = Options();
  options.connect_timeout = absl::Seconds(2);
  server_->Freeze();
  std::atomic<bool> attempted = false;
  {
    Reconnector reconnector(options, [&] { attempted = true; });
    EXPECT_EQ(reconnector.Acquire(absl::Milliseconds(50)).status().code(),
              absl::StatusCode::kUnavailable);
    EXPECT_FALSE(attempted);  // It is still under way.
  }
  server_->Thaw();
}

TEST_F(ReconnectorPgTest, AStandbyIsUnavailable) {
  const std::string mark = server_->data_directory() + "/standby.signal";
  server_->Stop();
  ASSERT_TRUE(std::ofstream(mark).good());
  server_->Start();
  EXPECT_EQ(Connection::Open(Options()).status().code(), absl::StatusCode::kUnavailable);
  ConnectOptions any = Options();
  any.check = ServerCheck::kNone;
  EXPECT_TRUE(Connection::Open(any).ok());
  server_->Stop();
  std::filesystem::remove(mark);
  server_->Start();
  EXPECT_TRUE(Connection::Open(Options()).ok());
}

}  // namespace
}  // namespace tidemark::pg
