#include "services/publisher/engine/bulk_publisher.h"

#include <algorithm>
#include <string>

#include "common/base/units.h"

namespace tidemark::publisher {
namespace {

constexpr absl::Duration kRetry = absl::Seconds(1);
constexpr absl::Duration kCountRetry = absl::Seconds(5);
// How often it is stored how far a job is: what a crash makes arrive again.
constexpr absl::Duration kNoteInterval = absl::Seconds(1);
// So many pages are read at a time: while the database reads one, another is put into messages and
// made into copies. Where many pools publish in bulk, one of each.
constexpr std::size_t kPasses = 2;
// A page, and one beside changes: after such a page it rests this many times as long as it took. So
// a change waits for little, and the processors are mostly free for changes.
constexpr std::int64_t kPageBytes = kMiB;
constexpr std::int64_t kSmallPageBytes = 128 * kKiB;
constexpr int kRests = 4;
constexpr absl::Duration kLongestRest = absl::Seconds(1);
constexpr absl::Duration kFlow = absl::Seconds(1);
constexpr absl::Duration kReportInterval = absl::Seconds(2);

// By their numbers, so that shards of a pass, which are as far as each other, stay together when
// they move to another publisher.
std::vector<std::vector<LogShard>> Divide(const std::vector<LogShard>& shards) {
  std::vector<std::vector<LogShard>> divided(kPasses);
  for (const LogShard shard : shards) divided[shard.value() % kPasses].push_back(shard);
  std::erase_if(divided, [](const auto& part) { return part.empty(); });
  return divided;
}

}  // namespace

BulkPublisher::BulkPublisher(const ShardSet& held, std::shared_ptr<CopyInbox> inbox,
                             const Parts& parts)
    : held_(ShardsOf(held)), inbox_(std::move(inbox)), parts_(parts) {}

void BulkPublisher::Tick() {
  if (parts_.catalogue.version() != version_) Update();
  if (!to_forget_.empty()) ForgetEnded();
  for (auto& [id, job] : jobs_) Work(id, job);
}

void BulkPublisher::Update() {
  version_ = parts_.catalogue.version();
  std::map<JobId, Job> jobs;
  for (const DestinationConfig& config : parts_.catalogue.All()) {
    if (!config.bulk) continue;
    if (config.bulk->state != BulkJob::State::kRunning) {
      NoteEnded(config);
      continue;
    }
    if (!config.enabled) continue;
    const JobId id{config.id.pool_number, config.bulk->job};
    if (const auto known = jobs_.find(id);
        known != jobs_.end() && known->second.config.id == config.id) {
      jobs[id] = std::move(known->second);
      jobs[id].config = config;
    } else {
      jobs[id] = {.config = config, .bulk = *config.bulk, .life = ++last_life_};
    }
  }
  jobs_ = std::move(jobs);
  parts_.metrics.BulkJobs(jobs_.size());
}

void BulkPublisher::NoteEnded(const DestinationConfig& config) {
  const JobId id{config.id.pool_number, config.bulk->job};
  if (!ended_.insert(id).second) return;
  to_forget_.push_back({id.first, id.second});
  const std::lock_guard lock(mutex_);
  std::erase_if(unsaved_, [&id](const auto& entry) {
    return std::get<0>(entry.first) == id.first && std::get<1>(entry.first) <= id.second;
  });
  if (config.bulk->state == BulkJob::State::kSucceeded) {
    healed_.push_back({config.id, config.bulk->start});
  }
}

void BulkPublisher::ForgetEnded() {
  const absl::Status forgotten = parts_.store.Forget(to_forget_);
  if (forgotten.ok()) to_forget_.clear();  // else with the next tick
}

BulkPublisher::Job* BulkPublisher::Find(JobRef ref) {
  const auto it = jobs_.find(ref.id);
  return it != jobs_.end() && it->second.life == ref.life ? &it->second : nullptr;
}

bool BulkPublisher::ChangesFlow() const {
  return parts_.boottime.Now() - parts_.dispatcher.last_change() < kFlow;
}

std::size_t BulkPublisher::PagesUnderWay() const {
  std::size_t pages = 0;
  for (const auto& [id, job] : jobs_) {
    pages += static_cast<std::size_t>(std::ranges::count_if(job.passes, &Pass::reading));
  }
  return pages;
}

bool BulkPublisher::MayRead(Job& job, const Pass& pass) const {
  if (!pass.walk.next() || pass.reading || job.config.paused ||
      parts_.copier.IsFull(job.config.id) || !parts_.dispatcher.HalfEmpty()) {
    return false;
  }
  if (parts_.boottime.Now() < job.rest_until) return false;
  const bool second = std::ranges::any_of(job.passes, &Pass::reading);
  if (second && (ChangesFlow() || PagesUnderWay() >= kPasses)) return false;
  if (!job.has_outlet) {
    job.has_outlet = parts_.dispatcher.report().destinations.contains(job.config.id);
  }
  return job.has_outlet;
}

void BulkPublisher::Work(JobId id, Job& job) {
  const absl::Time now = parts_.boottime.Now();
  if (now < job.retry_at) return;
  if (job.passes.empty() && !Begin(job)) {
    job.retry_at = now + kRetry;
    return;
  }
  if (!job.total && !job.counting && now >= job.count_at) Count(id, job);
  for (std::size_t pass = 0; pass < job.passes.size(); ++pass) {
    if (MayRead(job, job.passes[pass])) Read({{id, job.life}, pass}, job);
  }
  if (now >= job.note_at || job.read_through()) {
    job.note_at = now + kNoteInterval;
    NoteChanged(id, job);
  }
  if (now >= job.report_at) {
    job.report_at = now + kReportInterval;
    Report(job);
  }
}

bool BulkPublisher::Begin(Job& job) {
  const auto stored = parts_.store.Load(job.config.id.pool_number, job.bulk.job);
  if (!stored.ok()) {
    Complain(job, stored.status());
    return false;
  }
  for (const auto& shards : Divide(held_)) {
    job.passes.push_back({.walk = BulkWalk(shards, *stored)});
  }
  return true;
}

void BulkPublisher::Read(PassRef ref, Job& job) {
  Pass& pass = job.passes[ref.pass];
  pass.reading = true;
  pass.read_began = parts_.boottime.Now();
  auto read = parts_.guards.Begin(job.config.id);
  parts_.snapshots.Read(job.config.pool_id, pass.walk.ShardsToRead(), *pass.walk.next(),
                        ChangesFlow() ? kSmallPageBytes : kPageBytes,
                        [this, inbox = inbox_, ref,
                         read = std::move(read)](absl::StatusOr<Snapshots::Page> page) mutable {
                          auto shared =
                              std::make_shared<absl::StatusOr<Snapshots::Page>>(std::move(page));
                          // Run by the copier's thread alone, or not at all once it has ended.
                          inbox->Post([this, ref, read = std::move(read), shared]() mutable {
                            TakePage(ref, std::move(read), std::move(*shared));
                          });
                        });
}

void BulkPublisher::TakePage(PassRef ref, std::shared_ptr<const CopyGuards::Read> read,
                             absl::StatusOr<Snapshots::Page> page) {
  Job* const job = Find(ref.job);
  if (job == nullptr) return;
  Pass& pass = job->passes[ref.pass];
  pass.reading = false;
  if (!page.ok()) {
    job->retry_at = parts_.boottime.Now() + kRetry;
    return Complain(*job, page.status());
  }
  const auto numbers = pass.walk.Read(page->places, std::move(page->next));
  if (ChangesFlow()) {
    const absl::Time now = parts_.boottime.Now();
    job->rest_until = now + std::min(kRests * (now - pass.read_began), kLongestRest);
  }
  // The next page is on its way while this one is made into copies.
  if (MayRead(*job, pass)) Read(ref, *job);
  std::vector<Event> copies = page->encode();
  std::vector<Copier::Done> dones;
  std::vector<Event> wanted;
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (!numbers[i]) continue;
    wanted.push_back(std::move(copies[i]));
    dones.emplace_back(
        [this, ref, number = *numbers[i]](const Copier::End& end) { Ended(ref, number, end); });
  }
  parts_.copier.SendRead(job->config, std::move(read), std::move(wanted), std::move(dones));
}

