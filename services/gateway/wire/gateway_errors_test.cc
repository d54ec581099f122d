// Every failure is an answer that Amazon's clients can read.
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/errors/error.h"
#include "common/obs/log.h"
#include "services/gateway/wire/testing/gateway_fixture.h"

namespace tidemark::gateway {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class GatewayErrorsTest : public GatewayTest {
 protected:
  RawResponse Update(const std::string& body) { return Call({"POST", kDataset, body}); }
};

TEST_F(GatewayErrorsTest, ServicesErrorsPass) {
  auto& update = fakes_.dataset.update_records;
  const std::string body = R"({"SyncSessionToken":"t"})";
  update.Fails(errors::Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_STALE_SYNC_COUNT,
                             "Current SyncCount for: color is: 2 not: 1"));
  EXPECT_EQ(ExpectError(Update(body), 409, "ResourceConflictException"),
            "Current SyncCount for: color is: 2 not: 1");
  update.Fails(errors::Error(absl::StatusCode::kFailedPrecondition,
                             errors::v1::ERROR_REASON_LIMIT_EXCEEDED, "more than 1024"));
  ExpectError(Update(body), 400, "LimitExceededException");
  update.Fails(errors::Error(absl::StatusCode::kResourceExhausted,
                             errors::v1::ERROR_REASON_QUEUE_FULL, "wait"));
  ExpectError(Update(body), 429, "TooManyRequestsException");
  update.Fails(errors::Error(absl::StatusCode::kUnavailable,
                             errors::v1::ERROR_REASON_DATABASE_UNAVAILABLE, "try again"));
  ExpectError(Update(body), 500, "InternalErrorException");
  update.Fails(errors::InvalidFields({{"record_patches[0].key", "is empty; 1 to 1024 bytes"}}));
  EXPECT_EQ(ExpectError(Update(body), 400, "InvalidParameterException"),
            "RecordPatches[0].Key: is empty; 1 to 1024 bytes");
  update.Fails(absl::InternalError("SELECT secret FROM table"));
  EXPECT_THAT(ExpectError(Update(body), 500, "InternalErrorException"), Not(HasSubstr("SELECT")));
}

TEST_F(GatewayErrorsTest, TroubleOfASyncTriggerIsToldAsAmazonDoes) {
  auto& update = fakes_.dataset.update_records;
  const std::string body = R"({"SyncSessionToken":"t"})";
  update.Fails(errors::Error(absl::StatusCode::kFailedPrecondition,
                             errors::v1::ERROR_REASON_TRIGGER_FAILED, "the output is no JSON"));
  EXPECT_EQ(ExpectError(Update(body), 400, "InvalidLambdaFunctionOutputException"),
            "the output is no JSON");
  update.Fails(errors::Error(absl::StatusCode::kDeadlineExceeded,
                             errors::v1::ERROR_REASON_TRIGGER_TIMED_OUT, "no answer"));
  ExpectError(Update(body), 400, "LambdaSocketTimeoutException");
  update.Fails(errors::Error(absl::StatusCode::kResourceExhausted,
                             errors::v1::ERROR_REASON_TRIGGER_THROTTLED, "wait"));
  ExpectError(Update(body), 429, "LambdaThrottledException");
}

