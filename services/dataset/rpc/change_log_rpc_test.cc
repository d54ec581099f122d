#include "services/dataset/rpc/change_log_rpc.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "services/dataset/rpc/rpc_fixture.h"

namespace tidemark::dataset {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
namespace reasons = errors::v1;
using Log = v1::ChangeLogService::Stub;

class NoUpkeep final : public LogUpkeep {
 public:
  absl::StatusOr<std::int64_t> ReportLowMark(std::int64_t low_mark, absl::Time) override {
    return low_mark;
  }
  absl::StatusOr<LogDescription> Describe(absl::Time) override { return LogDescription{}; }
};

class ChangeLogRpcTest : public DatasetRpcTest {
 protected:
  ChangeLogRpcTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&rpc_);
    log_server_ = builder.BuildAndStart();
    log_ = v1::ChangeLogService::NewStub(log_server_->InProcessChannel({}));
  }

  void Write(const std::string& identity, const std::string& name, const std::string& value = "v") {
    const UpdateRequest request{
        .dataset = {IdentityKey::Of(kPool, identity), name},
        .pool_number = PoolNumber(1),
        .limits = {},
        .patches = {{"k", value, SyncCount(0), std::nullopt}},
        .origin = {.modified_by = "device", .device_id = "device", .traceparent = ""},
        .identity = {{++writes_, 1}, {writes_, 2}}};
    const UpdateRequest* const pointer = &request;
    store_.Update({&pointer, 1}, absl::InfiniteFuture());
  }

  v1::ReadSnapshotsResponse Read(const v1::ReadSnapshotsRequest& request) {
    v1::ReadSnapshotsResponse response;
    const absl::Status status = Call(*log_, &Log::ReadSnapshots, request, &response);
    EXPECT_TRUE(status.ok()) << status;
    return response;
  }

  template <typename Request, typename Response>
  std::string Violation(grpc::Status (Log::*method)(grpc::ClientContext*, const Request&,
                                                    Response*),
                        const Request& request) {
    Response response;
    const absl::Status status = Call(*log_, method, request, &response);
    const auto violations = errors::ViolationsOf(status);
    if (violations.size() != 1) return status.ToString();
    return absl::StrCat(violations[0].field, ": ", violations[0].description);
  }

  static v1::ReadSnapshotsRequest ReadRequest() {
    v1::ReadSnapshotsRequest request;
    request.set_identity_pool_id(kPool);
    return request;
  }

  static v1::GetSnapshotsRequest GetRequest(const std::vector<std::string>& names) {
    v1::GetSnapshotsRequest request;
    request.set_identity_pool_id(kPool);
    for (const std::string& name : names) {
      v1::SnapshotPosition* const dataset = request.add_datasets();
      dataset->set_identity_id(kIdentity);
      dataset->set_dataset_name(name);
    }
    return request;
  }

  std::uint64_t writes_ = 0;
  NoUpkeep upkeep_;
  Executor upkeep_thread_{1, 4};
  Executor snapshot_threads_{1, 4};
  ChangeLogRpc rpc_{{store_, upkeep_, upkeep_thread_, pools_, store_, snapshot_threads_},
                    {.service = "dataset"},
                    registry_};
  std::unique_ptr<grpc::Server> log_server_;
  std::unique_ptr<Log> log_;
};

TEST_F(ChangeLogRpcTest, ReadsAPoolInPages) {
  Write("r:1", "a");
  Write("r:1", "b");
  Write("r:2", "a");
  v1::ReadSnapshotsRequest request = ReadRequest();
  request.set_max_bytes(1);
  std::vector<std::string> names;
  for (bool more = true; more;) {
    const v1::ReadSnapshotsResponse page = Read(request);
    ASSERT_LE(page.snapshots_size(), 1);
    for (const v1::Snapshot& snapshot : page.snapshots()) {
      names.push_back(
          absl::StrCat(snapshot.change().identity_id(), snapshot.change().dataset_name()));
      EXPECT_EQ(snapshot.position().identity_id(), snapshot.change().identity_id());
    }
    more = page.more();
    EXPECT_EQ(page.has_last_examined(), more);
    *request.mutable_after() = page.last_examined();
  }
  EXPECT_THAT(names, UnorderedElementsAre("r:1a", "r:1b", "r:2a"));
}

TEST_F(ChangeLogRpcTest, ALowMarkIsNotNegative) {
  v1::ReportLowMarkRequest request;
  request.set_low_mark(-1);
  EXPECT_EQ(Violation(&Log::ReportLowMark, request), "low_mark: -1 is negative; at least 0");
}

TEST_F(ChangeLogRpcTest, ReadsTheShardsAskedFor) {
  Write(kIdentity, "a");
  const auto shard = LogShardOf(OwnerOf(kPool, kIdentity)).value();
  v1::ReadSnapshotsRequest request = ReadRequest();
  request.add_log_shards(shard);
  EXPECT_EQ(Read(request).snapshots_size(), 1);
  request.set_log_shards(0, shard == 0 ? 1 : 0);
  EXPECT_EQ(Read(request).snapshots_size(), 0);
}

