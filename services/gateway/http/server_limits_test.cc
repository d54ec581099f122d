#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "common/testing/eventually.h"
#include "services/gateway/http/testing/server_fixture.h"

// What the server refuses, and how it defends itself.
namespace tidemark::gateway {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

// Sends `request` on a connection of its own and expects a refusal that closes it.
void ExpectRefused(int port, std::string_view request, int status) {
  RawClient client(port);
  client.Send(request);
  const RawResponse response = client.Read();
  EXPECT_EQ(response.status, status) << request.substr(0, 200);
  EXPECT_EQ(response.body, absl::StrCat("fault ", status));
  EXPECT_THAT(response.headers, Contains(Pair("connection", "close")));
}

TEST_F(HttpServerTest, RefusesWhatIsNotHttp) {
  Start();
  for (const std::string_view request : {
           "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  // TLS
           "nonsense\r\n\r\n",
           "GET /a b HTTP/1.1\r\nHost: test\r\n\r\n",
           "GET / HTTP/2.0\r\nHost: test\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: test\r\nbad name: x\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: test\r\nX: \x01\r\n\r\n",
           "GET / HTTP/1.1\nHost: test\n\n",
           "GET relative HTTP/1.1\r\nHost: test\r\n\r\n",
           "GET http://test?query HTTP/1.1\r\nHost: test\r\n\r\n",
           "CONNECT other:443 HTTP/1.1\r\nHost: test\r\n\r\n",
       }) {
    ExpectRefused(server_->port(), request, 400);
  }
}

TEST_F(HttpServerTest, SaysWhichRuleWasBroken) {
  Start({.body_bytes = 64 * kKiB, .header = absl::Milliseconds(100)});
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"nonsense\r\n\r\n", "bad"},
      {"GET / HTTP/1.1\r\n\r\n", "no Host"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "more than one Host"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n", "Transfer-Encoding"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n",
       "over 65536 bytes (--max-body-bytes is 64KiB)"},
      {"GET / HTTP/1.1\r\nHost: te", "its head took over 100ms"}};
  for (const auto& [request, why] : cases) {
    RawClient client(server_->port());
    client.Send(request);
    EXPECT_THAT(client.Read().headers["why"], HasSubstr(why));
  }
}

