#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "common/errors/error.h"
#include "services/push/sns/sns_endpoints.h"
#include "services/push/sns/sns_errors.h"

namespace tidemark::push {

// How all of SnsEndpoints' calls are made: with what credentials, for how long, and once more where
// that helps.
class SnsEndpoints::Asking {
 public:
  using Answered = std::function<void(std::optional<aws::CallError>)>;
  using Send = std::function<void(const aws::CallOptions& options, Answered answered)>;

  Asking(const SnsEndpoints& endpoints, Access access, absl::Time deadline)
      : options_(endpoints.options_),
        parts_(endpoints.parts_),
        access_(std::move(access)),
        deadline_(deadline) {
    if (parts_.roles == nullptr) access_.role_arn.clear();
  }

  const Parts& parts() const { return parts_; }
  const Access& access() const { return access_; }
  absl::Time deadline() const { return deadline_; }
  absl::Duration call_time() const { return options_.call_time; }

  // Those of a role that was assumed otherwise.
  void Use(std::shared_ptr<aws::CredentialsProvider> credentials) {
    credentials_ = std::move(credentials);
  }

  // Sends, and once more if the credentials were refused or SNS failed; then `answered`,
  // or `late` if no time is left. The object outlives the call: `owner` holds it.
  void Ask(SnsOperation operation, std::shared_ptr<void> owner, Send send, Answered answered,
           std::function<void(absl::Status)> late) {
    Attempt(2, operation, std::move(owner), std::move(send), std::move(answered), std::move(late));
  }

 private:
  void Attempt(int attempts, SnsOperation operation, std::shared_ptr<void> owner, Send send,
               Answered answered, std::function<void(absl::Status)> late) {
    const absl::Duration left = deadline_ - absl::Now();
    if (left <= absl::ZeroDuration()) return late(Late());
    const aws::CallOptions options{.timeouts = {.total = std::min(left, options_.call_time)},
                                   .credentials = Credentials()};
    const Send& sending = send;
    sending(options, [=, this](std::optional<aws::CallError> error) {
      parts_.metrics.Count(operation, error ? &error->error_class : nullptr);
      if (error && attempts > 1 && WorthRepeating(*error)) {
        return Attempt(attempts - 1, operation, owner, send, answered, late);
      }
      answered(std::move(error));
    });
  }

  static bool WorthRepeating(const aws::CallError& error) {
    // Without a status there was no answer, or no credentials: later they may be had, not at once.
    return error.http_status != 0 && (error.error_class == aws::ErrorClass::kTransient ||
                                      error.error_class == aws::ErrorClass::kCredentials);
  }

  std::shared_ptr<aws::CredentialsProvider> Credentials() const {
    if (credentials_ != nullptr || access_.role_arn.empty()) return credentials_;
    return parts_.roles->Of(access_.role_arn, access_.external_id);
  }

  static absl::Status Late() {
    return errors::Error(absl::StatusCode::kDeadlineExceeded,
                         errors::v1::ERROR_REASON_DEADLINE_EXCEEDED,
                         "SNS did not answer before the call's deadline");
  }

  const Options options_;
  const Parts parts_;
  Access access_;
  const absl::Time deadline_;
  std::shared_ptr<aws::CredentialsProvider> credentials_;
};

}  // namespace tidemark::push
