#include "services/publisher/domain/delivery_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "services/publisher/domain/backoff.h"
#include "services/publisher/domain/testing/fixed_random.h"
#include "services/publisher/domain/testing/pick.h"

namespace tidemark::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Request = DeliveryWindow::Request;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1000);

Event MakeEvent(Position position, std::string key, std::size_t bytes = 10) {
  Event event;
  event.position = position;
  event.key = std::move(key);
  event.data = std::string(bytes, 'x');
  event.commit_time = kNow + absl::Seconds(position);
  return event;
}

std::vector<std::string> KeysOf(const Request& request) {
  std::vector<std::string> keys;
  for (const auto& record : request.records) keys.emplace_back(record.key);
  return keys;
}

SendResult Delivered(const Request& request) {
  return {.records = std::vector<RecordResult>(request.records.size())};
}
SendResult Failed(Fault fault) { return {.fault = fault, .error = "it failed"}; }

class DeliveryWindowTest : public ::testing::Test {
 protected:
  Request Next(absl::Time now = kNow) {
    std::optional<Request> request = window_.Next(now);
    EXPECT_TRUE(request.has_value());
    return request ? *std::move(request) : Request{};
  }
  DeliveryWindow::Settled Finish(const Request& request, const SendResult& result,
                                 absl::Time now = kNow) {
    return window_.Finish(request.id, result, now, random_);
  }

  FixedRandom random_;
  DeliveryWindow window_{
      {.records_per_request = 3, .bytes_per_request = 100, .requests_in_flight = 2}};
};

TEST_F(DeliveryWindowTest, OnlyTheFirstChangeOfAKeyIsInFlight) {
  window_.Add(MakeEvent(1, "a"));
  window_.Add(MakeEvent(2, "b"));
  window_.Add(MakeEvent(3, "a"));
  const Request first = Next();
  EXPECT_THAT(KeysOf(first), ElementsAre("a", "b"));
  EXPECT_FALSE(window_.Next(kNow).has_value());
  EXPECT_EQ(window_.NextDue(), absl::InfiniteFuture());
  EXPECT_EQ(Finish(first, Delivered(first)).delivered.size(), 2U);
  EXPECT_EQ(window_.waiting(), 1);
  EXPECT_EQ(Next().records.front().event->position, 3);
}

TEST_F(DeliveryWindowTest, ARequestKeepsItsBounds) {
  for (int i = 0; i < 7; ++i) window_.Add(MakeEvent(i, std::string(1, static_cast<char>('a' + i))));
  const Request first = Next();
  EXPECT_EQ(first.records.size(), 3U);
  EXPECT_EQ(first.bytes, 33);
  EXPECT_EQ(Next().records.size(), 3U);
  EXPECT_FALSE(window_.Next(kNow).has_value()) << "two requests are in flight";
}

TEST_F(DeliveryWindowTest, ARequestKeepsItsBytesButTakesAtLeastOneRecord) {
  window_.Add(MakeEvent(1, "a", 60));
  window_.Add(MakeEvent(2, "b", 60));
  window_.Add(MakeEvent(3, "c", 500));
  EXPECT_THAT(KeysOf(Next()), ElementsAre("a"));
  const Request second = Next();
  EXPECT_THAT(KeysOf(second), ElementsAre("b"));
  Finish(second, Delivered(second));
  EXPECT_THAT(KeysOf(Next()), ElementsAre("c"));
}

