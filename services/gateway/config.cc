#include "services/gateway/config.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/aws/credentials_file.h"
#include "services/gateway/wire/cors.h"

namespace tidemark::gateway {
namespace {

using Durations = config::Range<absl::Duration>;

void DeclareLimits(config::Options& options, HttpLimits& limits) {
  using Bytes = config::Range<std::int64_t>;
  options.Add("max-connections", &limits.connections, config::Range<int>{1, 1'000'000},
              "Connections open at a time; further ones are refused.");
  options.AddByteSize("max-header-bytes", &limits.header_bytes, Bytes{4 * kKiB, 256 * kKiB},
                      "Bound of a request's line, and of its headers.");
  options.AddByteSize("max-body-bytes", &limits.body_bytes, Bytes{64 * kKiB, 8 * kMiB},
                      "Bound of a request's body.");
  options.AddByteSize("max-held-bytes", &limits.held_bytes, Bytes{8 * kMiB, 65'536 * kMiB},
                      "Large bodies and answers held at a time, of all connections together.");
  const Durations waits{absl::Milliseconds(100), absl::Hours(1)};
  options.Add("idle-timeout", &limits.idle, waits, "How long a connection may wait for a request.");
  options.Add("header-timeout", &limits.header, waits, "How long a request's head may take.");
  options.Add("body-timeout", &limits.body, waits, "How long its body may take.");
  options.Add("write-timeout", &limits.write, waits,
              "How long a client may take to read an answer.");
}

}  // namespace

void Declare(config::Options& options, Config& config) {
  options.Add("dataset", &config.dataset, "Address of the dataset service.");
  options.Add("stream-config", &config.stream_config,
              "Address of the stream configuration service.");
  options.Add("call-timeout", &config.call_timeout,
              Durations{absl::Milliseconds(100), absl::Minutes(5)},
              "How long the services may take to answer a request.");
  config::Declare(options, config.installation);
  options.Add("credentials-file", &config.credentials_file, config::Range<std::size_t>{1, 4096},
              "Access keys of developers, in the form of AWS's shared credentials file; read again "
              "when it changes.");
  options.Add("max-clock-skew", &config.max_clock_skew,
              Durations{absl::Seconds(1), absl::Hours(24)},
              "How far a signature's time may be from ours.");
  options.Add("cors-origins", &config.cors_origins, config::Range<std::size_t>{0, 65'536},
              "Origins of web pages that may call, separated by commas, or * for any.");
  Declare(options, config.records);
  options.Add("threads", &config.threads, config::Range<int>{1, 64},
              "Threads that serve connections; none of them ever waits.");
  DeclareLimits(options, config.limits);
  options.Check([&config]() -> absl::Status {
    if (config.credentials_file.empty()) {
      return absl::InvalidArgumentError(
          "--credentials-file is missing: without access keys nobody could call");
    }
    absl::Status status = aws::LoadCredentialsFile(config.credentials_file).status();
    if (status.ok()) return status;
    return absl::InvalidArgumentError(absl::StrCat("--credentials-file: ", status.message()));
  });
  options.Check([&config]() -> absl::Status {
    absl::Status status = Cors::Parse(config.cors_origins).status();
    if (status.ok()) return status;
    return absl::InvalidArgumentError(absl::StrCat("--cors-origins: ", status.message()));
  });
}

}  // namespace tidemark::gateway
