#include "common/pg/pipeline_lane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "common/errors/sqlstate.h"
#include "common/testing/database.h"
#include "common/testing/eventually.h"
#include "common/testing/private_postgres.h"

namespace tidemark::pg {
namespace {

using testing::Eventually;
using testing::PrivatePostgres;
using testing::TestDatabase;

using Answer = std::future<absl::StatusOr<Result>>;

constexpr Query kEcho{"lane_echo", "SELECT $1::int8"};
constexpr Query kSleep{"lane_sleep", "SELECT pg_sleep($1::int4 / 1000.0)"};
constexpr Query kPid{"lane_pid", "SELECT pg_backend_pid()"};
constexpr Query kDivide{"lane_divide", "SELECT 1 / $1::int4"};

absl::Time Soon() { return absl::Now() + absl::Seconds(30); }

Answer Ask(PipelineLane& lane, const Query& query, Params params, absl::Time deadline = Soon(),
           const std::string& pool = "A") {
  auto promise = std::make_shared<std::promise<absl::StatusOr<Result>>>();
  Answer answer = promise->get_future();
  const absl::Status queued = lane.Submit(
      pool, query, std::move(params), deadline,
      [promise](absl::StatusOr<Result> result) { promise->set_value(std::move(result)); });
  if (!queued.ok()) promise->set_value(queued);
  return answer;
}

template <typename T>
absl::StatusOr<T> Only(Answer answer) {
  const absl::StatusOr<Result> result = answer.get();
  if (!result.ok()) return result.status();
  auto row = result->ParseOnly<T>();
  if (!row.ok()) return row.status();
  return std::get<0>(*row);
}

absl::StatusCode CodeOf(Answer answer) { return answer.get().status().code(); }

class PipelineLanePgTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { database_ = TestDatabase::Create().release(); }
  static void TearDownTestSuite() {
    delete database_;
    database_ = nullptr;
  }

  static TestDatabase* database_;
};

TestDatabase* PipelineLanePgTest::database_ = nullptr;

TEST_F(PipelineLanePgTest, AnswersEachStatementWithItsOwnResult) {
  PipelineLane lane(database_->options(), {.queued_per_pool = 500});
  std::vector<Answer> answers;
  for (std::int64_t i = 0; i < 500; ++i) answers.push_back(Ask(lane, kEcho, Params(i)));
  for (std::int64_t i = 0; i < 500; ++i) {
    EXPECT_EQ(Only<std::int64_t>(std::move(answers[i])).value(), i);
  }
  EXPECT_TRUE(lane.connected());
  EXPECT_EQ(lane.pending(), 0u);
}

TEST_F(PipelineLanePgTest, ServesManyThreads) {
  PipelineLane lane(database_->options());
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (std::int64_t thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::int64_t i = 0; i < 100; ++i) {
        const auto echoed = Only<std::int64_t>(Ask(lane, kEcho, Params(thread * 1000 + i)));
        if (echoed.ok() && *echoed == thread * 1000 + i) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 800);
}

TEST_F(PipelineLanePgTest, AFloodOfOnePoolTakesOnlyItsTurns) {
  constexpr Query kGate{"lane_gate", "SELECT pg_advisory_lock_shared(7)"};
  Connection gate = database_->Connect();
  ASSERT_TRUE(gate.RunScript("SELECT pg_advisory_lock(7)", Soon()).ok());
  std::vector<std::int64_t> order;  // of the lane's thread until it has ended
  {
    PipelineLane lane(database_->options(), {.in_flight = 1, .queued_per_pool = 3});
    Answer held = Ask(lane, kGate, Params());
    ASSERT_TRUE(Eventually([&] {
      return gate.RunOnce("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
                          Params(), Soon())
                 ->size() == 1;
    }));
    const auto submit = [&](const char* pool, std::int64_t number) {
      return lane.Submit(pool, kEcho, Params(number), Soon(),
                         [&order, number](const auto&) { order.push_back(number); });
    };
    for (std::int64_t i = 1; i <= 3; ++i) EXPECT_TRUE(submit("A", i).ok());
    EXPECT_EQ(errors::ReasonOf(submit("A", 4)), errors::v1::ERROR_REASON_QUEUE_FULL);
    EXPECT_TRUE(submit("B", 11).ok());
    EXPECT_TRUE(submit("B", 12).ok());
    ASSERT_TRUE(gate.RunScript("SELECT pg_advisory_unlock(7)", Soon()).ok());
    EXPECT_TRUE(held.get().ok());
  }
  EXPECT_THAT(order, ::testing::ElementsAre(1, 11, 2, 12, 3));
}

TEST_F(PipelineLanePgTest, StatementsAndResultsLargerThanTheSocketTakesPass) {
  PipelineLane lane(database_->options());
  constexpr Query kSame{"lane_same", "SELECT $1::text"};
  const std::string large(8 << 20, 'x');
  std::vector<Answer> answers;
  for (int i = 0; i < 8; ++i) answers.push_back(Ask(lane, kSame, Params(large)));
  for (Answer& answer : answers) EXPECT_TRUE(Only<std::string>(std::move(answer)).value() == large);
}

TEST_F(PipelineLanePgTest, AnErrorLeavesTheOthersAlone) {
  PipelineLane lane(database_->options());
  std::vector<Answer> answers;
  for (std::int32_t i = 0; i < 10; ++i) answers.push_back(Ask(lane, kDivide, Params(i % 2)));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const absl::Status status = answers[i].get().status();
    EXPECT_EQ(errors::SqlStateOf(status), i % 2 == 0 ? "22012" : "");
  }
}

