// PutRecords's request and answer, which carry every change: built and read without a DOM.
#include <openssl/evp.h>

#include <boost/json/basic_parser_impl.hpp>
#include <limits>
#include <string>

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

using JsonError = boost::system::error_code;
using Text = boost::json::string_view;

// Takes PutRecords's answer as it is parsed: {"FailedRecordCount": n, "Records": [{...}, ...]}.
// What else is in it, at any depth, is passed over. Names and constants are the parser's
// (boost::json::basic_parser); each event returns whether to go on.
class AnswerReader {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  AnswerReader(std::size_t expected, PutRecordsResult& result) : result_(result) {
    result_.records.reserve(expected);
  }

  bool has_records() const { return has_records_; }

  bool on_document_begin(JsonError&) { return true; }
  bool on_document_end(JsonError&) { return true; }
  bool on_object_begin(JsonError&) {
    if (depth_++ == 2 && in_records_) result_.records.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, JsonError&) {
    --depth_;
    return true;
  }
  bool on_array_begin(JsonError&) {
    if (depth_++ == 1 && key_ == Key::kRecords) in_records_ = has_records_ = true;
    return true;
  }
  bool on_array_end(std::size_t, JsonError&) {
    if (--depth_ == 1) in_records_ = false;
    return true;
  }

  bool on_key_part(Text part, std::size_t, JsonError&) { return Collect(part); }
  bool on_key(Text part, std::size_t, JsonError&) {
    Collect(part);
    key_ = depth_ == 1   ? (text_ == "Records" ? Key::kRecords : Key::kOther)
           : depth_ == 3 ? MemberKey(text_)
                         : Key::kOther;
    text_.clear();
    return true;
  }
  bool on_string_part(Text part, std::size_t, JsonError&) { return Collect(part); }
  bool on_string(Text part, std::size_t, JsonError&) {
    Collect(part);
    if (depth_ == 3 && in_records_ && !result_.records.empty()) Set(result_.records.back());
    text_.clear();
    return true;
  }

  bool on_null(JsonError&) { return true; }
  bool on_bool(bool, JsonError&) { return true; }
  bool on_number_part(Text, JsonError&) { return true; }
  bool on_int64(std::int64_t, Text, JsonError&) { return true; }
  bool on_uint64(std::uint64_t, Text, JsonError&) { return true; }
  bool on_double(double, Text, JsonError&) { return true; }
  bool on_comment_part(Text, JsonError&) { return true; }
  bool on_comment(Text, JsonError&) { return true; }

 private:
  enum class Key { kOther, kRecords, kSequenceNumber, kShardId, kErrorCode, kErrorMessage };

  static Key MemberKey(std::string_view name) {
    if (name == "SequenceNumber") return Key::kSequenceNumber;
    if (name == "ShardId") return Key::kShardId;
    if (name == "ErrorCode") return Key::kErrorCode;
    if (name == "ErrorMessage") return Key::kErrorMessage;
    return Key::kOther;
  }

  bool Collect(Text part) {
    text_.append(part.data(), part.size());
    return true;
  }

  void Set(PutRecordResult& record) const {
    switch (key_) {
      case Key::kSequenceNumber:
        record.sequence_number = text_;
        break;
      case Key::kShardId:
        record.shard_id = text_;
        break;
      case Key::kErrorCode:
        record.error_code = errors::Excerpt(text_);  // not empty: it says that there is an error
        break;
      case Key::kErrorMessage:
        record.error_message = KeptText(text_);
        break;
      default:
        break;
    }
  }

  PutRecordsResult& result_;
  std::string text_;  // of the key or string that is being read
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
  boost::json::basic_parser<AnswerReader> parser({}, expected, result);
  JsonError error;
  const std::size_t read = parser.write_some(/*more=*/false, body.data(), body.size(), error);
  if (error || read < body.size() || !parser.handler().has_records()) {
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
