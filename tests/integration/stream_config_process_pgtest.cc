#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/random.h"
#include "common/errors/error.h"
#include "common/pg/connection.h"
#include "common/pools/pool_watch.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "common/testing/eventually.h"
#include "common/testing/private_postgres.h"
#include "common/testing/service_process.h"
#include "tidemark/dataset/v1/dataset_service.grpc.pb.h"
#include "tidemark/publisher/v1/publisher_service.grpc.pb.h"
#include "tidemark/stream_config/v1/stream_config_service.grpc.pb.h"

// tidemark-stream-config as a process: replicas, restarts, a database and a dataset service that go
// away and come back.
namespace tidemark {
namespace {

namespace v1 = stream_config::v1;
using errors::ReasonOf;
using testing::Eventually;
using testing::PrivatePostgres;
using testing::ServiceProcess;
using Stub = v1::StreamConfigService::Stub;

constexpr char kKeyring[] = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr char kPool[] = "us-east-1:0a";
constexpr char kIdentity[] = "us-east-1:1b";

// One replica and ways to call it. Without `publisher` it enables streams unchecked.
class Replica {
 public:
  Replica(const PrivatePostgres& postgres, const std::string& dataset,
          const std::string& publisher = "")
      : process_({.program = std::string(TIDEMARK_BIN) + "tidemark-stream-config",
                  .options = {{"dataset", dataset},
                              {"publisher", publisher.empty() ? "127.0.0.1:1" : publisher},
                              {"check-streams", publisher.empty() ? "false" : "true"},
                              {"push", "127.0.0.1:1"},
                              {"grace", "5m"}},
                  .secrets = {{"dsn", AsRole(postgres.dsn(), "tidemark_stream_config")},
                              {"keyring", kKeyring}}}) {}

  static std::string AsRole(std::string dsn, const std::string& role) {
    return dsn.replace(dsn.find("//") + 2, dsn.find('@') - dsn.find("//") - 2, role);
  }

