#include "services/push/rpc/eraser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/testing/eventually.h"
#include "services/push/domain/device_id.h"
#include "services/push/store/memory_store.h"

namespace tidemark::push {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::Eventually;
using ::testing::Not;

class FakePoolList final : public PoolList {
 public:
  absl::StatusOr<bool> Exists(const std::string& pool_id, absl::Time) override {
    const std::lock_guard lock(mutex_);
    asked_.insert(pool_id);
    if (away) return absl::UnavailableError("away");
    return existing.contains(pool_id);
  }
  std::set<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  std::set<std::string> existing;
  std::atomic<bool> away = false;

 private:
  mutable std::mutex mutex_;
  std::set<std::string> asked_;
};

class EraserTest : public ::testing::Test {
 protected:
  void AddDevices(const std::string& pool_id, int count) {
    for (int i = 0; i < count; ++i) {
      const IdentityKey who = IdentityKey::Of(pool_id, absl::StrCat("r:", i));
      const std::string token = absl::StrCat("t", i);
      ASSERT_TRUE(store_
                      .Register({.key = {who, DeviceIdOf(who, Platform::kGcm, token)},
                                 .token_digest = DigestOf(token)},
                                absl::InfiniteFuture())
                      .ok());
    }
  }

  std::vector<std::string> Pools() {
    return store_.ListPools("", 100, absl::InfiniteFuture()).value();
  }

  void Know(const std::string& pool_id) {
    stream_config::v1::Pool pool;
    pool.set_identity_pool_id(pool_id);
    pool.set_pool_number(1);
    directory_.Replace({pool});
  }

  std::unique_ptr<Eraser> Start() {
    return std::make_unique<Eraser>(store_, list_, directory_,
                                    Eraser::Options{.interval = absl::Milliseconds(5), .chunk = 3},
                                    registry_);
  }

  MemoryStore store_;
  FakePoolList list_;
  pools::PoolDirectory directory_;
  prometheus::Registry registry_;
};

TEST_F(EraserTest, ForgetsDevicesOfDeletedPoolsAndNoOthers) {
  AddDevices("r:live", 2);
  AddDevices("r:dead", 10);
  Know("r:live");
  const auto eraser = Start();
  EXPECT_TRUE(Eventually([this] { return Pools() == std::vector<std::string>{"r:live"}; }));
  // Also those that registered where the deletion was not known yet.
  AddDevices("r:dead", 1);
  EXPECT_TRUE(Eventually([this] { return Pools().size() == 1; }));
  EXPECT_THAT(list_.asked(), ElementsAre("r:dead"));
}

TEST_F(EraserTest, APoolThatOnlyTheDirectoryLacksStays) {
  AddDevices("r:new", 2);
  AddDevices("r:zzz", 2);
  list_.existing = {"r:new"};
  Know("r:live");
  const auto eraser = Start();
  EXPECT_TRUE(Eventually([this] { return Pools() == std::vector<std::string>{"r:new"}; }));
}

TEST_F(EraserTest, NothingGoesWhileNobodyCanTell) {
  AddDevices("r:dead", 2);
  list_.away = true;
  Know("r:live");
  const auto eraser = Start();
  EXPECT_TRUE(Eventually([this] { return list_.asked().contains("r:dead"); }));
  EXPECT_THAT(Pools(), ElementsAre("r:dead"));
  list_.away = false;
  EXPECT_TRUE(Eventually([this] { return Pools().empty(); }));
}

TEST_F(EraserTest, NothingIsAskedBeforeThePoolsAreKnown) {
  AddDevices("r:dead", 2);
  const auto eraser = Start();
  EXPECT_THAT(list_.asked(), Not(Contains("r:dead")));
  Know("r:live");
  EXPECT_TRUE(Eventually([this] { return Pools().empty(); }));
}

}  // namespace
}  // namespace tidemark::push
