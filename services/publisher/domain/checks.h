#pragma once

#include <span>
#include <string_view>

#include "common/errors/violations.h"
#include "services/publisher/domain/types.h"

// Bounds of what operators ask for (publisher_service.proto).
namespace tidemark::publisher {

// At most 1,000 positions, each from 1.
void CheckPositions(std::string_view field, std::span<const Position> positions,
                    errors::Violations& violations);

// Why a destination is paused: at most 256 characters without control characters.
void CheckPauseReason(std::string_view field, std::string_view reason,
                      errors::Violations& violations);

}  // namespace tidemark::publisher
