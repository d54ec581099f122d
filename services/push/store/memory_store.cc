#include "services/push/store/memory_store.h"

#include <algorithm>
#include <optional>

#include "services/push/domain/device_errors.h"
#include "services/push/domain/room.h"

namespace tidemark::push {

MemoryStore::Entry* MemoryStore::Find(const DeviceKey& device) {
  const auto identity = devices_.find({device.identity.pool_id, device.identity.identity_id});
  if (identity == devices_.end()) return nullptr;
  const auto found = identity->second.find(device.device_id);
  return found == identity->second.end() ? nullptr : &found->second;
}

std::vector<Device> MemoryStore::DevicesOf(const Devices& devices) {
  std::vector<Device> all;
  for (const auto& [id, entry] : devices) all.push_back(entry.device);
  return all;
}

void MemoryStore::Look(const DeviceKey& device, absl::Time, Callback<Known> done) {
  Known known;
  {
    const std::lock_guard lock(mutex_);
    if (const Entry* entry = Find(device)) {
      known.endpoint = {entry->application_arn, entry->device.endpoint_arn};
    }
    const auto& all = devices_[{device.identity.pool_id, device.identity.identity_id}];
    known.enabled = static_cast<std::size_t>(std::ranges::count_if(all, [](const auto& entry) {
      return entry.second.device.state == EndpointState::kEnabled;
    }));
  }
  done(std::move(known));
}

void MemoryStore::List(const IdentityKey& identity, absl::Time,
                       Callback<std::vector<Device>> done) {
  std::vector<Device> devices;
  {
    const std::lock_guard lock(mutex_);
    devices = DevicesOf(devices_[{identity.pool_id, identity.identity_id}]);
  }
  done(std::move(devices));
}

std::vector<Target> MemoryStore::TargetsOf(const ChangedDataset& dataset) const {
  std::vector<Target> targets;
  const auto identity = devices_.find({dataset.identity.pool_id, dataset.identity.identity_id});
  if (identity == devices_.end()) return targets;
  for (const auto& [id, entry] : identity->second) {
    const Device& device = entry.device;
    const bool excepted =
        std::ranges::binary_search(device.subscriptions.exceptions, dataset.dataset_name);
    if (device.state != EndpointState::kEnabled || id == dataset.writer_device_id ||
        device.subscriptions.to_all == excepted) {
      continue;
    }
    targets.push_back(
        {id, device.platform, entry.application_arn, device.endpoint_arn, entry.registration});
  }
  return targets;
}

void MemoryStore::Resolve(const std::vector<ChangedDataset>& datasets, absl::Time,
                          Callback<std::vector<std::vector<Target>>> done) {
  std::vector<std::vector<Target>> targets;
  {
    const std::lock_guard lock(mutex_);
    for (const ChangedDataset& dataset : datasets) targets.push_back(TargetsOf(dataset));
  }
  done(std::move(targets));
}

bool MemoryStore::Move(const NewDevice& device) {
  bool moved = false;
  for (auto& [identity, devices] : devices_) {
    if (identity.first != device.key.identity.pool_id) continue;
    moved = std::erase_if(devices,
                          [&](const auto& entry) {
                            return entry.first != device.key.device_id &&
                                   entry.second.device.platform == device.platform &&
                                   entry.second.token_digest == device.token_digest;
                          }) > 0 ||
            moved;
  }
  return moved;
}

absl::StatusOr<Registered> MemoryStore::Register(const NewDevice& device, absl::Time) {
  const std::lock_guard lock(mutex_);
  const IdentityKey& identity = device.key.identity;
  Devices& devices = devices_[{identity.pool_id, identity.identity_id}];
  const bool known = devices.contains(device.key.device_id);
  if (!known) {
    const auto room = MakeRoom(DevicesOf(devices));
    if (!room) return TooManyDevices();
    for (const std::string& id : *room) devices.erase(id);
  }
  const bool moved = Move(device);
  Entry& entry = devices[device.key.device_id];
  if (!known) entry.device.registration_time = device.time;
  entry.device.device_id = device.key.device_id;
  entry.device.platform = device.platform;
  entry.device.endpoint_arn = device.endpoint_arn;
  entry.device.state = EndpointState::kEnabled;
  entry.device.last_registration_time = std::max(entry.device.last_registration_time, device.time);
  entry.token_digest = device.token_digest;
  entry.application_arn = device.application_arn;
  entry.registration = Registration(++last_registration_);
  return known ? Registered::kAgain : moved ? Registered::kMoved : Registered::kNew;
}

absl::StatusOr<bool> MemoryStore::SetSubscription(const DeviceKey& device,
                                                  std::string_view dataset_name, bool subscribed,
                                                  absl::Time) {
  const std::lock_guard lock(mutex_);
  Entry* entry = Find(device);
  if (entry == nullptr) return DeviceNotFound(device.device_id);
  auto& exceptions = entry->device.subscriptions.exceptions;
  const auto place = std::ranges::lower_bound(exceptions, dataset_name);
  const bool excepted = place != exceptions.end() && *place == dataset_name;
  const bool now = entry->device.subscriptions.to_all != excepted;
  if (now == subscribed) return false;
  if (excepted) {
    exceptions.erase(place);
  } else if (exceptions.size() >= kMaxExceptions) {
    return TooManyExceptions(device.device_id);
  } else {
    exceptions.emplace(place, dataset_name);
  }
  return true;
}

absl::Status MemoryStore::SubscribeToAll(const DeviceKey& device, absl::Time) {
  const std::lock_guard lock(mutex_);
  Entry* entry = Find(device);
  if (entry == nullptr) return DeviceNotFound(device.device_id);
  entry->device.subscriptions = {.to_all = true};
  return absl::OkStatus();
}

absl::StatusOr<std::string> MemoryStore::Deregister(const DeviceKey& device, absl::Time) {
  const std::lock_guard lock(mutex_);
  const Entry* entry = Find(device);
  if (entry == nullptr) return DeviceNotFound(device.device_id);
  std::string endpoint_arn = entry->device.endpoint_arn;
  devices_[{device.identity.pool_id, device.identity.identity_id}].erase(device.device_id);
  return endpoint_arn;
}

absl::StatusOr<std::int64_t> MemoryStore::Report(const std::vector<EndpointReport>& reports,
                                                 absl::Time) {
  const std::lock_guard lock(mutex_);
  std::int64_t changed = 0;
  std::vector<DeviceKey> seen;
  for (const EndpointReport& report : reports) {
    Entry* entry = Find(report.device);
    if (entry == nullptr || entry->registration != report.registration ||
        entry->device.state >= report.state) {
      continue;
    }
    entry->device.state = report.state;
    if (std::ranges::find(seen, report.device) != seen.end()) continue;
    seen.push_back(report.device);
    ++changed;
  }
  return changed;
}

absl::StatusOr<std::vector<std::string>> MemoryStore::ListPools(std::string_view after,
                                                                std::int32_t limit, absl::Time) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [identity, devices] : devices_) {
    if (ids.size() == static_cast<std::size_t>(limit)) break;
    const std::string& pool_id = identity.first;
    if (devices.empty() || pool_id <= after || (!ids.empty() && ids.back() == pool_id)) continue;
    ids.push_back(pool_id);
  }
  return ids;
}

absl::StatusOr<std::int64_t> MemoryStore::Erase(std::string_view pool_id, std::int32_t limit,
                                                absl::Time) {
  const std::lock_guard lock(mutex_);
  std::int64_t erased = 0;
  for (auto& [identity, devices] : devices_) {
    if (identity.first != pool_id) continue;
    while (!devices.empty() && erased < limit) {
      devices.erase(devices.begin());
      ++erased;
    }
  }
  return erased;
}

}  // namespace tidemark::push
