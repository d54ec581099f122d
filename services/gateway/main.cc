// tidemark-gateway: Amazon Cognito Sync's HTTP API in front of the services.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/aws/base_credentials.h"
#include "common/aws/http.h"
#include "common/aws/s3.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/rpc/process.h"
#include "services/gateway/config.h"
#include "services/gateway/http/server.h"
#include "services/gateway/wire/authenticator.h"
#include "services/gateway/wire/developer_keys.h"
#include "services/gateway/wire/gateway.h"
#include "services/gateway/wire/record_links.h"
#include "services/gateway/wire/services.h"

namespace tidemark::gateway {
namespace {

// Follows links to stored records, with AWS behind it.
class LinkFollower {
 public:
  static absl::StatusOr<std::unique_ptr<LinkFollower>> Start(const Config& config,
                                                             prometheus::Registry& registry) {
    TM_ASSIGN_OR_RETURN(auto transport, aws::CurlTransport::Start({}));
    TM_ASSIGN_OR_RETURN(aws::CredentialsPlace place, PlaceOfCredentials());
    return std::unique_ptr<LinkFollower>(
        new LinkFollower(config, std::move(transport), std::move(place), registry));
  }

  const RecordLinks& links() const { return links_; }

 private:
  LinkFollower(const Config& config, std::unique_ptr<aws::CurlTransport> transport,
               aws::CredentialsPlace place, prometheus::Registry& registry)
      : transport_(std::move(transport)),
        credentials_(aws::ProvideFrom(
            std::move(place), {.transport = *transport_,
                               .clock = SystemClock(),
                               .random = SystemRandom(),
                               .region = config.installation.region,
                               .sts = aws::Endpoint::OfOption(config.records.sts_endpoint, "sts",
                                                              config.installation.region)})),
        links_({.region = config.installation.region, .bucket = config.records.bucket},
               aws::S3Client(config.installation.region, EndpointOf(config.records.s3_endpoint),
                             *transport_, credentials_, SystemClock()),
               credentials_, *config.records.keyring, SystemClock(), registry) {}

  // As configured, and checked; none: AWS's own.
  static std::optional<aws::Endpoint> EndpointOf(const std::string& url) {
    if (url.empty()) return std::nullopt;
    return aws::Endpoint::Parse(url).value();
  }

  const std::unique_ptr<aws::CurlTransport> transport_;
  const std::shared_ptr<aws::CredentialsProvider> credentials_;
  const RecordLinks links_;
};

absl::Status Serve(const Config& config, rpc::Process& process) {
  TM_ASSIGN_OR_RETURN(const std::unique_ptr<DeveloperKeys> keys,
                      DeveloperKeys::Open(config.credentials_file));
  TM_ASSIGN_OR_RETURN(Cors cors, Cors::Parse(config.cors_origins));
  Authenticator authenticator(
      {.region = config.installation.region, .max_clock_skew = config.max_clock_skew},
      SystemClock(), *keys);
  Services services({.dataset_address = config::FormatAddress(config.dataset),
                     .stream_config_address = config::FormatAddress(config.stream_config),
                     .timeout = config.call_timeout},
                    SystemRandom());
  std::unique_ptr<LinkFollower> follower;
  if (!config.records.bucket.empty()) {
    TM_ASSIGN_OR_RETURN(follower, LinkFollower::Start(config, process.metrics()));
  }
  Gateway gateway({.account_id = config.installation.account_id,
                   .cors = std::move(cors),
                   .links = follower == nullptr ? nullptr : &follower->links()},
                  authenticator, services, SystemRandom(), process.metrics());
  TM_ASSIGN_OR_RETURN(
      const std::unique_ptr<HttpServer> server,
      HttpServer::Start(
          {.listen = process.config().listen, .threads = config.threads, .limits = config.limits},
          gateway, process.metrics()));
  return process.Serve(*server, services.Checks());
}

}  // namespace
}  // namespace tidemark::gateway

int main(int argc, char** argv) {
  tidemark::gateway::Config config;
  return tidemark::rpc::RunService(
      argc, argv,
      {.name = "gateway",
       .about = "Serves Amazon Cognito Sync's HTTP API from Tidemark's services.",
       .port = 8080,
       .metrics_port = 9106,
       .declare = [&](auto& options) { tidemark::gateway::Declare(options, config); },
       .serve = [&](auto& process) { return tidemark::gateway::Serve(config, process); }});
}