TEST_F(DeliveryWindowTest, AfterAFailureOneSmallRequestTriesWhetherItWorksAgain) {
  DeliveryWindow window{WindowLimits()};
  for (int i = 1; i <= 600; ++i) window.Add(MakeEvent(i, std::to_string(i)));
  const auto first = window.Next(kNow);
  const auto second = window.Next(kNow);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->records.size(), 500U);
  window.Finish(first->id, Failed(Fault::kTransient), kNow, random_);
  const absl::Time later = kNow + absl::Minutes(1);
  EXPECT_FALSE(window.Next(later).has_value()) << "another one is still in flight";
  window.Finish(second->id, Failed(Fault::kTransient), kNow, random_);
  const auto probe = window.Next(later);
  ASSERT_TRUE(probe.has_value());
  EXPECT_EQ(probe->records.size(), 16U);
  EXPECT_FALSE(window.Next(later).has_value());
  EXPECT_EQ(window.NextDue(), absl::InfiniteFuture());
  window.Finish(probe->id, Delivered(*probe), later, random_);
  EXPECT_EQ(window.Next(later)->records.size(), 500U);
  EXPECT_TRUE(window.Next(later).has_value());
}

TEST_F(DeliveryWindowTest, ARequestTakesNoMoreBytesThanItMay) {
  for (int i = 1; i <= 3; ++i) window_.Add(MakeEvent(i, std::to_string(i)));
  const auto request = window_.Next(kNow, 25);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->records.size(), 2U);
}

TEST_F(DeliveryWindowTest, ShedsWhatWasNeverSentAndNothingElse) {
  EXPECT_EQ(window_.ShedUnsent().changes, 0);
  for (int i = 1; i <= 6; ++i) window_.Add(MakeEvent(i, i % 2 == 0 ? "even" : "odd"));
  window_.Add(MakeEvent(7, "other"));
  const Request request = Next();  // 1, 2 and 7
  EXPECT_EQ(window_.ShedUnsent().changes, 0) << "3 to 6 lie below what was sent";
  for (int i = 8; i <= 10; ++i) window_.Add(MakeEvent(i, i % 2 == 0 ? "even" : "new"));
  const std::int64_t bytes = window_.memory_bytes();
  const auto shed = window_.ShedUnsent();
  EXPECT_EQ(shed.through, 7);
  EXPECT_EQ(shed.changes, 3);
  EXPECT_EQ(window_.memory_bytes(), bytes - shed.bytes);
  EXPECT_EQ(window_.waiting(), 7);
  Finish(request, Delivered(request));
  std::vector<Position> rest;
  while (window_.waiting() > 0) {
    const Request next = Next();
    for (const auto& record : next.records) rest.push_back(record.event->position);
    Finish(next, Delivered(next));
  }
  EXPECT_THAT(rest, ElementsAre(3, 4, 5, 6));
}

TEST_F(DeliveryWindowTest, AfterAPartialFailureOnlyTheFailedKeysWait) {
  window_.Add(MakeEvent(1, "a"));
  window_.Add(MakeEvent(2, "b"));
  window_.Add(MakeEvent(3, "a"));
  window_.Add(MakeEvent(4, "b"));
  const Request request = Next();
  SendResult result = Delivered(request);
  result.records[0] = {Fault::kThrottled, "slow down"};
  EXPECT_EQ(Finish(request, result).delivered.size(), 1U);
  EXPECT_EQ(window_.last_error(), "slow down");

  const Request others = Next();
  EXPECT_THAT(KeysOf(others), ElementsAre("b"));
  EXPECT_EQ(others.records[0].event->position, 4);
  Finish(others, Delivered(others));
  const absl::Time due = window_.NextDue();
  EXPECT_GE(due, kNow + absl::Milliseconds(100));
  EXPECT_LE(due, kNow + absl::Milliseconds(200));
  EXPECT_FALSE(window_.Next(due - absl::Milliseconds(1)).has_value());
  EXPECT_EQ(Next(due).records[0].event->position, 1);
  EXPECT_EQ(window_.last_error(), "");
}

