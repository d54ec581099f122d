#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/aws/credentials.h"
#include "common/base/clock.h"

namespace tidemark::fake_aws {

// Who makes a call.
struct Caller {
  std::string account;
  std::string arn;       // of the user, or of the role's session
  std::string role_arn;  // of a session; empty for a user's own key
};

// A role that can be assumed.
struct Role {
  std::string arn;  // arn:aws:iam::ACCOUNT:role/NAME; its account owns what its sessions see
  // What AssumeRole must give; nullopt: nothing, or anything.
  std::optional<std::string> external_id;
  // The token for which AssumeRoleWithWebIdentity gives sessions; empty: it gives none.
  std::string web_identity_token;
  // What its sessions may do: "kinesis:PutRecords", "s3:*" or "*".
  std::vector<std::string> actions = {"*"};
  // The longest session that may be asked for.
  absl::Duration max_session = absl::Hours(1);
  // How long sessions last, whatever was asked for: AWS gives none shorter than 15 minutes, and
  // tests don't wait so long. The answer tells the truth.
  std::optional<absl::Duration> lifetime;
};

// Keys, roles and their sessions. Safe for concurrent use.
class FakeIam {
 public:
  // With `keys` only these, and sessions, are known; without, every other key passes unverified.
  // They are users' of `account`. `clock` must outlive this.
  FakeIam(const std::vector<aws::Credentials>& keys, std::string account, const Clock& clock);

  // Whether calls that are not of a session are verified.
  bool strict() const { return !keys_.empty(); }
  // Who calls where nobody is verified.
  Caller Anyone() const;

  void PutRole(Role role);
  // False if there is none. Its sessions are unknown from now on, as AWS's are.
  bool DeleteRole(std::string_view arn);
  std::optional<Role> FindRole(std::string_view arn) const;
  std::vector<Role> Roles() const;

  // A session of a role that exists.
  aws::Credentials Issue(const Role& role, const std::string& session_name, absl::Duration asked);
  // Ends all sessions of the role that were given so far; how many.
  int ExpireSessions(std::string_view role_arn);

  // What is known of an access key.
  struct Key {
    enum class State { kUnknown, kWrongToken, kExpired, kUnverified, kFound };
    State state = State::kUnknown;
    Caller caller;  // for kUnverified and kFound
    Secret secret;  // for kFound
  };
  Key Find(std::string_view access_key_id, std::string_view session_token) const;

  // Whether the caller may do this: "kinesis:PutRecords". Users may do anything.
  bool Allows(const Caller& caller, std::string_view action) const;

  // Forgets roles and sessions.
  void Reset();

 private:
  struct Session {
    aws::Credentials credentials;
    Caller caller;
  };

  const std::map<std::string, aws::Credentials, std::less<>> keys_;
  const std::string account_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Role, std::less<>> roles_;        // by ARN; guarded by mutex_
  std::map<std::string, Session, std::less<>> sessions_;  // by access key id; guarded by mutex_
  std::uint64_t issued_ = 0;                              // guarded by mutex_
};

// "123456789012" of "arn:aws:iam::123456789012:role/NAME"; nullopt if it is no role's ARN.
std::optional<std::string> AccountOfRole(std::string_view arn);
// What stands behind its last '/'.
std::string_view NameOfRole(std::string_view arn);

}  // namespace tidemark::fake_aws
