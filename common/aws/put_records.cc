// PutRecords's request and answer, which carry every change: built and read without a DOM.
#include <openssl/evp.h>

#include <nlohmann/json.hpp>

#include "common/aws/kinesis.h"
#include "common/aws/service_client.h"
#include "common/base/json_string.h"
#include "common/errors/error.h"

namespace tidemark::aws {
namespace {

std::size_t Base64Bytes(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

void AppendBase64(std::string_view data, std::string& out) {
  const std::size_t start = out.size();
  const std::size_t encoded = Base64Bytes(data.size());
  out.resize(start + encoded + 1);  // EVP_EncodeBlock ends with a zero byte
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + start),
                  reinterpret_cast<const unsigned char*>(data.data()),
                  static_cast<int>(data.size()));
  out.resize(start + encoded);
}

// Takes PutRecords's answer as it is parsed: {"FailedRecordCount": n, "Records": [{...}, ...]}.
// What else is in it, at any depth, is passed over.
class AnswerReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  AnswerReader(std::size_t expected, PutRecordsResult& result) : result_(result) {
    result_.records.reserve(expected);
  }

  bool has_records() const { return has_records_; }

  bool start_object(std::size_t) override {
    if (depth_++ == 2 && in_records_) result_.records.emplace_back();
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_++ == 1 && key_ == Key::kRecords) in_records_ = has_records_ = true;
    return true;
  }
  bool end_array() override {
    if (--depth_ == 1) in_records_ = false;
    return true;
  }
  bool key(string_t& name) override {
    key_ = depth_ == 1   ? (name == "Records" ? Key::kRecords : Key::kOther)
           : depth_ == 3 ? MemberKey(name)
                         : Key::kOther;
    return true;
  }
  bool string(string_t& text) override {
    if (depth_ != 3 || !in_records_ || result_.records.empty()) return true;
    PutRecordResult& record = result_.records.back();
    switch (key_) {
      case Key::kSequenceNumber:
        record.sequence_number = std::move(text);
        break;
      case Key::kShardId:
        record.shard_id = std::move(text);
        break;
      case Key::kErrorCode:
        record.error_code = errors::Excerpt(text);  // not empty: it says that there is an error
        break;
      case Key::kErrorMessage:
        record.error_message = KeptText(text);
        break;
      default:
        break;
    }
    return true;
  }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  enum class Key { kOther, kRecords, kSequenceNumber, kShardId, kErrorCode, kErrorMessage };

  static Key MemberKey(std::string_view name) {
    if (name == "SequenceNumber") return Key::kSequenceNumber;
    if (name == "ShardId") return Key::kShardId;
    if (name == "ErrorCode") return Key::kErrorCode;
    if (name == "ErrorMessage") return Key::kErrorMessage;
    return Key::kOther;
  }

  PutRecordsResult& result_;
  int depth_ = 0;
  bool in_records_ = false;
  bool has_records_ = false;
  Key key_ = Key::kOther;
};

}  // namespace

std::string PutRecordsBody(std::string_view stream, std::span<const PutRecordsEntry> entries) {
  static constexpr std::string_view kData = R"({"Data":")";
  static constexpr std::string_view kKey = R"(","PartitionKey":)";
  static constexpr std::string_view kEnd = "},";
  std::size_t bytes = stream.size() + 64;
  for (const PutRecordsEntry& entry : entries) {
    bytes += Base64Bytes(entry.data.size()) + entry.partition_key.size() + kData.size() +
             kKey.size() + kEnd.size() + 2;  // and the key's quotes
  }
  std::string body;
  body.reserve(bytes);
  body.append(stream.starts_with("arn:") ? R"({"StreamARN":)" : R"({"StreamName":)");
  AppendJsonString(stream, body);
  body.append(R"(,"Records":[)");
  for (const PutRecordsEntry& entry : entries) {
    body.append(kData);
    AppendBase64(entry.data, body);
    body.append(kKey);
    AppendJsonString(entry.partition_key, body);
    body.append(kEnd);
  }
  if (!entries.empty()) body.pop_back();
  body.append("]}");
  return body;
}

absl::StatusOr<PutRecordsResult> ReadPutRecordsAnswer(std::string_view body, std::size_t expected) {
  PutRecordsResult result;
  AnswerReader reader(expected, result);
  if (!nlohmann::json::sax_parse(body, &reader) || !reader.has_records()) {
    return absl::InvalidArgumentError("not an answer of PutRecords");
  }
  if (result.records.size() != expected) {
    return absl::InvalidArgumentError("an answer for another number of records");
  }
  for (const PutRecordResult& record : result.records) {
    if (!record.ok()) {
      ++result.failed;
    } else if (record.sequence_number.empty()) {
      return absl::InvalidArgumentError("a record has neither a sequence number nor an error");
    }
  }
  return result;
}

}  // namespace tidemark::aws
