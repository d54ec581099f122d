#include "cli/client/client.h"

#include <array>
#include <cstdint>
#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/random.h"
#include "common/base/uuid.h"
#include "common/config/config_file.h"
#include "common/errors/error.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"

namespace tidemark::cli {
namespace {

constexpr char kPrincipal[] = "tidemark-cli";
constexpr char kRequestIdPayload[] = "tidemark.cli/request-id";
// A whole dataset in a message: see ReadSnapshotsRequest.max_bytes.
constexpr std::int64_t kMaxMessageBytes = 32 * kMiB;

std::string NewRequestId() {
  std::array<std::uint8_t, 16> bytes;
  SystemRandom().Fill(bytes);
  return MakeUuid(bytes);
}

// gRPC tells the whole way down to the cause: "connections to all backends failing; last error:
// UNKNOWN: ipv4:...: Connection refused".
std::string CauseOf(const std::string& message) {
  const std::size_t colon = message.rfind(": ");
  return colon == std::string::npos ? message : message.substr(colon + 2);
}

absl::Status Unreachable(const Target& target, const std::string& why) {
  return errors::Error(
      absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE,
      absl::StrCat("the ", target.name, " service at ", target.address, " can't be reached (", why,
                   "): is it running there? --", target.name, " names another address"),
      {{"service", target.name}});
}

absl::Status TooSlow(const Target& target) {
  return errors::Error(
      absl::StatusCode::kDeadlineExceeded, errors::v1::ERROR_REASON_DEADLINE_EXCEEDED,
      absl::StrCat("the ", target.name, " service at ", target.address, " did not answer within ",
                   absl::FormatDuration(target.timeout),
                   "; what was asked for may have happened. --timeout gives it longer"));
}

absl::Status Unknown(const Target& target) {
  return {absl::StatusCode::kUnimplemented,
          absl::StrCat("what answers at ", target.address, " is no ", target.name,
                       " service, an older one, or can't read the request (text that is not "
                       "UTF-8); --",
                       target.name, " names another address")};
}

// What gRPC itself says, when no service of ours did.
absl::Status OfGrpc(const Target& target, const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNAVAILABLE:
      return Unreachable(target, CauseOf(status.error_message()));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return TooSlow(target);
    case grpc::StatusCode::UNIMPLEMENTED:
      return Unknown(target);
    default:
      return rpc::FromGrpc(status);
  }
}

absl::StatusOr<std::string> ReadPem(const char* option, const std::string& path) {
  if (path.empty()) return std::string();
  absl::StatusOr<std::string> text = config::ReadTextFile(path);
  if (text.ok()) return text;
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": \"", path, "\" ", text.status().message()));
}

absl::StatusOr<std::optional<rpc::ClientTls>> TlsOf(const Settings& settings) {
  if (!settings.tls) return std::optional<rpc::ClientTls>();
  rpc::ClientTls tls;
  TM_ASSIGN_OR_RETURN(tls.server_ca, ReadPem("--tls-ca-file", settings.tls_ca_file));
  TM_ASSIGN_OR_RETURN(tls.certificate_chain,
                      ReadPem("--tls-certificate-file", settings.tls_certificate_file));
  tls.private_key = settings.tls_key;
  return std::optional<rpc::ClientTls>(std::move(tls));
}

}  // namespace

CallScope::CallScope(const Target& target, absl::Duration timeout)
    : target_(target), request_id_(NewRequestId()) {
  rpc::ActAsService(kPrincipal, SystemRandom(), context_);
  context_.AddMetadata(std::string(rpc::kRequestIdKey), request_id_);
  rpc::SetTimeout(context_, timeout);
}

absl::Status CallScope::End(const grpc::Status& status) const {
  if (status.ok()) return absl::OkStatus();
  absl::Status error =
      status.error_details().empty() ? OfGrpc(target_, status) : rpc::FromGrpc(status);
  error.SetPayload(kRequestIdPayload, absl::Cord(request_id_));
  return error;
}

std::string RequestIdOf(const absl::Status& status) {
  const absl::optional<absl::Cord> id = status.GetPayload(kRequestIdPayload);
  return id ? std::string(*id) : "";
}

absl::StatusOr<std::unique_ptr<Clients>> Clients::Make(const Settings& settings) {
  rpc::ChannelOptions options;
  options.max_message_bytes = kMaxMessageBytes;
  TM_ASSIGN_OR_RETURN(options.tls, TlsOf(settings));
  const auto target = [&](const char* name, const config::Address& at) {
    const std::string address = config::FormatAddress(at);
    return Target{name, address, rpc::MakeChannel(address, options), settings.timeout};
  };
  const Target dataset = target("dataset", settings.dataset);
  return std::unique_ptr<Clients>(new Clients{
      .pools = Client<stream_config::v1::StreamConfigService>(
          target("stream-config", settings.stream_config)),
      .publisher = Client<publisher::v1::PublisherService>(target("publisher", settings.publisher)),
      .change_log = Client<dataset::v1::ChangeLogService>(dataset),
      .admin = Client<dataset::v1::DatasetAdminService>(dataset),
      .datasets = Client<dataset::v1::DatasetService>(dataset)});
}

}  // namespace tidemark::cli
