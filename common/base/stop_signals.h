#pragma once

#include <csignal>

namespace tidemark {

// SIGTERM, SIGINT and SIGHUP as an orderly request to stop. Made first in main(), before any thread
// exists: threads inherit the blocked signals. A signal that was ignored when the process began
// (nohup, background jobs of a shell) stays ignored.
class StopSignals {
 public:
  // Blocks the signals in this thread and those it starts from now on.
  StopSignals();

  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Waits for one of the signals and returns its number. From then on a second one ends the process
  // at once, so that a stop that hangs can be cut short.
  int Wait() const;

  // Makes Wait() return, from any thread: for a process that can't go on.
  static void Request();

 private:
  sigset_t signals_;
};

}  // namespace tidemark
