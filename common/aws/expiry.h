#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/aws/http_message.h"

namespace tidemark::aws {

// When credentials expire, by our own clock at `now`, although `answer` told it by the clock of its
// sender: `text` is RFC 3339, and the answer's Date says how that clock differs from ours.
// nullopt if `text` is no such time.
std::optional<absl::Time> ParseExpiry(const std::string& text, const HttpResponse& answer,
                                      absl::Time now);

}  // namespace tidemark::aws
