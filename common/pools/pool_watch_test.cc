#include "common/pools/pool_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "common/errors/error.h"
#include "common/rpc/channel.h"
#include "common/testing/eventually.h"
#include "common/testing/temp_directory.h"
#include "tidemark/stream_config/v1/stream_config_service.grpc.pb.h"

namespace tidemark::pools {
namespace {

using ::testing::ElementsAre;
using testing::Eventually;
using ::testing::IsEmpty;

namespace v1 = stream_config::v1;

// A service that sends what the test tells it to, to the one call it has.
class ScriptedService final : public v1::StreamConfigService::Service {
 public:
  grpc::Status WatchPools(grpc::ServerContext* context, const v1::WatchPoolsRequest*,
                          grpc::ServerWriter<v1::WatchPoolsResponse>* writer) override {
    std::unique_lock lock(mutex_);
    const auto caller = context->client_metadata().find("x-tidemark-principal");
    if (caller != context->client_metadata().end()) {
      caller_ = std::string(caller->second.data(), caller->second.size());
    }
    ++calls_;
    writer_ = writer;
    end_.reset();
    while (!end_ && !context->IsCancelled()) {
      changed_.wait_for(lock, std::chrono::milliseconds(5));
    }
    writer_ = nullptr;
    return end_.value_or(grpc::Status::CANCELLED);
  }

  // Waits for call number `call`, counted from 1.
  bool AwaitCall(int call) {
    return Eventually([&] {
      const std::lock_guard lock(mutex_);
      return calls_ >= call && writer_ != nullptr;
    });
  }

  void Send(const std::vector<Pool>& pools, const std::vector<std::string>& deleted, bool done) {
    v1::WatchPoolsResponse response;
    for (const Pool& pool : pools) *response.add_pools() = pool;
    for (const std::string& id : deleted) response.add_deleted_identity_pool_ids(id);
    response.set_snapshot_done(done);
    const std::lock_guard lock(mutex_);
    ASSERT_NE(writer_, nullptr);
    writer_->Write(response);
  }

  void End(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    end_ = status;
    changed_.notify_all();
  }

  std::string caller() const {
    const std::lock_guard lock(mutex_);
    return caller_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  grpc::ServerWriter<v1::WatchPoolsResponse>* writer_ = nullptr;
  std::optional<grpc::Status> end_;
  std::string caller_;
  int calls_ = 0;
};

Pool Make(const std::string& id, const std::string& name = "") {
  Pool pool;
  pool.set_identity_pool_id(id);
  pool.set_display_name(name);
  return pool;
}

class PoolWatchTest : public ::testing::Test {
 protected:
  PoolWatchTest() { StartServer(); }
  ~PoolWatchTest() override {
    watch_.reset();
    StopServer();
  }

  void StartServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address_, grpc::InsecureServerCredentials());
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }
  void StopServer() {
    if (server_ == nullptr) return;
    service_.End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "stopping"));
    server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }

  void Watch() {
    const auto channel = rpc::MakeChannel(address_);
    watch_ = std::make_unique<PoolWatch>(channel, directory_,
                                         PoolWatch::Options{.service = "dataset",
                                                            .min_backoff = absl::Milliseconds(5),
                                                            .max_backoff = absl::Milliseconds(20)},
                                         SystemRandom(), registry_);
  }

  // Waits until the directory holds these pools, "id=name".
  bool Becomes(const std::vector<std::string>& expected) {
    return Eventually([&] { return Known() == expected; });
  }
  std::vector<std::string> Known() const {
    std::vector<std::string> known;
    for (const PoolPtr& pool : directory_.Snapshot()->pools()) {
      known.push_back(pool->identity_pool_id() + "=" + pool->display_name());
    }
    return known;
  }

  double Gauge(const std::string& name) {
    for (const prometheus::MetricFamily& family : registry_.Collect()) {
      if (family.name == name) return family.metric.at(0).gauge.value;
    }
    return -1;
  }

  ScriptedService service_;
  // A socket of our own: a port could be taken by another while the server is down.
  const testing::TempDirectory directory_of_socket_;
  const std::string address_ = "unix:" + directory_of_socket_.File("socket");
  std::unique_ptr<grpc::Server> server_;
  prometheus::Registry registry_;
  PoolDirectory directory_;
  std::unique_ptr<PoolWatch> watch_;
};

