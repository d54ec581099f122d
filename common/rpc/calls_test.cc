#include "common/rpc/calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>
#include <thread>

#include "common/errors/error.h"
#include "common/errors/sqlstate.h"
#include "common/rpc/testing/echo_fixture.h"

namespace tidemark::rpc {
namespace {

using ::testing::HasSubstr;
using testing::kEchoMethod;
using ::testing::Not;
using CallsTest = testing::EchoTest;
using ::tidemark::testing::Eventually;

constexpr char kBlockMethod[] = "tidemark.rpc.testing.v1.EchoService/Block";

TEST_F(CallsTest, PassesCallerIdsAndDeadlineToTheHandler) {
  std::optional<Call> seen;
  echo_.echo = [&](const Call& call, const Done& done) {
    seen = call;
    done(absl::OkStatus());
  };
  grpc::ClientContext context;
  Call mine;
  mine.caller = CallerKind::kIdentity;
  mine.principal = "us-east-1:1b";
  mine.request_id = "7f3a";
  mine.trace = obs::NewTrace(SystemRandom());
  mine.deadline = absl::Now() + absl::Seconds(30);
  PassOn(mine, SystemRandom(), context);
  ASSERT_TRUE(Echo(context).ok());
  EXPECT_EQ(seen->method, kEchoMethod);
  EXPECT_EQ(seen->caller, CallerKind::kIdentity);
  EXPECT_EQ(seen->principal, "us-east-1:1b");
  EXPECT_EQ(seen->request_id, "7f3a");
  EXPECT_EQ(seen->trace.trace_id, mine.trace.trace_id);
  EXPECT_NE(seen->trace.span_id, mine.trace.span_id);
  EXPECT_LT(absl::AbsDuration(seen->deadline - mine.deadline), absl::Seconds(10));
}

TEST_F(CallsTest, ACallWithoutDeadlineGetsOneAndARequestIdThatItsCallerLearns) {
  std::optional<Call> seen;
  echo_.echo = [&](const Call& call, const Done& done) {
    seen = call;
    done(absl::OkStatus());
  };
  grpc::ClientContext context;
  ASSERT_TRUE(Echo(context).ok());
  EXPECT_LT(seen->deadline, absl::Now() + absl::Seconds(30));
  EXPECT_FALSE(seen->request_id_given);
  const auto& metadata = context.GetServerInitialMetadata();
  ASSERT_EQ(metadata.count("x-request-id"), 1u);
  const grpc::string_ref id = metadata.find("x-request-id")->second;
  EXPECT_EQ(std::string(id.data(), id.size()), seen->request_id);
}

TEST_F(CallsTest, TheShorterOfDeadlineAndTimeoutIsPassedOn) {
  std::optional<Call> seen;
  echo_.echo = [&](const Call& call, const Done& done) {
    seen = call;
    done(absl::OkStatus());
  };
  Call mine;
  mine.request_id = "r";
  mine.trace = obs::NewTrace(SystemRandom());
  mine.deadline = absl::Now() + absl::Hours(5);
  grpc::ClientContext context;
  PassOn(mine, SystemRandom(), context, absl::Hours(1));
  ASSERT_TRUE(Echo(context).ok());
  EXPECT_LT(seen->deadline, absl::Now() + absl::Hours(2));
}

TEST_F(CallsTest, AHandlerMayEndItsCallLaterOnAnotherThread) {
  std::thread later;
  echo_.echo = [&](const Call&, const Done& done) {
    later = std::thread([done] { done(absl::OkStatus()); });
  };
  EXPECT_TRUE(Echo().ok());
  later.join();
}

TEST_F(CallsTest, ErrorsArriveWithTheirDetails) {
  const absl::Status error =
      errors::WithRetryDelay(errors::InvalidFields({{"key", "empty"}}), absl::Milliseconds(1500));
  echo_.echo = [&](const Call&, const Done& done) { done(error); };
  EXPECT_EQ(Echo(), error);
}

TEST_F(CallsTest, FaultsAreHiddenFromTheClientAndToldToTheLog) {
  echo_.echo = [&](const Call&, const Done& done) {
    done(errors::DatabaseError("42P01", "no table secret"));
  };
  grpc::ClientContext context;
  const absl::Status status = Echo(context);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
  const auto lines = log_.Of("Echo");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["level"], "error");
  EXPECT_EQ(lines[0]["sqlstate"], "42P01");
  EXPECT_EQ(lines[0]["driver_text"], "no table secret");
}

TEST_F(CallsTest, ACallThatIsLetGoEndsAsAFault) {
  echo_.echo = [](const Call&, const Done&) {};
  EXPECT_EQ(Echo().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(log_.Of("Echo").at(0)["error"].get<std::string>(), HasSubstr("let its call go"));
}

TEST_F(CallsTest, TheFirstEndCounts) {
  echo_.echo = [](const Call&, const Done& done) {
    done(absl::OkStatus());
    done(absl::InternalError("late"));
  };
  EXPECT_TRUE(Echo().ok());
  EXPECT_EQ(Metric("rpcs_total", {{"method", kEchoMethod}, {"code", "INTERNAL"}}), 0);
}

TEST_F(CallsTest, BadMetadataNeverReachesTheHandler) {
  echo_.echo = [](const Call&, const Done& done) {
    ADD_FAILURE() << "handler ran";
    done(absl::OkStatus());
  };
  grpc::ClientContext context;
  context.AddMetadata("x-tidemark-caller", "root");
  EXPECT_EQ(errors::ReasonOf(Echo(context)), errors::v1::ERROR_REASON_INVALID_FIELD);
}

TEST_F(CallsTest, WritesOneLineForEachCall) {
  grpc::ClientContext context;
  context.AddMetadata("x-request-id", "7f3a");
  context.AddMetadata("x-tidemark-caller", "identity");
  context.AddMetadata("x-tidemark-principal", "us-east-1:1b");
  context.AddMetadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  ASSERT_TRUE(Echo(context, "four").ok());
  const auto lines = log_.Of("Echo");
  ASSERT_EQ(lines.size(), 1u);
  const nlohmann::json& line = lines[0];
  EXPECT_EQ(line["level"], "debug");
  EXPECT_EQ(line["code"], "OK");
  EXPECT_EQ(line["request_id"], "7f3a");
  EXPECT_EQ(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(line["span_id"].get<std::string>().size(), 16u);
  EXPECT_EQ(line["caller"], "identity");
  EXPECT_EQ(line["principal"], "us-east-1:1b");
  EXPECT_EQ(line["request_bytes"], 6);
  EXPECT_EQ(line["response_bytes"], 6);
  EXPECT_GE(line["duration_ms"].get<double>(), 0);
  EXPECT_FALSE(line.contains("error"));
}

TEST_F(CallsTest, TheLevelOfALineSaysWhoseDoingItWas) {
  const std::vector<std::pair<absl::StatusCode, std::string>> levels = {
      {absl::StatusCode::kAborted, "info"},
      {absl::StatusCode::kUnavailable, "warning"},
      {absl::StatusCode::kInternal, "error"}};
  for (const auto& [code, level] : levels) {
    echo_.echo = [code = code](const Call&, const Done& done) {
      done(errors::Error(code, errors::v1::ERROR_REASON_CONCURRENT_CHANGE, "told"));
    };
    EXPECT_FALSE(Echo().ok());
    const nlohmann::json line = log_.Of("Echo").back();
    EXPECT_EQ(line["level"], level);
    EXPECT_EQ(line["reason"], "CONCURRENT_CHANGE");
  }
}

TEST_F(CallsTest, ALineQuotesOurFaultsAndNeverWhatTheCallerSent) {
  constexpr char kKey[] = "alice@example.com-hiv-status";
  const absl::Status refusals[] = {
      errors::InvalidFields({{"record_patches[0].key", absl::StrCat("'", kKey, "' is too long")}}),
      errors::Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_STALE_SYNC_COUNT,
                    absl::StrCat("Current SyncCount for: ", kKey, " is: 0 not: 3"))};
  for (const absl::Status& refusal : refusals) {
    echo_.echo = [&](const Call&, const Done& done) { done(refusal); };
    EXPECT_EQ(Echo(), refusal);
    const nlohmann::json line = log_.Of("Echo").back();
    EXPECT_THAT(line.dump(), Not(HasSubstr(kKey)));
    EXPECT_NE(line.value("reason", ""), "");
  }
  echo_.echo = [](const Call&, const Done& done) {
    done(errors::Error(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_NOT_READY, "told"));
  };
  EXPECT_FALSE(Echo().ok());
  EXPECT_EQ(log_.Of("Echo").back()["error"], "told");
}

TEST_F(CallsTest, SeriesOfEveryMethodBeginAtZeroAndCountByCodeAndOutcome) {
  for (const char* code : {"OK", "ABORTED", "INTERNAL", "UNAUTHENTICATED"}) {
    EXPECT_EQ(Metric("rpcs_total", {{"method", kBlockMethod}, {"code", code}}), 0) << code;
  }
  for (const char* outcome : {"ok", "rejected", "failed"}) {
    EXPECT_EQ(Metric("rpc_seconds", {{"method", kEchoMethod}, {"outcome", outcome}}), 0);
  }
  ASSERT_TRUE(Echo().ok());
  echo_.echo = [](const Call&, const Done& done) { done(errors::InvalidFields({{"f", "d"}})); };
  ASSERT_FALSE(Echo().ok());
  EXPECT_EQ(Metric("rpcs_total", {{"method", kEchoMethod}, {"code", "OK"}}), 1);
  EXPECT_EQ(Metric("rpcs_total", {{"method", kEchoMethod}, {"code", "INVALID_ARGUMENT"}}), 1);
  EXPECT_EQ(Metric("rpc_seconds", {{"method", kEchoMethod}, {"outcome", "ok"}}), 1);
  EXPECT_EQ(Metric("rpc_seconds", {{"method", kEchoMethod}, {"outcome", "rejected"}}), 1);
  EXPECT_EQ(Metric("rpcs_in_flight", {{"method", kEchoMethod}}), 0);
}

TEST_F(CallsTest, ACallWhoseClientGivesUpEndsWhenItsHandlerDoes) {
  std::promise<Done> held;
  const std::atomic<bool>* cancelled = nullptr;
  echo_.echo = [&](const Call& call, const Done& done) {
    cancelled = call.cancelled;
    held.set_value(done);
  };
  grpc::ClientContext context;
  auto status = std::async([&] {
    testing::v1::EchoResponse response;
    return stub_->Echo(&context, {}, &response).error_code();
  });
  std::optional<Done> done = held.get_future().get();
  EXPECT_EQ(Metric("rpcs_in_flight", {{"method", kEchoMethod}}), 1);
  context.TryCancel();
  EXPECT_EQ(status.get(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Eventually([&] { return cancelled->load(); }));
  EXPECT_EQ(Metric("rpcs_in_flight", {{"method", kEchoMethod}}), 1) << "the handler still works";
  (*done)(absl::OkStatus());
  EXPECT_EQ(Metric("rpcs_total", {{"method", kEchoMethod}, {"code", "CANCELLED"}}), 1);
  EXPECT_EQ(Metric("rpcs_in_flight", {{"method", kEchoMethod}}), 0);
}

TEST_F(CallsTest, ALateAnswerCountsAsDeadlineExceeded) {
  std::promise<Done> held;
  const std::atomic<bool>* cancelled = nullptr;
  absl::Time deadline;
  echo_.echo = [&](const Call& call, const Done& done) {
    cancelled = call.cancelled;
    deadline = call.deadline;
    held.set_value(done);
  };
  grpc::ClientContext context;
  SetTimeout(context, absl::Milliseconds(50));
  EXPECT_EQ(errors::ReasonOf(Echo(context)), errors::v1::ERROR_REASON_DEADLINE_EXCEEDED);
  const Done done = held.get_future().get();
  // The client's deadline passes first: the server counts its own from the request's arrival.
  EXPECT_TRUE(Eventually([&] { return cancelled->load() && absl::Now() >= deadline; }));
  done(absl::OkStatus());
  EXPECT_EQ(Metric("rpcs_total", {{"method", kEchoMethod}, {"code", "DEADLINE_EXCEEDED"}}), 1);
}

TEST_F(CallsTest, AFullExecutorRefusesWithAdvice) {
  std::promise<void> running;
  std::promise<void> release;
  std::atomic<int> ran = 0;
  echo_.block = [&](const Call&) {
    if (++ran == 1) running.set_value();
    release.get_future().wait();
    return absl::OkStatus();
  };
  auto first = std::async([&] { return Block(); });
  running.get_future().wait();
  echo_.block = [&](const Call&) {
    ++ran;
    return absl::OkStatus();
  };
  auto second = std::async([&] { return Block(); });  // fills the queue of one
  ASSERT_TRUE(Eventually([&] {
    return Metric("rpcs_in_flight", {{"method", kBlockMethod}}) == 2;
  }));
  const absl::Status refused = Block();
  EXPECT_EQ(errors::ReasonOf(refused), errors::v1::ERROR_REASON_QUEUE_FULL);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  release.set_value();
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(second.get().ok());
  EXPECT_EQ(ran, 2);
}

TEST_F(CallsTest, ACallWhoseDeadlinePassesInTheQueueIsNotRun) {
  std::promise<void> running;
  std::promise<void> release;
  echo_.block = [&](const Call&) {
    running.set_value();
    release.get_future().wait();
    return absl::OkStatus();
  };
  auto first = std::async([&] { return Block(); });
  running.get_future().wait();
  echo_.block = [](const Call&) {
    ADD_FAILURE() << "ran after its deadline";
    return absl::OkStatus();
  };
  constexpr absl::Duration kTimeout = absl::Milliseconds(100);
  EXPECT_EQ(Block(kTimeout).code(), absl::StatusCode::kDeadlineExceeded);
  // By now the server's deadline, which counts from the arrival, has at most this far to go.
  const absl::Time passed = absl::Now() + kTimeout;
  EXPECT_TRUE(Eventually([&] { return absl::Now() > passed; }));
  release.set_value();
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(Eventually([&] {
    return Metric("rpcs_total", {{"method", kBlockMethod}, {"code", "DEADLINE_EXCEEDED"}}) == 1;
  }));
}

}  // namespace
}  // namespace tidemark::rpc
