#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/aws/http.h"
#include "common/aws/service_client.h"

namespace tidemark::fake_aws {

// What tests do to a stream and services don't: create, delete, read back. Blocking; for the fake,
// an emulator, or any other Kinesis. Aborts on errors that a test can't go on from.
class KinesisTool {
 public:
  struct Record {
    std::string shard_id;
    std::string sequence_number;
    std::string partition_key;
    std::string data;
  };

  // Region us-east-1 and credentials "test"/"test", as moto and the fake take by default.
  explicit KinesisTool(const std::string& endpoint_url);
  ~KinesisTool();

  // Creates the stream and waits until it is ACTIVE.
  absl::Status CreateStream(std::string_view stream, int shards = 1);
  // Does not wait.
  absl::Status StartCreatingStream(std::string_view stream, int shards = 1);
  absl::Status DeleteStream(std::string_view stream);

  // All records in the stream: shard by shard, each in its order.
  absl::StatusOr<std::vector<Record>> ReadAll(std::string_view stream);

  // For clients under test.
  aws::HttpTransport& transport() { return *transport_; }
  const std::shared_ptr<aws::CredentialsProvider>& credentials() const { return credentials_; }

 private:
  // The answer's body. Errors: UNKNOWN with Amazon's code in the message.
  absl::StatusOr<std::string> Call(std::string_view operation, std::string body);
  absl::Status ReadShard(std::string_view stream, const std::string& shard_id,
                         std::vector<Record>& records);

  std::unique_ptr<aws::CurlTransport> transport_;
  std::shared_ptr<aws::CredentialsProvider> credentials_;
  aws::ServiceClient client_;
};

}  // namespace tidemark::fake_aws
