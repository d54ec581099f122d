#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/obs/log.h"
#include "services/publisher/domain/bulk_walk.h"
#include "services/publisher/engine/catalogue.h"
#include "services/publisher/engine/copier.h"
#include "services/publisher/engine/neighbours.h"
#include "services/publisher/store/bulk_store.h"
#include "services/publisher/store/lease_store.h"

namespace tidemark::publisher {

// Bulk publishes: of each pool that has one under way, sends all live datasets of the log shards
// that are held, and tells how far all publishers are together. For the copier's thread, but for
// Take() and PutBack().
class BulkPublisher {
 public:
  struct Parts {
    Copier& copier;
    CopyGuards& guards;
    Snapshots& snapshots;
    BulkStore& store;
    const Dispatcher& dispatcher;
    const Catalogue& catalogue;
    Neighbours& neighbours;
    Metrics& metrics;
    const Clock& boottime;
  };
  BulkPublisher(const ShardSet& held, std::shared_ptr<CopyInbox> inbox, const Parts& parts);

  // Does what can be done now. Call it every now and then.
  void Tick();

  // Moves what is to be stored into `progress`; any thread. PutBack: it could not be stored.
  void Take(Progress& progress);
  void PutBack(const Progress& progress);
  // At the end: lets Take() have what was settled since it was last noted.
  void NoteAllChanged();

 private:
  // One reading of the pool's datasets, of some of the log shards that are held.
  struct Pass {
    BulkWalk walk;
    bool reading = false;
    absl::Time read_began;
  };
  struct Job {
    DestinationConfig config;
    BulkJob bulk;
    std::uint64_t life = 0;    // what was begun before is not heeded any more
    bool has_outlet = false;   // the dispatcher knows the destination
    std::vector<Pass> passes;  // none: not begun
    absl::Time rest_until = absl::InfinitePast();
    absl::Time retry_at = absl::InfinitePast();
    absl::Time note_at = absl::InfinitePast();
    absl::Time report_at = absl::InfinitePast();
    bool counting = false;
    absl::Time count_at = absl::InfinitePast();
    std::optional<std::int64_t> total;  // of datasets; none: not known yet

    bool read_through() const {
      return std::ranges::all_of(passes, [](const Pass& pass) { return pass.walk.done(); });
    }
  };
  // By pool and job.
  using JobId = std::pair<std::int32_t, std::int64_t>;
  // A job as it was when something was begun for it.
  struct JobRef {
    JobId id;
    std::uint64_t life = 0;
  };
  struct PassRef {
    JobRef job;
    std::size_t pass = 0;
  };

  void Update();
  void NoteEnded(const DestinationConfig& config);
  void ForgetEnded();
  Job* Find(JobRef ref);
  void Work(JobId id, Job& job);
  bool Begin(Job& job);
  bool MayRead(Job& job, const Pass& pass) const;
  // Whether changes are being delivered: then pages are small, one at a time, and far between.
  bool ChangesFlow() const;
  std::size_t PagesUnderWay() const;  // of all jobs
  void Read(PassRef ref, Job& job);
  void TakePage(PassRef ref, std::shared_ptr<const CopyGuards::Read> read,
                absl::StatusOr<Snapshots::Page> page);
  void Ended(PassRef ref, BulkWalk::Number number, const Copier::End& end);
  void Count(JobId id, Job& job);
  void TakeCount(JobRef ref, const absl::StatusOr<std::int64_t>& count);
  void Report(Job& job);
  void NoteChanged(JobId id, Job& job);
  void Complain(const Job& job, const absl::Status& status);

  const std::vector<LogShard> held_;
  const std::shared_ptr<CopyInbox> inbox_;
  const Parts parts_;
  std::int64_t version_ = 0;  // of the catalogue, as taken note of
  std::map<JobId, Job> jobs_;
  std::uint64_t last_life_ = 0;
  std::set<JobId> ended_;  // in this term, taken note of
  std::vector<BulkStore::Ended> to_forget_;
  obs::LogLimiter failures_{absl::Seconds(10)};

  std::mutex mutex_;
  std::map<std::tuple<std::int32_t, std::int64_t, LogShard>, BulkShard> unsaved_;
  std::vector<Healed> healed_;
};

}  // namespace tidemark::publisher
