#include "common/aws/cached_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "common/testing/settable_clock.h"

namespace tidemark::aws {
namespace {

using ::testing::HasSubstr;
using testing::SettableClock;

// Fetches end when the test says so.
class StubSource final : public CredentialsSource {
 public:
  explicit StubSource(std::vector<Callback>& fetches) : fetches_(fetches) {}
  void Fetch(Callback callback) override { fetches_.push_back(std::move(callback)); }

 private:
  std::vector<Callback>& fetches_;
};

class CachedCredentialsTest : public ::testing::Test {
 protected:
  Credentials Lasting(absl::Duration lifetime, const std::string& id) const {
    return {id, Secret("s"), Secret("t"), clock_.Now() + lifetime};
  }

  // What became of a Get: nothing yet, credentials' id, or the error's text.
  std::shared_ptr<std::optional<std::string>> Get() {
    auto outcome = std::make_shared<std::optional<std::string>>();
    provider_.Get([outcome](const absl::StatusOr<CredentialsProvider::Pointer>& got) {
      *outcome = got.ok() ? (*got)->access_key_id : std::string(got.status().message());
    });
    return outcome;
  }

  void Finish(absl::StatusOr<Credentials> result) {
    ASSERT_FALSE(fetches_.empty());
    auto callback = std::move(fetches_.back());
    fetches_.pop_back();
    callback(std::move(result));
  }

