// Changes that are too large for their stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "services/publisher/domain/delivery_window.h"
#include "services/publisher/domain/testing/fixed_random.h"
#include "services/publisher/domain/testing/pick.h"

namespace tidemark::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Request = DeliveryWindow::Request;
using Upload = DeliveryWindow::Upload;
using UploadResult = DeliveryWindow::UploadResult;

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1000);
constexpr std::size_t kLarge = 200;

Event MakeEvent(Position position, std::string key, std::size_t bytes = 10) {
  Event event;
  event.position = position;
  event.key = std::move(key);
  event.data = std::string(bytes, 'x');
  event.commit_time = kNow;
  return event;
}

SendResult Delivered(const Request& request) {
  return {.records = std::vector<RecordResult>(request.records.size())};
}

UploadResult Stored(absl::Time good_until = absl::InfiniteFuture()) {
  return {.data = "url", .good_until = good_until};
}

std::vector<Position> PositionsOf(const Request& request) {
  std::vector<Position> positions;
  for (const auto& record : request.records) positions.push_back(record.event->position);
  return positions;
}

class UploadTest : public ::testing::Test {
 protected:
  std::vector<Position> Next(absl::Time now = kNow) {
    std::optional<Request> request = window_.Next(now);
    if (!request) return {};
    sent_.push_back(*std::move(request));
    return PositionsOf(sent_.back());
  }
  DeliveryWindow::Settled FinishSent(Fault fault = Fault::kNone, absl::Time now = kNow) {
    const Request request = std::move(sent_.front());
    sent_.pop_front();
    return window_.Finish(request.id,
                          fault == Fault::kNone ? Delivered(request) : SendResult{.fault = fault},
                          now, random_);
  }
  Upload NextUpload(absl::Time now = kNow) {
    const std::optional<Upload> upload = window_.NextUpload(now);
    EXPECT_TRUE(upload.has_value());
    return upload.value_or(Upload{});
  }
  auto Finish(const Upload& upload, UploadResult result, absl::Time now = kNow) {
    return window_.FinishUpload(upload.id, std::move(result), now, random_);
  }

  FixedRandom random_;
  DeliveryWindow window_{{.records_per_request = 3,
                          .bytes_per_request = 1000,
                          .record_bytes = 100,
                          .uploads_in_flight = 2}};
  std::deque<Request> sent_;
};

TEST_F(UploadTest, ALargeChangeIsStoredBeforeItIsSentAndHoldsUpItsKeyAlone) {
  window_.Add(MakeEvent(1, "a", kLarge));
  window_.Add(MakeEvent(2, "b"));
  window_.Add(MakeEvent(3, "a"));
  window_.Add(MakeEvent(4, "b"));
  EXPECT_THAT(Next(), ElementsAre(2));
  const Upload upload = NextUpload();
  EXPECT_EQ(upload.event->position, 1);
  EXPECT_FALSE(window_.NextUpload(kNow).has_value());
  FinishSent();
  EXPECT_THAT(Next(), ElementsAre(4));
  FinishSent();
  EXPECT_THAT(Next(), IsEmpty());

  const std::int64_t before = window_.memory_bytes();
  EXPECT_FALSE(Finish(upload, Stored()).has_value());
  EXPECT_LE(window_.memory_bytes(), before - 150);
  EXPECT_THAT(Next(), ElementsAre(1));
  EXPECT_EQ(sent_.front().records[0].data, "url");
  EXPECT_EQ(FinishSent().delivered.size(), 1U);
  EXPECT_THAT(Next(), ElementsAre(3));
  FinishSent();
  EXPECT_EQ(window_.memory_bytes(), 0);
}

