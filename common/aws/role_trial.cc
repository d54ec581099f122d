#include "common/aws/role_trial.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "common/obs/log.h"

namespace tidemark::aws {
namespace {

using absl::StatusCode;
using Done = std::function<void(absl::StatusOr<std::shared_ptr<CredentialsProvider>>)>;

// Of each call: a clock that is off, or one broken connection, is no reason to refuse.
constexpr int kAttempts = 3;

// One trial under way; it lives as long as its calls.
class Trial : public std::enable_shared_from_this<Trial> {
 public:
  Trial(StsClient sts, RoleTrial trial, Done done)
      : sts_(std::move(sts)), trial_(std::move(trial)), done_(std::move(done)) {}

  void Assume(int attempts = kAttempts) {
    const auto options = NextCall();
    if (!options) return done_(Late());
    sts_.AssumeRole({.role_arn = trial_.role_arn,
                     .session_name = "tidemark-check",
                     .external_id = trial_.external_id,
                     .duration = absl::Minutes(15)},
                    *options, [self = shared_from_this(), attempts](CredentialsResult result) {
                      if (const auto* error = std::get_if<CallError>(&result)) {
                        return self->NotAssumed(*error, attempts - 1);
                      }
                      self->done_(std::make_shared<StaticCredentials>(
                          std::get<Credentials>(std::move(result))));
                    });
  }

 private:
  void NotAssumed(const CallError& error, int attempts) {
    if (error.error_class == ErrorClass::kOff && !DeniedByCallersPolicies(error)) {
      return ConfirmBase(kAttempts);
    }
    if (MayRetry(error, attempts)) return Assume(attempts);
    Note(error);
    if (error.error_class == ErrorClass::kPermanent) {
      return done_(NotUsable("is none that AWS can assume"));
    }
    done_(NotAnswered(error));
  }

  // The same answer comes for base credentials that may do nothing at all.
  void ConfirmBase(int attempts) {
    const auto options = NextCall();
    if (!options) return done_(Late());
    sts_.GetCallerIdentity(
        *options, [self = shared_from_this(), attempts](const CallerIdentityResult& result) {
          const auto* error = std::get_if<CallError>(&result);
          if (error == nullptr) {
            return self->done_(self->NotUsable(
                "does not exist, or does not trust Tidemark with the pool's external id"));
          }
          if (MayRetry(*error, attempts - 1)) return self->ConfirmBase(attempts - 1);
          self->Note(*error);
          self->done_(NotAnswered(*error));
        });
  }

  // How to make the next call; nothing if there is no time left.
  std::optional<CallOptions> NextCall() const {
    const absl::Duration left = trial_.deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return std::nullopt;
    return CallOptions{.timeouts = {.total = std::min(left, trial_.call_time)}};
  }

  static bool MayRetry(const CallError& error, int attempts) {
    return attempts > 0 && (error.error_class == ErrorClass::kTransient ||
                            error.error_class == ErrorClass::kCredentials);
  }

  absl::Status NotUsable(const char* what) const {
    return errors::Error(
        StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_ROLE_NOT_USABLE,
        absl::StrCat("the role '", errors::Excerpt(trial_.role_arn, 256), "' ", what),
        {{"roleArn", trial_.role_arn}, {"action", "sts:AssumeRole"}});
  }

  static absl::Status NotAnswered(const CallError& error) {
    const char* const what =
        error.error_class == ErrorClass::kThrottle    ? "is asked too often; try again later"
        : error.error_class == ErrorClass::kTransient ? "does not answer; try again later"
                                                      : "refuses Tidemark's own credentials";
    return errors::Error(StatusCode::kUnavailable, errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE,
                         absl::StrCat("sts ", what), {{"service", "sts"}});
  }

  static absl::Status Late() {
    return errors::Error(StatusCode::kDeadlineExceeded, errors::v1::ERROR_REASON_DEADLINE_EXCEEDED,
                         "AWS did not answer before the call's deadline");
  }

  // AWS's words are for operators alone.
  void Note(const CallError& error) const {
    std::ostringstream text;
    text << error;
    obs::Log(obs::Level::kWarning, "a role could not be tried",
             {{"role", trial_.role_arn}, {"error", text.str()}});
  }

  const StsClient sts_;
  const RoleTrial trial_;
  const Done done_;
};

}  // namespace

void TryRole(const StsClient& sts, RoleTrial trial, Done done) {
  std::make_shared<Trial>(sts, std::move(trial), std::move(done))->Assume();
}

}  // namespace tidemark::aws
