#include "services/gateway/wire/developer_keys.h"

#include <sys/stat.h>

#include <utility>
#include <vector>

#include "common/aws/credentials_file.h"
#include "common/base/abseil.h"
#include "common/base/status_macros.h"
#include "common/obs/log.h"

namespace tidemark::gateway {

absl::StatusOr<std::unique_ptr<DeveloperKeys>> DeveloperKeys::Open(const std::string& path,
                                                                   absl::Duration interval) {
  std::unique_ptr<DeveloperKeys> keys(new DeveloperKeys(path, interval));
  keys->stamp_ = keys->StampOfFile();
  TM_RETURN_IF_ERROR(keys->Load());
  keys->thread_ = std::thread([keys = keys.get()] { keys->Loop(); });
  return keys;
}

DeveloperKeys::DeveloperKeys(std::string path, absl::Duration interval)
    : path_(std::move(path)), interval_(interval) {}

DeveloperKeys::~DeveloperKeys() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stopped_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

aws::SecretLookupResult DeveloperKeys::Find(std::string_view access_key_id,
                                            std::string_view session_token) const {
  std::shared_ptr<const aws::StaticSecrets> secrets;
  {
    const std::lock_guard lock(mutex_);
    secrets = secrets_;
  }
  return secrets->Find(access_key_id, session_token);
}

DeveloperKeys::Stamp DeveloperKeys::StampOfFile() const {
  struct stat file {};
  if (::stat(path_.c_str(), &file) != 0) return {};
  return {absl::TimeFromTimespec(file.st_mtim), file.st_size, file.st_ino};
}

absl::Status DeveloperKeys::Load() {
  TM_ASSIGN_OR_RETURN(const std::vector<aws::CredentialsProfile> profiles,
                      aws::LoadCredentialsFile(path_));
  std::vector<aws::Credentials> keys;
  keys.reserve(profiles.size());
  for (const aws::CredentialsProfile& profile : profiles) keys.push_back(profile.credentials);
  auto secrets = std::make_shared<const aws::StaticSecrets>(keys);
  const std::lock_guard lock(mutex_);
  secrets_ = std::move(secrets);
  obs::Log(keys.empty() ? obs::Level::kWarning : obs::Level::kInfo, "Read the developer keys.",
           {{"file", path_}, {"keys", keys.size()}});
  return absl::OkStatus();
}

void DeveloperKeys::Refresh() {
  const std::lock_guard lock(refresh_mutex_);
  const Stamp stamp = StampOfFile();
  if (stamp == stamp_) return;
  stamp_ = stamp;
  if (const absl::Status status = Load(); !status.ok()) {
    obs::Log(obs::Level::kError, "Can't read the developer keys; those read before stay valid.",
             {{"file", path_}, {"error", ToStd(status.message())}});
  }
}

void DeveloperKeys::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, absl::ToChronoNanoseconds(interval_),
                            [this] { return stopping_; })) {
    lock.unlock();
    Refresh();
    lock.lock();
  }
}

}  // namespace tidemark::gateway
