#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "common/pools/pool_watch.h"
#include "services/stream_config/rpc/testing/rpc_fixture.h"
#include "services/stream_config/store/update.h"

namespace tidemark::stream_config {
namespace {

using testing::Eventually;

class WatchTest : public StreamConfigRpcTest {
 protected:
  // One WatchPools call, read message by message.
  class Watch {
   public:
    explicit Watch(v1::StreamConfigService::Stub& stub, const std::string& caller = "developer") {
      context_.AddMetadata("x-tidemark-caller", caller);
      context_.AddMetadata("x-tidemark-principal", "us-east-1:1b");
      context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
      reader_ = stub.WatchPools(&context_, v1::WatchPoolsRequest());
    }
    ~Watch() {
      context_.TryCancel();
      v1::WatchPoolsResponse rest;
      while (reader_->Read(&rest)) {
      }
      if (!finished_) (void)reader_->Finish();
    }

    // Reads until `done` holds of the pools told so far, by name.
    template <typename Done>
    bool ReadUntil(Done done) {
      v1::WatchPoolsResponse response;
      while (!done(*this)) {
        if (!reader_->Read(&response)) return false;
        ++messages_;
        for (const v1::Pool& pool : response.pools()) {
          names_[pool.identity_pool_id()] = pool.display_name();
        }
        for (const std::string& id : response.deleted_identity_pool_ids()) names_.erase(id);
        lists_ += response.snapshot_done() ? 1 : 0;
      }
      return true;
    }
    bool ReadList() {
      return ReadUntil([](const Watch& watch) { return watch.lists_ == 1; });
    }

    absl::Status Finish() {
      finished_ = true;
      return rpc::FromGrpc(reader_->Finish());
    }
    const std::map<std::string, std::string>& names() const { return names_; }
    int messages() const { return messages_; }
    int lists() const { return lists_; }

   private:
    grpc::ClientContext context_;
    std::unique_ptr<grpc::ClientReader<v1::WatchPoolsResponse>> reader_;
    std::map<std::string, std::string> names_;
    int messages_ = 0;
    int lists_ = 0;
    bool finished_ = false;
  };

  void Rename(const std::string& pool_id, const std::string& name) {
    v1::UpdatePoolRequest request = UpdateOf({"display_name"}, pool_id);
    request.mutable_pool()->set_display_name(name);
    const auto updated = Update(request);
    ASSERT_TRUE(updated.ok()) << updated.status();
  }

  void DeleteNow(const std::string& pool_id) {
    v1::DeletePoolRequest request;
    request.set_identity_pool_id(pool_id);
    ASSERT_TRUE(Delete(request).ok());
  }
};

TEST_F(WatchTest, TellsAllPoolsAndThenChangesAndDeletions) {
  Make("r:1");
  Make("r:2");
  Watch watch(*stub_);
  ASSERT_TRUE(watch.ReadList());
  EXPECT_EQ(watch.names(), (std::map<std::string, std::string>{{"r:1", ""}, {"r:2", ""}}));
  Rename("r:1", "new");
  ASSERT_TRUE(watch.ReadUntil([](const Watch& w) { return w.names().at("r:1") == "new"; }));
  DeleteNow("r:2");
  ASSERT_TRUE(watch.ReadUntil([](const Watch& w) { return !w.names().contains("r:2"); }));
  Make("r:3");
  ASSERT_TRUE(watch.ReadUntil([](const Watch& w) { return w.names().contains("r:3"); }));
  EXPECT_EQ(watch.lists(), 1);
}

TEST_F(WatchTest, WithoutPoolsTheListIsDoneAtOnce) {
  Watch watch(*stub_);
  EXPECT_TRUE(watch.ReadList());
  EXPECT_TRUE(watch.names().empty());
}

TEST_F(WatchTest, IsForDevelopersOnly) {
  Watch watch(*stub_, "identity");
  EXPECT_FALSE(watch.ReadList());
  const absl::Status status = watch.Finish();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_NOT_AUTHORIZED);
}

TEST_F(WatchTest, HundredsOfWatchersAllSeeAChange) {
  Make("r:1");
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < 300; ++i) watches.push_back(std::make_unique<Watch>(*stub_));
  for (const auto& watch : watches) ASSERT_TRUE(watch->ReadList());
  Rename("r:1", "new");
  for (const auto& watch : watches) {
    ASSERT_TRUE(watch->ReadUntil([](const Watch& w) { return w.names().at("r:1") == "new"; }));
  }
}

