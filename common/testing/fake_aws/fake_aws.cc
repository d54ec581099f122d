#include "common/testing/fake_aws/fake_aws.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/aws/authorization_header.h"
#include "common/base/abseil.h"
#include "common/testing/fake_aws/admin.h"

namespace tidemark::fake_aws {
namespace {

FakeKinesis::Options KinesisOptions(const FakeAws::Options& options) {
  FakeKinesis::Options kinesis = options.kinesis;
  kinesis.region = options.region;
  return kinesis;
}

std::string RequestId(std::uint64_t number) {
  return absl::StrCat("00000000-0000-4000-8000-", absl::Dec(number, absl::kZeroPad12));
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
      secrets_(options_.keys),
      kinesis_(KinesisOptions(options_), clock_) {
  services_ = {{kinesis_.name(), &kinesis_}};
  for (const auto& [name, service] : services_) {
    verifiers_[name] = std::make_unique<aws::SigV4Verifier>(
        aws::SigV4Verifier::Options{.region = options_.region, .service = std::string(name)},
        clock_);
  }
}

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
  if (std::optional<ServerResponse> refusal = CheckSignature(service, request)) {
    response = *std::move(refusal);
  } else if (const std::optional<Fault> fault =
                 faults_.Next(service.name(), call.operation, call.resource)) {
    response = Strike(service, call, *fault);
  } else {
    response = service.Answer(call, std::nullopt);
  }
  response.headers.push_back({"x-amzn-RequestId", RequestId(call.number)});
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
  const auto parsed = aws::ParseAuthorization(aws::FindHeader(request.headers, "authorization"));
  if (parsed.ok()) {
    const auto found = services_.find(parsed->scope.service);
    return found == services_.end() ? nullptr : found->second;
  }
  if (aws::FindHeader(request.headers, "x-amz-target").starts_with("Kinesis_")) return &kinesis_;
  return nullptr;
}

std::optional<ServerResponse> FakeAws::CheckSignature(Service& service,
                                                      const ServerRequest& request) {
  if (options_.keys.empty()) return std::nullopt;
  std::vector<aws::HeaderView> headers;
  for (const aws::HttpHeader& header : request.headers) {
    headers.push_back({header.name, header.value});
  }
  aws::SignatureClaim claim;
  const aws::AuthOutcome outcome = verifiers_.at(service.name())
                                       ->Verify({.method = request.method,
                                                 .target = request.target,
                                                 .headers = headers,
                                                 .body = request.body},
                                                secrets_, claim);
  if (outcome.ok()) return std::nullopt;
  return service.Error(aws::HttpStatusOf(outcome.error), aws::AmazonErrorName(outcome.error),
                       outcome.message);
}

std::uint64_t FakeAws::Count(const Service& service, const std::string& operation) {
  const std::lock_guard lock(mutex_);
  ++calls_[absl::StrCat(ToAbsl(service.name()), ".", operation)];
  return ++last_number_;
}

}  // namespace tidemark::fake_aws
