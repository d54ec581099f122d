#include "common/aws/server_clock.h"

#include "common/aws/amz_date.h"
#include "common/aws/service_client.h"
#include "common/obs/log.h"

namespace tidemark::aws {

absl::Time ServerClock::Now() const { return own_.Now() + absl::Nanoseconds(ahead_ns_.load()); }

void ServerClock::SetBy(const HttpResponse& refusal) {
  const auto date = AmzDate::ParseHttpDate(FindHeader(refusal.headers, "date"));
  if (!date) return;
  const absl::Duration ahead = date->time() - own_.Now();
  const absl::Duration before =
      absl::Nanoseconds(ahead_ns_.exchange(absl::ToInt64Nanoseconds(ahead)));
  if (absl::AbsDuration(ahead - before) < absl::Minutes(1)) return;
  obs::Log(obs::Level::kWarning, "this machine's clock differs from AWS's: set it right",
           {{"ahead_seconds", -absl::ToInt64Seconds(ahead)}});
}

bool IsClockError(const CallError& error) {
  if (error.code == "RequestTimeTooSkewed" || error.code == "RequestExpired" ||
      error.code == "RequestInTheFuture") {
    return true;
  }
  if (error.code != "SignatureDoesNotMatch" && error.code != "InvalidSignatureException") {
    return false;
  }
  return error.message.find("Signature expired") != std::string::npos ||
         error.message.find("Signature not yet current") != std::string::npos;
}

}  // namespace tidemark::aws
