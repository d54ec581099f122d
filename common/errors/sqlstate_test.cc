#include "common/errors/sqlstate.h"

#include <gtest/gtest.h>

#include "common/errors/error.h"

namespace tidemark::errors {
namespace {

struct Case {
  std::string_view sqlstate;
  absl::StatusCode code;
  Reason reason;
};

TEST(SqlStateTest, EachStateHasItsMeaning) {
  const Case cases[] = {
      {"40001", absl::StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE},
      {"40P01", absl::StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE},
      {"55P03", absl::StatusCode::kAborted, v1::ERROR_REASON_CONCURRENT_CHANGE},
      {"08006", absl::StatusCode::kUnavailable, v1::ERROR_REASON_DATABASE_UNAVAILABLE},
      {"57P01", absl::StatusCode::kUnavailable, v1::ERROR_REASON_DATABASE_UNAVAILABLE},
      {"57P03", absl::StatusCode::kUnavailable, v1::ERROR_REASON_DATABASE_UNAVAILABLE},
      {"53300", absl::StatusCode::kUnavailable, v1::ERROR_REASON_DATABASE_UNAVAILABLE},
      {"25006", absl::StatusCode::kUnavailable, v1::ERROR_REASON_DATABASE_UNAVAILABLE},
      {"57014", absl::StatusCode::kDeadlineExceeded, v1::ERROR_REASON_DEADLINE_EXCEEDED},
      {"25P02", absl::StatusCode::kInternal, v1::ERROR_REASON_INTERNAL},
      {"42601", absl::StatusCode::kInternal, v1::ERROR_REASON_INTERNAL},
      {"40002", absl::StatusCode::kInternal, v1::ERROR_REASON_INTERNAL},
      {"", absl::StatusCode::kInternal, v1::ERROR_REASON_INTERNAL},
  };
  for (const Case& c : cases) {
    const absl::Status status = DatabaseError(c.sqlstate, "text");
    EXPECT_EQ(status.code(), c.code) << c.sqlstate;
    EXPECT_EQ(ReasonOf(status), c.reason) << c.sqlstate;
    EXPECT_EQ(SqlStateOf(status), c.sqlstate);
  }
}

TEST(SqlStateTest, OnlyUnavailableNamesARetryDelay) {
  const auto details = [](std::string_view sqlstate) {
    return ToProto(DatabaseError(sqlstate, "text")).details_size();
  };
  EXPECT_EQ(details("57P01"), 2);  // ErrorInfo, RetryInfo
  EXPECT_EQ(details("42601"), 1);
}

TEST(SqlStateTest, DriverTextIsForTheProcessAlone) {
  const absl::Status status = DatabaseError("23505", "duplicate key value \"secret\"");
  EXPECT_EQ(DriverTextOf(status), "duplicate key value \"secret\"");
  const std::string sent = ToProto(status).SerializeAsString();
  EXPECT_EQ(sent.find("secret"), std::string::npos);
  EXPECT_EQ(sent.find("23505"), std::string::npos);
}

TEST(SqlStateTest, OtherErrorsHaveNeither) {
  EXPECT_EQ(SqlStateOf(absl::InternalError("x")), "");
  EXPECT_EQ(DriverTextOf(absl::OkStatus()), "");
}

}  // namespace
}  // namespace tidemark::errors
