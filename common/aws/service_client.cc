#include "common/aws/service_client.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/aws/server_clock.h"
#include "common/base/abseil.h"
#include "common/errors/error.h"

namespace tidemark::aws {
namespace {

CallError NoAnswer(const absl::Status& status) {
  CallError error;
  error.error_class = status.code() == absl::StatusCode::kInvalidArgument ? ErrorClass::kPermanent
                                                                          : ErrorClass::kTransient;
  if (absl::IsDeadlineExceeded(status)) error.code = kTimeoutCode;
  if (absl::IsResourceExhausted(status)) error.code = kTooLargeCode;
  error.message = std::string(status.message());
  return error;
}

CallError NoCredentials(const absl::Status& status) {
  CallError error;
  error.error_class = absl::IsPermissionDenied(status)     ? ErrorClass::kOff
                      : absl::IsFailedPrecondition(status) ? ErrorClass::kPermanent
                                                           : ErrorClass::kCredentials;
  error.message = absl::StrCat("no credentials: ", status.message());
  return error;
}

// The string member called by one of `names`, or an empty string.
std::string StringMember(const nlohmann::json& object, const std::array<const char*, 2>& names) {
  for (const char* name : names) {
    const auto found = object.find(name);
    if (found != object.end() && found->is_string()) return found->get<std::string>();
  }
  return "";
}

}  // namespace

// Shared by the client and its calls, so that either may end first.
struct ServiceClient::Core {
  Core(Settings s, HttpTransport& t, std::shared_ptr<CredentialsProvider> c, const Clock& k)
      : settings(std::move(s)),
        transport(t),
        credentials(std::move(c)),
        clock(k),
        signer(settings.region, settings.service) {}

  // What signed a request, and whom to tell if AWS refuses it.
  struct Used {
    CredentialsProvider::Pointer credentials;  // null: nothing
    std::shared_ptr<CredentialsProvider> provider;
  };

  void Finish(const Used& used, absl::StatusOr<HttpResponse> result, const Callback& callback) {
    if (!result.ok()) return callback(NoAnswer(result.status()));
    if (result->status >= 200 && result->status < 300) return callback(*std::move(result));
    CallError error = settings.read_error(settings.api, *result);
    if (IsClockError(error)) {
      clock.SetBy(*result);
      error.error_class = ErrorClass::kTransient;
    }
    if (error.error_class == ErrorClass::kCredentials && used.credentials != nullptr) {
      used.provider->Refuse(*used.credentials);
    }
    callback(std::move(error));
  }

  const Settings settings;
  HttpTransport& transport;
  const std::shared_ptr<CredentialsProvider> credentials;
  ServerClock clock;
  SigV4Signer signer;
};

std::ostream& operator<<(std::ostream& out, const CallError& error) {
  out << ErrorClassName(error.error_class) << ": ";
  if (error.http_status != 0) out << error.http_status << ' ';
  if (!error.code.empty()) out << error.code << ": ";
  out << error.message;
  if (!error.request_id.empty()) out << " (request " << error.request_id << ')';
  return out;
}

ServiceClient::ServiceClient(Settings settings, HttpTransport& transport,
                             std::shared_ptr<CredentialsProvider> credentials, const Clock& clock)
    : core_(std::make_shared<Core>(std::move(settings), transport, std::move(credentials), clock)) {
}

void ServiceClient::RenewCredentials() const { core_->credentials->Renew(); }

const Endpoint& ServiceClient::endpoint() const { return core_->settings.endpoint; }

absl::Time ServiceClient::Now() const { return core_->clock.Now(); }

void ServiceClient::Call(HttpRequest request, const CallOptions& options, Callback callback) const {
  if (!options.traceparent.empty()) request.headers.push_back({"traceparent", options.traceparent});
  // In shared ownership, because a std::function must be copyable.
  auto prepared = std::make_shared<HttpRequest>(std::move(request));
  auto provider = options.credentials == nullptr ? core_->credentials : options.credentials;
  CredentialsProvider& asked = *provider;
  asked.Get([core = core_, provider = std::move(provider), prepared, timeouts = options.timeouts,
             callback = std::move(callback)](
                const absl::StatusOr<CredentialsProvider::Pointer>& credentials) {
    if (!credentials.ok()) return callback(NoCredentials(credentials.status()));
    core->signer.Sign(**credentials, core->clock.Now(), *prepared);
    core->transport.Send(std::move(*prepared), timeouts,
                         [core, callback, used = Core::Used{*credentials, provider}](
                             absl::StatusOr<HttpResponse> result) {
                           core->Finish(used, std::move(result), callback);
                         });
  });
}

void ServiceClient::CallUnsigned(HttpRequest request, const CallOptions& options,
                                 Callback callback) const {
  if (!options.traceparent.empty()) request.headers.push_back({"traceparent", options.traceparent});
  core_->transport.Send(
      std::move(request), options.timeouts,
      [core = core_, callback = std::move(callback)](absl::StatusOr<HttpResponse> result) {
        core->Finish({}, std::move(result), callback);
      });
}

std::string RequestId(const HttpResponse& response) {
  for (const char* name : {"x-amzn-requestid", "x-amz-request-id"}) {
    if (const std::string_view id = FindHeader(response.headers, name); !id.empty()) {
      return std::string(id);
    }
  }
  return "";
}

std::string KeptText(std::string_view text) {
  constexpr std::size_t kMaxKept = 1024;
  std::string kept = errors::Excerpt(text.substr(0, text.find_first_of("\r\n")), kMaxKept);
  std::replace_if(
      kept.begin(), kept.end(), [](char c) { return absl::ascii_iscntrl(c); }, ' ');
  return kept;
}

CallError ReadJsonError(Api api, const HttpResponse& response) {
  CallError error;
  error.http_status = response.status;
  error.request_id = RequestId(response);
  const auto body = nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  std::string code(FindHeader(response.headers, "x-amzn-errortype"));
  if (body.is_object()) {
    if (code.empty()) code = StringMember(body, {"__type", "code"});
    error.message = KeptText(StringMember(body, {"message", "Message"}));
  }
  error.code = std::string(BareErrorCode(code));
  error.error_class = ClassifyError(api, response.status, error.code);
  return error;
}

CallError UnreadableAnswer(const HttpResponse& response) {
  return {.error_class = ErrorClass::kTransient,
          .http_status = response.status,
          .code = "",
          .message = "the answer can't be read",
          .request_id = RequestId(response)};
}

}  // namespace tidemark::aws
