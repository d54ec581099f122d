#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/publisher/engine/record_store.h"

namespace tidemark::publisher {

// A record store in memory. Answers before the call returns, unless it is held. Safe for concurrent
// use.
class FakeRecordStore final : public RecordStore {
 public:
  void Store(std::string_view pool_id, const Event& event, Done done) override;

  // Makes every call fail until Fault::kNone is set.
  void SetFault(Fault fault);
  // While held, calls wait for their answers.
  void Hold(bool hold);

  // What is stored, by URL.
  std::map<std::string, std::string> objects() const;
  std::size_t calls() const;
  std::size_t waiting() const;

  static std::string UrlOf(std::string_view pool_id, const Event& event);

 private:
  using Answer = std::pair<Done, Stored>;

  mutable std::mutex mutex_;
  Fault fault_ = Fault::kNone;
  bool hold_ = false;
  std::size_t calls_ = 0;
  std::vector<Answer> held_;
  std::map<std::string, std::string> objects_;
};

}  // namespace tidemark::publisher
