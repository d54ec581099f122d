#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/aws/http_message.h"
#include "common/aws/uri.h"

// The text that Signature Version 4 signs, built in one place for the signer and the verifier.
namespace tidemark::aws {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// Appends the canonical request of `request`. `signed_headers` are lower-case, sorted and distinct;
// one that the request lacks counts as empty. `payload_hash` is the last line as it is: the
// hexadecimal SHA-256 of the body, or what x-amz-content-sha256 says.
void AppendCanonicalRequest(const RequestView& request,
                            std::span<const std::string_view> signed_headers, PathRule path_rule,
                            std::string_view payload_hash, std::string& out);

}  // namespace tidemark::aws
