#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <iterator>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// What became of a copy that was handed to the dispatcher.
struct CopyOutcome {
  enum class Kind {
    kDelivered,
    kRefused,  // for good, with `error`
    kStale,    // it did not enter the line, as a newer change had: read the dataset again
    kGivenUp,  // there is no such destination (any more)
    kClosed,   // no ticket: all copies on their way to the destination are given up
  };
  DestinationId destination;
  std::uint64_t ticket = 0;
  Kind kind = Kind::kDelivered;
  std::int64_t bytes = 0;  // of the record
  std::string error;
};

// Where the thread that copies finds what there is to do. Safe for concurrent use; shared with
// callbacks, which may come after that thread's end.
class CopyInbox {
 public:
  using Task = std::function<void()>;
  struct Content {
    std::vector<Task> tasks;
    std::vector<CopyOutcome> outcomes;
  };

  void Post(Task task) {
    {
      const std::lock_guard lock(mutex_);
      content_.tasks.push_back(std::move(task));
    }
    changed_.notify_one();
  }
  void Tell(std::vector<CopyOutcome> outcomes) {
    if (outcomes.empty()) return;
    {
      const std::lock_guard lock(mutex_);
      content_.outcomes.insert(content_.outcomes.end(), std::make_move_iterator(outcomes.begin()),
                               std::make_move_iterator(outcomes.end()));
    }
    changed_.notify_one();
  }

  // What was posted; waits for something up to `patience`.
  Content Take(absl::Duration patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, absl::ToChronoMicroseconds(patience),
                      [this] { return !content_.tasks.empty() || !content_.outcomes.empty(); });
    return std::exchange(content_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Content content_;
};

}  // namespace tidemark::publisher