TEST_F(PipelineLanePgTest, AStatementThatCantBePreparedLeavesTheOthersAlone) {
  PipelineLane lane(database_->options());
  constexpr Query kBroken{"lane_broken", "SELECT FROM nowhere"};
  Answer before = Ask(lane, kEcho, Params(std::int64_t{1}));
  Answer broken = Ask(lane, kBroken, Params());
  Answer again = Ask(lane, kBroken, Params());
  Answer after = Ask(lane, kEcho, Params(std::int64_t{2}));
  EXPECT_EQ(Only<std::int64_t>(std::move(before)).value(), 1);
  EXPECT_EQ(errors::SqlStateOf(broken.get().status()), "42P01");
  EXPECT_EQ(errors::SqlStateOf(again.get().status()), "42P01");
  EXPECT_EQ(Only<std::int64_t>(std::move(after)).value(), 2);
}

TEST_F(PipelineLanePgTest, OneNameCantStandForTwoStatements) {
  PipelineLane lane(database_->options());
  ASSERT_TRUE(Ask(lane, kEcho, Params(std::int64_t{1})).get().ok());
  EXPECT_EQ(CodeOf(Ask(lane, kEcho, Params(std::int32_t{1}))), absl::StatusCode::kInternal);
  EXPECT_TRUE(Ask(lane, kEcho, Params(std::int64_t{1})).get().ok());
}

TEST_F(PipelineLanePgTest, SurvivesAMigrationThatChangesAResultType) {
  database_->Run("CREATE TABLE lane_changing (a int)");
  constexpr Query kAll{"lane_changing", "SELECT * FROM lane_changing"};
  PipelineLane lane(database_->options());
  ASSERT_TRUE(Ask(lane, kAll, Params()).get().ok());
  database_->Run("ALTER TABLE lane_changing ADD COLUMN b int");
  std::vector<Answer> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(Ask(lane, kAll, Params()));
  for (Answer& answer : answers) EXPECT_TRUE(answer.get().ok());
}

TEST_F(PipelineLanePgTest, BehindAPoolerNothingIsPrepared) {
  ConnectOptions options = database_->options();
  options.pooling = Pooling::kTransaction;
  PipelineLane lane(options);
  constexpr Query kPrepared{"lane_prepared", "SELECT count(*) FROM pg_prepared_statements"};
  ASSERT_TRUE(Ask(lane, kEcho, Params(std::int64_t{1})).get().ok());
  EXPECT_EQ(Only<std::int64_t>(Ask(lane, kPrepared, Params())).value(), 0);
}

