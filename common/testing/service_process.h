#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/testing/child_process.h"

namespace tidemark::testing {

// One of Tidemark's programs as a child of the test, in a directory of its own, with its ports
// chosen freely. Failures to start it end the process with a message.
class ServiceProcess {
 public:
  struct Options {
    std::string program;                         // path of the binary
    std::map<std::string, std::string> options;  // by name, without dashes
    std::map<std::string, std::string> secrets;  // by name; written to files
  };

  explicit ServiceProcess(Options options);
  // Kills what still runs and removes the directory.
  ~ServiceProcess();

  ServiceProcess(const ServiceProcess&) = delete;
  ServiceProcess& operator=(const ServiceProcess&) = delete;

  // For the next Start.
  void Set(const std::string& option, const std::string& value) {
    options_.options[option] = value;
  }

  // Starts it and waits until it listens. Again after Stop or Kill9: it then listens where it did.
  void Start();
  // Asks it to stop; its exit status, absent if it has not ended after `patience`.
  std::optional<int> Stop(absl::Duration patience = absl::Seconds(30));
  void Kill9();

  // Runs `migrate`, which must succeed. `secrets` are added to the service's own.
  void Migrate(const std::map<std::string, std::string>& secrets);

  // Where it listens, "127.0.0.1:port".
  const std::string& address() const { return address_; }
  const std::string& metrics_address() const { return metrics_address_; }
  // What it has logged, in all of its lives.
  std::string Log() const;

 private:
  std::vector<std::string> Command(const std::string& command,
                                   const std::map<std::string, std::string>& secrets) const;
  // False if it ended instead, as when its port was taken meanwhile.
  bool TryStart();
  [[noreturn]] void Die(const std::string& what) const;

  Options options_;
  const std::string directory_;
  std::string address_ = "127.0.0.1:0";
  std::string metrics_address_ = "127.0.0.1:0";
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace tidemark::testing
