#include "services/gateway/wire/request_ids.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/sha256.h"
#include "common/base/uuid.h"

namespace tidemark::gateway {
namespace {

constexpr std::size_t kMaxBytes = 128;

}  // namespace

std::string NewRequestId(Random& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.Fill(bytes);
  return MakeUuid(bytes);
}

std::string WriteRequestId(std::string_view access_key_id, std::string_view invocation_id) {
  if (invocation_id.empty()) return "";
  // '/' can't occur in an access key id, so that two callers never share a name.
  std::string id = absl::StrCat(ToAbsl(access_key_id), "/", ToAbsl(invocation_id));
  const bool plain = std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~'; });
  return id.size() <= kMaxBytes && plain ? id : Hex(Sha256(id));
}

}  // namespace tidemark::gateway
