// Updates and deletions of one dataset against a model that is too simple to be wrong: a list of
// what happened, from which everything is worked out anew.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "services/dataset/domain/merge.h"

namespace tidemark::dataset {
namespace {

constexpr Limits kLimits{.datasets_per_identity = 1,
                         .records_per_dataset = 3,
                         .bytes_per_dataset = 12,
                         .keys_per_dataset = 4,
                         .dataset_names_per_identity = 1};

int Pick(int from, int to) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, to));
}

// What happened, in order: the position in the list (from 1) is the count it took.
struct Event {
  int request;      // which request did it
  bool by_content;  // it had no id of its own
  absl::Time time;
  std::vector<RecordPatch> patches;  // none: a deletion
};

class Model {
 public:
  std::int64_t count() const { return static_cast<std::int64_t>(events_.size()); }
  bool live() const { return !events_.empty() && !events_.back().patches.empty(); }
  void Add(Event event) { events_.push_back(std::move(event)); }

  // Count of the last deletion, 0 for none.
  std::int64_t deleted() const {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (events_[i].patches.empty()) count = static_cast<std::int64_t>(i) + 1;
    }
    return count;
  }

  // Each key of this life with its last value and count.
  std::map<std::string, std::pair<std::optional<std::string>, std::int64_t>> Records() const {
    std::map<std::string, std::pair<std::optional<std::string>, std::int64_t>> records;
    for (auto i = static_cast<std::size_t>(deleted()); i < events_.size(); ++i) {
      for (const RecordPatch& patch : events_[i].patches) {
        records[patch.key] = {patch.value, static_cast<std::int64_t>(i) + 1};
      }
    }
    return records;
  }

  // The count that `request` took, if it still is remembered at `now`.
  std::optional<std::int64_t> Repeats(int request, absl::Time now) const {
    std::vector<std::int64_t> remembered;  // counts, the last 8
    for (std::int64_t at = 1; at <= count(); ++at) {
      if (EventAt(at).patches.empty()) {
        std::erase_if(remembered, [this](std::int64_t i) { return EventAt(i).by_content; });
      }
      remembered.push_back(at);
      if (remembered.size() > 8) remembered.erase(remembered.begin());
    }
    for (const std::int64_t at : remembered) {
      const Event& event = EventAt(at);
      if (event.request == request && now - event.time <= absl::Hours(1)) return at;
    }
    return std::nullopt;
  }

 private:
  const Event& EventAt(std::int64_t count) const {
    return events_[static_cast<std::size_t>(count - 1)];
  }

  std::vector<Event> events_;
};

std::string Outcome(std::string kind, std::int64_t count) {
  return std::move(kind) + " " + std::to_string(count);
}

std::string InWords(const UpdateOutcome& outcome) {
  if (const auto* applied = std::get_if<Applied>(&outcome)) {
    return Outcome(applied->replayed ? "repeat" : "applied", applied->sync_count.value());
  }
  if (const auto* conflict = std::get_if<Conflict>(&outcome)) {
    return Outcome("conflict", static_cast<std::int64_t>(conflict->keys.size()));
  }
  if (const auto* breach = std::get_if<LimitBreach>(&outcome)) {
    return Outcome("limit", static_cast<std::int64_t>(breach->limit));
  }
  return "reused";
}

// The dataset and its model, which get the same requests.
class Course {
 public:
  explicit Course(std::set<std::string>& seen) : seen_(seen) {}

  void Step() {
    now_ += absl::Minutes(Pick(0, 8));
    const bool again = !sent_.empty() && Pick(0, 5) == 0;
    if (!again) sent_.push_back(AnyRequest());
    const auto back = again ? static_cast<std::size_t>(Pick(0, 12)) % sent_.size() : 0;
    Send(static_cast<int>(sent_.size() - 1 - back));
    Compare();
  }

 private:
  struct Sent {
    bool by_content;
    std::vector<RecordPatch> patches;  // none: a deletion
  };

  Sent AnyRequest() {
    if (Pick(0, 8) == 0) return {false, {}};
    Sent sent{Pick(0, 2) == 0, {}};
    const auto records = model_.Records();
    std::set<std::string> keys;
    for (int i = Pick(1, 4); i > 0; --i) keys.insert(std::string(1, "pqrst"[Pick(0, 5)]));
    for (const std::string& key : keys) {
      const auto held = records.find(key);
      std::int64_t expected = held == records.end() ? 0 : held->second.second;
      if (Pick(0, 10) == 0) expected = Pick(0, 5);
      const bool remove = Pick(0, 4) == 0;
      sent.patches.push_back(
          {key,
           remove ? std::nullopt
                  : std::optional(std::string(static_cast<std::size_t>(Pick(0, 6)), 'x')),
           SyncCount(expected), std::nullopt});
    }
    return sent;
  }

