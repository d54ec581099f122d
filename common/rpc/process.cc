#include "common/rpc/process.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"
#include "common/errors/sqlstate.h"
#include "common/obs/http_probes.h"
#include "common/obs/log.h"
#include "common/obs/process_metrics.h"
#include "common/rpc/server.h"

namespace tidemark::rpc {
namespace {

constexpr int kFailed = 1;
constexpr int kFaultyConfiguration = 2;

bool IsAnyHost(std::string_view host) { return host.empty() || host == "0.0.0.0" || host == "::"; }

void Declare(config::Options& options, ProcessConfig& config) {
  options.Add("listen", &config.listen, "Where calls are taken; port 0 picks a free one.");
  options.Add("metrics-listen", &config.metrics_listen,
              "Where /metrics, /livez and /readyz are served over HTTP; an IP address.");
  options.Add("port-file", &config.port_file, {0, 4096},
              "File to write the line with the ports to, once the process listens.");
  options.AddChoice("log-level", &config.log_level, {"debug", "info", "warning", "error"},
                    "The lowest level that is logged; successful gRPC calls are debug.");
  options.Add("drain-delay", &config.drain_delay, {absl::ZeroDuration(), absl::Minutes(5)},
              "How long to go on serving, no longer ready, after the signal to stop.");
  options.Add("grace", &config.grace, {absl::ZeroDuration(), absl::Minutes(5)},
              "How long calls in flight may take to end after that.");
  options.Check([&config]() -> absl::Status {
    const config::Address& calls = config.listen;
    const config::Address& metrics = config.metrics_listen;
    if (calls.port == 0 || calls.port != metrics.port) return absl::OkStatus();
    if (calls.host != metrics.host && !IsAnyHost(calls.host) && !IsAnyHost(metrics.host)) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("--listen and --metrics-listen: both take port ", calls.port));
  });
}

// What gRPC and Protobuf have to say goes to our log, as JSON.
void AdoptLibraryLogs() {
  gpr_set_log_function([](gpr_log_func_args* args) {
    const obs::Level level =
        args->severity == GPR_LOG_SEVERITY_ERROR ? obs::Level::kWarning : obs::Level::kInfo;
    obs::Log(level, "gRPC says something.",
             {{"said", args->message}, {"file", args->file}, {"line", args->line}});
  });
  google::protobuf::SetLogHandler([](google::protobuf::LogLevel level, const char* file, int line,
                                     const std::string& message) {
    obs::Log(level >= google::protobuf::LOGLEVEL_WARNING ? obs::Level::kWarning : obs::Level::kInfo,
             "Protobuf says something.", {{"said", message}, {"file", file}, {"line", line}});
  });
}

// One line with every option's value, and who set those that are not at their default.
void LogConfiguration(const std::vector<config::Effective>& options) {
  std::vector<obs::Field> fields = {{"version", Version()}};
  std::string set;
  for (const config::Effective& option : options) {
    fields.emplace_back(option.name, option.value);
    if (std::string_view(option.source) == "default") continue;
    absl::StrAppend(&set, set.empty() ? "" : " ", option.name, "=", option.source);
  }
  fields.emplace_back("set_by", set);
  obs::Log(obs::Level::kInfo, "The effective configuration.", fields);
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  std::ofstream file(fresh);
  file << text;
  file.close();
  if (!file || std::rename(fresh.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat("can't write --port-file ", path));
  }
  return absl::OkStatus();
}

void LogFailure(const absl::Status& status) {
  const std::string code = absl::StatusCodeToString(status.code());
  const std::string driver_text = errors::DriverTextOf(status);
  std::vector<obs::Field> fields = {{"code", code}, {"error", ToStd(status.message())}};
  if (!driver_text.empty()) fields.emplace_back("driver_text", driver_text);
  obs::Log(obs::Level::kError, "Failed.", fields);
}

absl::Status RunCommand(const std::string& command, const ServiceMain& main,
                        const ProcessConfig& config) {
  if (command == "migrate") return main.migrate();
  const StopSignals stop;
  Process process(config, main.name, stop);
  return main.serve(process);
}

}  // namespace