TEST_F(DeliveryWindowTest, AFailedRequestIsSentAgainInItsOrderAfterEverLongerPauses) {
  window_.Add(MakeEvent(1, "a"));
  window_.Add(MakeEvent(2, "b"));
  absl::Time now = kNow;
  absl::Duration last = absl::ZeroDuration();
  for (int i = 0; i < 4; ++i) {
    const Request request = Next(now);
    EXPECT_THAT(KeysOf(request), ElementsAre("a", "b"));
    EXPECT_THAT(Finish(request, Failed(Fault::kTransient), now).delivered, IsEmpty());
    const absl::Time due = window_.NextDue();
    EXPECT_GT(due - now, last / 2);
    last = due - now;
    now = due;
  }
  EXPECT_GE(last, absl::Milliseconds(200));
  EXPECT_EQ(window_.waiting(), 2);
}

TEST_F(DeliveryWindowTest, RequestsThatFailTogetherMakeThePauseGrowOnce) {
  for (int i = 0; i < 6; ++i) window_.Add(MakeEvent(i, std::string(1, static_cast<char>('a' + i))));
  const Request one = Next();
  const Request two = Next();
  Finish(one, Failed(Fault::kThrottled));
  Finish(two, Failed(Fault::kThrottled), kNow + absl::Milliseconds(1));
  absl::Time now = kNow;
  absl::Duration longest = absl::Milliseconds(200);
  for (int round = 0; round < 4; ++round, longest *= 2) {
    EXPECT_LE(window_.NextDue() - now, longest + absl::Milliseconds(1));
    EXPECT_GE(window_.NextDue() - now, longest / 2);
    now = window_.NextDue();
    Finish(Next(now), Failed(Fault::kThrottled), now);
  }
}

TEST_F(DeliveryWindowTest, AnAnswerThatDoesNotFitTheRequestIsAFailure) {
  window_.Add(MakeEvent(1, "a"));
  const Request request = Next();
  EXPECT_THAT(Finish(request, SendResult{}).delivered, IsEmpty());
  EXPECT_EQ(window_.waiting(), 1);
}

TEST_F(DeliveryWindowTest, ARecordRefusedByItselfLetsLaterOnesOfItsKeyPass) {
  window_.Add(MakeEvent(1, "a"));
  window_.Add(MakeEvent(2, "a"));
  const Request request = Next();
  const auto settled = Finish(request, {.records = {{Fault::kRefused, "too large"}}});
  ASSERT_EQ(settled.refused.size(), 1U);
  EXPECT_EQ(settled.refused[0].event.position, 1);
  EXPECT_EQ(settled.refused[0].event.key, "a");
  EXPECT_EQ(settled.refused[0].error, "too large");
  EXPECT_EQ(Next().records[0].event->position, 2);
}

TEST_F(DeliveryWindowTest, ARefusedRequestIsSplitUntilTheCulpritStandsAlone) {
  for (const char* key : {"a", "b", "c"}) window_.Add(MakeEvent(*key, key));
  std::vector<std::string> refused;
  std::set<std::string> delivered;
  absl::Time now = kNow;
  for (int i = 0; i < 20 && window_.waiting() > 0; ++i) {
    now = std::max(now, window_.NextDue());
    const Request request = Next(now);
    const std::vector<std::string> keys = KeysOf(request);
    const bool poisoned = std::find(keys.begin(), keys.end(), "b") != keys.end();
    const auto settled =
        Finish(request, poisoned ? Failed(Fault::kRefused) : Delivered(request), now);
    for (const auto& event : settled.delivered) delivered.insert(event.key);
    for (const auto& one : settled.refused) refused.push_back(one.event.key);
  }
  EXPECT_THAT(refused, ElementsAre("b"));
  EXPECT_THAT(delivered, ElementsAre("a", "c"));
}

TEST_F(DeliveryWindowTest, ADestinationThatRefusesEverythingParksNothing) {
  for (const char* key : {"a", "b", "c"}) window_.Add(MakeEvent(*key, key));
  absl::Time now = kNow;
  for (int i = 0; i < 50; ++i) {
    now = std::max(now, window_.NextDue());
    const Request request = Next(now);
    EXPECT_THAT(Finish(request, Failed(Fault::kRefused), now).refused, IsEmpty());
  }
  EXPECT_EQ(window_.waiting(), 3);
  EXPECT_GT(now, kNow + absl::Minutes(1)) << "it must not be asked without a pause";
}

