#include "common/base/secret.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string_view>
#include <type_traits>

#include "absl/strings/string_view.h"

namespace tidemark {
namespace {

TEST(SecretTest, PrintsWhetherThereIsOneAndNeverWhat) {
  std::ostringstream out;
  out << Secret("wJalr") << Secret();
  EXPECT_EQ(out.str(), "(hidden)(none)");
  EXPECT_EQ(::testing::PrintToString(Secret("wJalr")), "(hidden)");
}

TEST(SecretTest, BecomesNoTextAndIsMadeOfNoneByItself) {
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
  static_assert(!std::is_convertible_v<Secret, absl::string_view>);
  static_assert(!std::is_constructible_v<std::string, Secret>);
  static_assert(!std::is_convertible_v<std::string, Secret>);
  EXPECT_EQ(Secret("wJalr").Reveal(), "wJalr");
}

}  // namespace
}  // namespace tidemark