TEST_F(PipelineLanePgTest, AFullQueueSaysSo) {
  PipelineLane lane(database_->options(), {.in_flight = 1, .queued = 2});
  std::vector<Answer> answers;
  for (int i = 0; i < 3; ++i) answers.push_back(Ask(lane, kSleep, Params(50)));
  const absl::Status full = Ask(lane, kEcho, Params(std::int64_t{1})).get().status();
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(errors::ReasonOf(full), errors::v1::ERROR_REASON_QUEUE_FULL);
  for (Answer& answer : answers) EXPECT_TRUE(answer.get().ok());
}

TEST_F(PipelineLanePgTest, ADeadlineThatHasPassedIsNotSent) {
  PipelineLane lane(database_->options());
  const absl::Status late =
      Ask(lane, kEcho, Params(std::int64_t{1}), absl::Now() - absl::Seconds(1)).get().status();
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(errors::SqlStateOf(late), "");
}

TEST_F(PipelineLanePgTest, AStatementPastItsDeadlineIsCancelledAndHoldsUpNoOther) {
  ConnectOptions options = database_->options();
  options.statement_timeout = absl::Seconds(60);
  PipelineLane lane(options);
  const std::int32_t pid = Only<std::int32_t>(Ask(lane, kPid, Params())).value();
  Answer slow = Ask(lane, kSleep, Params(60'000), absl::Now() + absl::Milliseconds(50));
  std::vector<Answer> others;
  for (std::int64_t i = 0; i < 10; ++i) others.push_back(Ask(lane, kEcho, Params(i)));
  EXPECT_EQ(CodeOf(std::move(slow)), absl::StatusCode::kDeadlineExceeded);
  for (Answer& other : others) EXPECT_TRUE(other.get().ok());
  EXPECT_EQ(Only<std::int32_t>(Ask(lane, kPid, Params())).value(), pid);
}

// Whether a statement outlasts a signal that comes while it runs after a cancelled one.
bool OutlastsASignal(PipelineLane& lane, Connection& other) {
  const std::int32_t pid = Only<std::int32_t>(Ask(lane, kPid, Params())).value();
  Answer slow = Ask(lane, kSleep, Params(60'000), absl::Now() + absl::Milliseconds(50));
  constexpr Query kNext{"lane_next", "SELECT pg_sleep($1::int4 / 1000.0)"};
  Answer next = Ask(lane, kNext, Params(1'000));
  EXPECT_EQ(CodeOf(std::move(slow)), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(Eventually([&] {
    const auto active = other.RunOnce(
        "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'"
        " AND query_start > now() - interval '50 ms'",
        Params(pid), Soon());
    return active.ok() && active->size() == 1;
  }));
  EXPECT_EQ(kill(pid, SIGINT), 0);
  return next.get().ok();
}

TEST_F(PipelineLanePgTest, TheSecondSignalOfACancellationHoldsUpNoOther) {
  PipelineLane lane(database_->options());
  Connection other = database_->Connect();
  // PostgreSQL's own second signal may come by itself, rarely; then ours is one too many.
  bool outlasted = false;
  for (int attempt = 0; attempt < 5 && !outlasted; ++attempt) {
    outlasted = OutlastsASignal(lane, other);
  }
  EXPECT_TRUE(outlasted);
}

TEST_F(PipelineLanePgTest, AWaitingStatementLearnsOfItsDeadlineBeforeItsTurn) {
  PipelineLane lane(database_->options(), {.in_flight = 1});
  Answer slow = Ask(lane, kSleep, Params(2'000));
  EXPECT_EQ(CodeOf(Ask(lane, kEcho, Params(std::int64_t{1}), absl::Now() + absl::Milliseconds(50))),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(slow.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  EXPECT_TRUE(slow.get().ok());
}

TEST_F(PipelineLanePgTest, StatementsOnTheirWayWhenTheSessionDiesAreSentAgain) {
  PipelineLane lane(database_->options());
  const std::int32_t pid = Only<std::int32_t>(Ask(lane, kPid, Params())).value();
  std::vector<Answer> answers;
  answers.push_back(Ask(lane, kSleep, Params(200)));
  for (int i = 0; i < 30; ++i) answers.push_back(Ask(lane, kPid, Params()));
  ASSERT_EQ(kill(pid, SIGTERM), 0);
  EXPECT_TRUE(answers[0].get().ok());
  for (std::size_t i = 1; i < answers.size(); ++i) {
    EXPECT_NE(Only<std::int32_t>(std::move(answers[i])).value(), pid);
  }
}

TEST_F(PipelineLanePgTest, AFrozenSessionIsGivenUpAndItsStatementsAreSentAgain) {
  ConnectOptions options = database_->options();
  options.cancel_grace = absl::Milliseconds(100);
  PipelineLane lane(options);
  const std::int32_t pid = Only<std::int32_t>(Ask(lane, kPid, Params())).value();
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  Answer first = Ask(lane, kPid, Params(), absl::Now() + absl::Milliseconds(100));
  Answer second = Ask(lane, kPid, Params());
  EXPECT_EQ(CodeOf(std::move(first)), absl::StatusCode::kDeadlineExceeded);
  EXPECT_NE(Only<std::int32_t>(std::move(second)).value(), pid);
  EXPECT_EQ(kill(pid, SIGCONT), 0);
}

TEST_F(PipelineLanePgTest, DestroyingItFinishesWhatIsQueued) {
  std::vector<Answer> answers;
  {
    PipelineLane lane(database_->options());
    for (std::int64_t i = 0; i < 100; ++i) answers.push_back(Ask(lane, kEcho, Params(i)));
  }
  for (Answer& answer : answers) EXPECT_TRUE(answer.get().ok());
}

TEST(PipelineLaneFaultPgTest, WhenTheServerIsKilledReadsFailFastAndComeBackWithIt) {
  PrivatePostgres server;
  ConnectOptions options;
  options.dsn = server.dsn();
  PipelineLane lane(options);
  ASSERT_TRUE(Ask(lane, kEcho, Params(std::int64_t{1})).get().ok());
  std::vector<Answer> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(Ask(lane, kSleep, Params(20)));
  server.Kill9();
  int unavailable = 0;
  for (Answer& answer : answers) {
    const absl::Status status = answer.get().status();
    if (!status.ok()) {
      // Not DEADLINE_EXCEEDED: they fail long before.
      EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
      ++unavailable;
    }
  }
  EXPECT_GT(unavailable, 0);
  EXPECT_FALSE(lane.connected());
  EXPECT_EQ(CodeOf(Ask(lane, kEcho, Params(std::int64_t{1}))), absl::StatusCode::kUnavailable);
  server.Start();
  EXPECT_TRUE(Eventually([&] { return lane.connected(); }));
  EXPECT_EQ(Only<std::int64_t>(Ask(lane, kEcho, Params(std::int64_t{7}))).value(), 7);
}

TEST(PipelineLaneFaultPgTest, WhileTheWholeServerIsFrozenReadsFailFast) {
  PrivatePostgres server;
  ConnectOptions options;
  options.dsn = server.dsn();
  options.statement_timeout = absl::Milliseconds(200);
  options.cancel_grace = absl::Milliseconds(100);
  PipelineLane lane(options);
  ASSERT_TRUE(Ask(lane, kEcho, Params(std::int64_t{1})).get().ok());
  server.Freeze();
  EXPECT_EQ(CodeOf(Ask(lane, kEcho, Params(std::int64_t{1}))), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(Eventually([&] { return !lane.connected(); }));
  EXPECT_EQ(CodeOf(Ask(lane, kEcho, Params(std::int64_t{1}))), absl::StatusCode::kUnavailable);
  server.Thaw();
  EXPECT_TRUE(Eventually([&] { return lane.connected(); }));
  EXPECT_TRUE(Ask(lane, kEcho, Params(std::int64_t{1})).get().ok());
}

}  // namespace
}  // namespace tidemark::pg
