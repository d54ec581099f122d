// The nouns that the publisher answers: destination, parked, publisher.
#include "cli/testing/cli_fixture.h"

namespace tidemark::cli {
namespace {

namespace v1 = publisher::v1;
using ::testing::AllOf;
using testing::At;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kPool;
using testing::Outcome;

constexpr std::int64_t kNow = 1'800'000'000;

class PublisherTest : public testing::CliTest {
 protected:
  PublisherTest() {
    v1::GetStatusResponse status;
    status.set_active(true);
    status.set_log_shards_held(128);
    status.set_read_position(99);
    status.set_open_gaps(1);
    status.set_pushes_waiting(7);
    status.set_log_shards_free(2);
    AddDestinations(status);
    for (const char* id : {"a:1#f0", "b:2#f1"}) {
      v1::MemberStatus& member = *status.add_members();
      member.set_member_id(id);
      member.set_log_shards_held(127);
      *member.mutable_start_time() = At(kNow - 60);
      *member.mutable_expire_time() = At(kNow + 5);
      member.set_answering(id[0] == 'a');
    }
    publisher_.GetStatusCalls.Answer(status);
  }

  static void AddDestinations(v1::GetStatusResponse& status) {
    v1::DestinationStatus& lagging = *status.add_destinations();
    lagging.set_identity_pool_id("r:1");
    lagging.set_stream_name("prefs");
    lagging.set_epoch(2);
    lagging.set_state(v1::DESTINATION_STATE_LAGGING);
    lagging.set_waiting_changes(12);
    *lagging.mutable_oldest_waiting_time() = At(kNow - 75);
    lagging.set_delivered_changes(1234);
    lagging.set_parked_changes(3);
    lagging.set_last_error("throttled");
    lagging.set_split_off(true);
    v1::DestinationStatus& gapped = *status.add_destinations();
    gapped.set_identity_pool_id("r:2");
    gapped.set_stream_name("s");
    gapped.set_state(v1::DESTINATION_STATE_GAPPED);
    gapped.set_gapped_through(77);
    v1::DestinationStatus& paused = *status.add_destinations();
    paused.set_identity_pool_id("r:3");
    paused.set_stream_name("s");
    paused.set_state(v1::DESTINATION_STATE_PAUSED);
    paused.set_pause_reason("maintenance");
  }
};

TEST_F(PublisherTest, DestinationsAreListedWithStateAndLag) {
  const Outcome outcome = Tidemark({"destination", "list"});
  EXPECT_EQ(outcome.exit_code, kDone);
  EXPECT_EQ(
      outcome.out,
      "POOL  STREAM  EPOCH  STATE    SPLIT OFF  WAITING     LAG  DELIVERED  PARKED  NOTE\n"
      "r:1   prefs       2  lagging  yes             12  1m 15s       1234       3  throttled\n"
      "r:2   s           0  gapped   no               0       -          0       0  changes "
      "through "
      "position 77 may be lost: see tidemark bulk start\n"
      "r:3   s           0  paused   no               0       -          0       0  maintenance\n");
  EXPECT_EQ(publisher_.GetStatusCalls.requests[0].identity_pool_id(), "");
}

TEST_F(PublisherTest, DestinationsInJsonHaveTheirLagInSeconds) {
  const auto json =
      Tidemark({"destination", "list", "--pool", kPool, "-o", "json"}).json()["destinations"];
  EXPECT_EQ(json[0]["state"], "LAGGING");
  EXPECT_EQ(json[0]["lag_seconds"], 75.0);
  EXPECT_EQ(json[0]["split_off"], true);
  EXPECT_TRUE(json[1]["lag_seconds"].is_null());
  EXPECT_EQ(publisher_.GetStatusCalls.requests[0].identity_pool_id(), kPool);
}

TEST_F(PublisherTest, ADestinationIsShownWithAllThatIsKnown) {
  EXPECT_EQ(Tidemark({"destination", "get", "r:1"}).out,
            "pool               r:1\n"
            "stream             prefs\n"
            "epoch              2\n"
            "state              lagging\n"
            "split off          yes\n"
            "waiting changes    12\n"
            "lag                1m 15s\n"
            "delivered changes  1234\n"
            "parked changes     3\n"
            "last error         throttled\n");
  EXPECT_EQ(Tidemark({"destination", "get", "r:1", "-o", "json"}).json()["lag_seconds"], 75.0);
}

TEST_F(PublisherTest, APoolWithoutDestinationIsAnError) {
  publisher_.GetStatusCalls.Answer({});
  const Outcome outcome = Tidemark({"destination", "get", kPool});
  EXPECT_EQ(outcome.exit_code, kRefused);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(kPool), HasSubstr("STREAM_NOT_CONFIGURED")));
}

TEST_F(PublisherTest, PauseAndResumeNameThePool) {
  EXPECT_EQ(Tidemark({"destination", "pause", kPool, "--reason", "why"}).out, "");
  EXPECT_EQ(Tidemark({"destination", "resume", kPool, "-o", "json"}).out, "{}\n");
  EXPECT_EQ(publisher_.PauseDestinationCalls.requests[0].identity_pool_id(), kPool);
  EXPECT_EQ(publisher_.PauseDestinationCalls.requests[0].reason(), "why");
  EXPECT_EQ(publisher_.ResumeDestinationCalls.requests[0].identity_pool_id(), kPool);
}

