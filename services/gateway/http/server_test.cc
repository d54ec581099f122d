#include "services/gateway/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "services/gateway/http/testing/server_fixture.h"

namespace tidemark::gateway {
namespace {

using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

TEST_F(HttpServerTest, ServesManyRequestsOnOneConnection) {
  Start();
  RawClient client(server_->port());
  for (int i = 0; i < 100; ++i) {
    const RawResponse response = client.Exchange(Post("/path?a=%3A", "body"));
    ASSERT_EQ(response.status, 200);
    ASSERT_EQ(response.body, "POST /path?a=%3A body");
    EXPECT_THAT(response.headers, Contains(Key("date")));
    EXPECT_THAT(response.headers, Not(Contains(Key("connection"))));
  }
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Start();
  RawClient client(server_->port());
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += Post(absl::StrCat("/", i), absl::StrCat("b", i));
  ASSERT_TRUE(client.Send(requests));
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(client.Read().body, absl::StrCat("POST /", i, " b", i));
  }
}

TEST_F(HttpServerTest, ReadsRequestsThatArriveByteByByte) {
  Start();
  RawClient client(server_->port());
  for (const char byte : Post("/slowly", "and surely")) {
    ASSERT_TRUE(client.Send({&byte, 1}));
  }
  EXPECT_EQ(client.Read().body, "POST /slowly and surely");
}

TEST_F(HttpServerTest, PassesHeadersOnAndAddsTheHandlers) {
  Start();
  RawClient client(server_->port());
  const RawResponse response =
      client.Exchange("GET / HTTP/1.1\r\nhOST: test\r\nx-TEST:  some value \r\n\r\n");
  EXPECT_THAT(response.headers, Contains(Pair("x-test", "some value")));
}

TEST_F(HttpServerTest, PutsChunkedBodiesTogether) {
  Start();
  RawClient client(server_->port());
  const RawResponse response = client.Exchange(
      "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n");
  EXPECT_EQ(response.body, "POST / abcde");
  EXPECT_EQ(client.Exchange(Get("/next")).body, "GET /next ");
}

// They come after the request was judged by its head.
TEST_F(HttpServerTest, TrailersAreNotTakenForHeaders) {
  Start();
  RawClient client(server_->port());
  const RawResponse response = client.Exchange(
      "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n0\r\nX-Test: t\r\nHost: other\r\n\r\n");
  EXPECT_EQ(response.body, "POST / abc");
  EXPECT_THAT(response.headers, Contains(Pair("x-test", "")));
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
  Start();
  RawClient client(server_->port());
  ASSERT_TRUE(client.Send("HEAD /head HTTP/1.1\r\nHost: test\r\n\r\n"));
  const RawResponse response = client.Read(/*to_head=*/true);
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers, Contains(Pair("content-length", "11")));
  EXPECT_EQ(client.Exchange(Get("/next")).body, "GET /next ");
  ASSERT_TRUE(client.Send("HEAD /head HTTP/1.1\r\nHost: test\r\n\r\n"));
  ASSERT_EQ(client.Read(/*to_head=*/true).status, 200);
  EXPECT_EQ(client.Exchange("nonsense\r\n\r\n").body, "fault 400");
}

