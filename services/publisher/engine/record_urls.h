#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/aws/credentials.h"
#include "common/aws/s3.h"
#include "common/base/clock.h"
#include "common/config/keyring.h"

namespace tidemark::publisher {

// Makes the URLs by which consumers read stored records: whoever has one may read until it ends.
// Safe for concurrent use.
class RecordUrls {
 public:
  virtual ~RecordUrls() = default;

  // Called once, on any thread, perhaps before Make returns. UNAVAILABLE: not now;
  // FAILED_PRECONDITION: an operator must act. Errors hold no secrets.
  using Made = std::function<void(absl::StatusOr<std::string>)>;
  virtual void Make(const std::string& object_key, Made made) const = 0;
};

// URLs that S3 itself takes, signed with the publisher's own credentials.
class PresignedUrls final : public RecordUrls {
 public:
  struct Settings {
    std::string region;
    std::string bucket;
    absl::Duration lifetime;
  };
  // `clock` must outlive every call.
  PresignedUrls(Settings settings, aws::S3Client client,
                std::shared_ptr<aws::CredentialsProvider> credentials, const Clock& clock);

  void Make(const std::string& object_key, Made made) const override;

 private:
  struct Core;
  const std::shared_ptr<const Core> core_;
};

// URLs of the gateway, which sends who comes with one on to S3. They outlive any credentials.
class GatewayUrls final : public RecordUrls {
 public:
  // `base_url`: "https://host[:port]". `keyring` and `clock` outlive it.
  GatewayUrls(std::string base_url, absl::Duration lifetime, const config::Keyring& keyring,
              const Clock& clock);

  void Make(const std::string& object_key, Made made) const override;

 private:
  const std::string base_url_;
  const absl::Duration lifetime_;
  const config::Keyring& keyring_;
  const Clock& clock_;
};

// Whether a URL signed with `credentials` at `now` works for all of `lifetime`: it dies with them.
// FAILED_PRECONDITION says for how long they live, and what to do.
absl::Status CheckUrlLifetime(const aws::Credentials& credentials, absl::Time now,
                              absl::Duration lifetime);

// The same for every URL from `now` on, with the credentials that will be had in their place: those
// that end by themselves are renewed only 5 minutes before, or at their last fifth if that is less
// (aws::CachedCredentials).
absl::Status CheckUrlLifetimes(const aws::Credentials& credentials, absl::Time now,
                               absl::Duration lifetime);

}  // namespace tidemark::publisher
