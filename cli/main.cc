#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "absl/time/clock.h"
#include "cli/app.h"

int main(int argc, char** argv) {
  // A reader of our output that has seen enough ends us quietly, whatever our parent ignores.
  std::signal(SIGPIPE, SIG_DFL);
  // gRPC's own log would mix with errors, which may be JSON. GRPC_VERBOSITY=debug shows it all the
  // same.
  setenv("GRPC_VERBOSITY", "none", /*overwrite=*/0);
  std::ios::sync_with_stdio(false);
  tidemark::cli::World world{.out = std::cout,
                             .err = std::cerr,
                             .environment = tidemark::config::SystemEnvironment(),
                             .clock = tidemark::SystemClock(),
                             .sleep = absl::SleepFor,
                             .err_is_terminal = isatty(STDERR_FILENO) == 1};
  return tidemark::cli::Run({argv + 1, argv + argc}, world);
}
