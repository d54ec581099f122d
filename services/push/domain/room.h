#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "services/push/domain/types.h"

namespace tidemark::push {

// Devices of an identity.
inline constexpr std::size_t kMaxDevices = 100;
// Exceptions among a device's subscriptions: as many as an identity can have datasets.
inline constexpr std::size_t kMaxExceptions = 1000;

// Ids of the devices that make room for another one: none if there is room; else as many as needed
// of those whose endpoints are disabled or gone, the longest unregistered first. nullopt: there is
// none.
std::optional<std::vector<std::string>> MakeRoom(const std::vector<Device>& devices);

}  // namespace tidemark::push
