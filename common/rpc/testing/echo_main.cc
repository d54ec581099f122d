// A service for process_test.cc: its Echo answers at once, its Block when the client gives up.
#include <cstdio>
#include <string>

#include "absl/time/clock.h"
#include "common/config/options.h"
#include "common/rpc/process.h"
#include "common/rpc/testing/echo_service.h"

namespace tidemark::rpc::testing {
namespace {

struct Config {
  Secret password;
};

absl::Status Serve(Process& process) {
  Executor executor(2, 16);
  EchoRpc echo(process.calls_options(), process.metrics(), executor);
  echo.block = [](const Call& call) {
    while (!call.Cancelled()) absl::SleepFor(absl::Milliseconds(2));
    return absl::OkStatus();
  };
  return process.Serve({&echo}, {{"nothing", [] { return absl::OkStatus(); }}});
}

absl::Status Migrate() {
  std::puts("migrated");
  return absl::OkStatus();
}

}  // namespace
}  // namespace tidemark::rpc::testing

int main(int argc, char** argv) {
  namespace testing = tidemark::rpc::testing;
  testing::Config config;
  return tidemark::rpc::RunService(
      argc, argv,
      {.name = "echo",
       .about = "Echoes.",
       .declare =
           [&](tidemark::config::Options& options) {
             options.AddSecret("password", &config.password,
                               tidemark::config::Options::Presence::kOptional, "A secret.");
           },
       .serve = testing::Serve,
       .migrate = testing::Migrate});
}
