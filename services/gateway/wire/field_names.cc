#include "services/gateway/wire/field_names.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"

namespace tidemark::gateway {
namespace {

// Names that don't follow from ours by spelling alone; "" drops out of the path.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kExceptions = {{
    {"page_size", "MaxResults"},
    {"page_token", "NextToken"},
    {"request_id", "amz-sdk-invocation-id"},
    {"device_last_modified_time", "DeviceLastModifiedDate"},
    {"pool", ""},
    {"stream", "CognitoStreams"},
    {"status", "StreamingStatus"},
    {"push", "PushSync"},
}};

std::string AmazonName(std::string_view name) {
  const auto* const exception =
      std::ranges::find(kExceptions, name, &std::pair<std::string_view, std::string_view>::first);
  if (exception != kExceptions.end()) return std::string(exception->second);
  std::string result;
  bool upper = true;
  for (const char c : name) {
    if (c != '_') result.push_back(upper ? absl::ascii_toupper(c) : c);
    upper = c == '_';
  }
  return result;
}

}  // namespace

std::string AmazonFieldName(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, std::min(path.find('.'), path.size()));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    const std::string_view name = part.substr(0, std::min(part.find('['), part.size()));
    const bool ours = std::ranges::none_of(name, [](char c) { return absl::ascii_isupper(c); });
    const std::string amazon = ours ? AmazonName(name) : std::string(name);
    if (amazon.empty()) continue;
    if (!result.empty()) result.push_back('.');
    result.append(amazon).append(part.substr(name.size()));
  }
  return result;
}

}  // namespace tidemark::gateway
