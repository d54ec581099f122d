#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace tidemark::testing {

// A process that a test started; killed by the destructor if it still runs. A failure to start it
// ends the test with a message.
class ChildProcess {
 public:
  // `command` is searched in PATH. Its output is appended to the file `log`; it runs in directory
  // `directory`.
  ChildProcess(const std::vector<std::string>& command, const std::string& directory,
               const std::string& log);
  ~ChildProcess();

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool Running();
  // Its exit status, or 128 and its signal's number; absent if it still runs after `patience`.
  std::optional<int> Wait(absl::Duration patience);
  void Signal(int signal) const;

 private:
  const pid_t pid_;
  std::optional<int> status_;
};

// Whether a process has ended, be it that nobody has asked for its exit status yet.
bool Ended(pid_t process);

// All descendants of a process, itself first.
std::vector<pid_t> ProcessTree(pid_t root);

}  // namespace tidemark::testing