TEST_F(PoolWatchTest, TakesTheListAndThenChanges) {
  Watch();
  ASSERT_TRUE(service_.AwaitCall(1));
  service_.Send({Make("a"), Make("b")}, {}, false);
  service_.Send({Make("c")}, {"b"}, true);
  ASSERT_TRUE(Becomes({"a=", "c="}));
  service_.Send({Make("a", "new")}, {}, false);
  EXPECT_TRUE(Becomes({"a=new", "c="}));
  service_.Send({}, {"a"}, false);
  EXPECT_TRUE(Becomes({"c="}));
  EXPECT_TRUE(Eventually([&] { return Gauge("tidemark_dataset_pools") == 1; }));
  EXPECT_EQ(Gauge("tidemark_dataset_pool_watch_connected"), 1);
  EXPECT_EQ(service_.caller(), "tidemark-dataset");
}

TEST_F(PoolWatchTest, IsReadyWithTheEndOfTheFirstListAndNotBefore) {
  Watch();
  ASSERT_TRUE(service_.AwaitCall(1));
  service_.Send({Make("a")}, {}, false);
  service_.End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "broken"));
  ASSERT_TRUE(service_.AwaitCall(2));
  EXPECT_FALSE(directory_.Ready().ok());
  EXPECT_THAT(Known(), IsEmpty());
  service_.Send({}, {}, true);
  EXPECT_TRUE(Eventually([&] { return directory_.Ready().ok(); }));
  EXPECT_THAT(Known(), IsEmpty());
}

TEST_F(PoolWatchTest, ServesFromTheCacheUntilANewListIsWhole) {
  Watch();
  ASSERT_TRUE(service_.AwaitCall(1));
  service_.Send({Make("a"), Make("b")}, {}, true);
  ASSERT_TRUE(Becomes({"a=", "b="}));
  service_.End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "broken"));
  ASSERT_TRUE(service_.AwaitCall(2));
  EXPECT_EQ(Gauge("tidemark_dataset_pool_watch_connected"), 0);
  service_.Send({Make("b", "new")}, {}, false);
  EXPECT_THAT(Known(), ElementsAre("a=", "b="));
  EXPECT_TRUE(directory_.Ready().ok());
  service_.Send({Make("c")}, {}, true);
  EXPECT_TRUE(Becomes({"b=new", "c="}));
}

TEST_F(PoolWatchTest, ReconnectsWhenTheServiceComesBack) {
  Watch();
  ASSERT_TRUE(service_.AwaitCall(1));
  service_.Send({Make("a")}, {}, true);
  ASSERT_TRUE(Becomes({"a="}));
  StopServer();
  EXPECT_TRUE(Eventually([&] { return Gauge("tidemark_dataset_pool_watch_connected") == 0; }));
  EXPECT_THAT(Known(), ElementsAre("a="));
  StartServer();
  ASSERT_TRUE(service_.AwaitCall(2));
  service_.Send({Make("b")}, {}, true);
  EXPECT_TRUE(Becomes({"b="}));
}

TEST_F(PoolWatchTest, BeginsWithoutTheService) {
  StopServer();
  Watch();
  EXPECT_FALSE(directory_.Ready().ok());
  StartServer();
  ASSERT_TRUE(service_.AwaitCall(1));
  service_.Send({Make("a")}, {}, true);
  EXPECT_TRUE(Becomes({"a="}));
}

TEST_F(PoolWatchTest, EndsAtOnceInTheMiddleOfACallAndOfAPause) {
  Watch();
  ASSERT_TRUE(service_.AwaitCall(1));
  watch_.reset();
  StopServer();
  watch_ = std::make_unique<PoolWatch>(
      rpc::MakeChannel(address_), directory_,
      PoolWatch::Options{
          .service = "dataset", .min_backoff = absl::Hours(1), .max_backoff = absl::Hours(1)},
      SystemRandom(), registry_);
  watch_.reset();  // hangs if it waits out its pause
}

}  // namespace
}  // namespace tidemark::pools
