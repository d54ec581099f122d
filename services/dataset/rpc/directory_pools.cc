#include "services/dataset/rpc/directory_pools.h"

#include "services/dataset/trigger/event.h"

namespace tidemark::dataset {
namespace {

// The pool's own bound, or the default where it has none.
template <typename T>
void Override(T adjusted, T& limit) {
  if (adjusted != 0) limit = adjusted;
}

Limits LimitsOf(const stream_config::v1::Limits& proto) {
  Limits limits;
  Override(proto.datasets_per_identity(), limits.datasets_per_identity);
  Override(proto.records_per_dataset(), limits.records_per_dataset);
  Override<std::int64_t>(proto.bytes_per_dataset(), limits.bytes_per_dataset);
  Override(proto.keys_per_dataset(), limits.keys_per_dataset);
  Override(proto.dataset_names_per_identity(), limits.dataset_names_per_identity);
  return limits;
}

}  // namespace

std::optional<PoolFacts> DirectoryPools::Find(std::string_view pool_id) const {
  const pools::PoolPtr pool = directory_.Find(pool_id);
  if (pool == nullptr) return std::nullopt;
  PoolFacts facts{PoolNumber(pool->pool_number()), LimitsOf(pool->limits()), ""};
  const auto& functions = pool->events().functions();
  const auto trigger = functions.find(std::string(kSyncTrigger));
  if (trigger != functions.end()) facts.sync_trigger = trigger->second;
  return facts;
}

std::vector<std::string> DirectoryPools::List(std::string_view after, int limit) const {
  const auto snapshot = directory_.Snapshot();
  std::vector<std::string> ids;
  for (auto it = snapshot->After(after);
       it != snapshot->pools().end() && static_cast<int>(ids.size()) < limit; ++it) {
    ids.push_back((*it)->identity_pool_id());
  }
  return ids;
}

}  // namespace tidemark::dataset