TEST_F(HttpServerTest, RefusesUnclearHosts) {
  Start();
  ExpectRefused(server_->port(), "GET / HTTP/1.1\r\n\r\n", 400);
  ExpectRefused(server_->port(), "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400);
}

// Where two readers could see different ends of a request, one could be smuggled past the other.
TEST_F(HttpServerTest, RefusesBodiesOfUnclearLength) {
  Start();
  const std::string head = "POST / HTTP/1.1\r\nHost: test\r\n";
  for (const std::string_view framing : {
           "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
           "Transfer-Encoding: gzip\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked, identity\r\n",
           "Transfer-Encoding: xchunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Content-Length: 1\r\nContent-Length: 2\r\n",
           "Content-Length: 1, 2\r\n",
           "Content-Length: -1\r\n",
           "Content-Length: +1\r\n",
           "Content-Length: 0x1\r\n",
           "Content-Length: 99999999999999999999\r\n",
           "Content-Length:\r\n",
       }) {
    ExpectRefused(server_->port(), head + std::string(framing) + "\r\nx", 400);
  }
  ExpectRefused(server_->port(),
                "POST / HTTP/1.0\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                400);
  ExpectRefused(server_->port(), head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400);
}

TEST_F(HttpServerTest, RefusesRequestsCutShort) {
  Start();
  for (const std::string_view request : {
           "GET / HTTP/1.1\r\nHost",
           "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n123",
           "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
       }) {
    RawClient client(server_->port());
    client.Send(request);
    client.FinishSending();
    EXPECT_EQ(client.Read().status, 400) << request;
  }
}

TEST_F(HttpServerTest, BoundsHeads) {
  Start({.header_bytes = 2048});
  ExpectRefused(server_->port(), "GET /" + std::string(4096, 'a'), 431);
  ExpectRefused(server_->port(), Get("/" + std::string(4096, 'a')), 431);
  ExpectRefused(server_->port(),
                "GET / HTTP/1.1\r\nHost: test\r\nX: " + std::string(4096, 'a') + "\r\n\r\n", 431);
  std::string many = "GET / HTTP/1.1\r\nHost: test\r\n";
  for (int i = 0; i < 500; ++i) absl::StrAppend(&many, "X-", i, ": y\r\n");
  ExpectRefused(server_->port(), many + "\r\n", 431);
}

TEST_F(HttpServerTest, BoundsBodies) {
  Start({.body_bytes = 1000});
  RawClient client(server_->port());
  EXPECT_EQ(client.Exchange(Post("/", std::string(1000, 'x'))).status, 200);
  ExpectRefused(server_->port(), "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1001\r\n\r\n",
                413);
  ExpectRefused(server_->port(),
                "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                    std::string(1001, 'x'),
                413);
}

TEST_F(HttpServerTest, AClientThatSendsAllOfATooLargeBodyStillReadsTheAnswer) {
  Start();
  RawClient client(server_->port());
  ASSERT_TRUE(client.Send(Post("/", std::string(20 << 20, 'x'))));
  EXPECT_EQ(client.Read().status, 413);
}

TEST_F(HttpServerTest, TakesBodiesUpToTheBound) {
  Start();
  RawClient client(server_->port());
  const std::string body(8 << 20, 'x');
  EXPECT_EQ(client.Exchange(Post("/", body)).body, "POST / " + body);
}

TEST_F(HttpServerTest, TheHandlerCanRefuseALargeBodyUnread) {
  Start();
  RawClient client(server_->port());
  const RawResponse response =
      client.Exchange("POST /refused HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.body, "not you");
  EXPECT_THAT(response.headers, Contains(Pair("connection", "close")));
}

TEST_F(HttpServerTest, GivesTheGoAheadThatAClientAwaits) {
  Start();
  RawClient client(server_->port());
  const std::string head =
      "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(client.Exchange(head).status, 100);
  EXPECT_EQ(client.Exchange("body").body, "POST / body");
  RawClient refused(server_->port());
  EXPECT_EQ(refused
                .Exchange("POST /refused HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n"
                          "Expect: 100-continue\r\n\r\n")
                .status,
            403);
}

// The parser would gather the line of a chunk, and the trailers, for as long as the client sends.
TEST_F(HttpServerTest, BoundsWhatStandsBetweenChunks) {
  Start({.header_bytes = 4096});
  const std::string head = "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string much(100'000, 'a');
  ExpectRefused(server_->port(), head + "5;" + much, 431);
  ExpectRefused(server_->port(), head + "5\r\nhello\r\n5;" + much, 431);
  ExpectRefused(server_->port(), head + "0;" + much, 431);
  ExpectRefused(server_->port(), head + "0\r\nX-Trailer: " + much, 431);
  std::string many = head + "0\r\n";
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&many, "X-", i, ": y\r\n");
  ExpectRefused(server_->port(), many, 431);
}

TEST_F(HttpServerTest, HoldsWhatHasArrivedAndNotWhatWasDeclared) {
  Start({.held_bytes = 1 << 20});
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 10; ++i) {
    silent.push_back(std::make_unique<RawClient>(server_->port()));
    ASSERT_TRUE(
        silent.back()->Send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n"
                            "Expect: 100-continue\r\n\r\n"));
    ASSERT_EQ(silent.back()->Read().status, 100);
  }
  RawClient client(server_->port());
  EXPECT_EQ(client.Exchange(Post("/", std::string(1'000'000, 'x'))).status, 200);
}

