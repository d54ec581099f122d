#pragma once

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/testing/eventually.h"
#include "services/publisher/engine/publisher.h"
#include "services/publisher/engine/testing/fake_push.h"
#include "services/publisher/engine/testing/fake_record_store.h"
#include "services/publisher/engine/testing/fake_sender.h"
#include "services/publisher/engine/testing/fake_snapshots.h"
#include "services/publisher/store/memory_lease_store.h"
#include "services/publisher/store/testing/fake_change_log.h"

namespace tidemark::publisher {

// Hears what the publisher tells others.
class FakeNeighbours final : public Neighbours {
 public:
  void TurnOff(const DestinationConfig& destination, const std::string& reason) override;
  void ReportLowMark(Position position) override;
  void ReportBulkPublish(const BulkReport& report) override;

  std::vector<std::pair<DestinationId, std::string>> turned_off() const;
  std::vector<Position> low_marks() const;
  // The last report of a bulk publish.
  std::optional<BulkReport> bulk() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<DestinationId, std::string>> turned_off_;
  std::vector<Position> low_marks_;
  std::optional<BulkReport> bulk_;
};

// The boottime clock, which may be put forward.
class MovableClock final : public Clock {
 public:
  absl::Time Now() const override {
    return BoottimeClock().Now() + absl::Milliseconds(ahead_.load());
  }
  void Advance(int seconds) { Advance(absl::Seconds(seconds)); }
  void Advance(absl::Duration by) { ahead_ += absl::ToInt64Milliseconds(by); }

 private:
  std::atomic<std::int64_t> ahead_ = 0;  // milliseconds
};

// Publishers over a log, leases and streams in memory.
class PublisherFixture : public ::testing::Test {
 protected:
  static constexpr DestinationId kDestination{1, 1};

  // One process.
  struct Instance {
    Instance(PublisherFixture& fixture, const Settings& settings);

    // The value of a metric without labels, or with a label of this value; 0 if there is none.
    double Gauge(const std::string& name, const std::string& label = "") const;

    prometheus::Registry registry;
    Metrics metrics{registry};
    PushMetrics push_metrics{registry};
    FakeLogReader reader;
    Publisher publisher;
  };

  PublisherFixture();

  static DestinationConfig Destination(std::int32_t pool_number = 1, std::int64_t epoch = 1,
                                       Position start = 0);
  static TestChange Change(std::string identity, std::int32_t pool_number = 1);

  std::unique_ptr<Instance> Start() { return std::make_unique<Instance>(*this, settings_); }

  // Commits a change and notes it for CheckArrived.
  Position Write(const TestChange& change);
  void Note(Position position, const TestChange& change);

  // Waits until the positions arrived in the stream of `pool_number` include all noted ones.
  bool Arrives(std::int32_t pool_number = 1);
  // Every noted change arrived; first arrivals in the order of their datasets.
  void CheckArrived(std::int32_t pool_number = 1);
  // Waits until everything up to `position` is stored as settled.
  bool Settles(Position position);

  static std::string StreamOf(std::int32_t pool_number);

  Settings settings_;
  FakeChangeLog log_;
  MovableClock boottime_;
  MemorySteering steering_{boottime_};
  MemoryLeaseStore leases_{boottime_, steering_};
  std::atomic<bool> catalogue_current_ = true;
  Catalogue catalogue_{[this] { return catalogue_current_.load(); }};
  PushPools push_pools_;
  FakePushTargets push_targets_;
  FakePushSender push_sender_;
  FakeSender sender_;
  FakeRecordStore records_;
  RecordStore* store_ = &records_;
  FakeNeighbours neighbours_;
  FakeSnapshots snapshots_;

 private:
  struct Noted {
    std::int32_t pool_number;
    std::string dataset;
  };
  std::map<Position, Noted> noted_;
};

}  // namespace tidemark::publisher
