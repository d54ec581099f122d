#pragma once

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "common/aws/http.h"
#include "services/publisher/domain/event_encoder.h"
#include "services/publisher/engine/s3_record_store.h"

namespace tidemark::publisher {

// A record store over whatever answers S3's protocol at an endpoint.
class S3Fixture : public ::testing::Test {
 protected:
  static constexpr const char* kPool = "us-east-1:pool";

  void Start(const std::string& endpoint, std::string bucket) {
    bucket_ = std::move(bucket);
    endpoint_ = aws::Endpoint::Parse(endpoint).value();
    transport_ = aws::CurlTransport::Start({}).value();
    Configure({.bucket = bucket_, .prefix = "records/", .encryption = {}});
  }

  void Configure(S3RecordStore::Settings settings,
                 const aws::Credentials& credentials = LongTerm()) {
    const auto provider = std::make_shared<aws::StaticCredentials>(credentials);
    const aws::S3Client client("us-east-1", endpoint_, *transport_, provider, SystemClock());
    store_.reset();
    registry_ = std::make_unique<prometheus::Registry>();
    urls_ = std::make_unique<PresignedUrls>(
        PresignedUrls::Settings{"us-east-1", settings.bucket, settings.url_lifetime}, client,
        provider, SystemClock());
    store_ = std::make_unique<S3RecordStore>(std::move(settings), client,
                                             S3RecordStore::Parts{ring_, *urls_, SystemClock()},
                                             *registry_);
  }

  static aws::Credentials LongTerm() {
    return {.access_key_id = "test", .secret_access_key = Secret("test")};
  }

  static Event MakeEvent(std::int64_t sync_count, const std::string& value) {
    Event event{.key = "us-east-1:id",
                .change = {.dataset_name = "prefs", .sync_count = sync_count, .generation = 1}};
    const EventRecord record{.key = "key", .value = value, .sync_count = sync_count};
    event.records = AppendEvent({.pool_id = kPool,
                                 .identity_id = event.key,
                                 .dataset_name = "prefs",
                                 .sync_count = sync_count,
                                 .records = {&record, 1}},
                                event.data);
    return event;
  }

  RecordStore::Stored Store(const Event& event) {
    std::promise<RecordStore::Stored> promise;
    store_->Store(kPool, event,
                  [&promise](RecordStore::Stored stored) { promise.set_value(std::move(stored)); });
    return promise.get_future().get();
  }

  // What anybody gets who has the URL.
  std::string Fetch(const std::string& url) {
    const std::string base = endpoint_->Url();
    EXPECT_TRUE(url.starts_with(base)) << "an endpoint of our own";
    std::promise<std::string> promise;
    transport_->Send({.method = "GET",
                      .endpoint = *endpoint_,
                      .target = url.substr(base.size()),
                      .headers = {},
                      .body = {}},
                     {}, [&promise](absl::StatusOr<aws::HttpResponse> result) {
                       promise.set_value(result.ok() && result->status == 200 ? result->body : "");
                     });
    return promise.get_future().get();
  }

  const config::Keyring ring_ =
      config::Keyring::Parse("k:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").value();
  std::string bucket_;
  std::optional<aws::Endpoint> endpoint_;
  std::unique_ptr<prometheus::Registry> registry_;
  std::unique_ptr<RecordUrls> urls_;
  std::unique_ptr<RecordStore> store_;
  std::unique_ptr<aws::CurlTransport> transport_;  // ends before what its callbacks use
};

}  // namespace tidemark::publisher
