#include "services/gateway/wire/exchange.h"

#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"
#include "common/obs/log.h"
#include "services/gateway/wire/json_writer.h"
#include "services/gateway/wire/record_links.h"
#include "services/gateway/wire/request_ids.h"

namespace tidemark::gateway {
namespace {

// Of what a client sent, in a line of the log.
constexpr std::size_t kMaxMethod = 32;
constexpr std::size_t kMaxPath = 512;

// Empty for none.
std::string ReasonText(errors::Reason reason) {
  return reason == errors::v1::ERROR_REASON_UNSPECIFIED ? "" : errors::ReasonName(reason);
}

obs::TraceContext TraceOf(const HttpRequest& request, Random& random) {
  const auto parent = obs::ParseTraceparent(request.Header("traceparent"));
  return parent ? obs::ChildOf(*parent, random) : obs::NewTrace(random);
}

}  // namespace

Exchange::Exchange(Shared& shared, const HttpRequest& request)
    : shared_(shared),
      start_(absl::Now()),
      method_(errors::Excerpt(request.method, kMaxMethod)),
      path_(errors::Excerpt(LoggablePath(request.target), kMaxPath)),
      origin_(request.Header("origin")),
      received_bytes_(request.body.size()) {
  call_.request_id = NewRequestId(shared.random);
  call_.trace = TraceOf(request, shared.random);
  shared_.metrics.Begin();
}

Exchange::~Exchange() { shared_.metrics.End(); }

HttpResponse Exchange::NewResponse(int status) const {
  HttpResponse response;
  response.status = status;
  response.headers.reserve(512);
  response.AddHeader("x-amzn-RequestId", call_.request_id);
  shared_.cors.AddHeaders(origin_, response);
  return response;
}

HttpResponse Exchange::Success(std::string body, int status) {
  HttpResponse response = NewResponse(status);
  if (!body.empty()) response.AddHeader("Content-Type", "application/json");
  response.body = std::move(body);
  Count(response, std::nullopt);
  Log(response, "", absl::OkStatus());
  return response;
}

HttpResponse Exchange::Redirect(std::string_view url) {
  HttpResponse response = Success("", 302);
  response.AddHeader("Location", url);
  response.AddHeader("Cache-Control", "no-store");
  return response;
}

HttpResponse Exchange::Failure(const absl::Status& status) {
  const AmazonError error = ToAmazonError(status);
  const ErrorKind& kind = KindOf(error.name);
  HttpResponse response = NewResponse(kind.http_status);
  response.AddHeader("Content-Type", "application/json");
  response.AddHeader("x-amzn-ErrorType", kind.text);
  if (kind.http_status == 503) response.AddHeader("Retry-After", "1");
  {
    ObjectWriter object(response.body);
    object.Text("__type", kind.text);
    object.Text("message", error.message);
  }
  Count(response, error.name);
  Log(response, kind.text, status);
  return response;
}

void Exchange::Count(const HttpResponse& response, std::optional<ErrorName> error) const {
  shared_.metrics.Count({.operation = operation_,
                         .error = error,
                         .took = absl::Now() - start_,
                         .received_bytes = received_bytes_,
                         .sent_bytes = response.body.size()});
}

void Exchange::Log(const HttpResponse& response, std::string_view error,
                   const absl::Status& status) const {
  const obs::Level level = response.status >= 500 ? obs::Level::kWarning : obs::Level::kInfo;
  if (!obs::LogEnabled(level)) return;
  const absl::Time now = absl::Now();
  std::optional<std::int64_t> held_back = 0;
  if (access_key_id_.empty()) held_back = shared_.strangers.Admit(now);
  if (!held_back) return;
  const std::string reason = ReasonText(errors::ReasonOf(status));
  // A service's message may name keys, and stands in its own log under the same request id.
  const std::string_view message = reason.empty() ? ToStd(status.message()) : "";
  obs::Log(level, "request",
           {{"request_id", call_.request_id},
            {"trace_id", call_.trace.trace_id},
            {"operation", operation_ == nullptr ? "none" : operation_->name},
            {"method", method_},
            {"path", path_},
            {"access_key_id", access_key_id_},
            {"status", response.status},
            {"error", error},
            {"reason", reason},
            {"error_message", message},
            {"duration_ms", absl::ToDoubleMilliseconds(now - start_)},
            {"request_bytes", received_bytes_},
            {"response_bytes", response.body.size()},
            {"held_back", *held_back}});
}

void Pending::Succeed(std::string body) {
  if (repeatable_ && !reply_.TakeRoom(body.size())) {
    return Fail(WireError(ErrorName::kServiceUnavailable,
                          "too much data is held for clients that read slowly; try again later"));
  }
  Answer(exchange_->Success(std::move(body)));
}

void Pending::Answer(HttpResponse response) {
  exchange_.reset();  // once the server has the last answer, what the exchange uses may go
  reply_(std::move(response));
}

}  // namespace tidemark::gateway
