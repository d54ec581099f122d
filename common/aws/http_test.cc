#include "common/aws/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "common/testing/eventually.h"
#include "common/testing/fake_aws/certificate.h"
#include "common/testing/fake_aws/http_server.h"
#include "common/testing/temp_directory.h"

namespace tidemark::aws {
namespace {

using fake_aws::Delivery;
using fake_aws::HttpServer;
using fake_aws::ServerRequest;
using fake_aws::ServerResponse;
using ::testing::HasSubstr;

using Result = absl::StatusOr<HttpResponse>;

class HttpTest : public ::testing::Test {
 protected:
  // Starts a server that keeps what it gets and answers with `response_`.
  void SetUp() override { StartServer({}); }

  void StartServer(HttpServer::Options options) {
    auto server = HttpServer::Start(std::move(options), [this](ServerRequest request) {
      const std::lock_guard lock(mutex_);
      received_.push_back(std::move(request));
      return response_;
    });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  static std::unique_ptr<CurlTransport> Client(CurlTransport::Options options = {}) {
    return CurlTransport::Start(std::move(options)).value();
  }

  HttpRequest Request(std::string method = "GET", std::string target = "/") const {
    return {.method = std::move(method),
            .endpoint = Endpoint::Parse(server_->Url()).value(),
            .target = std::move(target),
            .headers = {},
            .body = {}};
  }

  static std::future<Result> Start(HttpTransport& client, HttpRequest request,
                                   HttpTimeouts timeouts = {}) {
    auto promise = std::make_shared<std::promise<Result>>();
    client.Send(std::move(request), timeouts,
                [promise](Result result) { promise->set_value(std::move(result)); });
    return promise->get_future();
  }

  static Result Fetch(HttpTransport& client, HttpRequest request, HttpTimeouts timeouts = {}) {
    return Start(client, std::move(request), timeouts).get();
  }

  void AnswerWith(ServerResponse response) {
    const std::lock_guard lock(mutex_);
    response_ = std::move(response);
  }

  std::vector<ServerRequest> received() {
    const std::lock_guard lock(mutex_);
    return received_;
  }

  std::mutex mutex_;
  std::vector<ServerRequest> received_;  // guarded by mutex_
  ServerResponse response_;              // guarded by mutex_
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpTest, CarriesTheRequestAsItIs) {
  HttpRequest request = Request("POST", "/a/../b%3a//c?x=%20&y");
  request.headers = {{"X-Amz-Target", "Kinesis_20131202.PutRecords"}, {"X-Empty", ""}};
  request.body = std::string("\0{}\r\n\xff", 6);
  const auto client = Client();
  ASSERT_TRUE(Fetch(*client, request).ok());
  ASSERT_EQ(received().size(), 1u);
  const ServerRequest got = received()[0];
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.target, request.target);
  EXPECT_EQ(got.body, request.body);
  std::vector<std::string> names;
  for (const HttpHeader& header : got.headers) names.push_back(header.name);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("Host", "User-Agent", "X-Amz-Target",
                                                     "X-Empty", "Content-Length"));
  EXPECT_EQ(FindHeader(got.headers, "host"), request.endpoint.host());
  EXPECT_EQ(FindHeader(got.headers, "x-amz-target"), "Kinesis_20131202.PutRecords");
}

TEST_F(HttpTest, CarriesEveryMethodAndAnEmptyBody) {
  const auto client = Client();
  for (const char* method : {"GET", "HEAD", "PUT", "POST", "DELETE"}) {
    ASSERT_TRUE(Fetch(*client, Request(method)).ok()) << method;
    EXPECT_EQ(received().back().method, method);
    EXPECT_EQ(received().back().body, "");
  }
  HttpRequest request = Request("DELETE");
  request.body = "{}";
  ASSERT_TRUE(Fetch(*client, request).ok());
  EXPECT_EQ(received().back().body, "{}");
}

TEST_F(HttpTest, ReturnsTheAnswerWhateverItsStatus) {
  AnswerWith({.status = 404,
              .headers = {{"x-amzn-ErrorType", "ResourceNotFoundException"}},
              .body = std::string("a\0b", 3)});
  const auto client = Client();
  const Result result = Fetch(*client, Request());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status, 404);
  EXPECT_EQ(FindHeader(result->headers, "X-AMZN-ERRORTYPE"), "ResourceNotFoundException");
  EXPECT_EQ(result->body, std::string("a\0b", 3));
}

TEST_F(HttpTest, DoesNotFollowRedirects) {
  AnswerWith({.status = 301, .headers = {{"Location", server_->Url() + "/elsewhere"}}});
  const auto client = Client();
  EXPECT_EQ(Fetch(*client, Request())->status, 301);
  EXPECT_EQ(received().size(), 1u);
}

TEST_F(HttpTest, KeepsConnectionsAlive) {
  const auto client = Client();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Fetch(*client, Request("POST")).ok());
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(HttpTest, OpensNoMoreConnectionsThanAllowed) {
  AnswerWith({.delay = absl::Milliseconds(5)});
  const auto client = Client({.max_connections_per_host = 2});
  std::vector<std::future<Result>> results;
  for (int i = 0; i < 12; ++i) results.push_back(Start(*client, Request()));
  for (auto& result : results) EXPECT_TRUE(result.get().ok());
  EXPECT_LE(server_->connections(), 2);
}

TEST_F(HttpTest, CarriesLargeBodiesBothWays) {
  const std::string answer(9 << 20, 'r');
  AnswerWith({.body = answer});
  HttpRequest request = Request("POST");
  request.body = std::string(7 << 20, 'q');
  const auto client = Client();
  const Result result = Fetch(*client, request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->body, answer);
  EXPECT_EQ(received()[0].body, request.body);
}

