#include "services/publisher/rpc/check_stream.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/abseil.h"
#include "common/base/characters.h"
#include "common/errors/violations.h"

namespace tidemark::publisher {
namespace {

constexpr std::size_t kMaxStreamName = 128;
constexpr std::size_t kMinRoleArn = 20;
constexpr std::size_t kMaxRoleArn = 2048;
constexpr std::size_t kExternalId = 32;

bool IsStreamName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxStreamName &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
         });
}

bool IsRoleArn(std::string_view text) {
  absl::string_view rest = ToAbsl(text);
  const std::size_t characters = CountCharacters(text);
  if (characters < kMinRoleArn || characters > kMaxRoleArn ||
      !absl::ConsumePrefix(&rest, "arn:aws:iam::")) {
    return false;
  }
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  return digits > 0 && absl::StartsWith(rest.substr(digits), ":role/") &&
         std::none_of(text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(c); });
}

bool IsExternalId(std::string_view text) {
  return text.size() == kExternalId &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void CheckField(std::string_view field, const std::string& value, bool (*is)(std::string_view),
                std::string_view bound, errors::Violations& violations) {
  if (is(value)) return;
  violations.Add(field, absl::StrCat("'", errors::Excerpt(value), "' is not ", ToAbsl(bound)));
}

absl::Status CheckRequest(const v1::CheckStreamRequest& request) {
  errors::Violations violations;
  CheckField("stream_name", request.stream_name(), &IsStreamName,
             "1 to 128 characters of [a-zA-Z0-9_.-]", violations);
  CheckField("role_arn", request.role_arn(), &IsRoleArn,
             "20 to 2048 characters like arn:aws:iam::\\d+:role/.*", violations);
  CheckField("external_id", request.external_id(), &IsExternalId,
             "32 lower-case hexadecimal digits", violations);
  return violations.ToStatus();
}

}  // namespace

void CheckStream(StreamCheck& check, const rpc::Call& call, const v1::CheckStreamRequest& request,
                 v1::CheckStreamResponse& response, const rpc::Done& done) {
  if (absl::Status status = CheckRequest(request); !status.ok()) return done(status);
  if (absl::Status status = rpc::RequireDeveloper(call); !status.ok()) return done(status);
  check.Check({.stream_name = request.stream_name(),
               .role_arn = request.role_arn(),
               .external_id = request.external_id()},
              call.deadline, [&response, done](const absl::StatusOr<std::string>& arn) {
                if (arn.ok()) response.set_stream_arn(*arn);
                done(arn.status());
              });
}

}  // namespace tidemark::publisher
