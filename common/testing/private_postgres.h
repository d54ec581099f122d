#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/testing/child_process.h"

namespace tidemark::testing {

// A PostgreSQL cluster of a test's own, on a free port of loopback and in a directory of its own,
// that may be killed, frozen and started again; removed by the destructor. For tests of faults; all
// others use TestDatabase. Needs Debian's postgresql-15; failures end the process with a message.
//
// The server dies with the thread that started it last.
class PrivatePostgres {
 public:
  // `settings` as in postgresql.conf: {"fsync", "off"}. Made and started: takes some seconds.
  explicit PrivatePostgres(const std::vector<std::pair<std::string, std::string>>& settings = {});
  ~PrivatePostgres();

  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  // Of the superuser and the database postgres. The same for life.
  std::string dsn() const;
  int port() const { return port_; }
  std::string data_directory() const { return directory_ + "/data"; }

  // Starts it after Kill9 or Stop, and waits until it takes connections.
  void Start();
  // A fast shutdown: sessions are ended, data is written.
  void Stop();
  // A crash: all of its processes end at once, with SIGKILL.
  void Kill9();
  // All of its processes stop where they are, until Thaw. Connections stay open.
  void Freeze();
  void Thaw();

 private:
  bool TryStart();
  [[noreturn]] void Die(const std::string& what) const;
  void SignalAll(int signal) const;

  std::vector<std::string> prefix_;  // of commands, so that they don't run as root
  std::string directory_;
  std::vector<std::string> settings_;  // as arguments
  int port_ = 0;
  std::unique_ptr<ChildProcess> server_;
};

}  // namespace tidemark::testing
