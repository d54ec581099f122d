#pragma once

#include <string>
#include <string_view>

#include "common/aws/amz_date.h"
#include "common/aws/credentials.h"
#include "common/aws/http_message.h"
#include "common/aws/signing_key.h"
#include "common/aws/uri.h"

namespace tidemark::aws {

// Signs requests to one service in one region with AWS Signature Version 4, header form
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html). Safe for concurrent use.
class SigV4Signer {
 public:
  // `service` is the name in the credential scope, e.g. "kinesis", "s3", "sns", "sts", "lambda".
  SigV4Signer(std::string region, std::string service);

  // Makes `request` ready to send: sets Host, X-Amz-Date, X-Amz-Content-Sha256, for temporary
  // credentials X-Amz-Security-Token, and Authorization; those of an earlier attempt go. Signs
  // every header but those that proxies and HTTP libraries change (IsSignable).
  void Sign(const Credentials& credentials, absl::Time now, HttpRequest& request);

  // The Authorization header for `request` with exactly its headers (Host and X-Amz-Date among
  // them), signed at `date`. `payload_hash` as in AppendCanonicalRequest.
  std::string Authorization(const Credentials& credentials, const AmzDate& date,
                            const RequestView& request, std::string_view payload_hash);

 private:
  const std::string region_;
  const std::string service_;
  const PathRule path_rule_;
  SigningKeyCache keys_;
};

// Whether a header may be signed: not Authorization itself, nor what changes on the way.
bool IsSignable(std::string_view header_name);

}  // namespace tidemark::aws
