#include "common/aws/expiry.h"

#include "common/aws/amz_date.h"

namespace tidemark::aws {

std::optional<absl::Time> ParseExpiry(const std::string& text, const HttpResponse& answer,
                                      absl::Time now) {
  absl::Time expiry;
  if (!absl::ParseTime(absl::RFC3339_full, text, &expiry, nullptr)) return std::nullopt;
  const auto date = AmzDate::ParseHttpDate(FindHeader(answer.headers, "date"));
  return date ? expiry - (date->time() - now) : expiry;
}

}  // namespace tidemark::aws
