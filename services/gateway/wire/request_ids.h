#pragma once

#include <string>
#include <string_view>

#include "common/base/random.h"

namespace tidemark::gateway {

// A random UUID (RFC 9562 version 4) in lower case, as x-amzn-RequestId has it.
std::string NewRequestId(Random& random);

// What names a write for its retries: the caller and the id that Amazon's SDKs keep through the
// attempts of one call (header amz-sdk-invocation-id). At most 128 bytes of ASCII, long or odd ids
// hashed; empty without an id, and then equal content is what makes a retry.
std::string WriteRequestId(std::string_view access_key_id, std::string_view invocation_id);

}  // namespace tidemark::gateway