  SettableClock clock_;
  std::vector<CredentialsSource::Callback> fetches_;
  CachedCredentials provider_{std::make_unique<StubSource>(fetches_), clock_, SystemRandom()};
};

TEST_F(CachedCredentialsTest, OneFetchServesAllThatWait) {
  const auto first = Get();
  const auto second = Get();
  EXPECT_EQ(fetches_.size(), 1u);
  EXPECT_FALSE(first->has_value());
  Finish(Lasting(absl::Hours(1), "A"));
  EXPECT_EQ(*first, "A");
  EXPECT_EQ(*second, "A");
  EXPECT_EQ(*Get(), "A");
  EXPECT_TRUE(fetches_.empty());
}

TEST_F(CachedCredentialsTest, RenewsAheadOfTheExpiryWhileTheOldOnesServe) {
  Get();
  Finish(Lasting(absl::Hours(1), "A"));
  clock_.passed = absl::Minutes(49);  // 11 minutes ahead: no jitter goes that far
  EXPECT_EQ(*Get(), "A");
  EXPECT_TRUE(fetches_.empty());
  clock_.passed = absl::Minutes(56);  // 4 minutes ahead
  EXPECT_EQ(*Get(), "A");
  EXPECT_EQ(*Get(), "A");
  ASSERT_EQ(fetches_.size(), 1u);
  Finish(Lasting(absl::Hours(1), "B"));
  EXPECT_EQ(*Get(), "B");
}

TEST_F(CachedCredentialsTest, ShortLivedOnesAreRenewedAtTheirLastFifth) {
  Get();
  Finish(Lasting(absl::Minutes(10), "A"));
  clock_.passed = absl::Minutes(5);
  Get();
  EXPECT_TRUE(fetches_.empty());
  clock_.passed = absl::Minutes(8) + absl::Seconds(1);
  Get();
  EXPECT_EQ(fetches_.size(), 1u);
}

TEST_F(CachedCredentialsTest, TheOldOnesServeWhileRenewalFailsUntilTheyExpire) {
  Get();
  Finish(Lasting(absl::Hours(1), "A"));
  for (int minute = 56; minute < 60; ++minute) {
    clock_.passed = absl::Minutes(minute);
    EXPECT_EQ(*Get(), "A");
    Finish(absl::UnavailableError("STS is down"));
  }
  clock_.passed = absl::Minutes(60);
  const auto waiting = Get();
  EXPECT_FALSE(waiting->has_value());
  Finish(absl::UnavailableError("STS is down"));
  EXPECT_EQ(*waiting, "STS is down");
}

TEST_F(CachedCredentialsTest, WhoAsksInAPauseGetsTheLastError) {
  Get();
  Finish(absl::PermissionDeniedError("may not"));
  EXPECT_EQ(*Get(), "may not");
  EXPECT_TRUE(fetches_.empty());
  clock_.passed += absl::Milliseconds(500);  // the longest first pause
  Get();
  EXPECT_EQ(fetches_.size(), 1u);
}

TEST_F(CachedCredentialsTest, AClockThatIsSetBackDoesNotLengthenAPause) {
  Get();
  Finish(absl::UnavailableError("down"));
  clock_.passed = -absl::Hours(1);
  Get();
  EXPECT_EQ(fetches_.size(), 1u);
}

TEST_F(CachedCredentialsTest, RefusedOnesAreFetchedAnewAtMostOnceASecond) {
  Get();
  const Credentials refused = Lasting(absl::Hours(1), "A");
  Finish(refused);
  provider_.Refuse(refused);
  EXPECT_THAT(**Get(), HasSubstr("refused"));
  EXPECT_TRUE(fetches_.empty());
  clock_.passed += absl::Seconds(1);
  const auto waiting = Get();
  EXPECT_EQ(fetches_.size(), 1u);
  Finish(Lasting(absl::Hours(1), "B"));
  EXPECT_EQ(*waiting, "B");
  provider_.Refuse(refused);  // a late answer about the old ones
  EXPECT_EQ(*Get(), "B");
}

TEST_F(CachedCredentialsTest, DoubtedOnesServeWhileOthersAreFetched) {
  Get();
  Finish(Lasting(absl::Hours(1), "A"));
  clock_.passed += absl::Seconds(1);
  provider_.Renew();
  EXPECT_EQ(*Get(), "A");
  ASSERT_EQ(fetches_.size(), 1u);
  Finish(Lasting(absl::Hours(1), "B"));
  clock_.passed += absl::Seconds(1);
  EXPECT_EQ(*Get(), "B");
  EXPECT_TRUE(fetches_.empty());
}

TEST_F(CachedCredentialsTest, ThoseWithoutAnExpiryAreFetchedAnewEveryFewMinutes) {
  const auto lasting = [](const char* id) {
    return Credentials{id, Secret("s"), Secret(), absl::InfiniteFuture()};
  };
  Get();
  Finish(lasting("A"));
  clock_.passed = absl::Minutes(2);
  EXPECT_EQ(*Get(), "A");
  EXPECT_TRUE(fetches_.empty());
  clock_.passed = absl::Minutes(5);
  EXPECT_EQ(*Get(), "A");
  Finish(absl::UnavailableError("the file is gone"));
  clock_.passed = absl::Minutes(6);
  EXPECT_EQ(*Get(), "A") << "kept while others can't be had";
  Finish(lasting("B"));
  EXPECT_EQ(*Get(), "B");
  EXPECT_TRUE(fetches_.empty());
}

TEST_F(CachedCredentialsTest, WhatHasExpiredAlreadyIsAnError) {
  const auto waiting = Get();
  Finish(Lasting(absl::ZeroDuration(), "A"));
  EXPECT_THAT(**waiting, HasSubstr("expired"));
}

TEST_F(CachedCredentialsTest, AFetchMayOutliveTheProvider) {
  std::optional<CachedCredentials> provider(std::in_place, std::make_unique<StubSource>(fetches_),
                                            clock_, SystemRandom());
  bool called = false;
  provider->Get([&called](const auto& got) { called = got.ok(); });
  provider.reset();
  Finish(Lasting(absl::Hours(1), "A"));
  EXPECT_TRUE(called);
}

// Answers on a thread of its own.
class ThreadedSource final : public CredentialsSource {
 public:
  explicit ThreadedSource(std::vector<std::thread>& fetches) : fetches_(fetches) {}
  void Fetch(Callback callback) override {
    fetches_.emplace_back([callback = std::move(callback)] {
      callback(Credentials{"A", Secret("s"), Secret(), absl::InfiniteFuture()});
    });
  }

 private:
  std::vector<std::thread>& fetches_;
};

TEST(CachedCredentialsThreadsTest, ManyThreadsShareOneFetch) {
  std::vector<std::thread> fetches;
  std::atomic<int> answers = 0;
  {
    CachedCredentials provider(std::make_unique<ThreadedSource>(fetches), SystemClock(),
                               SystemRandom());
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 50; ++j) provider.Get([&](const auto& got) { answers += got.ok(); });
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  ASSERT_EQ(fetches.size(), 1u);
  fetches[0].join();
  EXPECT_EQ(answers, 400);
}

}  // namespace
}  // namespace tidemark::aws
