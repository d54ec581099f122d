#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/aws/credentials.h"
#include "common/aws/s3.h"
#include "common/base/clock.h"
#include "common/config/keyring.h"

namespace tidemark::gateway {

// Follows the links that the publisher puts into events whose records are stored apart: a link
// leads to a presigned URL of S3, made for the moment. Its token is all that a reader needs, so
// that it is a secret; it needs no signature. Safe for concurrent use.
//
//   tidemark_gateway_record_links_total{outcome}   followed, expired, invalid, failed
class RecordLinks {
 public:
  struct Settings {
    std::string region;
    std::string bucket;
    // The most that a presigned URL lives: it must only be begun to be read.
    absl::Duration url_lifetime = absl::Minutes(5);
  };
  // `keyring`, `clock` and `registry` outlive it and its calls.
  RecordLinks(Settings settings, aws::S3Client client,
              std::shared_ptr<aws::CredentialsProvider> credentials, const config::Keyring& keyring,
              const Clock& clock, prometheus::Registry& registry);

  // The URL to which the link with this target leads: calls back once, on any thread, perhaps
  // before it returns. Else an error of the wire, without the token: AccessDenied if nobody made
  // such a link, ExpiredLink, or ServiceUnavailable while nothing can be signed.
  using Followed = std::function<void(absl::StatusOr<std::string>)>;
  void Follow(std::string_view target, Followed followed) const;

 private:
  struct Core;
  const std::shared_ptr<const Core> core_;
};

// Whether a request of this target is for a link, good or bad.
bool IsRecordLink(std::string_view target);

// A target's path without the token of a link in it, if it has one: as it may be logged.
std::string LoggablePath(std::string_view target);

}  // namespace tidemark::gateway
