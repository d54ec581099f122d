#include "services/stream_config/domain/creation.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/sha256.h"
#include "common/errors/error.h"
#include "services/stream_config/domain/pool_errors.h"

namespace tidemark::stream_config {
namespace {

absl::Status RequestIdReused(const Creation& creation) {
  return errors::Error(absl::StatusCode::kInvalidArgument,
                       errors::v1::ERROR_REASON_REQUEST_ID_REUSED,
                       absl::StrCat("request_id '", errors::Excerpt(creation.request_id),
                                    "' made another pool; use a fresh one for each request, and "
                                    "the same one for its retries alone"));
}

}  // namespace

absl::StatusOr<std::optional<Pool>> AnswerRepeat(const Creation& creation,
                                                 const std::vector<HeldPool>& held) {
  const auto repeated = std::find_if(held.begin(), held.end(), [&](const HeldPool& candidate) {
    return !creation.request_id.empty() && candidate.request_id == creation.request_id;
  });
  if (repeated != held.end()) {
    if (repeated->content_hash != creation.content_hash) return RequestIdReused(creation);
    if (repeated->deleted) return PoolDeleted(repeated->pool.id);
    return repeated->pool;
  }
  for (const HeldPool& candidate : held) {
    if (candidate.pool.id != creation.pool.id) continue;
    if (candidate.deleted) return PoolDeleted(candidate.pool.id);
    if (candidate.pool.settings != creation.pool.settings) return PoolExists(candidate.pool.id);
    return candidate.pool;
  }
  return std::nullopt;
}

std::string MakePoolId(std::string_view region, std::span<const std::uint8_t, 16> random) {
  std::array<std::uint8_t, 16> bytes;
  std::copy(random.begin(), random.end(), bytes.begin());
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4 (RFC 9562)
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = Hex(bytes);
  return absl::StrCat(ToAbsl(region), ":", hex.substr(0, 8), "-", hex.substr(8, 4), "-",
                      hex.substr(12, 4), "-", hex.substr(16, 4), "-", hex.substr(20));
}

}  // namespace tidemark::stream_config
