#include "cli/client/settings.h"

#include <filesystem>
#include <system_error>

#include "absl/status/status.h"

namespace tidemark::cli {
namespace {

constexpr config::Range<std::size_t> kPath{1, 4096};

}  // namespace

void Declare(config::Options& options, Settings& settings) {
  options.AddChoice("output", &settings.output, {"text", "json"},
                    "How results and errors are written.");
  options.Add("stream-config", &settings.stream_config,
              "Address of the stream configuration service.");
  options.Add("dataset", &settings.dataset, "Address of the dataset service.");
  options.Add("publisher", &settings.publisher, "Address of a publisher.");
  options.Add("timeout", &settings.timeout,
              config::Range<absl::Duration>{absl::Milliseconds(1), absl::Hours(24)},
              "How long each call to a service may take.");
  options.Add("page-size", &settings.page_size, config::Range<int>{0, 1024},
              "What lists ask for at a time; all pages are read. 0: as the service likes.");
  options.Add("tls", &settings.tls, "Whether to speak TLS; the services must, too.");
  options.Add("tls-ca-file", &settings.tls_ca_file, kPath,
              "With --tls: certificates, in PEM, of those who vouch for the services; without, the "
              "system's.");
  options.Add("tls-certificate-file", &settings.tls_certificate_file, kPath,
              "With --tls: the certificate to show, in PEM.");
  options.AddSecret("tls-key", &settings.tls_key, config::Options::Presence::kOptional,
                    "With --tls: the key of that certificate, in PEM.");
  options.Check([&settings]() -> absl::Status {
    const bool has_key = !settings.tls_key.empty();
    if (has_key != !settings.tls_certificate_file.empty()) {
      return absl::InvalidArgumentError(
          "--tls-certificate-file and --tls-key-file belong together: give both or none");
    }
    if (!settings.tls && (has_key || !settings.tls_ca_file.empty())) {
      return absl::InvalidArgumentError("--tls is missing: certificates are of use with it only");
    }
    return absl::OkStatus();
  });
}

std::string DefaultConfigFile(const config::Environment& environment) {
  std::filesystem::path directory = environment("XDG_CONFIG_HOME").value_or("");
  if (!directory.is_absolute()) {  // As the specification asks.
    const std::string home = environment("HOME").value_or("");
    if (home.empty()) return "";
    directory = std::filesystem::path(home) / ".config";
  }
  const std::filesystem::path file = directory / "tidemark" / "config.toml";
  std::error_code error;
  return std::filesystem::exists(file, error) ? file.string() : "";
}

}  // namespace tidemark::cli
