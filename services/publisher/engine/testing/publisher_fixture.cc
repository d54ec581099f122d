#include "services/publisher/engine/testing/publisher_fixture.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

namespace tidemark::publisher {

using testing::Eventually;

void FakeNeighbours::TurnOff(const DestinationConfig& destination, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  turned_off_.emplace_back(destination.id, reason);
}

void FakeNeighbours::ReportLowMark(Position position) {
  const std::lock_guard lock(mutex_);
  low_marks_.push_back(position);
}

void FakeNeighbours::ReportBulkPublish(const BulkReport& report) {
  const std::lock_guard lock(mutex_);
  bulk_ = report;
}

std::optional<BulkReport> FakeNeighbours::bulk() const {
  const std::lock_guard lock(mutex_);
  return bulk_;
}

std::vector<std::pair<DestinationId, std::string>> FakeNeighbours::turned_off() const {
  const std::lock_guard lock(mutex_);
  return turned_off_;
}

std::vector<Position> FakeNeighbours::low_marks() const {
  const std::lock_guard lock(mutex_);
  return low_marks_;
}

PublisherFixture::Instance::Instance(PublisherFixture& fixture, const Settings& settings)
    : reader(fixture.log_),
      publisher(settings,
                {reader, fixture.leases_, fixture.steering_, fixture.sender_, *fixture.store_,
                 fixture.snapshots_, fixture.leases_, fixture.neighbours_, fixture.catalogue_,
                 fixture.push_pools_, fixture.push_targets_, fixture.push_sender_, metrics,
                 push_metrics, SystemClock(), fixture.boottime_, SystemRandom()}) {}

double PublisherFixture::Instance::Gauge(const std::string& name, const std::string& label) const {
  for (const prometheus::MetricFamily& family : registry.Collect()) {
    if (family.name != name) continue;
    for (const prometheus::ClientMetric& metric : family.metric) {
      const bool wanted =
          label.empty() || std::any_of(metric.label.begin(), metric.label.end(),
                                       [&](const auto& l) { return l.value == label; });
      if (wanted) return metric.gauge.value;
    }
  }
  return 0;
}

PublisherFixture::PublisherFixture() {
  settings_.name = "test";
  settings_.store_interval = absl::Milliseconds(10);
  settings_.store_all_interval = absl::Milliseconds(50);
  settings_.lease_retry = absl::Milliseconds(10);
  settings_.lease_ttl = absl::Hours(1);
  settings_.order_interval = absl::Milliseconds(10);
  settings_.follower.idle_interval = absl::Milliseconds(2);
  catalogue_.Replace({Destination()});
}

DestinationConfig PublisherFixture::Destination(std::int32_t pool_number, std::int64_t epoch,
                                                Position start) {
  return {.id = {pool_number, epoch},
          .pool_id = absl::StrCat("us-east-1:", pool_number),
          .stream_name = StreamOf(pool_number),
          .start = start};
}

TestChange PublisherFixture::Change(std::string identity, std::int32_t pool_number) {
  return {.pool_number = pool_number,
          .pool_id = absl::StrCat("us-east-1:", pool_number),
          .identity_id = std::move(identity)};
}

Position PublisherFixture::Write(const TestChange& change) {
  const Position position = log_.Write(change);
  Note(position, change);
  return position;
}

void PublisherFixture::Note(Position position, const TestChange& change) {
  noted_[position] = {change.pool_number,
                      absl::StrCat(change.identity_id, "/", change.dataset_name)};
}

bool PublisherFixture::Arrives(std::int32_t pool_number) {
  return Eventually([this, pool_number] {
    const std::vector<Position> positions = sender_.Positions(StreamOf(pool_number));
    const std::set<Position> arrived(positions.begin(), positions.end());
    return std::all_of(noted_.begin(), noted_.end(), [&](const auto& noted) {
      return noted.second.pool_number != pool_number || arrived.contains(noted.first);
    });
  });
}

void PublisherFixture::CheckArrived(std::int32_t pool_number) {
  ASSERT_TRUE(Arrives(pool_number));
  std::set<Position> seen;
  std::map<std::string, Position> last;
  for (const Position position : sender_.Positions(StreamOf(pool_number))) {
    if (!seen.insert(position).second) continue;  // a repeat
    ASSERT_TRUE(noted_.contains(position)) << "nobody wrote " << position;
    Position& before = last[noted_.at(position).dataset];
    EXPECT_LT(before, position) << "of " << noted_.at(position).dataset;
    before = position;
  }
}

bool PublisherFixture::Settles(Position position) {
  return Eventually([this, position] {
    const StoredState state = leases_.state();
    return std::all_of(state.settled.begin(), state.settled.end(),
                       [position](Position settled) { return settled >= position; });
  });
}

std::string PublisherFixture::StreamOf(std::int32_t pool_number) {
  return absl::StrCat("stream-", pool_number);
}

}  // namespace tidemark::publisher
