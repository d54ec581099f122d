#pragma once

#include <string>
#include <string_view>

#include "services/publisher/domain/types.h"

namespace tidemark::publisher {

// The name of the object that holds the records of a change: HMAC-SHA256 of what the change is,
// under `secret`, in hexadecimal digits, and ".json". So nobody can guess it; all replicas give a
// change the same one, at any time; and a copy that a bulk publish makes has another than the
// change of the same count.
std::string RecordObjectName(std::string_view secret, std::string_view pool_id,
                             std::string_view identity_id, const ChangeIdentity& change);

}  // namespace tidemark::publisher
