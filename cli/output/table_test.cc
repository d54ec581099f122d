#include "cli/output/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace tidemark::cli {
namespace {

TEST(TableTest, AlignsColumnsAndNumbersToTheRight) {
  Table table({{"NAME"}, {"COUNT", true}, {"NOTE"}});
  table.Add({"ä", "7", "short"});
  table.Add({"longer", "12345678", ""});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(),
            "NAME       COUNT  NOTE\n"
            "ä              7  short\n"
            "longer  12345678\n");
}

TEST(TableTest, WithoutRowsHasItsHeaders) {
  std::ostringstream out;
  Table({{"A"}, {"B"}}).Print(out);
  EXPECT_EQ(out.str(), "A  B\n");
}

TEST(FieldsTest, AlignsValues) {
  Fields fields;
  fields.Add("pool", "p");
  fields.Add("display name", "d");
  std::ostringstream out;
  fields.Print(out);
  EXPECT_EQ(out.str(),
            "pool          p\n"
            "display name  d\n");
}

}  // namespace
}  // namespace tidemark::cli
