// The nouns that the dataset service answers: log, identity, dataset.
#include "cli/testing/cli_fixture.h"

namespace tidemark::cli {
namespace {

namespace v1 = dataset::v1;
using testing::At;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kPool;
using testing::Outcome;

using DatasetTest = testing::CliTest;

constexpr std::int64_t kNow = 1'800'000'000;

TEST_F(DatasetTest, TheLogIsShownWithSizeAndBounds) {
  v1::DescribeChangeLogResponse log;
  log.set_end_position(1000);
  log.set_emptied_through(500);
  log.set_low_mark(600);
  log.set_size_bytes(3 << 20);
  log.set_partition_count(4);
  log.set_partitions_ahead(2);
  change_log_.DescribeChangeLogCalls.Answer(log);
  EXPECT_EQ(Tidemark({"log", "describe"}).out,
            "end                position 1000\n"
            "low mark           position 600\n"
            "emptied through    position 500\n"
            "size               3.0 MiB\n"
            "partitions         4\n"
            "  not yet written  2\n");
  EXPECT_EQ(Tidemark({"log", "describe", "-o", "json"}).json()["size_bytes"], 3 << 20);
}

TEST_F(DatasetTest, IdentitiesAreListedFromAllPages) {
  admin_.ListIdentitiesCalls.answer = [](std::size_t n, const auto& request, auto& response) {
    EXPECT_EQ(request.identity_pool_id(), kPool);
    EXPECT_EQ(request.identity_id_prefix(), "us-");
    auto& identity = *response.add_identities();
    identity.set_identity_id(absl::StrCat("us-", n));
    identity.set_dataset_count(3);
    identity.set_data_storage_bytes(2048);
    *identity.mutable_last_modified_time() = At(kNow);
    if (n == 0) response.set_next_page_token("t");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Tidemark({"identity", "list", kPool, "--prefix", "us-"}).out,
            "IDENTITY  DATASETS     SIZE  CHANGED\n"
            "us-0             3  2.0 KiB  2027-01-15T08:00:00Z\n"
            "us-1             3  2.0 KiB  2027-01-15T08:00:00Z\n");
}

TEST_F(DatasetTest, ErasingWantsToBeMeantAndShowsTheProof) {
  v1::EraseIdentityResponse erased;
  erased.set_dataset_count(2);
  erased.set_record_count(30);
  erased.set_data_bytes(100);
  erased.set_change_log_rows(-1);
  *erased.mutable_erase_time() = At(kNow);
  admin_.EraseIdentityCalls.Answer(erased);
  EXPECT_EQ(Tidemark({"identity", "erase", kPool, "r:1"}).exit_code, kUsage);
  EXPECT_THAT(admin_.EraseIdentityCalls.requests, IsEmpty());
  EXPECT_EQ(Tidemark({"identity", "erase", kPool, "r:1", "--yes"}).out,
            "datasets erased          2\n"
            "records erased           30\n"
            "data erased              100 B\n"
            "changes left in the log  too many to count\n"
            "erased at                2027-01-15T08:00:00Z\n");
  EXPECT_EQ(admin_.EraseIdentityCalls.requests[0].identity_pool_id(), kPool);
  EXPECT_EQ(admin_.EraseIdentityCalls.requests[0].identity_id(), "r:1");
}

TEST_F(DatasetTest, MergingNamesWinnerAndLoser) {
  v1::MergeIdentitiesResponse merged;
  merged.add_merged_datasets()->set_dataset_name("d.r:2");
  admin_.MergeIdentitiesCalls.Answer(merged);
  const Outcome outcome =
      Tidemark({"identity", "merge", kPool, "--winner", "r:1", "--loser", "r:2"});
  EXPECT_THAT(outcome.out, HasSubstr("d.r:2"));
  EXPECT_EQ(admin_.MergeIdentitiesCalls.requests[0].winning_identity_id(), "r:1");
  EXPECT_EQ(admin_.MergeIdentitiesCalls.requests[0].losing_identity_id(), "r:2");
  EXPECT_EQ(Tidemark({"identity", "merge", kPool, "--winner", "r:1"}).exit_code, kUsage);
}

TEST_F(DatasetTest, DatasetsAreListed) {
  v1::ListDatasetsResponse list;
  auto& dataset = *list.add_datasets();
  dataset.set_dataset_name("settings");
  dataset.set_sync_count(7);
  dataset.set_record_count(2);
  dataset.set_data_storage_bytes(64);
  dataset.set_last_modified_by("phone");
  datasets_.ListDatasetsCalls.Answer(list);
  EXPECT_EQ(Tidemark({"dataset", "list", kPool, "r:1"}).out,
            "DATASET   SYNC COUNT  RECORDS  SIZE  CREATED  CHANGED  CHANGED BY\n"
            "settings           7        2  64 B  -        -        phone\n");
  EXPECT_EQ(datasets_.ListDatasetsCalls.requests[0].identity_id(), "r:1");
}

TEST_F(DatasetTest, AnExportIsJsonLines) {
  for (const char* name : {"a", "b"}) {
    auto& part = admin_.export_parts.emplace_back();
    part.mutable_snapshot()->set_dataset_name(name);
    part.mutable_snapshot()->add_records()->set_key("k");
    part.set_resume_token(absl::StrCat("after ", name));
  }
  const Outcome outcome =
      Tidemark({"dataset", "export", kPool, "--log-shard", "0", "--log-shard", "255"});
  EXPECT_EQ(outcome.exit_code, kDone);
  std::istringstream lines(outcome.out);
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    names.push_back(json["snapshot"]["dataset_name"]);
    EXPECT_EQ(json["snapshot"]["records"][0]["key"], "k");
  }
  EXPECT_THAT(names, ElementsAre("a", "b"));
  EXPECT_THAT(admin_.export_requests[0].log_shards(), ElementsAre(0, 255));
}

}  // namespace
}  // namespace tidemark::cli