TEST_F(HttpServerTest, ClosesWhenTheClientWishes) {
  Start();
  RawClient client(server_->port());
  const RawResponse response =
      client.Exchange("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers, Contains(Pair("connection", "close")));
  EXPECT_TRUE(client.AtEnd());
}

TEST_F(HttpServerTest, ServesHttp10OnceAConnection) {
  Start();
  RawClient client(server_->port());
  const RawResponse response = client.Exchange("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_EQ(response.body, "GET /old ");
  EXPECT_TRUE(client.AtEnd());
}

TEST_F(HttpServerTest, TakesTheAbsoluteFormOfTargets) {
  Start();
  RawClient client(server_->port());
  EXPECT_EQ(client.Exchange(Get("http://test:80/a/b?c")).body, "GET /a/b?c ");
  EXPECT_EQ(client.Exchange(Get("HTTP://test")).body, "GET / ");
}

TEST_F(HttpServerTest, PassesOverLineEndsBetweenRequests) {
  Start();
  RawClient client(server_->port());
  EXPECT_EQ(client.Exchange(Get("/a") + "\r\n\r\n" + Get("/b")).body, "GET /a ");
  EXPECT_EQ(client.Read().body, "GET /b ");
}

TEST_F(HttpServerTest, AnswersFromAnyThreadLater) {
  Start();
  RawClient client(server_->port());
  ASSERT_TRUE(client.Send(Get("/hold")));
  std::thread answer([this] { handler_.TakeHeld()({.body = "at last"}); });
  EXPECT_EQ(client.Read().body, "at last");
  answer.join();
}

TEST_F(HttpServerTest, OneConnectionWaitsForNoOther) {
  Start({}, /*threads=*/1);
  RawClient waiting(server_->port());
  ASSERT_TRUE(waiting.Send(Get("/hold")));
  HttpReply reply = handler_.TakeHeld();
  RawClient other(server_->port());
  EXPECT_EQ(other.Exchange(Get("/other")).status, 200);
  reply({.body = "now"});
  EXPECT_EQ(waiting.Read().body, "now");
}

TEST_F(HttpServerTest, AnswersForAHandlerThatForgetsARequest) {
  Start();
  RawClient client(server_->port());
  const RawResponse response = client.Exchange(Get("/drop"));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body, "fault 500");
}

TEST_F(HttpServerTest, SurvivesClientsThatGoBeforeTheirAnswer) {
  Start();
  {
    RawClient client(server_->port());
    ASSERT_TRUE(client.Send(Get("/hold")));
  }
  handler_.TakeHeld()({.body = std::string(1 << 20, 'x')});
  RawClient next(server_->port());
  EXPECT_EQ(next.Exchange(Get("/")).status, 200);
}

TEST_F(HttpServerTest, DrainAnswersWhatHasArrivedAndClosesTheRest) {
  Start();
  RawClient idle(server_->port());
  ASSERT_EQ(idle.Exchange(Get("/")).status, 200);
  RawClient busy(server_->port());
  ASSERT_TRUE(busy.Send(Get("/hold")));
  HttpReply reply = handler_.TakeHeld();
  std::thread drain([this] { server_->Drain(absl::ZeroDuration(), absl::Seconds(30)); });
  EXPECT_TRUE(idle.AtEnd());
  reply({.body = "last"});
  const RawResponse response = busy.Read();
  EXPECT_EQ(response.body, "last");
  EXPECT_THAT(response.headers, Contains(Pair("connection", "close")));
  drain.join();
}

TEST_F(HttpServerTest, DrainEndsWithItsGraceIfTheHandlerHasNoAnswer) {
  Start();
  RawClient busy(server_->port());
  ASSERT_TRUE(busy.Send(Get("/hold")));
  handler_.AwaitHeld();
  server_->Drain(absl::ZeroDuration(), absl::Milliseconds(50));
  EXPECT_EQ(busy.Read().status, 0);
}

TEST_F(HttpServerTest, DrainCutsConnectionsAfterItsGraceAndWaitsForTheHandler) {
  Start();
  RawClient half(server_->port());
  ASSERT_TRUE(half.Send("GET / HTTP/1.1\r\n"));
  RawClient busy(server_->port());
  ASSERT_TRUE(busy.Send(Get("/hold")));
  HttpReply reply = handler_.TakeHeld();
  std::thread drain([this] { server_->Drain(absl::ZeroDuration(), absl::Milliseconds(50)); });
  EXPECT_EQ(half.Read().status, 0);
  EXPECT_EQ(busy.Read().status, 0);
  reply({.body = "too late"});
  drain.join();
}

}  // namespace
}  // namespace tidemark::gateway
