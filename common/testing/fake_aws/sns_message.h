#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tidemark::fake_aws {

// What a device of `platform` ("GCM", "APNS", ...) gets of a message that Publish takes with
// MessageStructure `json`: the text of its own entry, or that of `default`. INVALID_ARGUMENT with
// AWS's text if the message is not such an object, is too long, or the entry is none that the
// platform's service takes (https://docs.aws.amazon.com/sns/latest/dg/
// sns-send-custom-platform-specific-payloads-mobile-devices.html): a JSON object of at most 4 KiB,
// ADM 6 KiB.
absl::StatusOr<std::string> PayloadOf(std::string_view message, std::string_view platform);

}  // namespace tidemark::fake_aws
