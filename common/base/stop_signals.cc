#include "common/base/stop_signals.h"

#include <unistd.h>

#include <initializer_list>

namespace tidemark {

StopSignals::StopSignals() {
  sigemptyset(&signals_);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    struct sigaction action = {};
    sigaction(signal, nullptr, &action);
    // A blocked signal would be delivered to sigwait even if it is ignored.
    if (action.sa_handler != SIG_IGN || signal == SIGTERM) sigaddset(&signals_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

int StopSignals::Wait() const {
  int signal = 0;
  sigwait(&signals_, &signal);
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  return signal;
}

void StopSignals::Request() { kill(getpid(), SIGTERM); }

}  // namespace tidemark
