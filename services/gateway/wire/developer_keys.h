#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/aws/static_secrets.h"

namespace tidemark::gateway {

// The access keys of developers, from a shared-credentials file. The file is read again soon after
// it changes; a faulty or missing one is logged and leaves the keys as they are. Replace the file
// by renaming, so that it is never read half written. Safe for concurrent use.
class DeveloperKeys final : public aws::SecretLookup {
 public:
  // Reads the file, and then looks each `interval` whether it changed. The error names path and
  // line, never a value.
  static absl::StatusOr<std::unique_ptr<DeveloperKeys>> Open(
      const std::string& path, absl::Duration interval = absl::Seconds(1));
  ~DeveloperKeys() override;

  aws::SecretLookupResult Find(std::string_view access_key_id,
                               std::string_view session_token) const override;

  // Looks now.
  void Refresh();

 private:
  // What tells one state of the file from another.
  struct Stamp {
    absl::Time modified;
    std::int64_t size = -1;
    std::uint64_t inode = 0;

    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  DeveloperKeys(std::string path, absl::Duration interval);

  Stamp StampOfFile() const;
  absl::Status Load();
  void Loop();

  const std::string path_;
  const absl::Duration interval_;
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;                              // guarded by mutex_
  std::shared_ptr<const aws::StaticSecrets> secrets_;  // guarded by mutex_
  std::mutex refresh_mutex_;
  Stamp stamp_;  // guarded by refresh_mutex_
  std::thread thread_;
};

}  // namespace tidemark::gateway
