#include "services/publisher/engine/record_urls.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/seal/record_link.h"

namespace tidemark::publisher {
namespace {

absl::Status TooLong(absl::Duration lifetime, absl::string_view credentials) {
  return absl::FailedPreconditionError(
      absl::StrCat("--s3-url-lifetime is ", absl::FormatDuration(lifetime),
                   ", but the AWS credentials ", credentials,
                   ", and a URL dies with those that signed it; use --s3-url=gateway, long-term "
                   "credentials, or a shorter lifetime"));
}

// The longest time before their end at which credentials are renewed (aws::CachedCredentials).
constexpr absl::Duration kRenewedAhead = absl::Minutes(5);

std::string TimeLeft(const aws::Credentials& credentials, absl::Time now) {
  const absl::Duration left = std::max(absl::ZeroDuration(), credentials.expiry - now);
  return absl::FormatDuration(absl::Trunc(left, absl::Seconds(1)));
}

}  // namespace

struct PresignedUrls::Core {
  absl::StatusOr<std::string> Presign(const std::string& object_key,
                                      const aws::Credentials& credentials) const {
    if (absl::Status status = CheckUrlLifetime(credentials, clock.Now(), settings.lifetime);
        !status.ok()) {
      return RenewalHelps(credentials) ? absl::UnavailableError(status.message()) : status;
    }
    return aws::PresignGet(client.Locate(settings.bucket, object_key), settings.region, credentials,
                           client.Now(), settings.lifetime);
  }

  // Of lifetimes that are short enough for every renewal (CheckUrlLifetimes): that is due, or late.
  bool RenewalHelps(const aws::Credentials& credentials) const {
    return credentials.expiry != absl::InfiniteFuture() && settings.lifetime <= kRenewedAhead;
  }

  const Settings settings;
  const aws::S3Client client;
  const std::shared_ptr<aws::CredentialsProvider> credentials;
  const Clock& clock;
};

PresignedUrls::PresignedUrls(Settings settings, aws::S3Client client,
                             std::shared_ptr<aws::CredentialsProvider> credentials,
                             const Clock& clock)
    : core_(std::make_shared<const Core>(
          Core{std::move(settings), std::move(client), std::move(credentials), clock})) {}

void PresignedUrls::Make(const std::string& object_key, Made made) const {
  core_->credentials->Get([core = core_, object_key, made = std::move(made)](
                              const absl::StatusOr<aws::CredentialsProvider::Pointer>& found) {
    if (!found.ok()) return made(found.status());
    made(core->Presign(object_key, **found));
  });
}

GatewayUrls::GatewayUrls(std::string base_url, absl::Duration lifetime,
                         const config::Keyring& keyring, const Clock& clock)
    : base_url_(std::move(base_url)), lifetime_(lifetime), keyring_(keyring), clock_(clock) {}

void GatewayUrls::Make(const std::string& object_key, Made made) const {
  made(absl::StrCat(base_url_, ToAbsl(seal::kRecordLinkPath),
                    seal::MakeRecordLink(
                        keyring_, {.object_key = object_key, .expiry = clock_.Now() + lifetime_})));
}

absl::Status CheckUrlLifetime(const aws::Credentials& credentials, absl::Time now,
                              absl::Duration lifetime) {
  if (credentials.expiry == absl::InfiniteFuture() && !credentials.session_token.empty()) {
    return TooLong(lifetime, "are temporary, nobody knows until when");
  }
  if (now + lifetime <= credentials.expiry) return absl::OkStatus();
  return TooLong(lifetime, absl::StrCat("end in ", TimeLeft(credentials, now)));
}

absl::Status CheckUrlLifetimes(const aws::Credentials& credentials, absl::Time now,
                               absl::Duration lifetime) {
  TM_RETURN_IF_ERROR(CheckUrlLifetime(credentials, now, lifetime));
  if (credentials.expiry == absl::InfiniteFuture()) return absl::OkStatus();
  const absl::Duration ahead = std::min(kRenewedAhead, (credentials.expiry - now) / 5);
  if (lifetime <= ahead) return absl::OkStatus();
  return TooLong(
      lifetime,
      absl::StrCat("end in ", TimeLeft(credentials, now), " and are renewed only ",
                   absl::FormatDuration(absl::Trunc(ahead, absl::Seconds(1))), " before"));
}

}  // namespace tidemark::publisher
