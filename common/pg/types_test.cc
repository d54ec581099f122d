#include "common/pg/types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "common/pg/query.h"

namespace tidemark::pg {
namespace {

using ::testing::ElementsAre;

template <typename T>
std::string Encoded(const T& value) {
  std::string out;
  Type<T>::Encode(value, out);
  return out;
}

TEST(TypesTest, IntegersTravelInNetworkOrder) {
  EXPECT_EQ(Encoded<std::int16_t>(0x0102), std::string("\x01\x02", 2));
  EXPECT_EQ(Encoded<std::int32_t>(-2), "\xff\xff\xff\xfe");
  EXPECT_EQ(Encoded<std::int64_t>(0x0102030405060708), "\1\2\3\4\5\6\7\x08");
}

TEST(TypesTest, AWiderIntegerReadsANarrowerColumn) {
  EXPECT_TRUE(Type<std::int64_t>::Accepts(Type<std::int32_t>::kOid));
  EXPECT_FALSE(Type<std::int32_t>::Accepts(Type<std::int64_t>::kOid));
  EXPECT_EQ(Type<std::int64_t>::Decode(Encoded<std::int32_t>(-5)), -5);
  EXPECT_EQ(Type<std::int64_t>::Decode(Encoded<std::int16_t>(-5)), -5);
}

TEST(TypesTest, DecodingRefusesWrongLengths) {
  EXPECT_EQ(Type<bool>::Decode(""), std::nullopt);
  EXPECT_EQ(Type<std::int64_t>::Decode("abc"), std::nullopt);
  EXPECT_EQ(Type<std::int32_t>::Decode("12345678"), std::nullopt);
  EXPECT_EQ(Type<absl::Time>::Decode("1234"), std::nullopt);
  EXPECT_EQ(Type<Uuid>::Decode("1234"), std::nullopt);
}

TEST(TypesTest, TimesKeepMicrosecondsAndInfinity) {
  for (const absl::Time time :
       {absl::UnixEpoch(), absl::FromUnixMicros(1'700'000'000'123'456), absl::FromUnixMicros(-1),
        absl::InfiniteFuture(), absl::InfinitePast()}) {
    EXPECT_EQ(Type<absl::Time>::Decode(Encoded(time)), time);
  }
  // 2000-01-01 is PostgreSQL's zero.
  EXPECT_EQ(Encoded(absl::FromUnixSeconds(946'684'800)), std::string(8, '\0'));
}

TEST(TypesTest, UuidsHaveOneTextForm) {
  const auto uuid = Uuid::Parse("00112233-4455-6677-8899-AAbbccddeeff");
  ASSERT_TRUE(uuid.has_value());
  EXPECT_EQ(uuid->ToString(), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(Type<Uuid>::Decode(Encoded(*uuid)), uuid);
  for (const char* text :
       {"", "00112233-4455-6677-8899-aabbccddeef", "00112233445566778899aabbccddeeff0000",
        "0011223344-55-6677-8899-aabbccddeeff", "g0112233-4455-6677-8899-aabbccddeeff"}) {
    EXPECT_EQ(Uuid::Parse(text), std::nullopt) << text;
  }
}

TEST(TypesTest, ArraysKeepNulls) {
  using Texts = std::vector<std::optional<std::string>>;
  const Texts texts = {"a", std::nullopt, "", std::string("\0x", 2)};
  EXPECT_EQ(Type<Texts>::Decode(Encoded(texts)), texts);
  EXPECT_EQ(Type<Texts>::Decode(Encoded(Texts())), Texts());
  // A null where none is expected is a mismatch.
  EXPECT_EQ(Type<std::vector<std::string>>::Decode(Encoded(texts)), std::nullopt);
}

TEST(TypesTest, AnArrayCutAnywhereIsAMismatch) {
  const std::vector<std::int64_t> numbers = {1, 2, 3};
  const std::string whole = Encoded(numbers);
  EXPECT_EQ(Type<std::vector<std::int64_t>>::Decode(whole), numbers);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(Type<std::vector<std::int64_t>>::Decode(whole.substr(0, length)), std::nullopt);
  }
}

TEST(TypesTest, AnArrayOfOtherElementsIsAMismatch) {
  const std::string encoded = Encoded(std::vector<Uuid>(1));
  EXPECT_EQ(Type<std::vector<std::string>>::Decode(encoded), std::nullopt);
}

TEST(TypesTest, AnArrayCantClaimMoreElementsThanItHasBytesFor) {
  std::string encoded;
  AppendArrayHeader(std::numeric_limits<std::int32_t>::max(), false, Type<bool>::kOid, encoded);
  EXPECT_EQ(Type<std::vector<bool>>::Decode(encoded), std::nullopt);
}

TEST(ParamsTest, HoldsTypesAndValues) {
  using Count = Strong<std::int64_t, struct CountTag>;
  const std::string name = "name";
  const Params params(true, "text", name, std::string_view(), Bytes{"\1\2"},
                      std::optional<std::int32_t>(), Count(7), std::vector<Bytes>{{"x"}});
  std::vector<Oid> types;
  for (std::size_t i = 0; i < params.size(); ++i) types.push_back(params.type(i));
  EXPECT_THAT(types, ElementsAre(16, 25, 25, 25, 17, 23, 20, 1001));
  EXPECT_EQ(params.value(1), "text");
  EXPECT_EQ(params.value(2), "name");
  EXPECT_EQ(params.value(3), "");
  EXPECT_FALSE(params.is_null(3));
  EXPECT_EQ(params.value(4), "\1\2");
  EXPECT_TRUE(params.is_null(5));
  EXPECT_EQ(params.value(6), std::string("\0\0\0\0\0\0\0\7", 8));
}

}  // namespace
}  // namespace tidemark::pg
