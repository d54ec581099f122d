#include "common/base/stop_signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace tidemark {
namespace {

// Each body is a process of its own, for signals belong to processes.

[[noreturn]] void ExitAfterOneSignal() {
  const StopSignals stop;
  kill(getpid(), SIGTERM);
  _exit(stop.Wait() == SIGTERM ? 7 : 8);
}

[[noreturn]] void TakeASecondSignal() {
  const StopSignals stop;
  StopSignals::Request();
  stop.Wait();
  kill(getpid(), SIGINT);
  _exit(8);
}

[[noreturn]] void IgnoreHangup() {
  signal(SIGHUP, SIG_IGN);
  const StopSignals stop;
  kill(getpid(), SIGHUP);
  kill(getpid(), SIGINT);
  _exit(stop.Wait() == SIGINT ? 7 : 8);
}

TEST(StopSignalsDeathTest, ASignalIsWaitedFor) {
  EXPECT_EXIT(ExitAfterOneSignal(), testing::ExitedWithCode(7), "");
}

TEST(StopSignalsDeathTest, ASecondSignalEndsTheProcess) {
  EXPECT_EXIT(TakeASecondSignal(), testing::KilledBySignal(SIGINT), "");
}

TEST(StopSignalsDeathTest, ASignalIgnoredFromTheStartStaysIgnored) {
  EXPECT_EXIT(IgnoreHangup(), testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace tidemark
