#pragma once

#include <string>

#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// Why a stream was turned off and what is to be done: the two causes there are (contract section
// 5). At most 1024 characters (StreamSettings.disabled_reason).
std::string StreamMissingReason(const DestinationConfig& destination);
std::string RoleRefusedReason(const DestinationConfig& destination);

}  // namespace tidemark::publisher
