#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "services/publisher/engine/bulk_publisher.h"
#include "services/publisher/engine/copier.h"

namespace tidemark::publisher {

// Copies of datasets: bulk publishes, and whatever else asks for some, on a thread of its own.
class Copying {
 public:
  struct Parts {
    Dispatcher& dispatcher;
    CopyGuards& guards;
    Snapshots& snapshots;
    BulkStore& store;
    const Catalogue& catalogue;
    Neighbours& neighbours;
    Metrics& metrics;
    const Clock& boottime;
  };
  // What the dispatcher tells comes to `inbox`.
  Copying(const ShardSet& held, std::shared_ptr<CopyInbox> inbox, const Parts& parts);
  // As Stop.
  ~Copying();

  Copying(const Copying&) = delete;
  Copying& operator=(const Copying&) = delete;

  Copier& copier() { return copier_; }
  BulkPublisher& bulk() { return bulk_; }

  // Reads and sends nothing more.
  void Stop();
  // Once the dispatcher has stopped, too: heeds what it told since.
  void Finish();

 private:
  void Loop();

  const std::shared_ptr<CopyInbox> inbox_;
  Copier copier_;
  BulkPublisher bulk_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace tidemark::publisher
