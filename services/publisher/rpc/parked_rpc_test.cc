#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "services/publisher/rpc/testing/rpc_fixture.h"

namespace tidemark::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace reasons = errors::v1;

class ParkedRpcTest : public PublisherRpcTest {
 protected:
  absl::StatusOr<v1::ListParkedChangesResponse> List(const std::string& pool_id, int page_size,
                                                     const std::string& page_token = "") {
    v1::ListParkedChangesRequest request;
    request.set_identity_pool_id(pool_id);
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    return Call(&Stub::ListParkedChanges, request);
  }

  template <typename Request>
  static Request OfPool(std::int32_t pool_number, const std::vector<Position>& positions = {}) {
    Request request;
    request.set_identity_pool_id(IdOf(pool_number));
    request.mutable_positions()->Add(positions.begin(), positions.end());
    return request;
  }

  std::vector<Position> Positions(const std::string& pool_id = "") {
    const auto listed = List(pool_id, 1000);
    EXPECT_TRUE(listed.ok()) << listed.status();
    std::vector<Position> positions;
    for (const auto& change : listed->parked_changes()) positions.push_back(change.position());
    return positions;
  }
};

TEST_F(ParkedRpcTest, AParkedChangeIsShownWithAllThatIsKept) {
  Park(kOne, 7);
  auto listed = List("", 0);
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->parked_changes_size(), 1);
  const v1::ParkedChange& parked = listed->parked_changes(0);
  EXPECT_EQ(parked.position(), 7);
  EXPECT_EQ(parked.epoch(), 3);
  EXPECT_EQ(parked.change().identity_pool_id(), IdOf(1));
  EXPECT_EQ(parked.change().identity_id(), "us-east-1:2");
  EXPECT_EQ(parked.change().dataset_name(), "d");
  EXPECT_EQ(parked.change().kind(), change::v1::CHANGE_KIND_UPDATE);
  EXPECT_EQ(parked.change().sync_count(), 6);
  EXPECT_EQ(parked.change().generation(), 2);
  EXPECT_EQ(parked.change().commit_time().nanos(), 123'456'000);
  EXPECT_EQ(parked.reason(), "too large");
  EXPECT_EQ(parked.event_bytes(), 2'000'000);
  EXPECT_TRUE(parked.has_park_time());
  EXPECT_FALSE(parked.has_replay_time());
  EXPECT_THAT(listed->next_page_token(), IsEmpty());
}

TEST_F(ParkedRpcTest, PagesGoOnByTheirTokens) {
  for (const Position position : {1, 2, 3, 4, 5}) Park(kOne, position);
  std::vector<Position> seen;
  std::string token;
  do {
    const auto page = List(IdOf(1), 2, token);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const auto& change : page->parked_changes()) seen.push_back(change.position());
    token = page->next_page_token();
  } while (!token.empty());
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4, 5));
  const auto first = List(IdOf(1), 2);
  EXPECT_EQ(errors::ReasonOf(List(IdOf(2), 2, first->next_page_token()).status()),
            reasons::ERROR_REASON_PAGE_TOKEN_INVALID);
  EXPECT_EQ(errors::ReasonOf(List("", 2, "made up").status()),
            reasons::ERROR_REASON_PAGE_TOKEN_INVALID);
  ExpectViolation(List("", -1).status(), "page_size", "-1");
  ExpectViolation(List("POOL", 1).status(), "identity_pool_id", "POOL");
}

TEST_F(ParkedRpcTest, WhatIsAskedForIsReplayed) {
  for (const Position position : {1, 2, 3}) Park(kOne, position);
  Park(kTwo, 2);
  const auto some =
      Call(&Stub::ReplayParkedChanges, OfPool<v1::ReplayParkedChangesRequest>(1, {2, 9}));
  ASSERT_TRUE(some.ok()) << some.status();
  EXPECT_EQ(some->changes(), 1);
  const auto listed = List("", 0);
  std::vector<bool> replayed;
  for (const auto& change : listed->parked_changes()) replayed.push_back(change.has_replay_time());
  EXPECT_THAT(replayed, ElementsAre(false, true, false, false));
  const auto all = Call(&Stub::ReplayParkedChanges, OfPool<v1::ReplayParkedChangesRequest>(1));
  EXPECT_EQ(all->changes(), 3);
}

TEST_F(ParkedRpcTest, WhatIsAskedForIsDiscarded) {
  for (const Position position : {1, 2, 3}) Park(kOne, position);
  Park(kTwo, 2);
  const auto some =
      Call(&Stub::DiscardParkedChanges, OfPool<v1::DiscardParkedChangesRequest>(1, {2, 9}));
  ASSERT_TRUE(some.ok()) << some.status();
  EXPECT_EQ(some->changes(), 1);
  EXPECT_THAT(Positions(), ElementsAre(1, 2, 3));
  EXPECT_THAT(Positions(IdOf(1)), ElementsAre(1, 3));
  const auto all = Call(&Stub::DiscardParkedChanges, OfPool<v1::DiscardParkedChangesRequest>(1));
  EXPECT_EQ(all->changes(), 2);
  EXPECT_THAT(Positions(), ElementsAre(2));
}

TEST_F(ParkedRpcTest, BadRequestsChangeNothing) {
  Park(kOne, 1);
  ExpectPoolChecks(&Stub::ReplayParkedChanges);
  ExpectPoolChecks(&Stub::DiscardParkedChanges);
  ExpectViolation(
      Call(&Stub::DiscardParkedChanges, OfPool<v1::DiscardParkedChangesRequest>(1, {1, -1}))
          .status(),
      "positions[1]", "-1");
  ExpectViolation(Call(&Stub::DiscardParkedChanges,
                       OfPool<v1::DiscardParkedChangesRequest>(1, std::vector<Position>(1001, 1)))
                      .status(),
                  "positions", "1001");
  ExpectViolation(
      Call(&Stub::ReplayParkedChanges, OfPool<v1::ReplayParkedChangesRequest>(1, {0})).status(),
      "positions[0]", "0");
  EXPECT_THAT(Positions(), ElementsAre(1));
  EXPECT_FALSE(List("", 0)->parked_changes(0).has_replay_time());
}

TEST_F(ParkedRpcTest, WithoutItsDatabaseItSaysSo) {
  store_.SetFailure(errors::Error(absl::StatusCode::kUnavailable,
                                  reasons::ERROR_REASON_DATABASE_UNAVAILABLE, "gone"));
  EXPECT_EQ(errors::ReasonOf(List("", 0).status()), reasons::ERROR_REASON_DATABASE_UNAVAILABLE);
  EXPECT_EQ(
      errors::ReasonOf(
          Call(&Stub::ReplayParkedChanges, OfPool<v1::ReplayParkedChangesRequest>(1)).status()),
      reasons::ERROR_REASON_DATABASE_UNAVAILABLE);
}

}  // namespace
}  // namespace tidemark::publisher
