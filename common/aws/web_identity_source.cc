#include "common/aws/web_identity_source.h"

#include <sstream>
#include <utility>

#include "common/aws/secret_file.h"

namespace tidemark::aws {

WebIdentitySource::WebIdentitySource(WebIdentity identity, StsClient sts)
    : identity_(std::move(identity)), sts_(std::move(sts)) {}

void WebIdentitySource::Fetch(Callback callback) {
  absl::StatusOr<Secret> token = ReadSecretFile(identity_.token_file);
  if (!token.ok()) return callback(absl::UnavailableError(token.status().message()));
  sts_.AssumeRoleWithWebIdentity({.role_arn = identity_.role_arn,
                                  .session_name = identity_.session_name,
                                  .token = *std::move(token)},
                                 {}, [callback = std::move(callback)](CredentialsResult result) {
                                   if (auto* got = std::get_if<Credentials>(&result)) {
                                     return callback(std::move(*got));
                                   }
                                   std::ostringstream text;
                                   text << "AssumeRoleWithWebIdentity: "
                                        << std::get<CallError>(result);
                                   callback(absl::UnavailableError(text.str()));
                                 });
}

}  // namespace tidemark::aws
