#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"

namespace tidemark::aws {

// What signs requests to AWS.
struct Credentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;                        // empty: long-term credentials
  absl::Time expiry = absl::InfiniteFuture();  // when AWS stops accepting them

  friend bool operator==(const Credentials&, const Credentials&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Credentials& credentials) {
    return out << credentials.access_key_id << " secret=" << credentials.secret_access_key
               << " token=" << credentials.session_token;
  }
};

// The longest access key id that is accepted, as in IAM's API reference (AccessKey).
inline constexpr std::size_t kMaxAccessKeyIdBytes = 128;

// Whether `text` can be an access key id: 1-128 visible ASCII characters without those that
// delimit it in an Authorization header ('/', ',', '='). AWS's own are letters and digits;
// developer keys may be plainer.
bool IsAccessKeyId(std::string_view text);

// Where the credentials of outgoing calls come from. Safe for concurrent use.
class CredentialsProvider {
 public:
  using Pointer = std::shared_ptr<const Credentials>;
  using Callback = std::function<void(absl::StatusOr<Pointer>)>;

  virtual ~CredentialsProvider() = default;

  // Calls back once, at once (before returning) when credentials are at hand, else from another
  // thread. UNAVAILABLE if there are none now; PERMISSION_DENIED if the role can't be assumed;
  // FAILED_PRECONDITION if what it is told to use can't work.
  virtual void Get(Callback callback) = 0;

  // AWS refused `refused` as expired or unknown (error class C): a later Get gives others, if it
  // can. Does nothing where others can't be had, or when newer ones are at hand already.
  virtual void Refuse(const Credentials& refused) = 0;

  // Those at hand are doubted: the next Get has others fetched, while those at hand go on being
  // used. Does nothing where others can't be had.
  virtual void Renew() {}
};

// The same credentials for ever.
class StaticCredentials final : public CredentialsProvider {
 public:
  explicit StaticCredentials(Credentials credentials);

  void Get(Callback callback) override;
  void Refuse(const Credentials& refused) override;

 private:
  const Pointer credentials_;
};

// The credentials named by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if set,
// AWS_SESSION_TOKEN. `getenv` looks a variable up (the caller's ::getenv: this library does not
// read the environment). NOT_FOUND if neither key is set, INVALID_ARGUMENT if only one is.
absl::StatusOr<Credentials> CredentialsFromEnvironment(
    const std::function<const char*(const char*)>& getenv);

}  // namespace tidemark::aws
