#include "common/rpc/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/errors/error.h"
#include "common/errors/sqlstate.h"
#include "google/rpc/status.pb.h"

namespace tidemark::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::Status Conflict(const errors::Metadata& metadata, const std::string& message = "changed") {
  return errors::Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_STALE_SYNC_COUNT,
                       message, metadata);
}

TEST(StatusTest, ErrorsSurviveTheWireWithAllDetails) {
  const absl::Status status = errors::WithRetryDelay(
      errors::InvalidFields({{"key", "empty"}, {"value", "too long"}}), absl::Seconds(3));
  EXPECT_EQ(FromGrpc(ToGrpc(status)), status);
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

TEST(StatusTest, FaultsKeepTheirTextInside) {
  for (const absl::Status& fault :
       {absl::InternalError("SELECT secret"), absl::NotFoundError("SELECT secret"),
        absl::UnknownError("SELECT secret"),
        errors::Error(absl::StatusCode::kInternal, errors::v1::ERROR_REASON_INTERNAL,
                      "SELECT secret"),
        errors::DatabaseError("42P01", "SELECT secret")}) {
    const grpc::Status answer = ToGrpc(fault);
    EXPECT_EQ(answer.error_code(), grpc::StatusCode::INTERNAL);
    EXPECT_EQ(errors::ReasonOf(FromGrpc(answer)), errors::v1::ERROR_REASON_INTERNAL);
    EXPECT_THAT(answer.error_message(), Not(HasSubstr("secret")));
    EXPECT_THAT(answer.error_details(), Not(HasSubstr("secret")));
  }
}

TEST(StatusTest, DriverTextStaysInside) {
  const grpc::Status answer = ToGrpc(errors::DatabaseError("08006", "host=secret"));
  EXPECT_EQ(answer.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(answer.error_details(), Not(HasSubstr("secret")));
}

TEST(StatusTest, CancellationIsNoFault) {
  EXPECT_EQ(ToGrpc(absl::CancelledError("gone")).error_code(), grpc::StatusCode::CANCELLED);
}

TEST(StatusTest, FourKiBOfConflictsPass) {
  errors::Metadata conflicts;
  for (int i = 0; i < 16; ++i) {
    conflicts.emplace_back(absl::StrCat("conflict.", i, ".key"), std::string(256, 'k'));
  }
  const absl::Status status = Conflict(conflicts);
  EXPECT_EQ(FromGrpc(ToGrpc(status)), status);
}

TEST(StatusTest, WhatDoesNotFitMetadataIsLeftOutButNeverTheReason) {
  const absl::Status large = Conflict({{"conflict.0.key", std::string(9000, 'k')}});
  const absl::Status answer = FromGrpc(ToGrpc(large));
  EXPECT_EQ(answer.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(errors::ReasonOf(answer), errors::v1::ERROR_REASON_STALE_SYNC_COUNT);
  EXPECT_EQ(errors::MetadataOf(answer, "truncated"), "true");
  EXPECT_EQ(errors::MetadataOf(answer, "conflict.0.key"), "");
}

TEST(StatusTest, OtherDetailsGoBeforeTheMetadata) {
  absl::Status status = errors::InvalidFields({{"key", std::string(9000, 'd')}});
  const absl::Status answer = FromGrpc(ToGrpc(status));
  EXPECT_EQ(errors::ReasonOf(answer), errors::v1::ERROR_REASON_INVALID_FIELD);
  EXPECT_TRUE(errors::ViolationsOf(answer).empty());
  EXPECT_EQ(errors::MetadataOf(answer, "truncated"), "");
}

TEST(StatusTest, LongMessagesAreCutHoweverTheyAreEncoded) {
  for (const char* letter : {"m", "\xE2\x82\xAC", "%", "\n"}) {
    std::string message;
    for (int i = 0; i < 4000; ++i) message += letter;
    const grpc::Status answer = ToGrpc(Conflict({}, message));
    EXPECT_LE(answer.error_message().size(), 1027u);
    EXPECT_LE(answer.error_message().size() * 3 + answer.error_details().size() * 4 / 3, 8192u);
    EXPECT_EQ(errors::ReasonOf(FromGrpc(answer)), errors::v1::ERROR_REASON_STALE_SYNC_COUNT);
  }
}

TEST(StatusTest, GrpcsOwnErrorsGetTheReasonThatFits) {
  const absl::Status refused =
      FromGrpc({grpc::StatusCode::UNAVAILABLE, "connect to 10.0.0.1 refused"});
  EXPECT_EQ(errors::ReasonOf(refused), errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE);
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("10.0.0.1")));
  EXPECT_THAT(errors::DriverTextOf(refused), HasSubstr("10.0.0.1"));
  EXPECT_EQ(errors::ReasonOf(FromGrpc({grpc::StatusCode::DEADLINE_EXCEEDED, "late"})),
            errors::v1::ERROR_REASON_DEADLINE_EXCEEDED);
  EXPECT_EQ(FromGrpc({grpc::StatusCode::UNIMPLEMENTED, "no"}), absl::UnimplementedError("no"));
}

TEST(StatusTest, DetailsThatAreNoneAreIgnored) {
  EXPECT_EQ(FromGrpc({grpc::StatusCode::ABORTED, "m", "\xFF\xFF"}), absl::AbortedError("m"));
}

}  // namespace
}  // namespace tidemark::rpc
