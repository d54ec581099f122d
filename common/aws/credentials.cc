#include "common/aws/credentials.h"

#include <algorithm>

namespace tidemark::aws {

bool IsAccessKeyId(std::string_view text) {
  if (text.empty() || text.size() > kMaxAccessKeyIdBytes) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '/' && c != ',' && c != '=';
  });
}

StaticCredentials::StaticCredentials(Credentials credentials)
    : credentials_(std::make_shared<const Credentials>(std::move(credentials))) {}

void StaticCredentials::Get(Callback callback) { callback(credentials_); }

void StaticCredentials::Refuse(const Credentials& refused) {}

absl::StatusOr<Credentials> CredentialsFromEnvironment(
    const std::function<const char*(const char*)>& getenv) {
  const auto value = [&getenv](const char* name) {
    const char* text = getenv(name);
    return std::string(text == nullptr ? "" : text);
  };
  Credentials credentials{.access_key_id = value("AWS_ACCESS_KEY_ID"),
                          .secret_access_key = Secret(value("AWS_SECRET_ACCESS_KEY")),
                          .session_token = Secret(value("AWS_SESSION_TOKEN"))};
  if (credentials.access_key_id.empty() && credentials.secret_access_key.empty()) {
    return absl::NotFoundError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
  }
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return absl::InvalidArgumentError(
        "one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set; set both or neither");
  }
  if (!IsAccessKeyId(credentials.access_key_id)) {
    return absl::InvalidArgumentError("AWS_ACCESS_KEY_ID is not an access key id");
  }
  return credentials;
}

}  // namespace tidemark::aws
