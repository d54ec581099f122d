#include "services/publisher/s3_wiring.h"

#include <chrono>
#include <future>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "common/aws/endpoint.h"
#include "common/aws/s3.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "services/publisher/engine/s3_record_store.h"

namespace tidemark::publisher {
namespace {

constexpr auto kPatience = std::chrono::seconds(5);

// Waits for them for a moment; null if they do not come.
aws::CredentialsProvider::Pointer Await(aws::CredentialsProvider& credentials) {
  const auto come = std::make_shared<std::promise<aws::CredentialsProvider::Pointer>>();
  auto future = come->get_future();
  credentials.Get([come](const absl::StatusOr<aws::CredentialsProvider::Pointer>& found) {
    come->set_value(found.ok() ? *found : nullptr);
  });
  return future.wait_for(kPatience) == std::future_status::ready ? future.get() : nullptr;
}

}  // namespace

absl::StatusOr<RecordStoring> MakeRecordStore(const S3Config& config, const S3Parts& parts) {
  if (config.bucket.empty()) return RecordStoring{nullptr, std::make_unique<NoRecordStore>()};
  std::optional<aws::Endpoint> endpoint;
  if (!config.endpoint.empty()) {
    TM_ASSIGN_OR_RETURN(endpoint, aws::Endpoint::Parse(config.endpoint));
  }
  const aws::S3Client client(parts.region, std::move(endpoint), parts.transport, parts.credentials,
                             SystemClock());
  RecordStoring made;
  if (config.UrlsOfGateway()) {
    TM_ASSIGN_OR_RETURN(const aws::Endpoint gateway, aws::Endpoint::Parse(config.gateway_url));
    made.urls = std::make_unique<GatewayUrls>(gateway.Url(), config.url_lifetime, parts.keyring,
                                              SystemClock());
  } else {
    if (const auto credentials = Await(*parts.credentials)) {
      TM_RETURN_IF_ERROR(CheckUrlLifetimes(*credentials, absl::Now(), config.url_lifetime));
    }
    made.urls = std::make_unique<PresignedUrls>(
        PresignedUrls::Settings{parts.region, config.bucket, config.url_lifetime}, client,
        parts.credentials, SystemClock());
  }
  made.store = std::make_unique<S3RecordStore>(
      S3RecordStore::Settings{.bucket = config.bucket,
                              .prefix = config.prefix,
                              .encryption = EncryptionOf(config),
                              .url_lifetime = config.url_lifetime,
                              .timeout = config.timeout},
      client, S3RecordStore::Parts{parts.keyring, *made.urls, SystemClock()}, parts.registry);
  return made;
}

}  // namespace tidemark::publisher