// A client that does not read is told nothing until it does, and then the latest, while others are
// told at once.
TEST_F(WatchTest, AClientThatDoesNotReadHoldsUpNobody) {
  constexpr int kPools = 100;
  constexpr int kRounds = 40;
  const std::string padding(100, 'x');
  std::vector<Pool> pools;
  for (int i = 0; i < kPools; ++i) {
    const Creation creation{.pool = {.id = absl::StrCat("r:", i)}};
    pools.push_back(store_.Create(creation, absl::InfiniteFuture()).value());
  }
  Watch slow(*stub_);
  ASSERT_TRUE(slow.ReadList());
  const int before = slow.messages();
  Watch quick(*stub_);
  ASSERT_TRUE(quick.ReadList());
  for (int round = 1; round <= kRounds; ++round) {
    for (Pool& pool : pools) {
      pool.settings.display_name = absl::StrCat(round, padding);
      pool = store_.Replace(pool, absl::InfiniteFuture()).value();
    }
    feed_.Refresh();
    const std::string latest = absl::StrCat(round, padding);
    ASSERT_TRUE(quick.ReadUntil([&](const Watch& w) {
      for (const auto& [id, name] : w.names()) {
        if (name != latest) return false;
      }
      return true;
    }));
  }
  const std::string latest = absl::StrCat(kRounds, padding);
  ASSERT_TRUE(slow.ReadUntil([&](const Watch& w) {
    for (const auto& [id, name] : w.names()) {
      if (name != latest) return false;
    }
    return true;
  }));
  EXPECT_LE(slow.messages() - before, quick.messages());
}

// The client that other services use.
TEST_F(WatchTest, KeepsADirectoryUpToDate) {
  Make("r:1");
  prometheus::Registry registry;
  pools::PoolDirectory directory;
  const pools::PoolWatch watch(server_->InProcessChannel({}), directory, {.service = "test"},
                               SystemRandom(), registry);
  ASSERT_TRUE(Eventually([&] { return directory.Ready().ok(); }));
  ASSERT_NE(directory.Find("r:1"), nullptr);
  EXPECT_EQ(directory.Find("r:1")->pool_number(), 1);
  Rename("r:1", "new");
  EXPECT_TRUE(Eventually([&] { return directory.Find("r:1")->display_name() == "new"; }));
  DeleteNow("r:1");
  EXPECT_TRUE(Eventually([&] { return directory.Find("r:1") == nullptr; }));
}

TEST_F(WatchTest, TellsWhenABulkPublishBeginsAndEnds) {
  Make();
  SetStream(Stream());
  prometheus::Registry registry;
  pools::PoolDirectory directory;
  const pools::PoolWatch watch(server_->InProcessChannel({}), directory, {.service = "test"},
                               SystemRandom(), registry);
  ASSERT_TRUE(Eventually([&] { return directory.Ready().ok(); }));
  EXPECT_FALSE(directory.Find(kPool)->has_bulk_publish());
  const auto told = [&](v1::BulkPublishState state) {
    return Eventually([&] { return directory.Find(kPool)->bulk_publish().state() == state; });
  };
  ASSERT_TRUE(Start().ok());
  EXPECT_TRUE(told(v1::BULK_PUBLISH_STATE_IN_PROGRESS));
  EXPECT_FALSE(directory.Find(kPool)->bulk_publish().has_progress());
  SetStream(Stream(v1::STREAMING_STATUS_DISABLED));
  EXPECT_TRUE(told(v1::BULK_PUBLISH_STATE_FAILED));
}

}  // namespace
}  // namespace tidemark::stream_config