TEST_F(ChangeLogRpcTest, ASnapshotHasItsRecordsWithTheirCounts) {
  Write(kIdentity, "prefs", "value");
  const v1::ReadSnapshotsResponse page = Read(ReadRequest());
  ASSERT_EQ(page.snapshots_size(), 1);
  const change::v1::Change& change = page.snapshots(0).change();
  EXPECT_EQ(change.kind(), change::v1::CHANGE_KIND_SNAPSHOT);
  EXPECT_EQ(change.sync_count(), 1);
  EXPECT_EQ(change.generation(), 1);
  ASSERT_EQ(change.records_size(), 1);
  EXPECT_EQ(change.records(0).key(), "k");
  EXPECT_EQ(change.records(0).value(), "value");
  EXPECT_EQ(change.records(0).sync_count(), 1);
  EXPECT_TRUE(change.records(0).has_last_modified_time());
}

TEST_F(ChangeLogRpcTest, GetsDatasetsAndDeletions) {
  Write(kIdentity, "prefs");
  Write(kIdentity, "other");
  ASSERT_TRUE(Delete("").ok());
  v1::GetSnapshotsResponse response;
  const absl::Status status =
      Call(*log_, &Log::GetSnapshots, GetRequest({"prefs", "never", "other"}), &response);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(response.examined(), 3);
  ASSERT_EQ(response.snapshots_size(), 2);
  const change::v1::Change& deletion = response.snapshots(0).change();
  EXPECT_EQ(deletion.kind(), change::v1::CHANGE_KIND_DELETE);
  EXPECT_EQ(deletion.sync_count(), 2);
  EXPECT_EQ(deletion.generation(), 1) << "the life that ended";
  EXPECT_EQ(deletion.records_size(), 0);
  EXPECT_EQ(response.snapshots(1).change().dataset_name(), "other");
}

TEST_F(ChangeLogRpcTest, CountsDatasets) {
  Write("r:1", "a");
  Write("r:2", "a");
  v1::CountSnapshotsRequest request;
  request.set_identity_pool_id(kPool);
  v1::CountSnapshotsResponse response;
  ASSERT_TRUE(Call(*log_, &Log::CountSnapshots, request, &response).ok());
  EXPECT_EQ(response.datasets(), 2);
}

TEST_F(ChangeLogRpcTest, RefusesWhatIsOutOfBounds) {
  v1::ReadSnapshotsRequest read = ReadRequest();
  read.add_log_shards(256);
  EXPECT_THAT(Violation(&Log::ReadSnapshots, read),
              HasSubstr("log_shards[0]: 256 is no log shard"));
  read = ReadRequest();
  read.set_max_bytes(-1);
  EXPECT_THAT(Violation(&Log::ReadSnapshots, read), HasSubstr("max_bytes: -1 is negative"));
  read = ReadRequest();
  read.mutable_after()->set_identity_id(std::string(56, 'a'));
  EXPECT_THAT(Violation(&Log::ReadSnapshots, read), HasSubstr("after.identity_id: "));
  read = ReadRequest();
  read.mutable_after()->set_dataset_name(std::string("a\0", 2));
  EXPECT_THAT(Violation(&Log::ReadSnapshots, read), HasSubstr("after.dataset_name: "));
  EXPECT_THAT(Violation(&Log::GetSnapshots, GetRequest({})), HasSubstr("0 entries"));
  EXPECT_THAT(Violation(&Log::GetSnapshots, GetRequest(std::vector<std::string>(1001, "n"))),
              HasSubstr("1001 entries are not 1 to 1000"));
  EXPECT_THAT(Violation(&Log::GetSnapshots, GetRequest({"n", ""})),
              HasSubstr("datasets[1].dataset_name: "));
}

TEST_F(ChangeLogRpcTest, APoolThatDoesNotExistIsSaidSo) {
  v1::ReadSnapshotsRequest request = ReadRequest();
  request.set_identity_pool_id("us-east-1:0f");
  v1::ReadSnapshotsResponse response;
  EXPECT_EQ(errors::ReasonOf(Call(*log_, &Log::ReadSnapshots, request, &response)),
            reasons::ERROR_REASON_POOL_NOT_FOUND);
}

TEST_F(ChangeLogRpcTest, IsForDevelopersAlone) {
  caller_ = "identity";
  principal_ = kIdentity;
  v1::ReadSnapshotsResponse response;
  EXPECT_EQ(errors::ReasonOf(Call(*log_, &Log::ReadSnapshots, ReadRequest(), &response)),
            reasons::ERROR_REASON_NOT_AUTHORIZED);
}

}  // namespace
}  // namespace tidemark::dataset
