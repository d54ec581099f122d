#include "common/pg/dsn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark::pg {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(DsnTest, CountsTheHostsOfStringsAndUris) {
  EXPECT_EQ(CountHosts("host=a,b,c user=u").value(), 3);
  EXPECT_EQ(CountHosts("postgresql://u:p@a:1,b:2/db").value(), 2);
  EXPECT_EQ(CountHosts("dbname=tidemark").value(), 1);
}

TEST(DsnTest, WhatIsNeitherIsRefusedWithoutBeingQuoted) {
  for (const char* dsn : {"secret", "postgresql//u:secret@db/t", "password='secret"}) {
    const absl::Status status = CheckDsn(dsn);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << dsn;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace tidemark::pg
