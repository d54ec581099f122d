#include "services/stream_config/store/update.h"

#include "absl/strings/str_cat.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "services/stream_config/domain/pool_errors.h"

namespace tidemark::stream_config {
namespace {

// Each lost race means that another write succeeded; settings change rarely.
constexpr int kAttempts = 16;

bool LostRace(const absl::Status& status) {
  return errors::ReasonOf(status) == errors::v1::ERROR_REASON_VERSION_MISMATCH;
}

}  // namespace

absl::StatusOr<Pool> Update(PoolStore& store, std::string_view pool_id,
                            std::optional<Version> expected, const Edit& edit,
                            absl::Time deadline) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    TM_ASSIGN_OR_RETURN(const Pool pool, store.Get(pool_id, deadline));
    if (expected && pool.version != *expected) {
      return VersionMismatch(pool_id, *expected, pool.version);
    }
    TM_ASSIGN_OR_RETURN(const std::optional<Pool> edited, edit(pool));
    if (!edited) return pool;
    absl::StatusOr<Pool> written = store.Replace(*edited, deadline);
    if (written.ok() || expected || !LostRace(written.status())) return written;
  }
  return errors::Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONCURRENT_CHANGE,
                       absl::StrCat("identity pool ", ToAbsl(pool_id),
                                    " was changed by others at the same time; try again"));
}

}  // namespace tidemark::stream_config
