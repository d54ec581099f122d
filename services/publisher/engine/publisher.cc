#include "services/publisher/engine/publisher.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/sha256.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "common/errors/sqlstate.h"
#include "common/obs/log.h"

namespace tidemark::publisher {
namespace {

// Without a poll, or without a delivery while work waits, for so long, something is wrong.
constexpr absl::Duration kPollPatience = absl::Seconds(15);
constexpr absl::Duration kDeliveryPatience = absl::Seconds(60);

absl::Status NotReady(std::string_view message) {
  return errors::Error(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_NOT_READY, message);
}

}  // namespace

Publisher::Publisher(const Settings& settings, const Surroundings& surroundings)
    : settings_(settings),
      around_(surroundings),
      guard_(surroundings.boottime),
      thread_([this] { Loop(); }) {}

Publisher::~Publisher() { Stop(); }

void Publisher::Stop() {
  stop_.Set();
  if (thread_.joinable()) thread_.join();
}

void Publisher::Loop() {
  while (!stop_.WaitFor(absl::ZeroDuration())) {
    if (around_.catalogue.version() == 0) {  // not yet told what there is
      stop_.WaitFor(absl::Milliseconds(20));
      continue;
    }
    ServeAs(NewMember());
  }
}

void Publisher::ServeAs(const std::string& member) {
  auto end = Term::End::kMoving;
  while (end == Term::End::kMoving) {
    std::optional<Leases> taken = Await(member);
    if (!taken) break;
    end = Serve(member, *std::move(taken));
  }
  guard_.Drop();
  Leave(member);
}

std::optional<Leases> Publisher::Await(const std::string& member) {
  bool told = false;
  do {
    const absl::Time now = around_.boottime.Now();
    absl::StatusOr<Leases> taken = TakeShare(member);
    if (!taken.ok()) {
      if (const auto held_back = failures_.Admit(now)) {
        obs::Log(obs::Level::kWarning, "log shards could not be asked for",
                 {{"error", std::string(taken.status().message())},
                  {"detail", errors::DriverTextOf(taken.status())},
                  {"held_back", *held_back}});
      }
    } else if (taken->held.any()) {
      guard_.Extend(now, settings_.lease_ttl);
      return *std::move(taken);
    } else if (!std::exchange(told, true)) {
      obs::Log(obs::Level::kInfo, "other publishers hold all log shards: waiting");
    }
  } while (!stop_.WaitFor(settings_.lease_retry));
  return std::nullopt;
}

absl::StatusOr<Leases> Publisher::TakeShare(const std::string& member) {
  TM_ASSIGN_OR_RETURN(const Standing standing, around_.leases.Join(member, settings_.lease_ttl));
  const int share = FairShare(standing);
  if (standing.held > share) TM_RETURN_IF_ERROR(around_.leases.GiveBack(member, share));
  if (standing.held == 0 && standing.free == 0) return Leases{};
  TM_RETURN_IF_ERROR(LearnPauses());
  return around_.leases.Take(member, share);
}

// What is paused must not be sent in the moment before the term's first look.
absl::Status Publisher::LearnPauses() {
  TM_ASSIGN_OR_RETURN(const Ordered ordered, around_.orders.Read({}, {}, 0));
  std::set<std::int32_t> paused;
  for (const auto& [pool_number, pause] : ordered.pauses) paused.insert(pool_number);
  around_.catalogue.Pause(std::move(paused));
  return absl::OkStatus();
}

Term::End Publisher::Serve(const std::string& member, Leases taken) {
  const std::size_t shards = taken.held.count();
  obs::Log(obs::Level::kInfo, "took log shards", {{"member", member}, {"log_shards", shards}});
  if (taken.cut_back) {
    obs::Log(obs::Level::kError,
             "progress was stored above the end of the change log and goes back to it: was another "
             "database restored?");
  }
  around_.metrics.Leases(Metrics::LeaseMove::kTaken, shards);
  Term& term =
      Install(std::make_unique<Term>(settings_, around_, guard_, member, std::move(taken)));
  const Term::End end = term.Run(stop_);
  const bool lost = end == Term::End::kLost;
  // What was lost is another's by now: nothing more is sent while the term is taken down.
  if (lost) guard_.Drop();
  TakeDown();
  if (lost) {
    obs::Log(obs::Level::kWarning, "lost the log shards to another publisher",
             {{"member", member}});
  }
  around_.metrics.Leases(lost ? Metrics::LeaseMove::kLost : Metrics::LeaseMove::kReleased, 0);
  if (end != Term::End::kBroken) around_.metrics.Lag(0, absl::ZeroDuration());
  return end;
}

Term& Publisher::Install(std::unique_ptr<Term> term) {
  const std::lock_guard lock(mutex_);
  term_ = std::move(term);
  return *term_;
}

void Publisher::TakeDown() {
  std::unique_ptr<Term> over;  // ends its threads without the lock
  const std::lock_guard lock(mutex_);
  over = std::move(term_);
}

void Publisher::Leave(const std::string& member) {
  const absl::Status status = around_.leases.Leave(member);
  if (status.ok()) return;
  obs::Log(obs::Level::kWarning,
           "the log shards could not be given back; they are free once the lease ends",
           {{"member", member}, {"error", std::string(status.message())}});
}

std::string Publisher::NewMember() {
  std::array<std::uint8_t, 8> bytes{};
  around_.random.Fill(bytes);
  const std::lock_guard lock(mutex_);
  member_ = absl::StrCat(settings_.name, "#", Hex(bytes));
  return member_;
}

PublisherView Publisher::View() const {
  PublisherView view;
  Dispatcher::Report report;
  std::map<DestinationId, Term::Standing> standings;
  {
    const std::lock_guard lock(mutex_);
    view.member = member_;
    if (term_ != nullptr) {
      view.log_shards_held = static_cast<int>(term_->held().count());
      report = term_->report();
      standings = term_->standings();
      const LogFollower::State follower = term_->follower();
      view.read_position = follower.hi;
      view.open_gaps = follower.open_gaps;
      view.pushes_waiting = term_->pushes_waiting();
    }
  }
  std::vector<DestinationConfig> configs = around_.catalogue.All();
  for (DestinationConfig& config : configs) {
    const DestinationId id = config.id;
    DestinationView& destination = view.destinations.emplace_back();
    destination.config = std::move(config);
    if (const auto stats = report.destinations.find(id); stats != report.destinations.end()) {
      destination.stats = stats->second;
    }
    if (const auto standing = standings.find(id); standing != standings.end()) {
      destination.parked = standing->second.parked;
      destination.gapped_through = standing->second.gapped_through;
    }
  }
  return view;
}

absl::Status Publisher::CheckLease() const {
  if (around_.catalogue.version() == 0) {
    return NotReady("the stream configuration service has not told the pools yet");
  }
  const std::lock_guard lock(mutex_);
  if (term_ == nullptr) return NotReady("holds no log shards at the moment: waiting for some");
  if (!guard_.Held()) return NotReady("the lease could not be renewed: ask the database");
  return absl::OkStatus();
}

absl::Status Publisher::CheckProgress() const {
  const std::lock_guard lock(mutex_);
  if (term_ == nullptr) return absl::OkStatus();  // CheckLease says so
  const absl::Time now = around_.boottime.Now();
  const LogFollower::State follower = term_->follower();
  if (!follower.broken.ok()) return NotReady("the change log is another one: reading begins again");
  if (now - follower.last_poll > kPollPatience) {
    return NotReady("the change log can't be read: see the log of this process");
  }
  const Dispatcher::Report report = term_->report();
  if (now - std::max(report.last_delivery, report.waiting_since) > kDeliveryPatience) {
    return NotReady("nothing was delivered for a minute although changes wait: see GetStatus");
  }
  return absl::OkStatus();
}

}  // namespace tidemark::publisher
