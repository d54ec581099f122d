#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/obs/log.h"
#include "common/pg/connection.h"
#include "common/pg/options.h"
#include "common/pg/reconnector.h"
#include "services/publisher/store/lease_store.h"

namespace tidemark::publisher {

// Leases in the schema `publisher`, over one connection that is made anew when it breaks.
class PostgresLeaseStore final : public LeaseStore {
 public:
  // The options' statement timeout bounds each call.
  explicit PostgresLeaseStore(const pg::ConnectOptions& options);

  absl::StatusOr<Standing> Join(const std::string& member, absl::Duration ttl) override;
  absl::StatusOr<std::optional<Standing>> Renew(const std::string& member,
                                                absl::Duration ttl) override;
  absl::StatusOr<Leases> Take(const std::string& member, int shards) override;
  absl::StatusOr<bool> Store(const std::string& member, const FencingTokens& tokens,
                             const Progress& progress) override;
  absl::Status GiveBack(const std::string& member, int keep) override;
  absl::Status Leave(const std::string& member) override;
  absl::StatusOr<Position> LowMark() override;

 private:
  void RemoveExpired(pg::Connection& connection, const std::string& except, absl::Time deadline);

  const absl::Duration timeout_;
  pg::Reconnector connections_;
  std::string database_;  // in which the shards were taken last
  obs::LogLimiter failures_{absl::Seconds(10)};
};

}  // namespace tidemark::publisher
