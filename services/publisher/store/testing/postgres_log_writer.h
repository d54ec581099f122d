#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "common/pg/connection.h"
#include "services/publisher/domain/types.h"
#include "services/publisher/store/testing/test_change.h"

namespace tidemark::publisher {

// Writes to dataset.change_log as its owner, without the tables that belong to it. Aborts when a
// statement fails: a test can't go on. One thread at a time.
class LogWriter {
 public:
  explicit LogWriter(pg::Connection connection) : connection_(std::move(connection)) {}

  // Takes an xid, then the positions, in the order of `changes`; in one statement, and in a
  // transaction of its own unless one was begun.
  std::vector<Position> Write(const std::vector<TestChange>& changes);
  Position Write(const TestChange& change) {
    return Write(std::vector<TestChange>{change}).front();
  }

  // "BEGIN", "COMMIT", or anything else.
  void Run(std::string_view sql);

  pg::Connection& connection() { return connection_; }

 private:
  pg::Connection connection_;
};

}  // namespace tidemark::publisher
