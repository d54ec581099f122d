#pragma once

#include <string>
#include <string_view>

#include "services/push/domain/types.h"

namespace tidemark::push {

// The id of the device that an identity has with this token: a UUID in lower case, made of a hash
// of all that. So a device that registers again, also long after it was forgotten, or twice at
// once, gets the same id without anybody having to remember it. Stable for ever, as OwnerOf is.
std::string DeviceIdOf(const IdentityKey& identity, Platform platform, std::string_view token);

// SHA-256 of a token, 32 bytes: what is kept of it. Enough to know it again, and nothing that a log
// or an error of the database could tell.
std::string DigestOf(std::string_view token);

}  // namespace tidemark::push
