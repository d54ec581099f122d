#include "services/publisher/engine/term.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/errors/sqlstate.h"

namespace tidemark::publisher {
namespace {

// A lease is renewed this many times before it would end.
constexpr int kRenewals = 4;
constexpr absl::Duration kMeasureInterval = absl::Seconds(1);
// The log is looked at about once a second at least.
constexpr absl::Duration kPollPatience = absl::Seconds(5);

// What is settled in every shard that is held, and of which devices were told, if that is not far
// below; what the log no longer has can't be read.
Position StartOf(const Leases& taken) {
  Position start = kMaxPosition;
  for (const LogShard shard : ShardsOf(taken.held)) {
    const Position settled = taken.state.settled[shard.value()];
    const Position pushed = taken.state.pushed[shard.value()];
    start = std::min({start, settled, std::max(pushed, settled - kPushReadBack)});
  }
  return std::max(start, taken.state.emptied_through);
}

std::map<DestinationId, Term::Standing> StandingsOf(const StoredState& state) {
  std::map<DestinationId, Term::Standing> standings;
  for (const auto& [id, destination] : state.destinations) {
    standings[id] = {destination.parked, destination.gapped_through, destination.gapped_time};
  }
  return standings;
}

Replayer::End EndOf(const Copier::End& end) {
  switch (end.kind) {
    case Copier::End::Kind::kDelivered:
    case Copier::End::Kind::kGone:
      return {Replayer::End::Kind::kDone, ""};
    case Copier::End::Kind::kRefused:
      return {Replayer::End::Kind::kRefused, end.error};
    default:
      return {Replayer::End::Kind::kGivenUp, ""};
  }
}

}  // namespace

Term::Term(const Settings& settings, const Surroundings& surroundings, LeaseGuard& guard,
           std::string member, Leases taken)
    : settings_(settings),
      around_(surroundings),
      guard_(guard),
      member_(std::move(member)),
      held_(taken.held),
      tokens_(taken.tokens),
      order_book_(
          settings_.order_interval,
          {around_.orders, around_.catalogue, around_.metrics, around_.wall, around_.boottime},
          member_, held_),
      tracker_(held_, taken.state.settled, StartOf(taken)),
      dispatcher_(settings_.dispatcher, {around_.sender, around_.records, tracker_, losses_, guard_,
                                         around_.neighbours, around_.metrics, guards_, *copy_inbox_,
                                         around_.wall, around_.boottime, around_.random}),
      pushes_(settings_.push,
              {around_.push_pools, around_.push_targets, around_.push_sender, guard_,
               around_.push_metrics, around_.wall, around_.boottime, around_.random},
              PushPositions(held_, taken.state.pushed, StartOf(taken))),
      push_intake_({around_.push_pools, pushes_, around_.boottime}),
      router_(held_, taken.state,
              {tracker_, dispatcher_, losses_, guard_, around_.metrics, around_.wall,
               around_.boottime}),
      follower_(settings_.follower,
                {around_.log, router_, dispatcher_, push_intake_, around_.catalogue, guard_,
                 around_.metrics, around_.boottime},
                held_, StartOf(taken)),
      copying_(held_, copy_inbox_,
               {dispatcher_, guards_, around_.snapshots, around_.bulk, around_.catalogue,
                around_.neighbours, around_.metrics, around_.boottime}),
      replayer_([this](const DestinationConfig& destination, const Replayer::Dataset& dataset,
                       auto done) {
        copying_.copier().Send(
            destination, {dataset.identity_id, dataset.name},
            [done = std::move(done)](const Copier::End& end) { done(EndOf(end)); });
      }),
      stored_pushed_(taken.state.pushed),
      standings_(StandingsOf(taken.state)) {}

Term::End Term::Run(const StopFlag& stop) {
  while (!stop.WaitFor(settings_.store_interval)) {
    if (const absl::Status broken = follower_.state().broken; !broken.ok()) {
      obs::Log(obs::Level::kError, "reading the change log begins again",
               {{"error", std::string(broken.message())}});
      break;
    }
    if (!Tick()) return End::kLost;
    if (moving_) break;
  }
  follower_.Stop();
  copying_.Stop();
  if (!Renew()) return End::kLost;
  pushes_.Quit();  // answers may come as long as streams are waited for
  dispatcher_.Stop(settings_.grace);
  pushes_.Stop();
  copying_.Finish();
  // Positions of the log that was read before mean nothing in the one that took its place.
  if (!follower_.state().broken.ok()) return End::kBroken;
  if (!StoreProgress(CursorTracker::Shards::kAll)) return End::kLost;
  return moving_ ? End::kMoving : End::kStopped;
}

bool Term::Tick() {
  const absl::Time now = around_.boottime.Now();
  if (now >= renew_at_ && !Renew()) return false;
  const bool all = now >= store_all_at_;
  if (all) store_all_at_ = now + settings_.store_all_interval;
  if (!StoreProgress(all ? CursorTracker::Shards::kAll : CursorTracker::Shards::kDelivered)) {
    return false;
  }
  ReportLowMark();
  HeedOperators();
  if (now >= measure_at_) {
    measure_at_ = now + kMeasureInterval;
    Measure();
  }
  return true;
}

bool Term::Renew() {
  const absl::Time now = around_.boottime.Now();
  const auto standing = around_.leases.Renew(member_, settings_.lease_ttl);
  if (!standing.ok()) {
    Complain("the lease could not be renewed", standing.status());
    return true;  // It may still be ours: the guard says for how long to act on it.
  }
  if (!*standing) return false;
  moving_ = WantsToMove(**standing);
  guard_.Extend(now, settings_.lease_ttl);
  renew_at_ = now + settings_.lease_ttl / kRenewals;
  return true;
}

bool Term::StoreProgress(CursorTracker::Shards shards) {
  Progress progress;
  progress.cursors = tracker_.Take(shards);
  losses_.Take(progress);
  copying_.bulk().Take(progress);
  replayer_.Take(progress);
  if (shards == CursorTracker::Shards::kAll) TakePushed(progress);
  if (progress.empty()) return true;
  const absl::StatusOr<bool> stored = around_.leases.Store(member_, tokens_, progress);
  if (stored.ok() && *stored) {
    Confirm(progress);
    return true;
  }
  copying_.bulk().PutBack(progress);
  replayer_.PutBack(progress);
  losses_.PutBack(std::move(progress));
  if (!stored.ok()) Complain("progress could not be stored", stored.status());
  return !stored.ok();
}

// As rarely as the settled positions of quiet shards: after a crash a device may hear again of what
// it was told since, which it drops.
void Term::TakePushed(Progress& progress) const {
  const ShardPositions pushed = pushes_.Pushed();
  if (pushed != stored_pushed_) progress.pushed = pushed;
}

void Term::Confirm(const Progress& progress) {
  if (progress.pushed) stored_pushed_ = *progress.pushed;
  if (progress.cursors) tracker_.Confirm(*progress.cursors);
  replayer_.Confirm(progress);
  for (const NewlyParked& parked : progress.parked) {
    const CursorTracker::Place place{parked.event.position, parked.event.log_shard};
    tracker_.Settle(parked.destination, {&place, 1});
  }
  const std::lock_guard lock(mutex_);
  for (const NewlyParked& parked : progress.parked) ++standings_[parked.destination].parked;
  for (const Healed& healed : progress.healed) {
    Standing& standing = standings_[healed.destination];
    if (standing.gapped_time < healed.since) standing.gapped_through = 0;
  }
  for (const auto& [id, through] : progress.gapped) {
    standings_[id].gapped_through = through;
    standings_[id].gapped_time = around_.wall.Now();
  }
}

void Term::ReportLowMark() {
  const absl::Time now = around_.boottime.Now();
  if (now < report_at_) return;
  report_at_ = now + settings_.low_mark_interval;
  // One interval late, and not while the list of destinations may be old: one that was just enabled
  // finds the log as it needs it. Never above what one needs that was learned meanwhile.
  if (!around_.catalogue.current()) return;
  const absl::StatusOr<Position> low = around_.leases.LowMark();
  if (!low.ok()) return Complain("the log's low mark could not be asked", low.status());
  const Position mark = std::min(next_low_mark_, *low);
  if (mark > 0) around_.neighbours.ReportLowMark(mark);
  next_low_mark_ = *low;
}

void Term::HeedOperators() {
  absl::Status status = order_book_.Read();
  status.Update(order_book_.Tidy());
  const std::vector<StoredParkedChange> replays = order_book_.TakeReplays();
  if (!replays.empty()) replayer_.Begin(replays, around_.catalogue.All());
  if (order_book_.TellingIsDue()) status.Update(order_book_.Tell(dispatcher_.report()));
  if (!status.ok()) Complain("operators could not be heard", status);
}

void Term::Measure() {
  const Dispatcher::Report report = dispatcher_.report();
  const LogFollower::State follower = follower_.state();
  absl::Time oldest = follower.behind ? follower.newest_commit : absl::InfiniteFuture();
  Metrics::DestinationCounts counts{.all = report.destinations.size()};
  for (const auto& [id, stats] : report.destinations) {
    counts.failing += stats.last_error.empty() ? 0 : 1;
    counts.paused += stats.paused ? 1 : 0;
    if (stats.paused) continue;
    counts.split_off += stats.split_off ? 1 : 0;
    oldest = std::min(oldest, stats.oldest_commit);
  }
  absl::Duration age = std::max(absl::ZeroDuration(), around_.wall.Now() - oldest);
  if (oldest == absl::InfiniteFuture()) age = absl::ZeroDuration();
  // Nobody knows what waits since: as if something did.
  const absl::Duration unread = around_.boottime.Now() - follower.last_poll;
  if (unread > kPollPatience) age = std::max(age, unread);
  around_.metrics.Lag(std::max<Position>(0, follower.log_end - tracker_.Settled()), age);
  around_.metrics.Held(guard_.Held() ? held_.count() : 0);
  for (const auto& [id, standing] : standings()) {
    if (standing.gapped_through > 0 && report.destinations.contains(id)) ++counts.gapped;
  }
  for (const DestinationConfig& config : around_.catalogue.All()) {
    counts.off += config.turned_off ? 1 : 0;
  }
  around_.metrics.Destinations(counts);
}

std::map<DestinationId, Term::Standing> Term::standings() const {
  const std::lock_guard lock(mutex_);
  return standings_;
}

void Term::Complain(const char* what, const absl::Status& status) {
  const auto held_back = failures_.Admit(around_.boottime.Now());
  if (!held_back) return;
  obs::Log(obs::Level::kWarning, what,
           {{"error", std::string(status.message())},
            {"detail", errors::DriverTextOf(status)},
            {"held_back", *held_back}});
}

}  // namespace tidemark::publisher