  void Start() {
    process_.Start();
    channel_ = rpc::MakeChannel(process_.address());
    stub_ = v1::StreamConfigService::NewStub(channel_);
  }

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request,
                                absl::Duration timeout = absl::Seconds(20)) const {
    grpc::ClientContext context;
    rpc::SetTimeout(context, timeout);
    Response response;
    const absl::Status status = rpc::FromGrpc((stub_.get()->*method)(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  absl::Status Create(const std::string& pool_id,
                      absl::Duration timeout = absl::Seconds(20)) const {
    v1::CreatePoolRequest request;
    request.set_identity_pool_id(pool_id);
    return Call(&Stub::CreatePool, request, timeout).status();
  }
  absl::StatusOr<v1::GetPoolResponse> Get(const std::string& pool_id) const {
    v1::GetPoolRequest request;
    request.set_identity_pool_id(pool_id);
    return Call(&Stub::GetPool, request);
  }
  // Waits until the pool can be read.
  bool Serves(const std::string& pool_id) const {
    return Eventually([&] { return Get(pool_id).ok(); });
  }

  ServiceProcess& process() { return process_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  ServiceProcess process_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Stub> stub_;
};

// What a service that watches knows.
class Watcher {
 public:
  explicit Watcher(const std::shared_ptr<grpc::Channel>& channel)
      : watch_(channel, directory_, {.service = "test"}, SystemRandom(), registry_) {}

  bool Learns(const std::string& pool_id) const {
    return Eventually([&] { return directory_.Find(pool_id) != nullptr; });
  }
  bool Knows(const std::string& pool_id) const { return directory_.Find(pool_id) != nullptr; }

 private:
  prometheus::Registry registry_;
  pools::PoolDirectory directory_;
  pools::PoolWatch watch_;
};

class StreamConfigProcessTest : public ::testing::Test {
 protected:
  std::unique_ptr<Replica> NewReplica(const std::string& dataset = "127.0.0.1:1",
                                      const std::string& publisher = "") {
    auto replica = std::make_unique<Replica>(postgres_, dataset, publisher);
    if (!migrated_) replica->process().Migrate({{"owner-dsn", postgres_.dsn()}});
    migrated_ = true;
    replica->Start();
    return replica;
  }

  bool migrated_ = false;  // or not to be
  PrivatePostgres postgres_;
};

TEST_F(StreamConfigProcessTest, ReplicasSeeEachOthersChangesAndAnyOfThemMayDie) {
  const auto one = NewReplica();
  const auto two = NewReplica();
  ASSERT_TRUE(Eventually([&] { return one->Create("r:1").ok(); }));
  const Watcher watcher(two->channel());
  ASSERT_TRUE(watcher.Learns("r:1"));
  ASSERT_TRUE(one->Create("r:2").ok());
  EXPECT_TRUE(watcher.Learns("r:2"));

  one->process().Kill9();
  ASSERT_TRUE(two->Create("r:3").ok());
  EXPECT_TRUE(watcher.Learns("r:3"));
  one->process().Start();
  EXPECT_TRUE(one->Serves("r:3"));

  // The watched one goes down and comes back; what happens meanwhile is learnt afterwards.
  two->process().Kill9();
  ASSERT_TRUE(one->Create("r:4").ok());
  EXPECT_TRUE(watcher.Knows("r:3"));
  two->process().Start();
  EXPECT_TRUE(watcher.Learns("r:4"));
}

TEST_F(StreamConfigProcessTest, WithoutThePushServiceOnlySettingPlatformApplicationsFails) {
  const auto replica = NewReplica();
  ASSERT_TRUE(Eventually([&] { return replica->Create(kPool).ok(); }));
  v1::UpdatePoolRequest request;
  request.mutable_pool()->set_identity_pool_id(kPool);
  request.mutable_update_mask()->add_paths("push");
  EXPECT_TRUE(replica->Call(&Stub::UpdatePool, request).ok());
  request.mutable_pool()->mutable_push()->add_application_arns(
      "arn:aws:sns:us-east-1:123456789012:app/GCM/notes");
  const absl::Status status = replica->Call(&Stub::UpdatePool, request).status();
  EXPECT_EQ(ReasonOf(status), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE) << status;
  EXPECT_EQ(errors::MetadataOf(status, "service"), "push");
  EXPECT_FALSE(replica->Get(kPool)->pool().has_push());
}

TEST_F(StreamConfigProcessTest, StopsCleanlyAndAtOnceWithAWatcher) {
  const auto replica = NewReplica();
  ASSERT_TRUE(Eventually([&] { return replica->Create("r:1").ok(); }));
  const Watcher watcher(replica->channel());
  ASSERT_TRUE(watcher.Learns("r:1"));
  EXPECT_EQ(replica->process().Stop(absl::Minutes(2)), 0);  // which the grace is longer than
}

TEST_F(StreamConfigProcessTest, ADatabaseThatCrashesMakesItUnavailableAtOnceAndResumesByItself) {
  const auto replica = NewReplica();
  ASSERT_TRUE(Eventually([&] { return replica->Create("r:1").ok(); }));
  const Watcher early(replica->channel());
  ASSERT_TRUE(early.Learns("r:1"));

  postgres_.Kill9();
  for (int i = 0; i < 5; ++i) {
    const absl::Status status = replica->Create(absl::StrCat("r:a", i), absl::Seconds(5));
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_EQ(ReasonOf(status), errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE);
  }
  const Watcher late(replica->channel());
  EXPECT_TRUE(early.Knows("r:1"));

  postgres_.Start();
  EXPECT_TRUE(Eventually([&] { return replica->Create("r:2").ok(); }));
  EXPECT_TRUE(early.Learns("r:2"));
  EXPECT_TRUE(late.Learns("r:1"));
  EXPECT_TRUE(late.Learns("r:2"));
  EXPECT_TRUE(replica->Get("r:1").ok());
}

TEST_F(StreamConfigProcessTest, ADatabaseThatHangsHoldsNoCallPastItsDeadline) {
  const auto replica = NewReplica();
  ASSERT_TRUE(Eventually([&] { return replica->Create("r:1").ok(); }));
  const Watcher early(replica->channel());
  ASSERT_TRUE(early.Learns("r:1"));
  postgres_.Freeze();
  for (int i = 0; i < 6; ++i) {
    const absl::StatusCode code =
        replica->Create(absl::StrCat("r:a", i), absl::Milliseconds(300)).code();
    EXPECT_TRUE(code == absl::StatusCode::kDeadlineExceeded ||
                code == absl::StatusCode::kUnavailable);
  }
  const Watcher late(replica->channel());
  postgres_.Thaw();
  EXPECT_TRUE(Eventually([&] { return replica->Create("r:2").ok(); }));
  EXPECT_TRUE(early.Learns("r:2"));
  EXPECT_TRUE(late.Learns("r:2"));
}

TEST_F(StreamConfigProcessTest, WaitsForItsSchema) {
  migrated_ = true;
  {  // The role exists, the schema does not.
    pg::ConnectOptions options;
    options.dsn = postgres_.dsn();
    absl::StatusOr<pg::Connection> connection = pg::Connection::Open(options);
    ASSERT_TRUE(connection.ok()) << connection.status();
    ASSERT_TRUE(
        connection
            ->RunScript("CREATE ROLE tidemark_stream_config LOGIN", absl::Now() + absl::Seconds(20))
            .ok());
  }
  const auto replica = NewReplica();
  EXPECT_EQ(ReasonOf(replica->Create("r:1")), errors::v1::ERROR_REASON_SCHEMA_TOO_OLD);
  replica->process().Migrate({{"owner-dsn", postgres_.dsn()}});
  EXPECT_TRUE(Eventually([&] { return replica->Create("r:1").ok(); }));
}

// With the dataset service, each watching or asking the other.
class WithDatasetsTest : public StreamConfigProcessTest {
 protected:
  WithDatasetsTest() {
    datasets_.Migrate({{"owner-dsn", postgres_.dsn()}});
    datasets_.Start();
    replica_ = NewReplica(datasets_.address());
    // Each names the other; the first to start learns the other's address now.
    datasets_.Kill9();
    datasets_.Set("stream-config", replica_->process().address());
    datasets_.Start();
    stub_ = dataset::v1::DatasetService::NewStub(rpc::MakeChannel(datasets_.address()));
  }

  // Writes one record; the dataset's status.
  absl::Status Write(const std::string& dataset) {
    dataset::v1::ListRecordsRequest list;
    list.set_identity_pool_id(kPool);
    list.set_identity_id(kIdentity);
    list.set_dataset_name(dataset);
    dataset::v1::ListRecordsResponse listed;
    grpc::ClientContext list_context;
    rpc::SetTimeout(list_context, absl::Seconds(20));
    absl::Status status = rpc::FromGrpc(stub_->ListRecords(&list_context, list, &listed));
    if (!status.ok()) return status;

    dataset::v1::UpdateRecordsRequest update;
    update.set_identity_pool_id(kPool);
    update.set_identity_id(kIdentity);
    update.set_dataset_name(dataset);
    update.set_sync_session_token(listed.sync_session_token());
    dataset::v1::RecordPatch& patch = *update.add_record_patches();
    patch.set_op(dataset::v1::RecordPatch::OP_REPLACE);
    patch.set_key("key");
    patch.set_value("value");
    dataset::v1::UpdateRecordsResponse updated;
    grpc::ClientContext context;
    rpc::SetTimeout(context, absl::Seconds(20));
    return rpc::FromGrpc(stub_->UpdateRecords(&context, update, &updated));
  }

  absl::StatusOr<v1::UpdatePoolResponse> Enable() const { return Enable(*replica_); }
  static absl::StatusOr<v1::UpdatePoolResponse> Enable(const Replica& replica) {
    v1::UpdatePoolRequest request;
    request.mutable_pool()->set_identity_pool_id(kPool);
    v1::StreamSettings& stream = *request.mutable_pool()->mutable_stream();
    stream.set_stream_name("changes");
    stream.set_role_arn("arn:aws:iam::123456789012:role/Writer");
    stream.set_status(v1::STREAMING_STATUS_ENABLED);
    request.mutable_update_mask()->add_paths("stream");
    return replica.Call(&Stub::UpdatePool, request);
  }

  absl::Status Delete(bool force) const {
    v1::DeletePoolRequest request;
    request.set_identity_pool_id(kPool);
    request.set_force(force);
    return replica_->Call(&Stub::DeletePool, request).status();
  }

  ServiceProcess datasets_{
      {.program = std::string(TIDEMARK_BIN) + "tidemark-dataset",
       .secrets = {{"dsn", Replica::AsRole(postgres_.dsn(), "tidemark_dataset")},
                   {"keyring", kKeyring}}}};
  std::unique_ptr<Replica> replica_;
  std::unique_ptr<dataset::v1::DatasetService::Stub> stub_;
};

TEST_F(WithDatasetsTest, AStreamBeginsAtTheEndOfTheLog) {
  ASSERT_TRUE(Eventually([&] { return replica_->Create(kPool).ok(); }));
  ASSERT_TRUE(Eventually([&] { return Write("before").ok(); }));
  const auto enabled = Enable();
  ASSERT_TRUE(enabled.ok()) << enabled.status();
  EXPECT_GE(enabled->pool().stream().start_position(), 1);

  datasets_.Kill9();
  v1::UpdatePoolRequest off;
  off.mutable_pool()->set_identity_pool_id(kPool);
  off.mutable_pool()->mutable_stream()->set_status(v1::STREAMING_STATUS_DISABLED);
  off.mutable_update_mask()->add_paths("stream.status");
  ASSERT_TRUE(replica_->Call(&Stub::UpdatePool, off).ok());
  EXPECT_EQ(ReasonOf(Enable().status()), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
  EXPECT_EQ(replica_->Get(kPool)->pool().stream().status(), v1::STREAMING_STATUS_DISABLED);
  datasets_.Start();
  ASSERT_TRUE(Eventually([&] { return Enable().ok(); }));
  EXPECT_EQ(replica_->Get(kPool)->pool().stream().epoch(), 2);
}

// A publisher that answers as the test says.
class FakePublisher final : public publisher::v1::PublisherService::Service {
 public:
  FakePublisher() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
  }

  grpc::Status CheckStream(grpc::ServerContext*, const publisher::v1::CheckStreamRequest* request,
                           publisher::v1::CheckStreamResponse*) override {
    external_id = request->external_id();
    return rpc::ToGrpc(answer);
  }
  void Stop() { server_->Shutdown(); }
  const std::string& address() const { return address_; }

  absl::Status answer;
  std::string external_id;

 private:
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(WithDatasetsTest, AStreamIsEnabledOnlyIfAPublisherSaysThatItCanBeWritten) {
  FakePublisher publisher;
  const auto checking = NewReplica(datasets_.address(), publisher.address());
  ASSERT_TRUE(Eventually([&] { return checking->Create(kPool).ok(); }));
  publisher.answer =
      errors::Error(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_ROLE_NOT_USABLE,
                    "sts:AssumeRole is denied", {{"action", "sts:AssumeRole"}});
  const absl::Status refused = Enable(*checking).status();
  EXPECT_EQ(ReasonOf(refused), errors::v1::ERROR_REASON_ROLE_NOT_USABLE) << refused;
  EXPECT_EQ(errors::MetadataOf(refused, "action"), "sts:AssumeRole");
  EXPECT_FALSE(checking->Get(kPool)->pool().has_stream());

  publisher.answer = absl::OkStatus();
  const auto enabled = Enable(*checking);
  ASSERT_TRUE(enabled.ok()) << enabled.status();
  EXPECT_EQ(publisher.external_id, enabled->pool().role_external_id());

  publisher.Stop();
  v1::UpdatePoolRequest other;
  other.mutable_pool()->set_identity_pool_id(kPool);
  other.mutable_pool()->mutable_stream()->set_stream_name("other");
  other.mutable_update_mask()->add_paths("stream.stream_name");
  const absl::Status away = checking->Call(&Stub::UpdatePool, other).status();
  EXPECT_EQ(ReasonOf(away), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE) << away;
  EXPECT_EQ(errors::MetadataOf(away, "service"), "publisher");
  EXPECT_EQ(checking->process().Stop(absl::Minutes(2)), 0);
}

TEST_F(WithDatasetsTest, APoolWithDataIsDeletedByForceAndThenTakesNoMore) {
  ASSERT_TRUE(Eventually([&] { return replica_->Create(kPool).ok(); }));
  ASSERT_TRUE(Eventually([&] { return Write("prefs").ok(); }));
  EXPECT_EQ(ReasonOf(Delete(false)), errors::v1::ERROR_REASON_POOL_NOT_EMPTY);
  ASSERT_TRUE(Write("more").ok());
  EXPECT_TRUE(Delete(true).ok());
  EXPECT_TRUE(Eventually(
      [&] { return ReasonOf(Write("prefs")) == errors::v1::ERROR_REASON_POOL_NOT_FOUND; }));
  EXPECT_EQ(ReasonOf(replica_->Create(kPool)), errors::v1::ERROR_REASON_POOL_DELETED);
}

}  // namespace
}  // namespace tidemark
