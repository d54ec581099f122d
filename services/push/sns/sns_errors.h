#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/aws/service_client.h"
#include "services/push/sns/endpoints.h"

namespace tidemark::push {

// What SNS was asked.
struct SnsRequest {
  const char* action;  // such as "sns:CreatePlatformEndpoint"
  Access access;
  std::string application_arn;  // empty: it is about an endpoint alone
};

// Why it failed, for the caller, as Endpoints says. Never in SNS's words: they may name the token.
absl::Status Explain(const aws::CallError& error, const SnsRequest& request);

// Of an endpoint that is deleted whenever it was made, by others.
absl::Status EndpointVanishes();

// Explain's, for operators, without SNS's words.
void LogFailure(const aws::CallError& error, const SnsRequest& request);

// Whether the application is of another account than the role: no permission helps.
bool IsForeign(const SnsRequest& request);

// Whether those who ask may not.
bool IsDenied(const aws::CallError& error);

}  // namespace tidemark::push
