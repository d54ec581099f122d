#include "services/stream_config/domain/creation.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/sha256.h"
#include "common/base/uuid.h"
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

std::string MakeExternalId(std::span<const std::uint8_t, 16> random) { return Hex(random); }

std::string MakePoolId(std::string_view region, std::span<const std::uint8_t, 16> random) {
  return absl::StrCat(ToAbsl(region), ":", MakeUuid(random));
}

}  // namespace tidemark::stream_config
