#include "common/testing/fake_aws/fake_aws.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/admin.h"
#include "common/testing/fake_aws/auth_error.h"
#include "common/testing/fake_aws/query.h"
#include "common/testing/fake_aws/signature.h"

namespace tidemark::fake_aws {

std::string RequestId(std::uint64_t call_number) {
  return absl::StrCat("00000000-0000-4000-8000-", absl::Dec(call_number, absl::kZeroPad12));
}

namespace {

// A service's options with what all services share.
template <typename ServiceOptions>
ServiceOptions Within(const FakeAws::Options& options, ServiceOptions own) {
  own.region = options.region;
  own.account = options.account;
  return own;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FakeAws>> FakeAws::Start(Options options, const Clock& clock) {
  const std::uint16_t port = options.port;
  std::unique_ptr<FakeAws> fake(new FakeAws(std::move(options), clock));
  absl::StatusOr<std::unique_ptr<HttpServer>> server = HttpServer::Start(
      {.port = port},
      [fake = fake.get()](const ServerRequest& request) { return fake->Serve(request); });
  if (!server.ok()) return server.status();
  fake->server_ = *std::move(server);
  return fake;
}

FakeAws::FakeAws(Options options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      faults_(clock_),
      iam_(options_.keys, options_.account, clock_),
      kinesis_(Within(options_, options_.kinesis), clock_),
      lambda_(Within(options_, options_.lambda), clock_),
      s3_(Within(options_, options_.s3), iam_, clock_),
      sns_(Within(options_, options_.sns), clock_),
      sts_(iam_),
      services_({{kinesis_.name(), &kinesis_},
                 {lambda_.name(), &lambda_},
                 {s3_.name(), &s3_},
                 {sns_.name(), &sns_},
                 {sts_.name(), &sts_}}) {}

FakeAws::~FakeAws() = default;

std::map<std::string, std::uint64_t> FakeAws::Calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::uint64_t FakeAws::CallsOf(const std::string& operation) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(operation);
  return found == calls_.end() ? 0 : found->second;
}

void FakeAws::Reset() {
  faults_.Reset();
  iam_.Reset();
  for (const auto& [name, service] : services_) service->Reset();
  const std::lock_guard lock(mutex_);
  calls_.clear();
}

ServerResponse FakeAws::Serve(const ServerRequest& request) {
  if (request.target.starts_with(kAdminPrefix)) return Administer(*this, request);
  Service* const service = ServiceOf(request);
  if (service == nullptr) {
    return {.status = 404, .headers = {}, .body = R"({"message":"no such service in the fake"})"};
  }
  return ServeCall(*service, request);
}

ServerResponse FakeAws::ServeCall(Service& service, const ServerRequest& request) {
  Call call = service.Read(request);
  call.number = Count(service, call.operation);
  ServerResponse response;
  if (std::optional<ServerResponse> refusal = Admit(service, call)) {
    response = *std::move(refusal);
  } else if (const std::optional<Fault> fault =
                 faults_.Next(service.name(), call.operation, call.resource)) {
    response = Strike(service, call, *fault);
  } else {
    response = service.Answer(call, std::nullopt);
  }
  const std::string_view id_header = &service == &s3_ ? "x-amz-request-id" : "x-amzn-RequestId";
  response.headers.push_back({std::string(id_header), RequestId(call.number)});
  response.headers.push_back(
      {"Date", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", clock_.Now(), absl::UTCTimeZone())});
  return response;
}

ServerResponse FakeAws::Strike(Service& service, const Call& call, const Fault& fault) {
  ServerResponse response;
  switch (fault.kind) {
    case Fault::Kind::kDelay:
    case Fault::Kind::kRecords:
    case Fault::Kind::kCut:
    case Fault::Kind::kLoseAnswer:
      response = service.Answer(
          call, fault.kind == Fault::Kind::kRecords ? std::optional(fault) : std::nullopt);
      break;
    case Fault::Kind::kError:
      response = service.Error(fault.status, fault.code, fault.message);
      break;
    case Fault::Kind::kReset:
    case Fault::Kind::kHang:
    case Fault::Kind::kGarbage:
      break;
  }
  if (fault.kind == Fault::Kind::kCut) response.delivery = Delivery::kCut;
  if (fault.kind == Fault::Kind::kHang) response.delivery = Delivery::kHang;
  if (fault.kind == Fault::Kind::kGarbage) response.delivery = Delivery::kGarbage;
  if (fault.kind == Fault::Kind::kReset || fault.kind == Fault::Kind::kLoseAnswer) {
    response.delivery = Delivery::kReset;
  }
  response.delay = fault.delay;
  return response;
}

Service* FakeAws::ServiceOf(const ServerRequest& request) {
  if (const std::string scope = ServiceInScope(request); !scope.empty()) {
    const auto found = services_.find(scope);
    return found == services_.end() ? nullptr : found->second;
  }
  if (aws::FindHeader(request.headers, "x-amz-target").starts_with("Kinesis_")) return &kinesis_;
  if (FakeSts::Knows(request)) return &sts_;
  if (FakeLambda::Knows(request)) return &lambda_;
  return PathOf(request.target) == "/" ? nullptr : &s3_;
}

std::optional<ServerResponse> FakeAws::Admit(Service& service, Call& call) const {
  if (call.anonymous) return std::nullopt;
  const auto refuse = [&](const AuthRefusal& refusal) {
    const AuthError error = AuthErrorOf(service.name(), refusal.failure);
    return service.Error(error.status, error.code, refusal.message);
  };
  const std::optional<AuthRefusal> refusal =
      Authenticate(call.request, options_.region, service.name(), clock_.Now(), iam_, call.caller);
  if (refusal) return refuse(*refusal);
  const std::string action =
      call.action.empty() ? absl::StrCat(ToAbsl(service.name()), ":", call.operation) : call.action;
  if (action == "sts:GetCallerIdentity" || iam_.Allows(call.caller, action)) return std::nullopt;
  return refuse({AuthFailure::kNotAllowed,
                 absl::StrCat("User: ", call.caller.arn, " is not authorized to perform: ", action,
                              " on resource: ", call.resource,
                              " because no identity-based policy allows the action")});
}

std::uint64_t FakeAws::Count(const Service& service, const std::string& operation) {
  const std::lock_guard lock(mutex_);
  ++calls_[absl::StrCat(ToAbsl(service.name()), ".", operation)];
  return ++last_number_;
}

}  // namespace tidemark::fake_aws
