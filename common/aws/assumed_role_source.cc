#include "common/aws/assumed_role_source.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tidemark::aws {
namespace {

constexpr int kLeastRefusals = 3;
// More than lies between the attempts of those who go on asking.
constexpr absl::Duration kLeastGap = absl::Minutes(1);

}  // namespace

AssumedRoleSource::AssumedRoleSource(AssumedRole role, StsClient sts, const Clock& boottime,
                                     std::shared_ptr<RefusalJudge> judge)
    : role_(std::move(role)), sts_(std::move(sts)), boottime_(boottime), judge_(std::move(judge)) {}

void AssumedRoleSource::Fetch(Callback callback) {
  sts_.AssumeRole({.role_arn = role_.role_arn,
                   .session_name = role_.session_name,
                   .external_id = role_.external_id},
                  {}, [this, callback = std::move(callback)](CredentialsResult result) {
                    if (auto* credentials = std::get_if<Credentials>(&result)) {
                      refusals_ = 0;
                      if (judge_ != nullptr) judge_->Assumed();
                      return callback(std::move(*credentials));
                    }
                    const auto& error = std::get<CallError>(result);
                    if (error.error_class == ErrorClass::kOff && !DeniedByCallersPolicies(error)) {
                      return Confirm(error, callback);
                    }
                    if (error.error_class == ErrorClass::kPermanent) {
                      return callback(absl::FailedPreconditionError(TextOf(error)));
                    }
                    callback(absl::UnavailableError(TextOf(error)));
                  });
}

// The base credentials may be what is refused. GetCallerIdentity tells of keys that AWS does not
// know or no longer takes. It needs no permission and works even when all are denied explicitly, as
// they are to a session that was revoked: such trouble of our own identity only the judge can tell
// from the role's.
void AssumedRoleSource::Confirm(const CallError& refusal, Callback callback) {
  // Long ago it refused, was left alone, and may have been mended.
  if (boottime_.Now() - last_refusal_ > std::max(role_.patience, kLeastGap)) refusals_ = 0;
  if (refusals_ == 0) sts_.RenewCredentials();  // done by the calls that follow
  sts_.GetCallerIdentity({}, [this, text = TextOf(refusal), callback = std::move(callback)](
                                 const CallerIdentityResult& identity) {
    if (std::holds_alternative<CallError>(identity)) {
      return callback(absl::UnavailableError(
          absl::StrCat(text, "; nor does AWS take the base credentials elsewhere")));
    }
    callback(Refused(text));
  });
}

absl::Status AssumedRoleSource::Refused(const std::string& text) {
  const absl::Time now = boottime_.Now();
  last_refusal_ = now;
  if (++refusals_ == 1) refused_since_ = now;
  if (judge_ != nullptr && judge_->SuspectsIdentity(role_.role_arn)) {
    refusals_ = 1;  // the role's own count begins when its refusals are its own
    refused_since_ = now;
    return absl::UnavailableError(
        absl::StrCat(text,
                     "; other roles refuse as well and none was assumed since, so the "
                     "installation's own AWS identity is suspected"));
  }
  if (refusals_ < kLeastRefusals || now - refused_since_ < role_.patience) {
    return absl::UnavailableError(absl::StrCat(text, "; it may have been changed just now"));
  }
  return absl::PermissionDeniedError(text);
}

std::string AssumedRoleSource::TextOf(const CallError& error) const {
  std::ostringstream text;
  text << "AssumeRole " << role_.role_arn << ": " << error;
  return text.str();
}

}  // namespace tidemark::aws
