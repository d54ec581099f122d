#include "common/testing/fake_aws/sns_message.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/aws/sns.h"
#include "common/base/abseil.h"
#include "common/base/units.h"

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxPayloadBytes = 4 * kKiB;
constexpr std::size_t kMaxAdmPayloadBytes = 6 * kKiB;

absl::Status Invalid(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("Invalid parameter: ", ToAbsl(what)));
}

}  // namespace

absl::StatusOr<std::string> PayloadOf(std::string_view message, std::string_view platform) {
  if (message.empty()) return Invalid("Empty message");
  if (message.size() > aws::kMaxSnsMessageBytes) return Invalid("Message too long");
  const json entries = json::parse(message, nullptr, /*allow_exceptions=*/false);
  if (!entries.is_object()) {
    return Invalid("Message Structure - JSON message body failed to parse");
  }
  // An entry that is no string counts as none.
  const auto text = [&entries](std::string_view name) -> const std::string* {
    const auto found = entries.find(std::string(name));
    return found == entries.end() ? nullptr : found->get_ptr<const std::string*>();
  };
  const std::string* const fallback = text("default");
  if (fallback == nullptr) {
    return Invalid("Message Structure - No default entry in JSON message body");
  }
  const std::string* const own = text(platform);
  if (own == nullptr) return *fallback;
  if (!json::parse(*own, nullptr, /*allow_exceptions=*/false).is_object()) {
    return Invalid(
        absl::StrCat("Message Reason: Invalid notification for protocol ", ToAbsl(platform)));
  }
  if (own->size() > (platform == "ADM" ? kMaxAdmPayloadBytes : kMaxPayloadBytes)) {
    return Invalid(
        absl::StrCat("Message Reason: Message too long for protocol ", ToAbsl(platform)));
  }
  return *own;
}

}  // namespace tidemark::fake_aws
