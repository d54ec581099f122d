#include "services/publisher/engine/replayer.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/publisher/engine/outlet.h"

namespace tidemark::publisher {
namespace {

// Datasets of which copies are under way at once.
constexpr std::size_t kMaxSending = 256;

}  // namespace

void Replayer::Begin(const std::vector<StoredParkedChange>& replays,
                     const std::vector<DestinationConfig>& all) {
  if (replays.empty()) return;
  std::map<std::int32_t, const DestinationConfig*> by_pool;
  for (const DestinationConfig& config : all) by_pool[config.id.pool_number] = &config;
  std::map<Key, std::vector<StoredParkedChange>> to_send;
  {
    const std::lock_guard lock(state_->mutex);
    for (const StoredParkedChange& replay : replays) {
      if (replay.event.identity_id.empty()) {
        RefuseUnreadable(*state_, replay);
        continue;
      }
      const auto config = by_pool.find(replay.destination.pool_number);
      if (config == by_pool.end() || !config->second->enabled || config->second->paused) continue;
      const Key key{config->second->id,
                    {replay.event.identity_id, replay.event.change.dataset_name}};
      // Of a copy that is under way it is not known whether it was read after this change.
      const bool begins = to_send.contains(key);
      if (!begins && (state_->sending.contains(key) || state_->sending.size() >= kMaxSending)) {
        continue;
      }
      if (!state_->under_way.insert({replay.event.position, replay.destination}).second) continue;
      state_->sending.insert(key);
      to_send[key].push_back(replay);
    }
  }
  for (auto& [key, changes] : to_send) {
    send_(*by_pool.at(key.first.pool_number), key.second,
          [state = state_, key, changes](const End& end) { Ended(*state, key, changes, end); });
  }
}

// Its row could not be read, so nobody knows of which dataset it is.
void Replayer::RefuseUnreadable(State& state, const StoredParkedChange& replay) {
  const ParkedCursor place{replay.event.position, replay.destination};
  if (!state.under_way.insert(place).second) return;
  state.ended.push_back({place, std::string(kUnreadableRow), replay.event.event_bytes});
}

void Replayer::Ended(State& state, const Key& key, const std::vector<StoredParkedChange>& changes,
                     const End& end) {
  const std::lock_guard lock(state.mutex);
  state.sending.erase(key);
  for (const StoredParkedChange& change : changes) {
    const ParkedCursor place{change.event.position, change.destination};
    switch (end.kind) {
      case End::Kind::kDone:
        state.ended.push_back({place, std::nullopt});
        break;
      case End::Kind::kRefused:
        state.ended.push_back(
            {place,
             absl::StrCat("what the dataset holds was refused for good when it was replayed: ",
                          end.error),
             change.event.event_bytes});
        break;
      case End::Kind::kGivenUp:
        state.under_way.erase(place);  // it is asked for still
    }
  }
}

void Replayer::Take(Progress& progress) {
  const std::lock_guard lock(state_->mutex);
  std::move(state_->ended.begin(), state_->ended.end(), std::back_inserter(progress.replays));
  state_->ended.clear();
}

void Replayer::Confirm(const Progress& progress) {
  const std::lock_guard lock(state_->mutex);
  for (const ReplayOutcome& replay : progress.replays) state_->under_way.erase(replay.change);
}

void Replayer::PutBack(const Progress& progress) {
  const std::lock_guard lock(state_->mutex);
  state_->ended.insert(state_->ended.end(), progress.replays.begin(), progress.replays.end());
}

}  // namespace tidemark::publisher
