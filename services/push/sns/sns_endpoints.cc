#include "services/push/sns/sns_endpoints.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/aws/role_trial.h"
#include "common/errors/error.h"
#include "services/push/sns/asking.h"
#include "services/push/sns/sns_errors.h"

namespace tidemark::push {
namespace {

using aws::CallError;

constexpr char kCreate[] = "sns:CreatePlatformEndpoint";
constexpr char kSet[] = "sns:SetEndpointAttributes";
constexpr char kDelete[] = "sns:DeleteEndpoint";
constexpr char kLook[] = "sns:GetPlatformApplicationAttributes";

}  // namespace

// One endpoint being made; it lives as long as its calls.
class SnsEndpoints::Making : public std::enable_shared_from_this<Making> {
 public:
  using Done = std::function<void(absl::StatusOr<std::string>)>;

  Making(const SnsEndpoints& endpoints, WantedEndpoint wanted, absl::Time deadline, Done done)
      : asking_(endpoints, wanted.access, deadline),
        wanted_(std::move(wanted)),
        done_(std::move(done)) {}

  void Begin() {
    if (wanted_.known_arn.empty()) {
      Create();
    } else {
      Renew(wanted_.known_arn);
    }
  }

 private:
  // Twice at most: an endpoint may go while it is being renewed, but not for ever.
  void Create() {
    ++creations_;
    asking_.Ask(
        SnsOperation::kCreate, shared_from_this(),
        [this](const aws::CallOptions& options, const Asking::Answered& answered) {
          asking_.parts().sns.CreatePlatformEndpoint(
              {.application_arn = wanted_.application_arn,
               .token = wanted_.token,
               .custom_user_data = wanted_.user_data},
              options, [this, answered](aws::PlatformEndpointResult result) {
                made_ = std::move(result);
                answered(made_.error);
              });
        },
        [this](const std::optional<CallError>& error) {
          if (error) return Fail(*error, kCreate);
          if (made_.existing) return Renew(made_.endpoint_arn);
          done_(made_.endpoint_arn);
        },
        [this](const absl::Status& late) { done_(late); });
  }

  // Of an endpoint that is there, or was.
  void Renew(const std::string& arn) {
    asking_.Ask(
        SnsOperation::kSet, shared_from_this(),
        [this, arn](const aws::CallOptions& options, const Asking::Answered& answered) {
          asking_.parts().sns.SetEndpointAttributes(
              arn, {.token = wanted_.token, .custom_user_data = wanted_.user_data, .enabled = true},
              options, answered);
        },
        [this, arn](const std::optional<CallError>& error) {
          if (!error) return done_(arn);
          // Gone, or no longer this token's: SNS knows which is.
          const bool other = error->code == "NotFound" || error->code == "InvalidParameter";
          if (other && creations_ < 2) return Create();
          if (error->code == "NotFound") return done_(EndpointVanishes());
          Fail(*error, kSet);
        },
        [this](const absl::Status& late) { done_(late); });
  }

  void Fail(const CallError& error, const char* action) {
    const SnsRequest request{action, asking_.access(), wanted_.application_arn};
    LogFailure(error, request);
    done_(Explain(error, request));
  }

  Asking asking_;
  const WantedEndpoint wanted_;
  const Done done_;
  int creations_ = 0;
  aws::PlatformEndpointResult made_;  // by the last creation
};

// One check of settings; it lives as long as its calls.
class SnsEndpoints::Checking : public std::enable_shared_from_this<Checking> {
 public:
  using Done = std::function<void(absl::Status)>;

  Checking(const SnsEndpoints& endpoints, const Access& access,
           std::vector<std::string> application_arns, absl::Time deadline, Done done)
      : asking_(endpoints, access, deadline),
        application_arns_(std::move(application_arns)),
        done_(std::move(done)) {}

  void Begin() {
    if (asking_.access().role_arn.empty()) return Look(0);
    aws::TryRole(asking_.parts().sts,
                 {.role_arn = asking_.access().role_arn,
                  .external_id = asking_.access().external_id,
                  .deadline = asking_.deadline(),
                  .call_time = asking_.call_time()},
                 [self = shared_from_this()](
                     absl::StatusOr<std::shared_ptr<aws::CredentialsProvider>> role) {
                   if (!role.ok()) return self->done_(std::move(role).status());
                   self->asking_.Use(*std::move(role));
                   self->Look(0);
                 });
  }

 private:
  // At the applications from `index` on, one after another.
  void Look(std::size_t index) {
    if (index == application_arns_.size()) return done_(absl::OkStatus());
    asking_.Ask(
        SnsOperation::kLook, shared_from_this(),
        [this, index](const aws::CallOptions& options, const Asking::Answered& answered) {
          asking_.parts().sns.GetPlatformApplicationAttributes(
              application_arns_[index], options,
              [this, answered](const aws::PlatformApplicationResult& result) {
                enabled_ = result.enabled;
                answered(result.error);
              });
        },
        [this, index](const std::optional<CallError>& error) { Looked(index, error); },
        [this](const absl::Status& late) { done_(late); });
  }

  void Looked(std::size_t index, std::optional<CallError> error) {
    const SnsRequest request{kLook, asking_.access(), application_arns_[index]};
    // A role need not be allowed to look: registering does not take that.
    const bool denied = error && IsDenied(*error) && error->http_status != 0;
    if (denied && !IsForeign(request)) return Look(index + 1);
    if (!error && !enabled_) {
      error = CallError{.error_class = aws::ErrorClass::kOff,
                        .http_status = 200,
                        .code = "PlatformApplicationDisabled"};
    }
    if (!error) return Look(index + 1);
    LogFailure(*error, request);
    done_(Explain(*error, request));
  }

  Asking asking_;
  const std::vector<std::string> application_arns_;
  const Done done_;
  bool enabled_ = false;  // the application that was looked at last
};

SnsEndpoints::SnsEndpoints(const Options& options, Parts parts)
    : options_(options), parts_(std::move(parts)) {}

void SnsEndpoints::Ensure(WantedEndpoint wanted, absl::Time deadline,
                          std::function<void(absl::StatusOr<std::string>)> done) {
  std::make_shared<Making>(*this, std::move(wanted), deadline, std::move(done))->Begin();
}

void SnsEndpoints::Delete(const Access& access, const std::string& endpoint_arn,
                          absl::Time deadline, std::function<void(absl::Status)> done) {
  const auto asking = std::make_shared<Asking>(*this, access, deadline);
  asking->Ask(
      SnsOperation::kDelete, asking,
      [&asking = *asking, endpoint_arn](const aws::CallOptions& options,
                                        const Asking::Answered& answered) {
        asking.parts().sns.DeleteEndpoint(endpoint_arn, options, answered);
      },
      [&asking = *asking, done](const std::optional<CallError>& error) {
        if (!error) return done(absl::OkStatus());
        const SnsRequest request{kDelete, asking.access(), ""};
        LogFailure(*error, request);
        done(Explain(*error, request));
      },
      done);
}

void SnsEndpoints::Check(const Access& access, const std::vector<std::string>& application_arns,
                         absl::Time deadline, std::function<void(absl::Status)> done) {
  std::make_shared<Checking>(*this, access, application_arns, deadline, std::move(done))->Begin();
}

}  // namespace tidemark::push