void BulkPublisher::Ended(PassRef ref, BulkWalk::Number number, const Copier::End& end) {
  Job* const job = Find(ref.job);
  if (job == nullptr) return;
  parts_.metrics.CopyEnded(end.kind, end.bytes);
  if (end.kind == Copier::End::Kind::kGivenUp) {
    // If the job is not over, it begins again where its shards stand.
    *job = {.config = job->config,
            .bulk = job->bulk,
            .life = ++last_life_,
            .retry_at = parts_.boottime.Now() + kRetry};
    return;
  }
  CopyEnd copy_end{.bytes = end.bytes};
  if (end.kind == Copier::End::Kind::kRefused) copy_end.error = end.error;
  job->passes[ref.pass].walk.End(number, std::move(copy_end));
}

void BulkPublisher::NoteChanged(JobId id, Job& job) {
  for (Pass& pass : job.passes) {
    auto changed = pass.walk.TakeChanged();
    if (changed.empty()) continue;
    const std::lock_guard lock(mutex_);
    for (auto& [log_shard, shard] : changed) {
      unsaved_[{id.first, id.second, log_shard}] = std::move(shard);
    }
  }
}

void BulkPublisher::NoteAllChanged() {
  for (auto& [id, job] : jobs_) NoteChanged(id, job);
}