TEST_F(UploadTest, ALargeChangeBehindASmallOneIsStoredInItsTurn) {
  window_.Add(MakeEvent(1, "a"));
  window_.Add(MakeEvent(2, "a", kLarge));
  EXPECT_FALSE(window_.NextUpload(kNow).has_value());
  EXPECT_THAT(Next(), ElementsAre(1));
  FinishSent();
  EXPECT_THAT(Next(), IsEmpty());
  EXPECT_EQ(window_.NextUploadDue(), absl::InfinitePast());
  Finish(NextUpload(), Stored());
  EXPECT_THAT(Next(), ElementsAre(2));
}

TEST_F(UploadTest, AFailedUploadIsTriedAgainAfterEverLongerPausesOfItsOwn) {
  window_.Add(MakeEvent(1, "a", kLarge));
  window_.Add(MakeEvent(2, "b", kLarge));
  absl::Time now = kNow;
  Finish(NextUpload(now), {.fault = Fault::kDenied, .error = "AccessDenied"}, now);
  EXPECT_EQ(window_.last_error(), "AccessDenied");
  EXPECT_EQ(NextUpload(now).event->position, 2) << "the other key does not wait for it";
  absl::Duration pause = window_.NextUploadDue() - now;
  EXPECT_GE(pause, absl::Seconds(1)) << "an operator must act";
  for (int i = 0; i < 8; ++i) {
    now = window_.NextUploadDue();
    EXPECT_FALSE(window_.NextUpload(now - absl::Milliseconds(1)).has_value());
    Finish(NextUpload(now), {.fault = Fault::kDenied, .error = "AccessDenied"}, now);
    pause = window_.NextUploadDue() - now;
  }
  EXPECT_GE(pause, absl::Seconds(30));
  EXPECT_LE(pause, absl::Seconds(60));
  EXPECT_EQ(window_.waiting(), 2) << "nothing is given up";
  now = window_.NextUploadDue();
  Finish(NextUpload(now), Stored(), now);
  EXPECT_EQ(window_.last_error(), "");
}

TEST_F(UploadTest, AChangeThatCanNeverBeStoredIsRefusedAndTheNextOfItsKeyGoes) {
  window_.Add(MakeEvent(1, "a", kLarge));
  window_.Add(MakeEvent(2, "a"));
  const auto refused = Finish(NextUpload(), {.fault = Fault::kRefused, .error = "EntityTooLarge"});
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->event.position, 1);
  EXPECT_EQ(refused->error, "EntityTooLarge");
  EXPECT_THAT(Next(), ElementsAre(2));
}

TEST_F(UploadTest, AtMostSoManyUploadsAreUnderWay) {
  for (Position i = 1; i <= 3; ++i) {
    window_.Add(MakeEvent(i, std::string(1, static_cast<char>('a' + i)), kLarge));
  }
  const Upload first = NextUpload();
  NextUpload();
  EXPECT_FALSE(window_.NextUpload(kNow).has_value());
  EXPECT_EQ(window_.NextUploadDue(), absl::InfiniteFuture());
  Finish(first, Stored());
  EXPECT_EQ(NextUpload().event->position, 3);
}

TEST_F(UploadTest, AStreamThatTakesLargerRecordsGetsThem) {
  window_.Add(MakeEvent(1, "a", kLarge));
  window_.set_record_bytes(1000);
  EXPECT_FALSE(window_.NextUpload(kNow).has_value());
  EXPECT_THAT(Next(), ElementsAre(1));
}

TEST_F(UploadTest, WhatWaitsIsMeasuredByTheLimitOfTheTimeWhenItIsSent) {
  window_.set_record_bytes(1000);
  window_.Add(MakeEvent(1, "a", kLarge));
  window_.set_record_bytes(100);
  EXPECT_THAT(Next(), IsEmpty());
  EXPECT_EQ(NextUpload().event->position, 1);
}

