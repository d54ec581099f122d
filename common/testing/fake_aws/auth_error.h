#pragma once

#include <string_view>

#include "common/testing/fake_aws/signature.h"

namespace tidemark::fake_aws {

// How an API says no: an HTTP status and the name of an error.
struct AuthError {
  int status;
  std::string_view code;
};

// Of a service by its name: AWS's "Common error types"
// (https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html, the same pages of the
// others) and https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
AuthError AuthErrorOf(std::string_view service, AuthFailure failure);

}  // namespace tidemark::fake_aws