  void Send(int number) {
    const Sent& sent = sent_[static_cast<std::size_t>(number)];
    const auto id = static_cast<std::uint64_t>(number);
    const RequestIdentity identity{{id, 1}, {id, 2}, !sent.by_content};
    const DatasetKey key{IdentityKey::Of("p:1", "p:2"), "prefs"};
    const std::string expected = Expected(number, sent);
    std::string outcome;
    if (sent.patches.empty()) {
      const DeleteOutcome deleted =
          ApplyDelete({key, {}, {}, identity}, now_, state_ ? &*state_ : nullptr, counts_);
      outcome = deleted.kind == DeleteOutcome::Kind::kNotFound
                    ? "nothing"
                    : Outcome(deleted.kind == DeleteOutcome::Kind::kReplayed ? "repeat" : "deleted",
                              deleted.dataset.sync_count.value());
    } else {
      DatasetState created;
      const UpdateRequest request{key, {}, kLimits, sent.patches, {}, identity};
      const UpdateOutcome updated =
          ApplyUpdate(request, now_, state_ ? &*state_ : nullptr, counts_, created);
      outcome = InWords(updated);
      if (const auto certain = CertainBreach(request)) {
        RC_ASSERT(!std::holds_alternative<Applied>(updated));
        // Of a dataset that holds nothing it is known to the letter.
        const bool stale = std::holds_alternative<Conflict>(updated);
        RC_ASSERT(state_ || stale || updated == UpdateOutcome(*certain));
        seen_.insert("certain");
      }
      if (!state_ && std::holds_alternative<Applied>(updated)) state_ = std::move(created);
    }
    RC_ASSERT(outcome == expected);
    seen_.insert(outcome.substr(0, outcome.find(' ')));
    if (outcome.starts_with("applied") || outcome.starts_with("deleted")) {
      model_.Add({number, sent.by_content, now_, sent.patches});
    }
  }

  // The outcome by the contract's rules, from what happened before.
  std::string Expected(int number, const Sent& sent) const {
    if (const auto count = model_.Repeats(number, now_)) return Outcome("repeat", *count);
    if (sent.patches.empty()) {
      return model_.live() ? Outcome("deleted", model_.count() + 1) : "nothing";
    }
    auto records = model_.Records();
    const Totals before = TotalsOf(records);
    std::int64_t stale = 0;
    for (const RecordPatch& patch : sent.patches) {
      stale += records[patch.key].second == patch.expected.value() ? 0 : 1;
      records[patch.key] = {patch.value, 1};
    }
    if (stale > 0) return Outcome("conflict", stale);
    const Totals after = TotalsOf(records);
    if (after.live > before.live && after.live > 3) return Outcome("limit", 3);
    if (after.keys > before.keys && after.keys > 4) return Outcome("limit", 4);
    if (after.bytes > before.bytes && after.bytes > 12) return Outcome("limit", 5);
    return Outcome("applied", model_.count() + 1);
  }

  struct Totals {
    std::int64_t live = 0, keys = 0, bytes = 0;
  };
  template <typename Records>
  static Totals TotalsOf(const Records& records) {
    Totals totals;
    for (const auto& [key, record] : records) {
      totals.keys += 1;
      totals.live += record.first ? 1 : 0;
      totals.bytes +=
          record.first ? static_cast<std::int64_t>(key.size() + record.first->size()) : 0;
    }
    return totals;
  }

  void Compare() const {
    RC_ASSERT(state_.has_value() == (model_.count() > 0));
    if (!state_) return;
    const auto records = model_.Records();
    const Totals totals = TotalsOf(records);
    const DatasetInfo& info = state_->info;
    RC_ASSERT(info.sync_count.value() == model_.count());
    RC_ASSERT(info.live == model_.live());
    RC_ASSERT(info.deleted_at.value_or(SyncCount(0)).value() == model_.deleted());
    RC_ASSERT(counts_.live_datasets == (model_.live() ? 1 : 0));
    RC_ASSERT(counts_.dataset_names == 1);
    RC_ASSERT(state_->records.size() == records.size());
    for (const auto& [key, record] : records) {
      RC_ASSERT(state_->records.at(key).value == record.first);
      RC_ASSERT(state_->records.at(key).sync_count.value() == record.second);
    }
    if (info.live) {
      RC_ASSERT(info.live_records == totals.live);
      RC_ASSERT(info.bytes == totals.bytes);
    }
    for (std::int64_t since = 0; since <= model_.count(); ++since) {
      const bool missed =
          since > 0 && (model_.live() ? since < model_.deleted() : since <= model_.deleted());
      RC_ASSERT(DeletedAfter(info, SyncCount(since)) == missed);
    }
  }

  std::set<std::string>& seen_;
  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1000);
  std::vector<Sent> sent_;
  Model model_;
  std::optional<DatasetState> state_;
  IdentityCounts counts_;
};

TEST(MergePropertyTest, DecidesWhatTheHistoryOfTheDatasetSays) {
  std::set<std::string> seen;
  EXPECT_TRUE(rc::check([&seen] {
    Course course(seen);
    for (int steps = Pick(1, 60); steps > 0; --steps) course.Step();
  }));
  // It has looked at everything.
  EXPECT_THAT(seen, ::testing::IsSupersetOf({"applied", "repeat", "conflict", "limit", "deleted",
                                             "nothing", "certain"}));
}

}  // namespace
}  // namespace tidemark::dataset
