#include "common/rpc/call.h"

#include <gtest/gtest.h>

#include <string>

#include "common/errors/error.h"

namespace tidemark::rpc {
namespace {

CallMetadata Local() {
  CallMetadata metadata;
  metadata.peer_is_loopback = true;
  return metadata;
}

std::string ViolatedField(const CallMetadata& metadata) {
  Call call;
  const auto violations = errors::ViolationsOf(FillCall(metadata, SystemRandom(), call));
  return violations.size() == 1 ? violations[0].field : "";
}

TEST(CallTest, ABareCallFromThisMachineIsADevelopers) {
  Call call;
  ASSERT_TRUE(FillCall(Local(), SystemRandom(), call).ok());
  EXPECT_EQ(call.caller, CallerKind::kDeveloper);
  EXPECT_EQ(call.principal, "");
  EXPECT_FALSE(call.request_id_given);
  EXPECT_EQ(call.request_id.size(), 32u);
  EXPECT_EQ(call.trace.trace_id.size(), 32u);
}

TEST(CallTest, ABareCallFromElsewhereIsRefused) {
  Call call;
  const absl::Status status = FillCall({}, SystemRandom(), call);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_NOT_AUTHORIZED);
  CallMetadata named;
  named.caller = "developer";
  EXPECT_TRUE(FillCall(named, SystemRandom(), call).ok());
}

TEST(CallTest, TakesWhatTheMetadataSays) {
  CallMetadata metadata;
  metadata.caller = "identity";
  metadata.principal = "us-east-1:1b";
  metadata.request_id = "7f3a";
  metadata.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  Call call;
  ASSERT_TRUE(FillCall(metadata, SystemRandom(), call).ok());
  EXPECT_EQ(call.caller, CallerKind::kIdentity);
  EXPECT_EQ(call.principal, "us-east-1:1b");
  EXPECT_EQ(call.request_id, "7f3a");
  EXPECT_TRUE(call.request_id_given);
  EXPECT_EQ(call.trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_NE(call.trace.span_id, "00f067aa0ba902b7");
  EXPECT_EQ(call.trace.flags, 1);
}

TEST(CallTest, ABrokenTraceparentStartsANewTrace) {
  CallMetadata metadata = Local();
  metadata.traceparent = "00-nonsense";
  Call call;
  ASSERT_TRUE(FillCall(metadata, SystemRandom(), call).ok());
  EXPECT_EQ(call.trace.trace_id.size(), 32u);
}

TEST(CallTest, RefusesWhatItCannotTrust) {
  CallMetadata metadata = Local();
  metadata.caller = "root";
  EXPECT_EQ(ViolatedField(metadata), kCallerKey);
  metadata.caller = "identity";
  EXPECT_EQ(ViolatedField(metadata), kPrincipalKey);
  metadata.principal = "a b";
  EXPECT_EQ(ViolatedField(metadata), kPrincipalKey);

  metadata = Local();
  metadata.principal = "us-east-1:1b";
  EXPECT_EQ(ViolatedField(metadata), kCallerKey);

  const std::string longest(128, 'r');
  metadata = Local();
  metadata.request_id = longest;
  EXPECT_EQ(ViolatedField(metadata), "");
  const std::string too_long(129, 'r');
  metadata.request_id = too_long;
  EXPECT_EQ(ViolatedField(metadata), kRequestIdKey);
}

TEST(CallTest, ARefusedRequestIdIsReplacedForTheLog) {
  CallMetadata metadata = Local();
  metadata.request_id = "line\nbreak";
  Call call;
  EXPECT_FALSE(FillCall(metadata, SystemRandom(), call).ok());
  EXPECT_EQ(call.request_id.size(), 32u);
}

}  // namespace
}  // namespace tidemark::rpc
