#pragma once

#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/obs/log.h"
#include "services/gateway/http/handler.h"
#include "services/gateway/wire/authenticator.h"
#include "services/gateway/wire/cors.h"
#include "services/gateway/wire/exchange.h"
#include "services/gateway/wire/record_links.h"
#include "services/gateway/wire/request_metrics.h"
#include "services/gateway/wire/routes.h"
#include "services/gateway/wire/services.h"

namespace tidemark::gateway {

// Amazon's REST protocol: routes a request, authenticates it, and has the services answer. Errors
// are always JSON, with Amazon's name in the body and in x-amzn-ErrorType (contract section 1).
class Gateway final : public HttpHandler {
 public:
  struct Options {
    std::string account_id;  // whom developers act for
    Cors cors;
    // Between lines of the log for requests that were not authenticated.
    absl::Duration strangers_log_interval = absl::Milliseconds(100);
    // Null: links to stored records are not followed. Outlives it.
    const RecordLinks* links = nullptr;
  };

  // All outlive it.
  Gateway(const Options& options, Authenticator& authenticator, Services& services, Random& random,
          prometheus::Registry& registry);

  std::optional<HttpResponse> Refuse(const HttpRequest& head) override;
  void Handle(const HttpRequest& request, HttpReply reply) override;
  HttpResponse Answer(HttpFault fault, std::string_view why, const HttpRequest& head) override;
  void Abandon() override { services_.GiveUp(); }

 private:
  void Serve(const HttpRequest& request, std::unique_ptr<Pending> pending);
  void FollowLink(const HttpRequest& request, std::unique_ptr<Pending> pending) const;
  static HttpResponse AnswerNoRoute(const Route& route, Exchange& exchange);
  HttpResponse AnswerOptions(const HttpRequest& request, Exchange& exchange) const;

  const Options options_;
  Authenticator& authenticator_;
  Services& services_;
  RequestMetrics metrics_;
  obs::LogLimiter strangers_;
  Exchange::Shared shared_;
};

}  // namespace tidemark::gateway
