#pragma once

#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/aws/s3.h"
#include "common/base/clock.h"
#include "common/config/keyring.h"
#include "services/publisher/engine/record_store.h"
#include "services/publisher/engine/record_urls.h"

namespace tidemark::publisher {

// Stores records in a bucket of Amazon S3, or of what speaks its protocol. An object holds the bare
// JSON array of a change's records (contract section 5); its name is RecordObjectName under the
// keyring's current key, so that after a change of keys a repeat makes a second object of the same
// content.
//
//   tidemark_publisher_s3_puts_total{outcome}   stored, or what went wrong
//   tidemark_publisher_s3_put_seconds, tidemark_publisher_s3_put_bytes
class S3RecordStore final : public RecordStore {
 public:
  struct Settings {
    std::string bucket;
    std::string prefix;  // of all objects' keys
    aws::S3Encryption encryption;
    absl::Duration url_lifetime = absl::Hours(24);
    absl::Duration timeout = absl::Seconds(30);  // of a put
  };
  // The parts and the registry outlive it and its calls.
  struct Parts {
    const config::Keyring& keyring;
    const RecordUrls& urls;
    const Clock& clock;
  };
  S3RecordStore(Settings settings, aws::S3Client client, const Parts& parts,
                prometheus::Registry& registry);

  void Store(std::string_view pool_id, const Event& event, Done done) override;

 private:
  struct Core;
  const std::shared_ptr<Core> core_;
};

// What an error of PutObject means: only what S3 refuses because of the object is kRefused.
Fault FaultOfPut(const aws::CallError& error);

}  // namespace tidemark::publisher
