#include "common/aws/xml_answer.h"

#include <gtest/gtest.h>

namespace tidemark::aws {
namespace {

HttpResponse Answer(int status, std::string body) {
  return {.status = status, .headers = {}, .body = std::move(body)};
}

TEST(XmlAnswerTest, ReadsAnErrorOfS3) {
  const CallError error =
      ReadXmlError(Api::kS3, Answer(503, R"(<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SlowDown</Code><Message>Reduce your &lt;rate&gt;</Message><Resource>/b/k</Resource>
<RequestId>4442587FB7D0A2F9</RequestId></Error>)"));
  EXPECT_EQ(error.error_class, ErrorClass::kThrottle);
  EXPECT_EQ(error.http_status, 503);
  EXPECT_EQ(error.code, "SlowDown");
  EXPECT_EQ(error.message, "Reduce your <rate>");
  EXPECT_EQ(error.request_id, "4442587FB7D0A2F9");
}

TEST(XmlAnswerTest, ReadsAnErrorOfSts) {
  const CallError error = ReadXmlError(
      Api::kSts, Answer(403, R"(<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error>
  <RequestId>r-1</RequestId></ErrorResponse>)"));
  EXPECT_EQ(error.error_class, ErrorClass::kOff);
  EXPECT_EQ(error.code, "AccessDenied");
  EXPECT_EQ(error.request_id, "r-1");
}

TEST(XmlAnswerTest, TheHeadersIdOfTheRequestGoesFirst) {
  HttpResponse answer = Answer(403, "<Error><Code>X</Code><RequestId>body</RequestId></Error>");
  answer.headers.push_back({"x-amz-request-id", "header"});
  EXPECT_EQ(ReadXmlError(Api::kS3, answer).request_id, "header");
}

TEST(XmlAnswerTest, WhatIsNoErrorDocumentGoesByItsStatus) {
  for (const char* body :
       {"", "<html><body>502", "{\"a\":1}", "<Error/>", "\xff\xfe<", "<Error>"}) {
    EXPECT_EQ(ReadXmlError(Api::kS3, Answer(502, body)).error_class, ErrorClass::kTransient);
    EXPECT_EQ(ReadXmlError(Api::kS3, Answer(403, body)).error_class, ErrorClass::kPermanent);
    EXPECT_EQ(ReadXmlError(Api::kSts, Answer(429, body)).error_class, ErrorClass::kThrottle);
  }
}

// An entity bomb or a reference to a file is not expanded.
TEST(XmlAnswerTest, ExpandsNoEntitiesOfTheDocumentsOwn) {
  const CallError error = ReadXmlError(
      Api::kS3, Answer(403, R"(<!DOCTYPE Error [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<Error><Code>AccessDenied</Code><Message>&x;</Message></Error>)"));
  EXPECT_EQ(error.code, "AccessDenied");
  EXPECT_EQ(error.message, "&x;");
}

}  // namespace
}  // namespace tidemark::aws
