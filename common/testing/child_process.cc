#include "common/testing/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "common/testing/eventually.h"

namespace tidemark::testing {
namespace {

pid_t Spawn(std::vector<std::string> command, const std::string& directory,
            const std::string& log) {
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    std::cerr << "can't start " << command[0] << ": " << std::strerror(error) << std::endl;
    std::abort();
  }
  return pid;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, const std::string& directory,
                           const std::string& log)
    : pid_(Spawn(command, directory, log)) {}

ChildProcess::~ChildProcess() {
  if (!Running()) return;
  Signal(SIGKILL);
  Wait(absl::InfiniteDuration());
}

bool ChildProcess::Running() { return !Wait(absl::ZeroDuration()); }

std::optional<int> ChildProcess::Wait(absl::Duration patience) {
  Eventually(
      [this] {
        int status = 0;
        if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) {
          status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        }
        return status_.has_value();
      },
      patience);
  return status_;
}

void ChildProcess::Signal(int signal) const {
  if (!status_) kill(pid_, signal);
}

bool Ended(pid_t process) {
  std::ifstream file(absl::StrCat("/proc/", process, "/stat"));
  std::string stat;
  if (!std::getline(file, stat)) return true;
  const std::size_t name_end = stat.rfind(')');  // The state stands after the name.
  return name_end == std::string::npos || stat.compare(name_end, 3, ") Z") == 0;
}

std::vector<pid_t> ProcessTree(pid_t root) {
  std::vector<pid_t> tree = {root};
  for (std::size_t i = 0; i < tree.size(); ++i) {
    std::ifstream children(absl::StrCat("/proc/", tree[i], "/task/", tree[i], "/children"));
    for (pid_t child; children >> child;) tree.push_back(child);
  }
  return tree;
}

}  // namespace tidemark::testing