TEST_F(GatewayErrorsTest, BadBodiesNeverReachTheService) {
  ExpectError(Update("{"), 400, "SerializationException");
  ExpectError(Update(R"({"SyncSessionToken":1})"), 400, "SerializationException");
  ExpectError(Update(R"({"SyncSessionToken":"\ud800"})"), 400, "SerializationException");
  ExpectError(Update("{\"SyncSessionToken\":\"\xff\"}"), 400, "SerializationException");
  ExpectError(Update(std::string(100'000, '[')), 400, "SerializationException");
  ExpectError(Update("{}"), 400, "InvalidParameterException");
  EXPECT_EQ(fakes_.dataset.update_records.calls(), 0);
}

TEST_F(GatewayErrorsTest, BadTargets) {
  ExpectError(Call({"GET", "/"}), 404, "UnknownOperationException");
  ExpectError(Exchange(UnsignedBytes({"POST", "/identitypools/p/nothing", "{}"})), 404,
              "UnknownOperationException");
  const RawResponse response = Exchange(UnsignedBytes({"PUT", kDataset, "{}"}));
  ExpectError(response, 405, "MethodNotAllowedException");
  EXPECT_EQ(Header(response, "allow"), "DELETE, GET, POST");
  const std::string large = UnsignedBytes({"PUT", kDataset, std::string(100'000, ' ')});
  EXPECT_EQ(Header(Exchange(large), "allow"), "DELETE, GET, POST");
  ExpectError(Call({"GET", absl::StrCat(kIdentity, "/datasets/%zz")}), 400,
              "InvalidParameterException");
  ExpectError(Call({"GET", absl::StrCat(kIdentity, "/datasets/%FF")}), 400,
              "InvalidParameterException");
  ExpectError(Call({"GET", absl::StrCat(kIdentity, "/datasets?maxResults=many")}), 400,
              "SerializationException");
}

TEST_F(GatewayErrorsTest, HeadHasTheErrorsHeadersAndNoBody) {
  RawClient client(server_->port());
  ASSERT_TRUE(client.Send(UnsignedBytes({"HEAD", kDataset})));
  const RawResponse response = client.Read(/*to_head=*/true);
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(Header(response, "x-amzn-errortype"), "MethodNotAllowedException");
  EXPECT_EQ(client.Exchange(UnsignedBytes({"GET", "/"})).status, 404);  // in step
}

TEST_F(GatewayErrorsTest, CodedBodiesAreNotUnderstood) {
  ExpectError(Call({"POST", kDataset, "{}", {{"Content-Encoding", "gzip"}}}), 415,
              "UnsupportedMediaTypeException");
}

TEST_F(GatewayErrorsTest, WhatHttpForbids) {
  ExpectError(Exchange("nonsense\r\n\r\n"), 400, "MalformedHttpRequestException");
  ExpectError(Exchange("GET / HTTP/1.1\r\n\r\n"), 400, "MalformedHttpRequestException");
  ExpectError(Exchange("GET /" + std::string(40'000, 'a')), 431,
              "RequestHeaderFieldsTooLargeException");
  ExpectError(Exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8388609\r\n\r\n"), 413,
              "RequestEntityTooLarge");
  RawClient cut(server_->port());
  ASSERT_TRUE(cut.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{\"Syn"));
  cut.FinishSending();
  ExpectError(cut.Read(), 400, "MalformedHttpRequestException");
}

TEST_F(GatewayErrorsTest, SlowAndTooManyClients) {
  Start({.connections = 1});
  {
    RawClient only(server_->port());
    ASSERT_EQ(only.Exchange(UnsignedBytes({"GET", "/"})).status, 404);
    ExpectError(Exchange(UnsignedBytes({"GET", "/"})), 503, "ServiceUnavailableException");
  }
  Start({.header = absl::Milliseconds(50)});
  RawClient slow(server_->port());
  ASSERT_TRUE(slow.Send("GET / HT"));
  ExpectError(slow.Read(), 408, "RequestTimeoutException");
}

// Reading again costs nothing; a write has been done and is answered.
TEST_F(GatewayErrorsTest, AnswersForWhichThereIsNoRoomAreLeftToALaterRead) {
  Start({.held_bytes = 100'000});
  fakes_.dataset.list_records.Does([](const auto&, auto& response) {
    response.add_records()->set_value(std::string(200'000, 'v'));
    return absl::OkStatus();
  });
  const RawResponse refused = Call({"GET", absl::StrCat(kDataset, "/records")});
  ExpectError(refused, 503, "ServiceUnavailableException");
  EXPECT_EQ(Header(refused, "retry-after"), "1");
  fakes_.dataset.update_records.Does([](const auto&, auto& response) {
    response.add_records()->set_value(std::string(200'000, 'v'));
    return absl::OkStatus();
  });
  EXPECT_EQ(Update(R"({"SyncSessionToken":"t"})").status, 200);
}

TEST_F(GatewayErrorsTest, ServicesThatAreGoneFailQuickly) {
  Start({}, /*timeout=*/absl::Hours(1));  // which is not waited for
  fakes_.server.reset();
  EXPECT_THAT(ExpectError(Call({"GET", kDataset}), 500, "InternalErrorException"),
              Not(HasSubstr("127.0.0.1")));
}

TEST_F(GatewayErrorsTest, ServicesThatDoNotAnswerAreGivenUp) {
  Start({}, /*timeout=*/absl::Milliseconds(100));
  fakes_.dataset.describe_dataset.Does([](const auto&, auto&) {
    absl::SleepFor(absl::Milliseconds(400));
    return absl::OkStatus();
  });
  ExpectError(Call({"GET", kDataset}), 500, "InternalErrorException");
}

TEST_F(GatewayErrorsTest, ARequestIsCountedByOperationAndError) {
  fakes_.dataset.describe_dataset.Answers({});
  Call({"GET", kDataset});
  Call({"GET", kDataset});
  Exchange(UnsignedBytes({"GET", kDataset}));
  Exchange(UnsignedBytes({"GET", "/nowhere"}));
  std::map<std::string, double> counts;
  std::set<std::string> operations;
  for (const auto& family : registry_->Collect()) {
    if (family.name != "tidemark_gateway_requests_total") continue;
    for (const auto& metric : family.metric) {
      std::map<std::string, std::string> labels;
      for (const auto& label : metric.label) labels[label.name] = label.value;
      operations.insert(labels["operation"]);
      if (metric.counter.value > 0) {
        counts[labels["operation"] + " " + labels["error"]] = metric.counter.value;
      }
    }
  }
  const std::map<std::string, double> expected = {
      {"DescribeDataset none", 2},
      {"DescribeDataset MissingAuthenticationTokenException", 1},
      {"none UnknownOperationException", 1}};
  EXPECT_EQ(counts, expected);
  EXPECT_EQ(operations.size(), 18U);
}

// What is logged while it lives.
class LogLines {
 public:
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
  const obs::ScopedLogSink sink_{[this](std::string_view line) {
    const std::lock_guard lock(mutex_);
    text_ += line;
  }};
};

TEST_F(GatewayErrorsTest, TheLogHasALineForEachRequestOfAKnownCaller) {
  fakes_.dataset.describe_dataset.Answers({});
  const LogLines log;
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Call({"GET", kDataset}).status, 200);
  fakes_.dataset.describe_dataset.Fails(absl::InternalError("a fault"));
  ASSERT_EQ(Call({"GET", kDataset}).status, 500);
  std::vector<std::string> seen;
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(log.text(), '\n', absl::SkipEmpty()))) {
    const auto fields = nlohmann::json::parse(line);
    seen.push_back(absl::StrCat(std::string(fields["level"]), " ", int{fields["status"]}));
  }
  EXPECT_THAT(seen, ElementsAre("info 200", "info 200", "info 200", "warning 500"));
}

TEST_F(GatewayErrorsTest, StrangersCannotFillTheLog) {
  const LogLines log;
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(Exchange(UnsignedBytes({"GET", "/" + std::string(10'000, 'a')})).status, 404);
  }
  const auto line = nlohmann::json::parse(log.text());  // one line
  EXPECT_EQ(line["held_back"], 0);
  EXPECT_LT(log.text().size(), 1500U);
}

TEST_F(GatewayErrorsTest, TheLogNamesTheRequestAndKeepsItsSecrets) {
  const LogLines log;
  fakes_.dataset.update_records.Fails(
      errors::Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_STALE_SYNC_COUNT,
                    "Current SyncCount for: private-key is: 2 not: 1"));
  const RawResponse response =
      Call({"POST", absl::StrCat(kDataset, "?nextToken=hidden-token"),
            R"({"SyncSessionToken":"hidden-token","RecordPatches":[)"
            R"({"Op":"replace","Key":"private-key","Value":"hidden-value","SyncCount":1}]})"});
  EXPECT_EQ(response.status, 409);
  const std::string lines = log.text();
  const auto line = nlohmann::json::parse(lines);  // one line
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["operation"], "UpdateRecords");
  EXPECT_EQ(line["path"], kDataset);
  EXPECT_EQ(line["status"], 409);
  EXPECT_EQ(line["error"], "ResourceConflictException");
  EXPECT_EQ(line["reason"], "STALE_SYNC_COUNT");
  EXPECT_EQ(line["access_key_id"], "AKIDTEST");
  EXPECT_EQ(line["request_id"], Header(response, "x-amzn-requestid"));
  EXPECT_THAT(lines, Not(AnyOf(HasSubstr("hidden"), HasSubstr("private-key"),
                               HasSubstr("Signature"), HasSubstr("AWS4"))));
}

}  // namespace
}  // namespace tidemark::gateway