TEST_F(DeliveryWindowTest, ALoneRecordThatIsRefusedForMinutesIsRefusedForGood) {
  window_.Add(MakeEvent(1, "a"));
  window_.Add(MakeEvent(2, "a"));
  absl::Time now = kNow;
  DeliveryWindow::Settled settled;
  for (int i = 0; i < 20 && settled.refused.empty(); ++i) {
    now = std::max(now, window_.NextDue());
    settled = Finish(Next(now), Failed(Fault::kRefused), now);
  }
  ASSERT_EQ(settled.refused.size(), 1U);
  EXPECT_EQ(settled.refused[0].event.position, 1);
  EXPECT_GE(now - kNow, DeliveryWindow::kLoneRefusal);
  EXPECT_LE(now - kNow, absl::Minutes(5));
  EXPECT_EQ(window_.last_error(), "");
  EXPECT_EQ(Next(now).records[0].event->position, 2);
}

TEST_F(DeliveryWindowTest, ALoneRefusedRecordWaitsWhileAnythingElseFails) {
  window_.Add(MakeEvent(1, "a"));
  absl::Time now = kNow;
  for (int i = 0; i < 100; ++i) {
    now = std::max(now, window_.NextDue());
    const Fault fault = i % 4 == 3 ? Fault::kTransient : Fault::kRefused;
    ASSERT_THAT(Finish(Next(now), Failed(fault), now).refused, IsEmpty());
  }
  EXPECT_EQ(window_.last_error(), "it failed");
}

TEST_F(DeliveryWindowTest, KnowsItsOldestChangeAndItsMemory) {
  EXPECT_EQ(window_.OldestCommit(), absl::InfiniteFuture());
  window_.Add(MakeEvent(5, "a"));
  window_.Add(MakeEvent(6, "b"));
  EXPECT_EQ(window_.OldestCommit(), kNow + absl::Seconds(5));
  EXPECT_GT(window_.memory_bytes(), 20);
  const Request request = Next();
  Finish(request, Delivered(request));
  EXPECT_EQ(window_.memory_bytes(), 0);
  EXPECT_EQ(window_.OldestCommit(), absl::InfiniteFuture());
}

TEST(BackoffTest, GrowsToABoundAndThrottlesWaitLonger) {
  FixedRandom random;
  for (int i = 1; i < 100; ++i) {
    EXPECT_LE(BackoffDelay(Fault::kTransient, i, random), absl::Seconds(5));
    EXPECT_GE(BackoffDelay(Fault::kThrottled, i, random), absl::Milliseconds(100));
  }
  EXPECT_GE(BackoffDelay(Fault::kTransient, 50, random), absl::Milliseconds(2500));
  EXPECT_LE(BackoffDelay(Fault::kTransient, 1, random), absl::Milliseconds(50));
  EXPECT_GE(BackoffDelay(Fault::kThrottled, 50, random), absl::Milliseconds(7500));
}

// A destination that fails at random and refuses requests with a poisoned record.
class Destination {
 public:
  explicit Destination(std::set<Position> poisoned) : poisoned_(std::move(poisoned)) {}

  SendResult Answer(const Request& request) {
    SendResult result = Delivered(request);
    for (std::size_t i = 0; i < request.records.size(); ++i) {
      const Event& event = *request.records[i].event;
      if (poisoned_.contains(event.position)) return Failed(Fault::kRefused);
      if (Rarely()) result.records[i] = {Fault::kTransient, "partial"};
    }
    const bool lost = Rarely();  // processed, but the answer does not arrive
    if (!lost && Rarely()) return Failed(Fault::kThrottled);
    for (std::size_t i = 0; i < request.records.size(); ++i) {
      if (result.records[i].fault == Fault::kNone) Arrive(*request.records[i].event);
    }
    return lost ? Failed(Fault::kTransient) : result;
  }

