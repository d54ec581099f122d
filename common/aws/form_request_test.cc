#include "common/aws/form_request.h"

#include <gtest/gtest.h>

namespace tidemark::aws {
namespace {

TEST(FormRequestTest, IsThePostOfAnAction) {
  const HttpRequest request = FormRequest(Endpoint::OfAws("sns", "eu-west-1"), "Publish",
                                          "2010-03-31", {{"A.1", "x y&z=\xc3\xa9+"}, {"B", ""}});
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.endpoint.Url(), "https://sns.eu-west-1.amazonaws.com");
  EXPECT_EQ(request.target, "/");
  EXPECT_EQ(FindHeader(request.headers, "content-type"),
            "application/x-www-form-urlencoded; charset=utf-8");
  EXPECT_EQ(request.body, "Action=Publish&Version=2010-03-31&A.1=x+y%26z%3D%C3%A9%2B");
}

}  // namespace
}  // namespace tidemark::aws