TEST_F(HttpTest, RefusesAnAnswerThatIsTooLarge) {
  AnswerWith({.body = std::string(1000, 'r')});
  const auto client = Client({.max_response_bytes = 1000});
  EXPECT_TRUE(Fetch(*client, Request()).ok());
  const auto stricter = Client({.max_response_bytes = 999});
  EXPECT_EQ(Fetch(*stricter, Request()).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(HttpTest, BrokenConnectionsAreUnavailable) {
  for (const Delivery delivery : {Delivery::kReset, Delivery::kGarbage, Delivery::kCut}) {
    AnswerWith({.body = "0123456789", .delivery = delivery});
    const auto client = Client();
    EXPECT_EQ(Fetch(*client, Request("POST")).status().code(), absl::StatusCode::kUnavailable)
        << static_cast<int>(delivery);
  }
}

TEST_F(HttpTest, NoServerIsUnavailable) {
  const HttpRequest request = Request();
  server_.reset();
  const auto client = Client();
  const absl::Status status = Fetch(*client, request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr(request.endpoint.host()));
}

TEST_F(HttpTest, AHangingServerTimesOut) {
  AnswerWith({.delivery = Delivery::kHang});
  const auto client = Client();
  EXPECT_EQ(Fetch(*client, Request(), {.total = absl::Milliseconds(50)}).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(HttpTest, WaitingForAConnectionCountsAsTime) {
  AnswerWith({.delivery = Delivery::kHang});
  const auto client = Client({.max_connections_per_host = 1});
  auto first = Start(*client, Request(), {.total = absl::Seconds(30)});
  ASSERT_TRUE(testing::Eventually([this] { return received().size() == 1; }));
  EXPECT_EQ(Fetch(*client, Request(), {.total = absl::Milliseconds(50)}).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(received().size(), 1u);
}

TEST_F(HttpTest, RecoversAfterABrokenConnection) {
  const auto client = Client();
  ASSERT_TRUE(Fetch(*client, Request()).ok());
  AnswerWith({.delivery = Delivery::kReset});
  EXPECT_FALSE(Fetch(*client, Request()).ok());
  AnswerWith({});
  EXPECT_TRUE(Fetch(*client, Request()).ok());
}

TEST_F(HttpTest, RefusesWhatCouldSmuggleAHeader) {
  const auto client = Client();
  HttpRequest request = Request();
  request.headers = {{"X-A", "1\r\nX-B: 2"}};
  EXPECT_EQ(Fetch(*client, request).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Fetch(*client, Request("GET", "/ HTTP/1.1\r\nX-B: 2")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Fetch(*client, Request("GET", "elsewhere")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(received().empty());
}

TEST_F(HttpTest, DestructionCancelsWhatIsUnderWay) {
  AnswerWith({.delivery = Delivery::kHang});
  auto client = Client({.max_connections_per_host = 1});
  std::vector<std::future<Result>> results;
  for (int i = 0; i < 5; ++i) results.push_back(Start(*client, Request()));
  ASSERT_TRUE(testing::Eventually([this] { return !received().empty(); }));
  client.reset();
  for (auto& result : results) {
    EXPECT_EQ(result.get().status().code(), absl::StatusCode::kCancelled);
  }
}

TEST_F(HttpTest, ACallbackMaySendEvenDuringDestruction) {
  AnswerWith({.delivery = Delivery::kHang});
  auto client = Client();
  HttpTransport* const transport = client.get();
  std::promise<absl::Status> second;
  client->Send(Request(), {}, [&, request = Request()](const Result& first) {
    EXPECT_EQ(first.status().code(), absl::StatusCode::kCancelled);
    transport->Send(request, {}, [&](const Result& result) { second.set_value(result.status()); });
  });
  ASSERT_TRUE(testing::Eventually([this] { return !received().empty(); }));
  client.reset();
  EXPECT_EQ(second.get_future().get().code(), absl::StatusCode::kCancelled);
}

TEST_F(HttpTest, ServesManyThreads) {
  const auto client = Client({.max_connections_per_host = 4});
  std::atomic<int> ok = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) ok += Fetch(*client, Request("POST")).ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ok, 200);
  EXPECT_EQ(received().size(), 200u);
}

class HttpsTest : public HttpTest {
 protected:
  void SetUp() override { Serve(fake_aws::MakeCertificate()); }
  void Serve(const fake_aws::Certificate& certificate) {
    StartServer({.certificate_pem = certificate.certificate_pem,
                 .private_key_pem = certificate.private_key_pem});
    directory_.Write("ca.pem", certificate.certificate_pem);
  }

  const testing::TempDirectory directory_;
  const std::string ca_file_ = directory_.File("ca.pem");
};

TEST_F(HttpsTest, RefusesACertificateItDoesNotTrust) {
  const auto client = Client();
  EXPECT_EQ(Fetch(*client, Request()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(received().empty());
}

TEST_F(HttpsTest, TrustsTheGivenAuthority) {
  AnswerWith({.body = "over TLS"});
  const auto client = Client({.ca_file = ca_file_});
  const Result result = Fetch(*client, Request());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->body, "over TLS");
}

TEST_F(HttpsTest, RefusesACertificateOfAnotherHost) {
  Serve(fake_aws::MakeCertificate("DNS:elsewhere.test"));
  const auto client = Client({.ca_file = ca_file_});
  EXPECT_EQ(Fetch(*client, Request()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(received().empty());
}

TEST_F(HttpsTest, TakesAnyCertificateWhenToldTo) {
  const auto client = Client({.verify_tls = false});
  EXPECT_TRUE(Fetch(*client, Request()).ok());
}

}  // namespace
}  // namespace tidemark::aws