TEST_F(PublisherTest, PublishersAreListedWithTheirShards) {
  const Outcome outcome = Tidemark({"publisher", "list"});
  EXPECT_EQ(outcome.out,
            "PUBLISHER  LOG SHARDS  STARTED               LEASE UNTIL           ANSWERED\n"
            "a:1#f0            127  2027-01-15T07:59:00Z  2027-01-15T08:00:05Z  yes\n"
            "b:2#f1            127  2027-01-15T07:59:00Z  2027-01-15T08:00:05Z  no\n"
            "\n"
            "free log shards      2\n"
            "answering publisher  holds 128 log shards\n"
            "  read up to         position 99\n"
            "  open gaps          1\n"
            "  pushes waiting     7\n");
  const auto json = Tidemark({"publisher", "list", "-o", "json"}).json();
  EXPECT_EQ(json["members"].size(), 2);
  EXPECT_EQ(json["log_shards_free"], 2);
  EXPECT_FALSE(json.contains("destinations"));
}

TEST_F(PublisherTest, ParkedChangesAreListedFromAllPages) {
  publisher_.ListParkedChangesCalls.answer = [](std::size_t n, const auto& request,
                                                auto& response) {
    EXPECT_EQ(request.identity_pool_id(), kPool);
    v1::ParkedChange& parked = *response.add_parked_changes();
    parked.set_position(100 + static_cast<std::int64_t>(n));
    parked.mutable_change()->set_identity_pool_id("r:1");
    parked.mutable_change()->set_identity_id("r:2");
    parked.mutable_change()->set_dataset_name("d");
    parked.mutable_change()->set_kind(change::v1::CHANGE_KIND_UPDATE);
    parked.mutable_change()->set_sync_count(8);
    parked.set_event_bytes(2 << 20);
    parked.set_reason("too large");
    *parked.mutable_park_time() = At(kNow);
    if (n == 0) {
      response.set_next_page_token("t");
    } else {
      *parked.mutable_replay_time() = At(kNow + 1);
    }
    return grpc::Status::OK;
  };
  EXPECT_EQ(Tidemark({"parked", "list", "--pool", kPool}).out,
            "POSITION  POOL  IDENTITY  DATASET  KIND    SYNC COUNT     SIZE  PARKED                "
            "REPLAY ASKED          REASON\n"
            "     100  r:1   r:2       d        update           8  2.0 MiB  2027-01-15T08:00:00Z  "
            "-                     too large\n"
            "     101  r:1   r:2       d        update           8  2.0 MiB  2027-01-15T08:00:00Z  "
            "2027-01-15T08:00:01Z  too large\n");
}

TEST_F(PublisherTest, ReplayIsOfPositionsOrExplicitlyOfAll) {
  v1::ReplayParkedChangesResponse response;
  response.set_changes(2);
  publisher_.ReplayParkedChangesCalls.Answer(response);
  EXPECT_EQ(Tidemark({"parked", "replay", kPool, "5", "6"}).out,
            "2 parked changes will be replayed\n");
  EXPECT_EQ(Tidemark({"parked", "replay", kPool, "--all", "-o", "json"}).json()["changes"], 2);
  EXPECT_EQ(Tidemark({"parked", "replay", kPool}).exit_code, kUsage);
  EXPECT_EQ(Tidemark({"parked", "replay", kPool, "5", "--all"}).exit_code, kUsage);
  const auto& requests = publisher_.ReplayParkedChangesCalls.requests;
  ASSERT_EQ(requests.size(), 2);
  EXPECT_THAT(requests[0].positions(), ElementsAre(5, 6));
  EXPECT_THAT(requests[1].positions(), IsEmpty());
}

TEST_F(PublisherTest, MorePositionsThanACallTakesGoInSeveral) {
  publisher_.ReplayParkedChangesCalls.answer = [](std::size_t, const auto& request,
                                                  auto& response) {
    response.set_changes(request.positions_size());
    return grpc::Status::OK;
  };
  std::vector<std::string> arguments = {"parked", "replay", kPool};
  for (int i = 1; i <= 2001; ++i) arguments.push_back(absl::StrCat(i));
  EXPECT_EQ(Tidemark(arguments).out, "2001 parked changes will be replayed\n");
  ASSERT_EQ(publisher_.ReplayParkedChangesCalls.requests.size(), 3);
  EXPECT_THAT(publisher_.ReplayParkedChangesCalls.requests[2].positions(), ElementsAre(2001));
}

TEST_F(PublisherTest, DiscardWantsToBeMeant) {
  v1::DiscardParkedChangesResponse response;
  response.set_changes(1);
  publisher_.DiscardParkedChangesCalls.Answer(response);
  const Outcome asked = Tidemark({"parked", "discard", kPool, "5"});
  EXPECT_EQ(asked.exit_code, kUsage);
  EXPECT_THAT(asked.err, HasSubstr("--yes"));
  EXPECT_THAT(publisher_.DiscardParkedChangesCalls.requests, IsEmpty());
  EXPECT_EQ(Tidemark({"parked", "discard", kPool, "5", "--yes"}).out,
            "1 parked change discarded\n");
  EXPECT_THAT(publisher_.DiscardParkedChangesCalls.requests[0].positions(), ElementsAre(5));
}

}  // namespace
}  // namespace tidemark::cli
