#include "services/stream_config/domain/creation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "common/errors/error.h"
#include "common/errors/violations.h"

namespace tidemark::stream_config {
namespace {

Creation Wanted(const std::string& id, const std::string& request_id = "") {
  return {.pool = {.id = id, .settings = {.display_name = "mine"}},
          .request_id = request_id,
          .content_hash = "hash"};
}

// What `creation` made earlier.
HeldPool Made(const Creation& creation) {
  return {.pool = creation.pool,
          .request_id = creation.request_id,
          .content_hash = creation.content_hash};
}

errors::Reason ReasonFor(const Creation& creation, const std::vector<HeldPool>& held) {
  return errors::ReasonOf(AnswerRepeat(creation, held).status());
}

TEST(AnswerRepeatTest, NothingHeldIsNothingInTheWay) {
  EXPECT_EQ(AnswerRepeat(Wanted("r:1", "q"), {}).value(), std::optional<Pool>());
}

TEST(AnswerRepeatTest, AnEqualPoolIsTheAnswer) {
  const HeldPool held = Made(Wanted("r:1", "first"));
  EXPECT_EQ(AnswerRepeat(Wanted("r:1"), {held}).value(), std::optional(held.pool));
  EXPECT_EQ(AnswerRepeat(Wanted("r:1", "second"), {held}).value(), std::optional(held.pool));
}

TEST(AnswerRepeatTest, OtherSettingsAreRefused) {
  HeldPool held = Made(Wanted("r:1"));
  held.pool.settings.display_name = "theirs";
  EXPECT_EQ(ReasonFor(Wanted("r:1"), {held}), errors::v1::ERROR_REASON_POOL_EXISTS);
}

TEST(AnswerRepeatTest, ARepeatedRequestIdFindsItsPoolUnderAnyMadeUpIdAndHoweverItChanged) {
  HeldPool held = Made(Wanted("r:1", "q"));
  held.pool.settings.display_name = "changed since";
  EXPECT_EQ(AnswerRepeat(Wanted("r:2", "q"), {held}).value(), std::optional(held.pool));
}

TEST(AnswerRepeatTest, ARequestIdOfAnotherRequestIsRefused) {
  HeldPool held = Made(Wanted("r:1", "q"));
  held.content_hash = "another";
  EXPECT_EQ(ReasonFor(Wanted("r:1", "q"), {held}), errors::v1::ERROR_REASON_REQUEST_ID_REUSED);
}

TEST(AnswerRepeatTest, EmptyRequestIdsAreNotEqual) {
  HeldPool held = Made(Wanted("r:1"));
  EXPECT_EQ(AnswerRepeat(Wanted("r:2"), {held}).value(), std::optional<Pool>());
}

TEST(AnswerRepeatTest, IdsOfDeletedPoolsAreNotGivenAgain) {
  HeldPool held = Made(Wanted("r:1", "q"));
  held.deleted = true;
  EXPECT_EQ(ReasonFor(Wanted("r:1"), {held}), errors::v1::ERROR_REASON_POOL_DELETED);
  EXPECT_EQ(ReasonFor(Wanted("r:2", "q"), {held}), errors::v1::ERROR_REASON_POOL_DELETED);
}

TEST(AnswerRepeatTest, TheRequestIdDecidesBeforeTheId) {
  HeldPool by_id = Made(Wanted("r:1"));
  by_id.pool.settings.display_name = "theirs";
  const HeldPool by_request = Made(Wanted("r:2", "q"));
  EXPECT_EQ(AnswerRepeat(Wanted("r:1", "q"), {by_id, by_request}).value(),
            std::optional(by_request.pool));
}

TEST(MakeExternalIdTest, Is32LowerCaseHexadecimalDigits) {
  std::array<std::uint8_t, 16> bytes;
  bytes.fill(0xAB);
  EXPECT_EQ(MakeExternalId(bytes), "abababababababababababababababab");
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  EXPECT_EQ(MakeExternalId(bytes), "000102030405060708090a0b0c0d0e0f");
}

TEST(MakePoolIdTest, IsTheRegionAndAVersion4Uuid) {
  std::array<std::uint8_t, 16> bytes;
  bytes.fill(0xff);
  EXPECT_EQ(MakePoolId("us-east-1", bytes), "us-east-1:ffffffff-ffff-4fff-bfff-ffffffffffff");
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  EXPECT_EQ(MakePoolId("eu-west-1", bytes), "eu-west-1:00010203-0405-4607-8809-0a0b0c0d0e0f");
  EXPECT_TRUE(errors::IsId(MakePoolId("us-gov-west-1", bytes)));
}

}  // namespace
}  // namespace tidemark::stream_config
