#include "cli/commands/bulk_wait.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/commands/bulk_rate.h"
#include "cli/output/error.h"
#include "cli/output/format.h"

namespace tidemark::cli {
namespace {

using stream_config::v1::BulkPublish;

constexpr absl::Duration kInterval = absl::Seconds(1);
constexpr int kAnswersPerLine = 10;  // where lines can't be written over
constexpr int kFailuresInARow = 30;

bool InProgress(const BulkPublish& bulk) {
  return bulk.state() == stream_config::v1::BULK_PUBLISH_STATE_IN_PROGRESS;
}

// Shows one line after the other, in one place if it can.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(World& world) : world_(world) {}
  ~ProgressDisplay() {
    if (width_ > 0) world_.err << std::endl;
  }

  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  void Show(const std::string& line) {
    if (world_.err_is_terminal) {
      world_.err << '\r' << line;
      if (line.size() < width_) world_.err << std::string(width_ - line.size(), ' ');
      world_.err << std::flush;
      width_ = line.size();
    } else if (shown_++ % kAnswersPerLine == 0) {
      world_.err << line << std::endl;
    }
  }

 private:
  World& world_;
  std::size_t width_ = 0;
  int shown_ = 0;
};

// The rate of late: figures come every few seconds, and the rate between the last two that differ
// holds until the next.
class LateRate {
 public:
  void Take(const BulkPublish& bulk) {
    if (!before_) {
      rate_ = RateOf(bulk);
    } else if (const auto rate = RateBetween(*before_, bulk)) {
      rate_ = rate;
    } else {
      return;
    }
    before_ = bulk;
  }

  const std::optional<BulkRate>& rate() const { return rate_; }

 private:
  std::optional<BulkPublish> before_;
  std::optional<BulkRate> rate_;
};

absl::Status Another(std::int64_t expected, std::int64_t found) {
  return absl::AbortedError(absl::StrCat("bulk publish ", expected,
                                         " can't be followed any more: ", found, " has begun"));
}

}  // namespace

absl::StatusOr<BulkPublish> GetBulk(Session& session, const std::string& pool) {
  stream_config::v1::GetBulkPublishRequest request;
  request.set_identity_pool_id(pool);
  TM_ASSIGN_OR_RETURN(
      stream_config::v1::GetBulkPublishResponse response,
      session.clients.pools.Call(
          &stream_config::v1::StreamConfigService::StubInterface::GetBulkPublish, request));
  return std::move(*response.mutable_bulk_publish());
}

absl::StatusOr<BulkPublish> WaitForBulk(Session& session, const std::string& pool,
                                        BulkPublish bulk) {
  ProgressDisplay display(session.world);
  LateRate rate;
  int failures = 0;
  while (true) {
    rate.Take(bulk);
    display.Show(ProgressLine(bulk, rate.rate()));
    if (!InProgress(bulk)) return bulk;
    session.world.sleep(kInterval);
    absl::StatusOr<BulkPublish> next = GetBulk(session, pool);
    if (next.ok()) {
      if (next->job() != bulk.job()) return Another(bulk.job(), next->job());
      bulk = *std::move(next);
      failures = 0;
    } else if (ExitCodeOf(next.status()) != kUnreachable || ++failures == kFailuresInARow) {
      return next.status();
    }
  }
}

}  // namespace tidemark::cli
