#pragma once

#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/aws/credentials.h"
#include "common/aws/http.h"
#include "common/config/keyring.h"
#include "services/publisher/engine/record_store.h"
#include "services/publisher/engine/record_urls.h"
#include "services/publisher/s3_config.h"

namespace tidemark::publisher {

// The record store that is configured, and what it needs.
struct RecordStoring {
  std::unique_ptr<RecordUrls> urls;
  std::unique_ptr<RecordStore> store;
};

// All outlive what is made. `credentials` sign what is stored, and presigned URLs.
struct S3Parts {
  const std::string& region;
  aws::HttpTransport& transport;
  std::shared_ptr<aws::CredentialsProvider> credentials;
  const config::Keyring& keyring;
  prometheus::Registry& registry;
};

// FAILED_PRECONDITION if the credentials can't sign URLs of the lifetime that is asked for. If they
// are not to be had within a few seconds, that is found out with each URL.
absl::StatusOr<RecordStoring> MakeRecordStore(const S3Config& config, const S3Parts& parts);

}  // namespace tidemark::publisher