Process::Process(const ProcessConfig& config, std::string service, const StopSignals& stop)
    : config_(config), service_(std::move(service)), stop_(stop), start_(absl::Now()) {}

Calls::Options Process::calls_options() {
  Calls::Options options;
  options.service = absl::StrReplaceAll(service_, {{"-", "_"}});
  options.open_calls = &open_calls_;
  return options;
}

absl::Status Process::Serve(const std::vector<grpc::Service*>& services,
                            std::vector<obs::Readiness::Check> checks) {
  RpcServer::Options options;
  options.listen = config_.listen;
  options.open_calls = &open_calls_;
  TM_ASSIGN_OR_RETURN(const std::unique_ptr<RpcServer> server, RpcServer::Start(options, services));
  return Serve(*server, std::move(checks));
}

absl::Status Process::Serve(Endpoint& endpoint, std::vector<obs::Readiness::Check> checks) {
  obs::Readiness readiness(std::move(checks), {}, [&endpoint](bool ready) {
    endpoint.SetServing(ready);
    obs::Log(obs::Level::kInfo, ready ? "Ready." : "Not ready.");
  });
  const obs::ProcessMetrics process_metrics(service_, start_);
  TM_ASSIGN_OR_RETURN(
      const auto probes,
      obs::HttpProbes::Start({config_.metrics_listen.host, config_.metrics_listen.port},
                             {&metrics_, &process_metrics}, [&] { return readiness.Now(); }));
  TM_RETURN_IF_ERROR(Announce(endpoint, probes->port()));

  const int signal = stop_.Wait();
  obs::Log(obs::Level::kInfo, "Asked to stop.", {{"signal", signal}});
  readiness.Stop();
  endpoint.Drain(config_.drain_delay, config_.grace);
  return absl::OkStatus();
}

absl::Status Process::Announce(const Endpoint& endpoint, int metrics_port) const {
  const std::string line = absl::StrCat(
      "listening ", std::string(endpoint.name()), "=",
      config::FormatAddress({config_.listen.host, endpoint.port()}),
      " metrics=", config::FormatAddress({config_.metrics_listen.host, metrics_port}), "\n");
  std::fputs(line.c_str(), stdout);
  std::fflush(stdout);
  return config_.port_file.empty() ? absl::OkStatus() : WriteFile(config_.port_file, line);
}

int RunService(int argc, const char* const* argv, const ServiceMain& main) {
  std::signal(SIGPIPE, SIG_IGN);  // a broken connection is an error of the write
  // Debian builds Abseil in its debug mode, where each lock of gRPC's is entered into one graph of
  // all locks, under one lock.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  ProcessConfig config;
  config.listen.port = main.port;
  config.metrics_listen.port = main.metrics_port;
  config::Options options(main.name, main.about);
  Declare(options, config);
  main.declare(options);
  if (main.migrate) options.AddCommand("migrate", "Brings the database schema up to date.");

  const absl::StatusOr<config::Invocation> invocation = options.Load(argc, argv);
  if (!invocation.ok()) {
    const std::string faults(invocation.status().message());
    std::fprintf(stderr, "tidemark-%s: faulty configuration\n%s\n", main.name.c_str(),
                 faults.c_str());
    return kFaultyConfiguration;
  }
  if (!invocation->output.empty()) {
    std::fputs(invocation->output.c_str(), stdout);
    return 0;
  }
  obs::SetupLog(main.name, obs::ParseLevel(config.log_level).value_or(obs::Level::kInfo));
  AdoptLibraryLogs();
  LogConfiguration(invocation->options);
  const absl::Status status = RunCommand(invocation->command, main, config);
  if (!status.ok()) {
    LogFailure(status);
    return kFailed;
  }
  obs::Log(obs::Level::kInfo, "Done.");
  return 0;
}

}  // namespace tidemark::rpc
