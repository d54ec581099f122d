#include "services/dataset/rpc/session_token.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/errors/error.h"
#include "common/seal/seal.h"

namespace tidemark::dataset {
namespace {

constexpr std::string_view kSyncSession = "sync-session";

seal::Fields InputsOf(const DatasetKey& dataset) {
  return {dataset.identity.pool_id, dataset.identity.identity_id, dataset.name};
}

std::string Make(const config::Keyring& keyring, const DatasetKey& dataset,
                 const std::string& session, absl::Time now) {
  const std::int64_t expiry = absl::ToUnixSeconds(now + kSessionLifetime);
  return seal::Seal(keyring, kSyncSession, InputsOf(dataset), {session, seal::Number(expiry)});
}

absl::Status Invalid() {
  // The first sentence is Amazon's own wording (contract section 1).
  return errors::Error(absl::StatusCode::kInvalidArgument,
                       errors::v1::ERROR_REASON_SYNC_SESSION_TOKEN_INVALID,
                       "SyncSessionToken not valid for these inputs: it was given for another "
                       "dataset or identity, or it is older than an hour; list the records again "
                       "and use the new token");
}

}  // namespace

std::string SessionTokens::Begin(const DatasetKey& dataset, absl::Time now) const {
  return Make(keyring_, dataset, absl::StrCat(absl::Hex(random_.Next(), absl::kZeroPad16)), now);
}

absl::StatusOr<std::string> SessionTokens::Renew(const DatasetKey& dataset, std::string_view token,
                                                 absl::Time now) const {
  TM_ASSIGN_OR_RETURN(const std::string session, SessionOf(dataset, token, now));
  return Make(keyring_, dataset, session, now);
}

absl::Status SessionTokens::Check(const DatasetKey& dataset, std::string_view token,
                                  absl::Time now) const {
  return SessionOf(dataset, token, now).status();
}

absl::StatusOr<std::string> SessionTokens::SessionOf(const DatasetKey& dataset,
                                                     std::string_view token, absl::Time now) const {
  const auto fields = seal::Open(keyring_, kSyncSession, InputsOf(dataset), token);
  if (!fields || fields->size() != 2) return Invalid();
  const auto expiry = seal::ParseNumber((*fields)[1]);
  if (!expiry || now >= absl::FromUnixSeconds(*expiry)) return Invalid();
  return (*fields)[0];
}

}  // namespace tidemark::dataset