TEST_F(HttpServerTest, BoundsTheBytesHeld) {
  Start({.held_bytes = 1 << 20});
  const std::string chunked =
      "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n" +
      std::string(200'000, 'x') + "\r\n0\r\n\r\n";
  const auto status = [&](const std::string& request) {
    RawClient other(server_->port());
    return other.Exchange(request).status;
  };
  std::optional<RawClient> first;
  // What asks whether the first is held takes bytes too, so that the first may be the one refused.
  ASSERT_TRUE(testing::Eventually([&] {
    first.emplace(server_->port());
    return first->Send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n" +
                       std::string(999'999, 'x')) &&
           testing::Eventually([&] { return status(Post("/", std::string(100'000, 'x'))) == 503; },
                               absl::Seconds(1));
  }));
  EXPECT_EQ(status(chunked), 503);
  EXPECT_EQ(status(Post("/", std::string(8'000, 'x'))), 200);
  ASSERT_TRUE(first->Send("x"));
  ASSERT_EQ(first->Read().status, 200);
  EXPECT_EQ(status(chunked), 200);  // what it held is free again
}

TEST_F(HttpServerTest, BoundsTheAnswersHeldForClientsThatDoNotRead) {
  Start({.held_bytes = 100 << 20});
  const auto status = [&](const std::string& target) {
    RawClient client(server_->port());
    EXPECT_TRUE(client.Send(Get(target)));
    return client.Read(/*to_head=*/true).status;
  };
  auto first = std::make_unique<RawClient>(server_->port());
  ASSERT_TRUE(first->Send(Get("/big?")));
  ASSERT_EQ(first->Read(/*to_head=*/true).status, 200);  // and no more
  EXPECT_EQ(status("/big?"), 503);
  EXPECT_EQ(status("/"), 200);
  first.reset();
  EXPECT_TRUE(testing::Eventually([&] { return status("/big?") == 200; }));
}

TEST_F(HttpServerTest, BeginsNothingWhileAnswersExceedTheBound) {
  Start({.held_bytes = 1 << 20});
  auto first = std::make_unique<RawClient>(server_->port());
  ASSERT_TRUE(first->Send(Get("/big")));
  ASSERT_EQ(first->Read(/*to_head=*/true).status, 200);  // and no more
  ExpectRefused(server_->port(), Get("/"), 503);
  first.reset();
  EXPECT_TRUE(testing::Eventually([&] {
    RawClient client(server_->port());
    return client.Exchange(Get("/")).status == 200;
  }));
}

TEST_F(HttpServerTest, BoundsConnections) {
  Start({.connections = 2});
  RawClient first(server_->port());
  ASSERT_EQ(first.Exchange(Get("/")).status, 200);
  auto second = std::make_unique<RawClient>(server_->port());
  ASSERT_EQ(second->Exchange(Get("/")).status, 200);
  ExpectRefused(server_->port(), Get("/"), 503);
  second.reset();
  for (int status = 503; status == 503;) {  // until the server has noticed
    RawClient third(server_->port());
    status = third.Exchange(Get("/")).status;
    ASSERT_THAT(status, ::testing::AnyOf(200, 503));
  }
}

TEST_F(HttpServerTest, EndsWaitsForIdleClients) {
  Start({.idle = absl::Milliseconds(50)});
  RawClient idle(server_->port());
  EXPECT_TRUE(idle.AtEnd());
}

TEST_F(HttpServerTest, EndsWaitsForSlowClients) {
  const absl::Duration soon = absl::Milliseconds(50);
  Start({.header = soon, .body = soon});
  ExpectRefused(server_->port(), "GET / HTTP/1.1\r\nHost: te", 408);
  ExpectRefused(server_->port(), "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nab",
                408);
  ExpectRefused(server_->port(),
                "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
                "ab",
                408);
}

TEST_F(HttpServerTest, EndsWaitsForClientsThatDoNotRead) {
  Start({.write = absl::Milliseconds(50)});
  RawClient client(server_->port());
  ASSERT_TRUE(client.Send(Get("/big")));
  ASSERT_EQ(client.Read(/*to_head=*/true).status, 200);  // and no more
  server_->Drain(absl::ZeroDuration(),
                 absl::InfiniteDuration());  // ends only once the connection has
}

}  // namespace
}  // namespace tidemark::gateway
