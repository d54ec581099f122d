#include "services/gateway/wire/request_ids.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/sha256.h"

namespace tidemark::gateway {
namespace {

constexpr std::size_t kMaxBytes = 128;

}  // namespace

std::string NewRequestId(Random& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.Fill(bytes);
  bytes[6] = (bytes[6] & 0x0F) | 0x40;  // version 4
  bytes[8] = (bytes[8] & 0x3F) | 0x80;  // variant of RFC 9562
  std::string id = Hex(bytes);
  for (const std::size_t dash : {8, 13, 18, 23}) id.insert(dash, 1, '-');
  return id;
}

std::string WriteRequestId(std::string_view access_key_id, std::string_view invocation_id) {
  if (invocation_id.empty()) return "";
  // '/' can't occur in an access key id, so that two callers never share a name.
  std::string id = absl::StrCat(ToAbsl(access_key_id), "/", ToAbsl(invocation_id));
  const bool plain = std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~'; });
  return id.size() <= kMaxBytes && plain ? id : Hex(Sha256(id));
}

}  // namespace tidemark::gateway