void BulkPublisher::Count(JobId id, Job& job) {
  job.counting = true;
  parts_.snapshots.Count(job.config.pool_id, [this, inbox = inbox_, ref = JobRef{id, job.life}](
                                                 absl::StatusOr<std::int64_t> count) {
    inbox->Post([this, ref, count = std::move(count)] { TakeCount(ref, count); });
  });
}

void BulkPublisher::TakeCount(JobRef ref, const absl::StatusOr<std::int64_t>& count) {
  Job* const job = Find(ref);
  if (job == nullptr) return;
  job->counting = false;
  if (count.ok()) {
    job->total = *count;
  } else {
    job->count_at = parts_.boottime.Now() + kCountRetry;
    Complain(*job, count.status());
  }
}

void BulkPublisher::Report(Job& job) {
  const auto stored = parts_.store.Load(job.config.id.pool_number, job.bulk.job);
  if (!stored.ok()) return Complain(job, stored.status());
  BulkReport report = SumOf(*stored);
  report.pool_id = job.config.pool_id;
  report.job = job.bulk.job;
  // At the end all that were live have been sent, whether or not they could be counted before.
  report.total = job.total.value_or(report.ended ? report.counts.datasets : 0);
  parts_.neighbours.ReportBulkPublish(report);
}

void BulkPublisher::Complain(const Job& job, const absl::Status& status) {
  const auto held_back = failures_.Admit(parts_.boottime.Now());
  if (!held_back) return;
  obs::Log(obs::Level::kWarning, "a bulk publish waits",
           {{"pool_id", job.config.pool_id},
            {"error", std::string(status.message())},
            {"held_back", *held_back}});
}

void BulkPublisher::Take(Progress& progress) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, shard] : unsaved_) {
    const auto& [pool_number, job, log_shard] = key;
    progress.bulk.push_back({pool_number, job, log_shard, std::move(shard)});
  }
  unsaved_.clear();
  progress.healed = std::exchange(healed_, {});
}

void BulkPublisher::PutBack(const Progress& progress) {
  const std::lock_guard lock(mutex_);
  for (const BulkRow& row : progress.bulk) {
    // What came meanwhile is newer.
    unsaved_.emplace(std::tuple(row.pool_number, row.job, row.log_shard), row.shard);
  }
  healed_.insert(healed_.end(), progress.healed.begin(), progress.healed.end());
}

}  // namespace tidemark::publisher
