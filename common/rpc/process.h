#pragma once

#include <prometheus/registry.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/stop_signals.h"
#include "common/config/options.h"
#include "common/obs/readiness.h"
#include "common/rpc/calls.h"
#include "common/rpc/endpoint.h"
#include "common/rpc/open_calls.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace tidemark::rpc {

// The settings that every service has; declared by RunService.
struct ProcessConfig {
  config::Address listen;          // gRPC
  config::Address metrics_listen;  // /metrics, /livez, /readyz
  std::string port_file;           // "" for none
  std::string log_level = "info";
  absl::Duration drain_delay = absl::Milliseconds(200);  // see Endpoint::Drain
  absl::Duration grace = absl::Seconds(10);
};

// What a running service gets from its frame.
class Process {
 public:
  Process(const ProcessConfig& config, std::string service, const StopSignals& stop);

  const ProcessConfig& config() const { return config_; }
  // Where every metric of the process is registered.
  prometheus::Registry& metrics() { return metrics_; }
  // For every Calls of the process.
  Calls::Options calls_options();

  // Serves until a signal asks to stop, then drains: on return no call is in flight, and everything
  // made before can be taken down. Readiness asks `checks`. Once it listens it prints one line,
  //   listening grpc=127.0.0.1:7001 metrics=127.0.0.1:9101
  // and writes the same line to --port-file.
  absl::Status Serve(Endpoint& endpoint, std::vector<obs::Readiness::Check> checks);
  // With an RpcServer of these services.
  absl::Status Serve(const std::vector<grpc::Service*>& services,
                     std::vector<obs::Readiness::Check> checks);

 private:
  absl::Status Announce(const Endpoint& endpoint, int metrics_port) const;

  const ProcessConfig config_;
  const std::string service_;
  const StopSignals& stop_;
  const absl::Time start_;
  OpenCalls open_calls_;
  prometheus::Registry metrics_;
};

// What makes a service's main(): see RunService.
struct ServiceMain {
  std::string name;   // "stream-config"; the program is tidemark-stream-config
  std::string about;  // one sentence for --help
  int port = 0;       // defaults of --listen and --metrics-listen, on 127.0.0.1
  int metrics_port = 0;
  std::function<void(config::Options& options)> declare;  // the service's own options
  std::function<absl::Status(Process& process)> serve;    // wiring; calls process.Serve
  std::function<absl::Status()> migrate;                  // none: no such command
};

// Loads the configuration, sets up signals and logs, logs the effective options, and runs `serve`,
// or `migrate` if the command line says so. Returns the exit code: 0 for success (also --help and
// --version), 1 for a failure, 2 for a faulty configuration.
//
//   int main(int argc, char** argv) {
//     tidemark::dataset::Config config;
//     return tidemark::rpc::RunService(argc, argv, {
//         .name = "dataset", ...
//         .declare = [&](auto& options) { Declare(options, config); },
//         .serve = [&](auto& process) { return Serve(config, process); },
//         .migrate = [&] { return Migrate(config); }});
//   }
int RunService(int argc, const char* const* argv, const ServiceMain& main);

}  // namespace tidemark::rpc
