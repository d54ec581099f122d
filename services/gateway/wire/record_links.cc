#include "services/gateway/wire/record_links.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/obs/log.h"
#include "common/obs/metrics.h"
#include "common/seal/record_link.h"
#include "services/gateway/wire/amazon_error.h"

namespace tidemark::gateway {
namespace {

prometheus::Counter& Links(prometheus::Registry& registry, const char* outcome) {
  return obs::Counter(
      registry, "tidemark_gateway_record_links_total",
      "Links to the records of large events by outcome: followed; expired; invalid, "
      "which nobody made; failed, as no URL could be signed.",
      {{"outcome", outcome}});
}

std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

}  // namespace

struct RecordLinks::Core {
  Core(Settings s, aws::S3Client c, std::shared_ptr<aws::CredentialsProvider> p,
       const config::Keyring& k, const Clock& time, prometheus::Registry& registry)
      : settings(std::move(s)),
        client(std::move(c)),
        credentials(std::move(p)),
        keyring(k),
        clock(time),
        followed(Links(registry, "followed")),
        expired(Links(registry, "expired")),
        invalid(Links(registry, "invalid")),
        failed(Links(registry, "failed")) {}

  // A URL for as long as link and credentials live, up to the bound.
  absl::StatusOr<std::string> Presign(const seal::RecordLink& link,
                                      const aws::Credentials& signer) const {
    const absl::Time end = std::min(link.expiry, signer.expiry);
    const absl::Duration lifetime = std::min(settings.url_lifetime, end - clock.Now());
    return aws::PresignGet(client.Locate(settings.bucket, link.object_key), settings.region, signer,
                           client.Now(), std::max(lifetime, absl::Seconds(1)));
  }

  void Finish(const seal::RecordLink& link,
              const absl::StatusOr<aws::CredentialsProvider::Pointer>& found,
              const Followed& done) const {
    absl::StatusOr<std::string> url =
        found.ok() ? Presign(link, **found) : absl::StatusOr<std::string>(found.status());
    if (url.ok()) {
      followed.Increment();
      return done(std::move(url));
    }
    failed.Increment();
    if (const auto held_back = failures.Admit(absl::Now())) {
      obs::Log(obs::Level::kWarning, "a link to stored records can't be followed",
               {{"error", ToStd(url.status().message())}, {"held_back", *held_back}});
    }
    done(WireError(ErrorName::kServiceUnavailable,
                   "this link is good, but can't be followed now; try again later"));
  }

  const Settings settings;
  const aws::S3Client client;
  const std::shared_ptr<aws::CredentialsProvider> credentials;
  const config::Keyring& keyring;
  const Clock& clock;
  prometheus::Counter& followed;
  prometheus::Counter& expired;
  prometheus::Counter& invalid;
  prometheus::Counter& failed;
  mutable obs::LogLimiter failures{absl::Seconds(10)};
};

RecordLinks::RecordLinks(Settings settings, aws::S3Client client,
                         std::shared_ptr<aws::CredentialsProvider> credentials,
                         const config::Keyring& keyring, const Clock& clock,
                         prometheus::Registry& registry)
    : core_(std::make_shared<const Core>(std::move(settings), std::move(client),
                                         std::move(credentials), keyring, clock, registry)) {}

void RecordLinks::Follow(std::string_view target, Followed followed) const {
  const std::string_view token = PathOf(target).substr(seal::kRecordLinkPath.size());
  const std::optional<seal::RecordLink> link = seal::OpenRecordLink(core_->keyring, token);
  if (!link) {
    core_->invalid.Increment();
    return followed(WireError(
        ErrorName::kAccessDenied,
        "this is no link of this installation, or it was altered; take it from the event's "
        "kinesisSyncRecordsURL, whole"));
  }
  if (link->expiry <= core_->clock.Now()) {
    core_->expired.Increment();
    return followed(WireError(
        ErrorName::kExpiredLink,
        absl::StrCat("this link ended at ",
                     absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", link->expiry, absl::UTCTimeZone()),
                     "; read the dataset, or have the pool published anew (BulkPublish)")));
  }
  core_->credentials->Get([core = core_, link = *link, followed = std::move(followed)](
                              const absl::StatusOr<aws::CredentialsProvider::Pointer>& found) {
    core->Finish(link, found, followed);
  });
}

bool IsRecordLink(std::string_view target) { return target.starts_with(seal::kRecordLinkPath); }

std::string LoggablePath(std::string_view target) {
  const std::string_view path = PathOf(target);
  // A dataset may be called "records", and Amazon's operation is.
  if (path.starts_with("/identitypools")) return std::string(path);
  const std::size_t at = path.find(seal::kRecordLinkPath);
  if (at == std::string_view::npos) return std::string(path);
  return absl::StrCat(ToAbsl(path.substr(0, at + seal::kRecordLinkPath.size())), "***");
}

}  // namespace tidemark::gateway