TEST_F(UploadTest, ALargeRecordThatTheStreamRefusesAfterAllIsStored) {
  window_.set_record_bytes(1000);
  window_.Add(MakeEvent(1, "a", kLarge));
  EXPECT_THAT(Next(), ElementsAre(1));
  EXPECT_THAT(FinishSent(Fault::kRefused).refused, IsEmpty());
  // As long as nothing else is accepted, the fault may lie elsewhere.
  EXPECT_FALSE(window_.NextUpload(kNow).has_value());
  window_.Add(MakeEvent(2, "b"));
  EXPECT_THAT(Next(), ElementsAre(2));
  FinishSent();
  const absl::Time later = window_.NextDue();
  EXPECT_THAT(Next(later), ElementsAre(1));
  EXPECT_THAT(FinishSent(Fault::kRefused, later).refused, IsEmpty());
  Finish(NextUpload(later), Stored());
  EXPECT_EQ(window_.record_bytes(), 100);
  EXPECT_THAT(Next(later), ElementsAre(1));
  EXPECT_EQ(FinishSent(Fault::kNone, later).delivered.size(), 1U);
}

TEST_F(UploadTest, AUrlThatBecameOldBeforeItCouldBeSentIsMadeAnew) {
  window_.Add(MakeEvent(1, "a", kLarge));
  Finish(NextUpload(), Stored(kNow + absl::Hours(1)));
  EXPECT_THAT(Next(), ElementsAre(1));
  FinishSent(Fault::kDenied);
  const absl::Time later = kNow + absl::Hours(1);
  EXPECT_THAT(Next(later), IsEmpty());
  const Upload again = NextUpload(later);
  EXPECT_TRUE(again.event->stored_until.has_value());
  Finish(again, {.data = "new url", .good_until = later + absl::Hours(1)}, later);
  EXPECT_THAT(Next(later), ElementsAre(1));
  EXPECT_EQ(sent_.front().records[0].data, "new url");
}

TEST_F(UploadTest, SuspectsThatAreToBeStoredInsteadEndNoTurnAndSuspectNoCopy) {
  window_.set_record_bytes(1000);
  window_.Add(MakeEvent(1, "a", kLarge));
  window_.Add(MakeEvent(2, "b", kLarge));
  ASSERT_THAT(Next(), ElementsAre(1, 2));
  EXPECT_THAT(FinishSent(Fault::kRefused).refused, IsEmpty());
  window_.set_record_bytes(100);
  window_.Add(MakeEvent(3, "c"));
  ASSERT_THAT(Next(), ElementsAre(3)) << "in the stead of the first half";
  Event copy = MakeEvent(0, "d");
  copy.copy = 1;
  window_.Add(copy);
  ASSERT_THAT(Next(), ElementsAre(0)) << "in the stead of the second";
  FinishSent();
  FinishSent(Fault::kTransient);
  window_.Add(MakeEvent(4, "e"));
  EXPECT_THAT(Next(window_.NextDue()), ElementsAre(4)) << "before the copy, as it is no suspect";
}

// A stream and a store that fail at random, and a store that is down for a while.
class Simulation {
 public:
  Simulation() {
    const int count = Pick(1, 40);
    for (Position position = 1; position <= count; ++position) {
      const bool large = Pick(0, 3) == 0;
      std::string key(1, static_cast<char>('a' + Pick(0, 6)));
      if (large) large_.insert(position);
      expected_[key].push_back(position);
      events_.push_back(MakeEvent(position, std::move(key), large ? kLarge : 10));
    }
  }

  void Run() {
    store_down_ = true;
    while (next_ < events_.size() || !OnlyLargeWait()) Step();
    RC_ASSERT(stored_.empty());  // and yet every key has come as far as its first large change
    store_down_ = false;
    while (next_ < events_.size() || window_.waiting() > 0) Step();
    for (const auto& [key, positions] : expected_) RC_ASSERT(arrived_[key] == positions);
    RC_ASSERT(stored_ == large_);
    RC_ASSERT(window_.memory_bytes() == 0);
  }

 private:
  bool OnlyLargeWait() const {
    for (const auto& [key, positions] : expected_) {
      std::size_t small = 0;
      while (small < positions.size() && !large_.contains(positions[small])) ++small;
      const auto it = arrived_.find(key);
      if ((it == arrived_.end() ? 0 : it->second.size()) < small) return false;
    }
    return sent_.empty();
  }

