#include "common/testing/fake_aws/iam.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/abseil.h"
#include "common/base/sha256.h"

namespace tidemark::fake_aws {
namespace {

// As AWS's temporary keys begin; keys that begin so are never taken unverified.
constexpr std::string_view kSessionPrefix = "ASIA";

std::map<std::string, aws::Credentials, std::less<>> ById(
    const std::vector<aws::Credentials>& keys) {
  std::map<std::string, aws::Credentials, std::less<>> by_id;
  for (const aws::Credentials& key : keys) by_id.insert_or_assign(key.access_key_id, key);
  return by_id;
}

// Text that looks like a secret and is the same in each run.
std::string MakeUp(std::string_view what, std::string_view seed) {
  std::string text;
  absl::Base64Escape(ToAbsl(AsBytes(HmacSha256(what, seed))), &text);
  return text;
}

bool Matches(std::string_view pattern, std::string_view action) {
  if (!pattern.ends_with('*')) return pattern == action;
  return action.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

FakeIam::FakeIam(const std::vector<aws::Credentials>& keys, std::string account, const Clock& clock)
    : keys_(ById(keys)), account_(std::move(account)), clock_(clock) {}

Caller FakeIam::Anyone() const {
  return {account_, absl::StrCat("arn:aws:iam::", account_, ":user/tester"), ""};
}

void FakeIam::PutRole(Role role) {
  const std::lock_guard lock(mutex_);
  std::string arn = role.arn;
  roles_.insert_or_assign(std::move(arn), std::move(role));
}

bool FakeIam::DeleteRole(std::string_view arn) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sessions_, [&](const auto& item) { return item.second.caller.role_arn == arn; });
  return std::erase_if(roles_, [&](const auto& item) { return item.first == arn; }) > 0;
}

std::optional<Role> FakeIam::FindRole(std::string_view arn) const {
  const std::lock_guard lock(mutex_);
  const auto found = roles_.find(arn);
  return found == roles_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Role> FakeIam::Roles() const {
  const std::lock_guard lock(mutex_);
  std::vector<Role> roles;
  for (const auto& [arn, role] : roles_) roles.push_back(role);
  return roles;
}

aws::Credentials FakeIam::Issue(const Role& role, const std::string& session_name,
                                absl::Duration asked) {
  const std::string account = AccountOfRole(role.arn).value_or(account_);
  const std::lock_guard lock(mutex_);
  const std::string id =
      absl::StrCat(ToAbsl(kSessionPrefix), "FAKE", absl::Dec(++issued_, absl::kZeroPad12));
  Session session{.credentials = {.access_key_id = id,
                                  .secret_access_key = Secret(MakeUp("secret", id)),
                                  .session_token = Secret(MakeUp("token", id) + MakeUp("more", id)),
                                  .expiry = clock_.Now() + role.lifetime.value_or(asked)},
                  .caller = {account,
                             absl::StrCat("arn:aws:sts::", account, ":assumed-role/",
                                          ToAbsl(NameOfRole(role.arn)), "/", session_name),
                             role.arn}};
  return sessions_.insert_or_assign(id, std::move(session)).first->second.credentials;
}

int FakeIam::ExpireSessions(std::string_view role_arn) {
  const std::lock_guard lock(mutex_);
  int ended = 0;
  for (auto& [id, session] : sessions_) {
    if (session.caller.role_arn != role_arn) continue;
    session.credentials.expiry = std::min(session.credentials.expiry, clock_.Now());
    ++ended;
  }
  return ended;
}

FakeIam::Key FakeIam::Find(std::string_view access_key_id, std::string_view session_token) const {
  using State = Key::State;
  const auto known = keys_.find(access_key_id);
  if (known != keys_.end()) {
    if (known->second.session_token.Reveal() != session_token) return {State::kWrongToken, {}, {}};
    return {State::kFound, Anyone(), known->second.secret_access_key};
  }
  if (!strict() && !access_key_id.starts_with(kSessionPrefix)) {
    return {State::kUnverified, Anyone(), {}};
  }
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(access_key_id);
  // AWS knows no such key if its token is not sent.
  if (found == sessions_.end() || session_token.empty()) return {};
  const aws::Credentials& credentials = found->second.credentials;
  if (credentials.session_token.Reveal() != session_token) return {State::kWrongToken, {}, {}};
  if (clock_.Now() >= credentials.expiry) return {State::kExpired, {}, {}};
  return {State::kFound, found->second.caller, credentials.secret_access_key};
}

bool FakeIam::Allows(const Caller& caller, std::string_view action) const {
  if (caller.role_arn.empty()) return true;
  const std::lock_guard lock(mutex_);
  const auto role = roles_.find(caller.role_arn);
  if (role == roles_.end()) return false;
  const std::vector<std::string>& actions = role->second.actions;
  return std::any_of(actions.begin(), actions.end(),
                     [action](const std::string& pattern) { return Matches(pattern, action); });
}

void FakeIam::Reset() {
  const std::lock_guard lock(mutex_);
  roles_.clear();
  sessions_.clear();
}

std::optional<std::string> AccountOfRole(std::string_view arn) {
  const std::vector<std::string> parts = absl::StrSplit(ToAbsl(arn), absl::MaxSplits(':', 5));
  const bool role = parts.size() == 6 && parts[0] == "arn" && parts[1] == "aws" &&
                    parts[2] == "iam" && parts[3].empty() && parts[5].starts_with("role/") &&
                    !parts[5].ends_with('/');
  if (!role || parts[4].size() != 12 ||
      !std::all_of(parts[4].begin(), parts[4].end(), absl::ascii_isdigit)) {
    return std::nullopt;
  }
  return parts[4];
}

std::string_view NameOfRole(std::string_view arn) { return arn.substr(arn.rfind('/') + 1); }

}  // namespace tidemark::fake_aws
