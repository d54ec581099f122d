#include "services/gateway/wire/gateway.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "services/gateway/wire/amazon_error.h"
#include "services/gateway/wire/request_ids.h"
#include "services/gateway/wire/request_target.h"
#include "services/gateway/wire/routes.h"
#include "services/gateway/wire/utf8.h"

namespace tidemark::gateway {
namespace {

// A body sent compressed or otherwise coded would have to be decoded; no client of Amazon's does
// so.
absl::Status CheckCoding(const HttpRequest& request) {
  const std::string_view coding = request.Header("content-encoding");
  if (coding.empty() || EqualsIgnoreCase(coding, "identity")) return absl::OkStatus();
  return WireError(ErrorName::kUnsupportedMediaType,
                   "Content-Encoding is not supported; send the body as it is");
}

// Only developers get this far.
absl::Status CheckCaller(const OperationInfo& info) {
  if (info.callers != Callers::kIdentity) return absl::OkStatus();
  return WireError(ErrorName::kNotAuthorized,
                   "These credentials are not valid for accessing this resource");
}

absl::StatusOr<OperationInput> ReadInput(const HttpRequest& request, const RequestTarget& target,
                                         const PathFields& fields) {
  OperationInput input;
  TM_ASSIGN_OR_RETURN(input.identity_pool_id,
                      DecodeSegment("IdentityPoolId", fields.identity_pool_id));
  TM_ASSIGN_OR_RETURN(input.identity_id, DecodeSegment("IdentityId", fields.identity_id));
  TM_ASSIGN_OR_RETURN(input.dataset_name, DecodeSegment("DatasetName", fields.dataset_name));
  input.query = QueryParameters(target.query);
  input.body = request.body;
  input.client_context = request.Header("x-amz-client-context");
  if (!IsUtf8(input.client_context)) {
    return WireError(ErrorName::kSerialization, "x-amz-Client-Context: is not UTF-8");
  }
  return input;
}

}  // namespace

Gateway::Gateway(const Options& options, Authenticator& authenticator, Services& services,
                 Random& random, prometheus::Registry& registry)
    : options_(options),
      authenticator_(authenticator),
      services_(services),
      metrics_(registry),
      strangers_(options.strangers_log_interval),
      shared_{metrics_, options_.cors, random, strangers_} {}

std::optional<HttpResponse> Gateway::Refuse(const HttpRequest& head) {
  const Route route = FindRoute(head.method, SplitTarget(head.target));
  if (route.operation == nullptr) {
    Exchange exchange(shared_, head);
    return AnswerNoRoute(route, exchange);
  }
  absl::Status status = CheckCoding(head);
  if (status.ok()) status = authenticator_.CheckHead(head);
  if (status.ok()) return std::nullopt;
  Exchange exchange(shared_, head);
  exchange.set_operation(route.operation);
  return exchange.Failure(status);
}

void Gateway::Handle(const HttpRequest& request, HttpReply reply) {
  auto pending = std::make_unique<Pending>(shared_, request, std::move(reply));
  if (request.method == "OPTIONS") {
    return pending->Answer(AnswerOptions(request, pending->exchange()));
  }
  if (options_.links != nullptr && IsRecordLink(request.target)) {
    return FollowLink(request, std::move(pending));
  }
  Serve(request, std::move(pending));
}

void Gateway::FollowLink(const HttpRequest& request, std::unique_ptr<Pending> pending) const {
  if (request.method != "GET") {
    HttpResponse response = pending->exchange().Failure(
        WireError(ErrorName::kMethodNotAllowed, "this path takes GET; not this method"));
    response.AddHeader("Allow", "GET");
    return pending->Answer(std::move(response));
  }
  // In shared ownership, because a std::function must be copyable.
  options_.links->Follow(request.target, [shared = std::shared_ptr<Pending>(std::move(pending))](
                                             const absl::StatusOr<std::string>& url) {
    if (!url.ok()) return shared->Fail(url.status());
    shared->Answer(shared->exchange().Redirect(*url));
  });
}

void Gateway::Serve(const HttpRequest& request, std::unique_ptr<Pending> pending) {
  const RequestTarget target = SplitTarget(request.target);
  const Route route = FindRoute(request.method, target);
  if (route.operation == nullptr) {
    return pending->Answer(AnswerNoRoute(route, pending->exchange()));
  }
  pending->exchange().set_operation(route.operation);
  if (const absl::Status status = CheckCoding(request); !status.ok()) return pending->Fail(status);

  const absl::StatusOr<std::string> access_key_id = authenticator_.Authenticate(request);
  if (!access_key_id.ok()) return pending->Fail(access_key_id.status());
  pending->exchange().set_access_key_id(*access_key_id);
  pending->exchange().call().caller = rpc::CallerKind::kDeveloper;
  pending->exchange().call().principal = options_.account_id;
  if (const absl::Status status = CheckCaller(*route.operation); !status.ok()) {
    return pending->Fail(status);
  }

  absl::StatusOr<OperationInput> input = ReadInput(request, target, route.fields);
  if (!input.ok()) return pending->Fail(input.status());
  input->request_id = WriteRequestId(*access_key_id, request.Header("amz-sdk-invocation-id"));
  services_.Run(route.operation->operation, *input, std::move(pending));
}

HttpResponse Gateway::AnswerNoRoute(const Route& route, Exchange& exchange) {
  if (route.allowed.empty()) {
    return exchange.Failure(
        WireError(ErrorName::kUnknownOperation,
                  "no operation has this path; see the API reference of Amazon Cognito Sync"));
  }
  HttpResponse response = exchange.Failure(
      WireError(ErrorName::kMethodNotAllowed,
                absl::StrCat("this path takes ", ToAbsl(route.allowed), "; not this method")));
  response.AddHeader("Allow", route.allowed);
  return response;
}

// Preflights are not signed: browsers send them by themselves.
HttpResponse Gateway::AnswerOptions(const HttpRequest& request, Exchange& exchange) const {
  if (Cors::IsPreflight(request) && !options_.cors.Allows(exchange.origin())) {
    return exchange.Failure(
        WireError(ErrorName::kAccessDenied,
                  "pages of this origin may not call; --cors-origins says which may"));
  }
  HttpResponse response = exchange.Success("", 204);
  if (Cors::IsPreflight(request)) {
    Cors::AddPreflightHeaders(response);
  } else {
    response.AddHeader("Allow", "GET, POST, DELETE, OPTIONS");
  }
  return response;
}

HttpResponse Gateway::Answer(HttpFault fault, std::string_view why, const HttpRequest& head) {
  Exchange exchange(shared_, head);
  switch (fault) {
    case HttpFault::kMalformed:
      return exchange.Failure(
          WireError(ErrorName::kMalformedHttpRequest,
                    absl::StrCat("the request is not well-formed HTTP/1.1: ", ToAbsl(why))));
    case HttpFault::kTimeout:
      return exchange.Failure(
          WireError(ErrorName::kRequestTimeout,
                    absl::StrCat("the request did not arrive in time: ", ToAbsl(why))));
    case HttpFault::kBodyTooLarge:
      return exchange.Failure(WireError(ErrorName::kRequestEntityTooLarge,
                                        absl::StrCat("the request's body has ", ToAbsl(why),
                                                     "; send fewer or smaller records at a time")));
    case HttpFault::kHeaderTooLarge:
      return exchange.Failure(
          WireError(ErrorName::kRequestHeaderFieldsTooLarge,
                    absl::StrCat("the request's line or headers have ", ToAbsl(why))));
    case HttpFault::kOverloaded:
      return exchange.Failure(WireError(ErrorName::kServiceUnavailable,
                                        "too many connections or too much data at once; try again "
                                        "later"));
    case HttpFault::kForgotten:
      break;
  }
  return exchange.Failure(WireError(ErrorName::kInternalError, "an internal error occurred"));
}

}  // namespace tidemark::gateway
