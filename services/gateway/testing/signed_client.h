#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/aws/sigv4.h"
#include "services/gateway/testing/raw_client.h"

namespace tidemark::gateway {

// A request as a test describes it; the rest is filled in.
struct TestRequest {
  std::string method = "GET";
  std::string target = "/";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Who signs, for what and when; the defaults are the test gateway's.
struct TestSigner {
  std::string access_key_id = "AKIDTEST";
  std::string secret = "secret";
  std::string session_token;
  std::string region = "us-east-1";
  std::string service = "cognito-sync";
  std::optional<absl::Time> time;  // absent: now
};

// The bytes of `request`, signed.
std::string SignedBytes(const TestRequest& request, const TestSigner& signer = {});
// The bytes of `request` with its headers alone.
std::string UnsignedBytes(const TestRequest& request);

}  // namespace tidemark::gateway
