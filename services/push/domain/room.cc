#include "services/push/domain/room.h"

#include <algorithm>
#include <tuple>

namespace tidemark::push {

std::optional<std::vector<std::string>> MakeRoom(const std::vector<Device>& devices) {
  if (devices.size() < kMaxDevices) return std::vector<std::string>();
  const std::size_t wanted = devices.size() - kMaxDevices + 1;
  std::vector<const Device*> dead;
  for (const Device& device : devices) {
    if (device.state != EndpointState::kEnabled) dead.push_back(&device);
  }
  if (dead.size() < wanted) return std::nullopt;
  std::ranges::sort(dead, {}, [](const Device* device) {
    return std::tie(device->last_registration_time, device->device_id);
  });
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < wanted; ++i) ids.push_back(dead[i]->device_id);
  return ids;
}

}  // namespace tidemark::push
