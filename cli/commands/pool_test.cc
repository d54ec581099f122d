#include "cli/testing/cli_fixture.h"

namespace tidemark::cli {
namespace {

namespace v1 = stream_config::v1;
using testing::At;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kPool;
using testing::Outcome;
using ::testing::UnorderedElementsAre;

using PoolTest = testing::CliTest;

v1::Pool Sample() {
  v1::Pool pool;
  pool.set_identity_pool_id(kPool);
  pool.set_display_name("Preferences");
  pool.set_pool_number(3);
  pool.set_version(4);
  *pool.mutable_create_time() = At(1'800'000'000);
  *pool.mutable_update_time() = At(1'800'000'060);
  pool.set_role_external_id("0123456789abcdef0123456789abcdef");
  pool.mutable_stream()->set_stream_name("prefs");
  pool.mutable_stream()->set_role_arn("arn:aws:iam::123456789012:role/streams");
  pool.mutable_stream()->set_status(v1::STREAMING_STATUS_DISABLED);
  pool.mutable_stream()->set_disabled_reason("The stream is gone. Create it.");
  *pool.mutable_stream()->mutable_enabled_time() = At(1'800'000'030);
  pool.mutable_stream()->set_start_position(17);
  pool.mutable_stream()->set_epoch(2);
  pool.mutable_push()->add_application_arns("arn:aws:sns:us-east-1:123456789012:app/GCM/a");
  (*pool.mutable_events()->mutable_functions())["SyncTrigger"] = "arn:lambda";
  pool.mutable_limits()->set_records_per_dataset(2048);
  return pool;
}

TEST_F(PoolTest, GetShowsEverythingThatIsSet) {
  v1::GetPoolResponse response;
  *response.mutable_pool() = Sample();
  pools_.GetPoolCalls.Answer(response);
  const Outcome outcome = Tidemark({"pool", "get", kPool});
  EXPECT_EQ(outcome.exit_code, kDone);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(pools_.GetPoolCalls.requests[0].identity_pool_id(), kPool);
  EXPECT_EQ(outcome.out,
            "pool                 us-east-1:00000000-0000-0000-0000-0000000000b1\n"
            "display name         Preferences\n"
            "number               3\n"
            "version              4\n"
            "created              2027-01-15T08:00:00Z\n"
            "changed              2027-01-15T08:01:00Z\n"
            "role external id     0123456789abcdef0123456789abcdef\n"
            "stream               prefs\n"
            "  role               arn:aws:iam::123456789012:role/streams\n"
            "  status             disabled\n"
            "  disabled because   The stream is gone. Create it.\n"
            "  last enabled       2027-01-15T08:00:30Z\n"
            "  start position     17\n"
            "  epoch              2\n"
            "push application     arn:aws:sns:us-east-1:123456789012:app/GCM/a\n"
            "push role            -\n"
            "SyncTrigger          arn:lambda\n"
            "records per dataset  2048\n");
}

TEST_F(PoolTest, GetInJsonIsThePool) {
  v1::GetPoolResponse response;
  *response.mutable_pool() = Sample();
  pools_.GetPoolCalls.Answer(response);
  const auto pool = Tidemark({"pool", "get", kPool, "-o", "json"}).json();
  EXPECT_EQ(pool["identity_pool_id"], kPool);
  EXPECT_EQ(pool["stream"]["status"], "DISABLED");
  EXPECT_EQ(pool["create_time"], "2027-01-15T08:00:00Z");
  EXPECT_EQ(pool["version"], 4);
  EXPECT_TRUE(pool["bulk_publish"].is_null());
}

TEST_F(PoolTest, ListReadsAllPages) {
  pools_.ListPoolsCalls.answer = [](std::size_t n, const v1::ListPoolsRequest& request,
                                    v1::ListPoolsResponse& response) {
    EXPECT_EQ(request.page_token(), n == 0 ? "" : absl::StrCat("t", n));
    EXPECT_EQ(request.page_size(), 2);
    response.add_pools()->set_identity_pool_id(absl::StrCat("r:", n));
    if (n < 2) response.set_next_page_token(absl::StrCat("t", n + 1));
    return grpc::Status::OK;
  };
  const Outcome outcome = Tidemark({"pool", "list", "--page-size", "2"});
  EXPECT_EQ(outcome.out,
            "POOL  STREAM  STATUS  EPOCH  VERSION  CHANGED  DISPLAY NAME\n"
            "r:0   -       -           0        0  -        -\n"
            "r:1   -       -           0        0  -        -\n"
            "r:2   -       -           0        0  -        -\n");
  pools_.ListPoolsCalls.requests.clear();
  const auto json = Tidemark({"pool", "list", "--page-size", "2", "-o", "json"}).json();
  EXPECT_EQ(json["pools"].size(), 3);
  EXPECT_EQ(json.size(), 1) << "no page token";
}

TEST_F(PoolTest, AListThatFailsOnALaterPageShowsNothing) {
  pools_.ListPoolsCalls.answer = [](std::size_t n, const v1::ListPoolsRequest&,
                                    v1::ListPoolsResponse& response) {
    response.set_next_page_token("t");
    return n == 0 ? grpc::Status::OK
                  : Refusal(absl::StatusCode::kInvalidArgument,
                            errors::v1::ERROR_REASON_PAGE_TOKEN_INVALID, "no");
  };
  const Outcome outcome = Tidemark({"pool", "list"});
  EXPECT_EQ(outcome.exit_code, kRefused);
  EXPECT_EQ(outcome.out, "");
}

TEST_F(PoolTest, CreateSendsWhatIsGivenAndNothingElse) {
  EXPECT_EQ(Tidemark({"pool", "create"}).exit_code, kDone);
  const auto& requests = pools_.CreatePoolCalls.requests;
  EXPECT_EQ(requests[0].ByteSizeLong(), 0);
  EXPECT_EQ(Tidemark({"pool",       "create",
                      kPool,        "--display-name",
                      "Prefs",      "--stream-name",
                      "s",          "--stream-role-arn",
                      "r",          "--stream-status",
                      "enabled",    "--push-application-arn",
                      "a1",         "--push-application-arn",
                      "a2",         "--push-role-arn",
                      "pr",         "--sync-trigger",
                      "f",          "--datasets-per-identity",
                      "1",          "--records-per-dataset",
                      "2",          "--bytes-per-dataset",
                      "3000000000", "--keys-per-dataset",
                      "4",          "--dataset-names-per-identity",
                      "5",          "--request-id",
                      "id"})
                .exit_code,
            kDone);
  const v1::CreatePoolRequest& request = requests[1];
  EXPECT_EQ(request.identity_pool_id(), kPool);
  EXPECT_EQ(request.display_name(), "Prefs");
  EXPECT_EQ(request.stream().stream_name(), "s");
  EXPECT_EQ(request.stream().role_arn(), "r");
  EXPECT_EQ(request.stream().status(), v1::STREAMING_STATUS_ENABLED);
  EXPECT_THAT(request.push().application_arns(), ElementsAre("a1", "a2"));
  EXPECT_EQ(request.push().role_arn(), "pr");
  EXPECT_EQ(request.events().functions().at("SyncTrigger"), "f");
  EXPECT_EQ(request.limits().datasets_per_identity(), 1);
  EXPECT_EQ(request.limits().records_per_dataset(), 2);
  EXPECT_EQ(request.limits().bytes_per_dataset(), 3'000'000'000);
  EXPECT_EQ(request.limits().keys_per_dataset(), 4);
  EXPECT_EQ(request.limits().dataset_names_per_identity(), 5);
  EXPECT_EQ(request.request_id(), "id");
}

TEST_F(PoolTest, UpdateNamesWhatItChanges) {
  Tidemark({"pool", "update", kPool, "--stream-status", "disabled", "--display-name", "",
            "--expected-version", "9"});
  Tidemark({"pool", "update", kPool, "--stream-name", "s", "--stream-role-arn", "r",
            "--stream-status", "enabled", "--resume", "--sync-trigger", ""});
  Tidemark({"pool", "update", kPool, "--no-stream", "--no-push"});
  const auto& requests = pools_.UpdatePoolCalls.requests;
  ASSERT_EQ(requests.size(), 3);
  EXPECT_EQ(requests[0].pool().identity_pool_id(), kPool);
  EXPECT_THAT(requests[0].update_mask().paths(),
              UnorderedElementsAre("display_name", "stream.status"));
  EXPECT_EQ(requests[0].pool().stream().status(), v1::STREAMING_STATUS_DISABLED);
  EXPECT_EQ(requests[0].expected_version(), 9);
  EXPECT_FALSE(requests[0].resume_stream());
  EXPECT_THAT(
      requests[1].update_mask().paths(),
      UnorderedElementsAre("stream.stream_name", "stream.role_arn", "stream.status", "events"));
  EXPECT_TRUE(requests[1].resume_stream());
  EXPECT_THAT(requests[2].update_mask().paths(), UnorderedElementsAre("stream", "push"));
  EXPECT_FALSE(requests[2].pool().has_stream());
  EXPECT_THAT(pools_.GetPoolCalls.requests, IsEmpty()) << "none needs the pool as it is";
}

TEST_F(PoolTest, UpdateOfPartOfPushOrLimitsKeepsTheRestOfTheVersionItRead) {
  v1::GetPoolResponse response;
  *response.mutable_pool() = Sample();
  pools_.GetPoolCalls.Answer(response);
  Tidemark({"pool", "update", kPool, "--push-role-arn", "r", "--keys-per-dataset", "7"});
  Tidemark({"pool", "update", kPool, "--records-per-dataset", "0", "--expected-version", "2"});
  const auto& requests = pools_.UpdatePoolCalls.requests;
  ASSERT_EQ(requests.size(), 2);
  EXPECT_EQ(requests[0].expected_version(), 4);
  EXPECT_THAT(requests[0].update_mask().paths(), UnorderedElementsAre("push", "limits"));
  EXPECT_EQ(requests[0].pool().push().application_arns_size(), 1);
  EXPECT_EQ(requests[0].pool().push().role_arn(), "r");
  EXPECT_EQ(requests[0].pool().limits().records_per_dataset(), 2048);
  EXPECT_EQ(requests[0].pool().limits().keys_per_dataset(), 7);
  EXPECT_EQ(requests[1].expected_version(), 2) << "the caller's";
  EXPECT_EQ(requests[1].pool().limits().records_per_dataset(), 0);
}

TEST_F(PoolTest, UpdateOfNothingIsWrongUsage) {
  const Outcome outcome = Tidemark({"pool", "update", kPool});
  EXPECT_EQ(outcome.exit_code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("nothing to change"));
  EXPECT_THAT(pools_.UpdatePoolCalls.requests, IsEmpty());
}

TEST_F(PoolTest, WatchWritesALineForEachMessageUntilTheServiceStops) {
  pools_.watch_responses.resize(2);
  *pools_.watch_responses[0].add_pools() = Sample();
  pools_.watch_responses[0].set_snapshot_done(true);
  pools_.watch_responses[1].add_deleted_identity_pool_ids("r:1");
  const Outcome outcome = Tidemark({"pool", "watch"});
  EXPECT_EQ(outcome.exit_code, kUnreachable);
  std::istringstream lines(outcome.out);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(nlohmann::json::parse(line)["pools"][0]["display_name"], "Preferences");
  std::getline(lines, line);
  EXPECT_EQ(nlohmann::json::parse(line)["deleted_identity_pool_ids"][0], "r:1");
  EXPECT_FALSE(std::getline(lines, line));
}

TEST_F(PoolTest, DeletePassesForceAndVersion) {
  EXPECT_EQ(Tidemark({"pool", "delete", kPool}).out, "");
  EXPECT_EQ(
      Tidemark({"pool", "delete", kPool, "--force", "--expected-version", "3", "-o", "json"}).out,
      "{}\n");
  const auto& requests = pools_.DeletePoolCalls.requests;
  EXPECT_FALSE(requests[0].force());
  EXPECT_TRUE(requests[1].force());
  EXPECT_EQ(requests[1].expected_version(), 3);
}

}  // namespace
}  // namespace tidemark::cli