  void Step() {
    if (next_ < events_.size() && Pick(0, 2) == 0) window_.Add(events_[next_++]);
    if (next_ == events_.size() && sent_.empty() && uploads_.empty()) LetTimePass();
    if (std::optional<Request> request = window_.Next(now_)) sent_.push_back(*std::move(request));
    if (const std::optional<Upload> upload = window_.NextUpload(now_)) {
      uploads_.push_back(*upload);
      RC_ASSERT(uploads_.size() <= 2U);
    }
    if (!sent_.empty() && Pick(0, 2) == 0) FinishSent();
    if (!uploads_.empty() && Pick(0, 2) == 0) FinishUpload();
    if (Pick(0, 20) == 0) Shed();
  }

  // What was not sent is dropped, and read again from the log.
  void Shed() {
    const auto shed = window_.ShedUnsent();
    if (shed.changes == 0) return;
    RC_ASSERT(shed.through < static_cast<Position>(next_));
    next_ = static_cast<std::size_t>(shed.through);  // of positions from 1, without gaps
  }

  void LetTimePass() {
    const absl::Time due = std::min(window_.NextDue(), window_.NextUploadDue());
    RC_ASSERT(due != absl::InfiniteFuture());
    now_ = std::max(now_, due);
  }

  void FinishSent() {
    const Request request = Take(sent_);
    SendResult result = Delivered(request);
    if (Rarely()) result = {.fault = Fault::kThrottled};
    for (std::size_t i = 0; i < result.records.size(); ++i) {
      const Event& event = *request.records[i].event;
      RC_ASSERT(event.record_bytes() <= 100);
      RC_ASSERT(!large_.contains(event.position) || stored_.contains(event.position));
      if (event.stored_until) RC_ASSERT(*event.stored_until > sent_at_.at(event.position));
      if (Rarely()) {
        result.records[i] = {Fault::kTransient, "partial"};
      } else {
        arrived_[event.key].push_back(event.position);
      }
    }
    window_.Finish(request.id, result, now_, random_);
  }

  void FinishUpload() {
    const Upload upload = Take(uploads_);
    const Position position = upload.event->position;
    RC_ASSERT(large_.contains(position));
    if (store_down_ || Rarely()) {
      window_.FinishUpload(upload.id, {.fault = Fault::kDenied, .error = "no"}, now_, random_);
      return;
    }
    stored_.insert(position);
    sent_at_[position] = now_;
    window_.FinishUpload(upload.id, Stored(now_ + absl::Seconds(Pick(1, 10))), now_, random_);
  }

  template <typename T>
  static T Take(std::vector<T>& from) {
    const auto it =
        from.begin() + Pick<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(from.size()));
    T taken = std::move(*it);
    from.erase(it);
    return taken;
  }
  static bool Rarely() { return *rc::gen::weightedElement<bool>({{5, false}, {1, true}}); }

  DeliveryWindow window_{{.records_per_request = 4,
                          .bytes_per_request = 300,
                          .requests_in_flight = 3,
                          .record_bytes = 100,
                          .uploads_in_flight = 2}};
  FixedRandom random_;
  std::vector<Event> events_;
  std::size_t next_ = 0;
  std::set<Position> large_;
  std::map<std::string, std::vector<Position>> expected_;
  bool store_down_ = false;
  std::vector<Request> sent_;
  std::vector<Upload> uploads_;
  std::set<Position> stored_;
  std::map<Position, absl::Time> sent_at_;
  std::map<std::string, std::vector<Position>> arrived_;
  absl::Time now_ = kNow;
};

RC_GTEST_PROP(UploadPropertyTest, OrderHoldsNothingIsLostAndAStoreThatIsDownHoldsUpLargeOnesAlone,
              ()) {
  Simulation().Run();
}

}  // namespace
}  // namespace tidemark::publisher