  const std::map<std::string, std::vector<Position>>& arrived() const { return arrived_; }

 private:
  static bool Rarely() { return *rc::gen::weightedElement<bool>({{5, false}, {1, true}}); }

  void Arrive(const Event& event) {
    std::vector<Position>& line = arrived_[event.key];
    if (!line.empty() && line.back() == event.position) return;  // a repeat
    RC_ASSERT((line.empty() || line.back() < event.position));
    line.push_back(event.position);
  }

  const std::set<Position> poisoned_;
  std::map<std::string, std::vector<Position>> arrived_;
};

// Changes that are added and sent at random moments, until all are settled.
class Simulation {
 public:
  Simulation() {
    const int count = Pick(1, 40);
    for (Position position = 1; position <= count; ++position) {
      events_.push_back(MakeEvent(position, std::string(1, static_cast<char>('a' + Pick(0, 6)))));
      if (position < count && Pick(0, 12) == 0) {
        poisoned_.insert(position);
      } else {
        expected_[events_.back().key].push_back(position);
      }
    }
  }

  void Run() {
    Destination destination(poisoned_);
    while (next_ < events_.size() || window_.waiting() > 0) {
      if (next_ < events_.size() && Pick(0, 2) == 0) window_.Add(events_[next_++]);
      if (next_ == events_.size() && in_flight_.empty()) LetTimePass();
      Send();
      if (!in_flight_.empty() && Pick(0, 2) == 0) FinishOne(destination);
    }
    RC_ASSERT(refused_ == poisoned_);
    for (const auto& [key, positions] : expected_) {
      RC_ASSERT(destination.arrived().at(key) == positions);
    }
    RC_ASSERT(window_.memory_bytes() == 0);
  }

 private:
  // Something else keeps coming, so that refusals can be proven.
  void LetTimePass() {
    if (window_.NextDue() <= now_) return;
    now_ = window_.NextDue();
    if (helpers_++ == 0) window_.Add(MakeEvent(1000 + ++helper_, "helper"));
  }

  void Send() {
    std::optional<Request> request = window_.Next(now_);
    if (!request) return;
    RC_ASSERT(request->records.size() <= 4U);
    RC_ASSERT(request->bytes <= 60);
    for (const std::string& key : KeysOf(*request)) RC_ASSERT(keys_in_flight_.insert(key).second);
    const auto id = request->id;
    in_flight_.emplace(id, *std::move(request));
    RC_ASSERT(in_flight_.size() <= 3U);
  }

  void FinishOne(Destination& destination) {
    auto it = in_flight_.begin();
    std::advance(it, Pick<std::size_t>(0, in_flight_.size()));
    const Request request = std::move(it->second);
    in_flight_.erase(it);
    for (const std::string& key : KeysOf(request)) keys_in_flight_.erase(key);
    const auto settled = window_.Finish(request.id, destination.Answer(request), now_, random_);
    for (const Event& event : settled.delivered) {
      if (event.key == "helper") helpers_ = 0;
    }
    for (const auto& one : settled.refused) refused_.insert(one.event.position);
  }

  DeliveryWindow window_{
      {.records_per_request = 4, .bytes_per_request = 60, .requests_in_flight = 3}};
  FixedRandom random_;
  std::vector<Event> events_;
  std::size_t next_ = 0;
  std::set<Position> poisoned_;
  std::set<Position> refused_;
  std::map<std::string, std::vector<Position>> expected_;
  std::map<DeliveryWindow::RequestId, Request> in_flight_;
  std::set<std::string> keys_in_flight_;
  int helpers_ = 0;  // waiting
  Position helper_ = 0;
  absl::Time now_ = kNow;
};

RC_GTEST_PROP(DeliveryWindowPropertyTest, EveryChangeArrivesInTheOrderOfItsKeyOrIsRefused, ()) {
  Simulation().Run();
}

}  // namespace
}  // namespace tidemark::publisher
