#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/errors/error.h"
#include "services/stream_config/rpc/convert.h"
#include "services/stream_config/rpc/testing/rpc_fixture.h"

// Every field of every request: what is just within its bounds is taken, what is just beyond is
// refused, naming the field, and changes nothing.
namespace tidemark::stream_config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string A(std::size_t count) { return std::string(count, 'a'); }
// Characters of two bytes each: bounds count characters.
std::string Umlauts(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "\u00fc";
  return text;
}

constexpr char kApplication[] = "arn:aws:sns:eu-west-1:1:app/GCM/";
constexpr char kFunction[] = "arn:aws:lambda:eu-west-1:1:function:";
constexpr char kRoleHead[] = "arn:aws:iam::1:role/";

// Settings stand in CreatePoolRequest and in Pool alike; these set one field of either.
template <typename Message>
struct Field {
  std::string path;
  std::function<void(Message&)> set;
  bool good;
};

template <typename Message>
void AddStreamFields(std::vector<Field<Message>>& fields) {
  const auto add = [&fields](const std::string& path, bool good,
                             std::function<void(v1::StreamSettings&)> set) {
    fields.push_back({"stream." + path,
                      [set](Message& message) {
                        v1::StreamSettings& stream = *message.mutable_stream();
                        stream.set_status(v1::STREAMING_STATUS_DISABLED);
                        set(stream);
                      },
                      good});
  };
  for (const auto& [name, good] : std::map<std::string, bool>{{"", true},
                                                              {A(128), true},
                                                              {"a.B-9_", true},
                                                              {A(129), false},
                                                              {"a/b", false},
                                                              {"a b", false},
                                                              {"\u00fc", false},
                                                              {std::string("a\0b", 3), false}}) {
    add("stream_name", good, [name = name](auto& stream) { stream.set_stream_name(name); });
  }
  for (const auto& [arn, good] :
       std::map<std::string, bool>{{"", true},
                                   {kRoleHead, true},
                                   {kRoleHead + A(2028), true},
                                   {kRoleHead + A(2029), false},
                                   {"arn:aws:iam::1:role", false},
                                   {"arn:aws:iam::x:role/aaaaaaaa", false},
                                   {kRoleHead + std::string("\0", 1), false}}) {
    add("role_arn", good, [arn = arn](auto& stream) { stream.set_role_arn(arn); });
  }
  for (const int status : {0, 3, -1, 1 << 30}) {
    add("status", false,
        [status](auto& stream) { stream.set_status(static_cast<v1::StreamingStatus>(status)); });
  }
}

template <typename Message>
void AddPushAndEventFields(std::vector<Field<Message>>& fields) {
  const auto push = [&fields](const std::string& path, bool good,
                              std::function<void(v1::PushSettings&)> set) {
    fields.push_back(
        {"push." + path, [set](Message& message) { set(*message.mutable_push()); }, good});
  };
  const std::string head = kApplication;
  for (const auto& [arn, good] :
       std::map<std::string, bool>{{head + "a", true},
                                   {head + A(512 - head.size()), true},
                                   {head + A(513 - head.size()), false},
                                   {"", false},
                                   {head, false},
                                   {head + "a/b", false},
                                   {"arn:aws:sns:us-east-1:1:app/GCM/a", false},
                                   {"arn:aws:sns:eu-west-1:1:topic", false}}) {
    push("application_arns[0]", good,
         [arn = arn](auto& settings) { settings.add_application_arns(arn); });
  }
  for (const auto& [count, good] : std::map<int, bool>{{16, true}, {17, false}}) {
    push("application_arns", good, [head, count = count](auto& settings) {
      for (int i = 0; i < count; ++i) settings.add_application_arns(head + "a");
    });
  }
  push("application_arns[0]", false, [](auto& settings) {
    settings.add_application_arns("arn:aws:sns:eu-west-1:2:app/GCM/a");
    settings.set_role_arn(kRoleHead);
  });
  push("role_arn", true, [](auto& settings) { settings.set_role_arn(kRoleHead); });
  push("role_arn", false, [](auto& settings) { settings.set_role_arn("role"); });

  const auto events = [&fields](const std::string& path, bool good,
                                const std::vector<std::pair<std::string, std::string>>& entries) {
    fields.push_back({"events." + path,
                      [entries](Message& message) {
                        auto& functions = *message.mutable_events()->mutable_functions();
                        for (const auto& [type, arn] : entries) functions[type] = arn;
                      },
                      good});
  };
  const std::string lambda = kFunction;
  const std::string trigger = "functions[SyncTrigger]";
  events(trigger, true, {{"SyncTrigger", lambda + "f:$LATEST"}});
  events(trigger, true, {{"SyncTrigger", lambda + A(512 - lambda.size())}});
  events(trigger, true, {{"SyncTrigger", ""}});
  events(trigger, false, {{"SyncTrigger", lambda + A(513 - lambda.size())}});
  events(trigger, false, {{"SyncTrigger", "f"}});
  events(trigger, false, {{"SyncTrigger", "arn:aws:lambda:us-east-1:1:function:f"}});
  events("functions", false, {{"Other", lambda + "f"}});
  events("functions", false, {{"", lambda + "f"}});
  events("functions", false, {{"Other", ""}});
}

template <typename Message>
void AddLimits(std::vector<Field<Message>>& fields) {
  const auto add = [&fields](const std::string& path, std::int64_t least, std::int64_t most,
                             void (*set)(v1::Limits&, std::int64_t)) {
    for (const auto& [value, good] : std::map<std::int64_t, bool>{
             {-1, false}, {0, true}, {least, true}, {most, true}, {most + 1, false}}) {
      fields.push_back({"limits." + path,
                        [set, value = value](Message& m) { set(*m.mutable_limits(), value); },
                        good});
    }
  };
  add("datasets_per_identity", 1, 1000, [](v1::Limits& limits, std::int64_t value) {
    limits.set_datasets_per_identity(static_cast<std::int32_t>(value));
  });
  add("records_per_dataset", 1, 16384, [](v1::Limits& limits, std::int64_t value) {
    limits.set_records_per_dataset(static_cast<std::int32_t>(value));
  });
  add("bytes_per_dataset", 1024, 16777216,
      [](v1::Limits& limits, std::int64_t value) { limits.set_bytes_per_dataset(value); });
  add("keys_per_dataset", 1, 65536, [](v1::Limits& limits, std::int64_t value) {
    limits.set_keys_per_dataset(static_cast<std::int32_t>(value));
  });
  add("dataset_names_per_identity", 1, 10000, [](v1::Limits& limits, std::int64_t value) {
    limits.set_dataset_names_per_identity(static_cast<std::int32_t>(value));
  });
}

template <typename Message>
std::vector<Field<Message>> SettingsFields() {
  std::vector<Field<Message>> fields;
  for (const auto& [name, good] : std::map<std::string, bool>{{"", true},
                                                              {Umlauts(128), true},
                                                              {Umlauts(129), false},
                                                              {A(129), false},
                                                              {std::string("a\0", 2), false}}) {
    fields.push_back({"display_name",
                      [name = name](Message& message) { message.set_display_name(name); }, good});
  }
  AddStreamFields(fields);
  AddPushAndEventFields(fields);
  AddLimits(fields);
  return fields;
}

class BadInputTest : public StreamConfigRpcTest {
 protected:
  // The fields that an error names.
  static std::vector<std::string> FieldsOf(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_INVALID_FIELD) << status;
    std::vector<std::string> fields;
    for (const auto& violation : errors::ViolationsOf(status)) fields.push_back(violation.field);
    return fields;
  }

  std::string Everything() {
    std::string all;
    const auto pools = store_.List("", 1000, absl::InfiniteFuture()).value();
    for (const Pool& pool : pools) {
      v1::Pool proto;
      ToProto(pool, proto);
      all += proto.SerializeAsString();
    }
    return all;
  }
};

TEST_F(BadInputTest, OfCreatePool) {
  for (const auto& field : SettingsFields<v1::CreatePoolRequest>()) {
    v1::CreatePoolRequest request;
    field.set(request);
    const std::string before = Everything();
    const absl::Status status = Create(request).status();
    if (field.good) {
      EXPECT_TRUE(status.ok()) << field.path << ": " << status;
    } else {
      EXPECT_THAT(FieldsOf(status), ElementsAre(field.path));
      EXPECT_EQ(Everything(), before);
    }
  }
}

TEST_F(BadInputTest, OfUpdatePool) {
  Make();
  for (const auto& field : SettingsFields<v1::Pool>()) {
    const std::string message = field.path.substr(0, field.path.find('.'));
    v1::UpdatePoolRequest request = UpdateOf({message});
    field.set(*request.mutable_pool());
    const std::string before = Everything();
    const absl::Status status = Update(request).status();
    if (field.good) {
      EXPECT_TRUE(status.ok()) << field.path << ": " << status;
    } else {
      EXPECT_THAT(FieldsOf(status), ElementsAre("pool." + field.path));
      EXPECT_EQ(Everything(), before);
    }
  }
}

TEST_F(BadInputTest, OfSingleStreamFields) {
  Make();
  for (const auto& field : SettingsFields<v1::Pool>()) {
    if (!field.path.starts_with("stream.")) continue;
    v1::UpdatePoolRequest request = UpdateOf({field.path});
    field.set(*request.mutable_pool());
    const absl::Status status = Update(request).status();
    if (field.good) {
      EXPECT_TRUE(status.ok()) << field.path << ": " << status;
    } else {
      EXPECT_THAT(FieldsOf(status), ElementsAre("pool." + field.path));
    }
  }
}

TEST_F(BadInputTest, OfIds) {
  const std::vector<std::string> bad = {"",
                                        A(54) + ":a",
                                        "us-east-1:0A",
                                        "us-east-1",
                                        ":0",
                                        "us-east-1:",
                                        "a:0:0",
                                        "a:0\n",
                                        "a/:0",
                                        "us-east-1:xyz",
                                        std::string("a:0\0", 4)};
  for (const std::string& id : bad) {
    EXPECT_THAT(FieldsOf(Get(id).status()), ElementsAre("identity_pool_id"));
    v1::DeletePoolRequest remove;
    remove.set_identity_pool_id(id);
    EXPECT_THAT(FieldsOf(Delete(remove).status()), ElementsAre("identity_pool_id"));
    v1::DisableStreamRequest disable;
    disable.set_identity_pool_id(id);
    disable.set_epoch(1);
    disable.set_reason("x");
    EXPECT_THAT(FieldsOf(Disable(disable).status()), ElementsAre("identity_pool_id"));
    EXPECT_THAT(FieldsOf(Update(UpdateOf({"display_name"}, id)).status()),
                ElementsAre("pool.identity_pool_id"));
    if (id.empty()) continue;  // to be made up
    v1::CreatePoolRequest create;
    create.set_identity_pool_id(id);
    EXPECT_THAT(FieldsOf(Create(create).status()), ElementsAre("identity_pool_id"));
  }
  EXPECT_EQ(Everything(), "");
  Make(A(53) + ":a");
}

TEST_F(BadInputTest, OfRequestIds) {
  v1::CreatePoolRequest request;
  request.set_request_id(A(129));
  EXPECT_THAT(FieldsOf(Create(request).status()), ElementsAre("request_id"));
  request.set_request_id(std::string("a\0", 2));
  EXPECT_THAT(FieldsOf(Create(request).status()), ElementsAre("request_id"));
  request.set_request_id(A(128));
  EXPECT_TRUE(Create(request).ok());
}

TEST_F(BadInputTest, OfMasks) {
  Make();
  EXPECT_THAT(FieldsOf(Update(UpdateOf({})).status()), ElementsAre("update_mask"));
  for (const char* path : {"", "*", "Stream", "stream.epoch", "version", "limits.keys_per_dataset",
                           "identity_pool_id", "stream.status.x"}) {
    EXPECT_THAT(FieldsOf(Update(UpdateOf({"display_name", path})).status()),
                ElementsAre("update_mask"))
        << path;
  }
}

TEST_F(BadInputTest, OfVersions) {
  Make();
  v1::UpdatePoolRequest update = UpdateOf({"display_name"});
  update.set_expected_version(-1);
  EXPECT_THAT(FieldsOf(Update(update).status()), ElementsAre("expected_version"));
  v1::DeletePoolRequest remove;
  remove.set_identity_pool_id(kPool);
  remove.set_expected_version(-1);
  EXPECT_THAT(FieldsOf(Delete(remove).status()), ElementsAre("expected_version"));
  EXPECT_TRUE(Get(kPool).ok());
}

TEST_F(BadInputTest, OfDisableStream) {
  Make();
  SetStream(Stream());
  const auto disable = [this](std::int64_t epoch, const std::string& reason) {
    v1::DisableStreamRequest request;
    request.set_identity_pool_id(kPool);
    request.set_epoch(epoch);
    request.set_reason(reason);
    return Disable(request).status();
  };
  EXPECT_THAT(FieldsOf(disable(0, "x")), ElementsAre("epoch"));
  EXPECT_THAT(FieldsOf(disable(-1, "x")), ElementsAre("epoch"));
  EXPECT_THAT(FieldsOf(disable(1, "")), ElementsAre("reason"));
  EXPECT_THAT(FieldsOf(disable(1, Umlauts(1025))), ElementsAre("reason"));
  EXPECT_THAT(FieldsOf(disable(1, std::string("\0", 1))), ElementsAre("reason"));
  v1::DisableStreamRequest negative;
  negative.set_identity_pool_id(kPool);
  negative.set_epoch(1);
  negative.set_reason("x");
  negative.set_version(-1);
  EXPECT_THAT(FieldsOf(Disable(negative).status()), ElementsAre("version"));
  EXPECT_EQ(Get(kPool)->pool().stream().status(), v1::STREAMING_STATUS_ENABLED);
  EXPECT_TRUE(disable(1, Umlauts(1024)).ok());
}

TEST_F(BadInputTest, OfPages) {
  for (int i = 0; i < 3; ++i) Make("r:" + std::to_string(i));
  v1::ListPoolsRequest request;
  request.set_page_size(-1);
  EXPECT_THAT(FieldsOf(List(request).status()), ElementsAre("page_size"));
  request.set_page_size(5000);
  EXPECT_EQ(List(request)->pools_size(), 3);

  request.set_page_size(1);
  const std::string token = List(request)->next_page_token();
  ASSERT_FALSE(token.empty());
  std::string altered = token;
  altered[altered.size() / 2] = altered[altered.size() / 2] == 'A' ? 'B' : 'A';
  for (const std::string& bad : {altered, token + "A", std::string("x"), std::string("r:0")}) {
    request.set_page_token(bad);
    const absl::Status status = List(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(errors::ReasonOf(status), errors::v1::ERROR_REASON_PAGE_TOKEN_INVALID) << bad;
  }
}

TEST_F(BadInputTest, EverythingWrongIsNamedAtOnceWithValueAndBound) {
  v1::UpdatePoolRequest request = UpdateOf({"display_name", "stream", "limits", "nonsense"}, "bad");
  request.mutable_pool()->set_display_name(A(129));
  request.mutable_pool()->mutable_stream()->set_stream_name("a b");
  request.mutable_pool()->mutable_limits()->set_records_per_dataset(16385);
  request.set_expected_version(-5);
  const absl::Status status = Update(request).status();
  EXPECT_THAT(FieldsOf(status),
              ElementsAre("pool.identity_pool_id", "update_mask", "pool.display_name",
                          "pool.stream.stream_name", "pool.stream.status",
                          "pool.limits.records_per_dataset", "expected_version"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("16385 is not 0 (the default) or 1 to 16384"));
}

TEST_F(BadInputTest, AnEnabledStreamNeedsItsNameAndRole) {
  Make();
  v1::UpdatePoolRequest request = UpdateOf({"stream.status"});
  request.mutable_pool()->mutable_stream()->set_status(v1::STREAMING_STATUS_ENABLED);
  EXPECT_THAT(FieldsOf(Update(request).status()),
              ElementsAre("pool.stream.stream_name", "pool.stream.role_arn"));
  v1::CreatePoolRequest create;
  create.mutable_stream()->set_status(v1::STREAMING_STATUS_ENABLED);
  EXPECT_THAT(FieldsOf(Create(create).status()),
              ElementsAre("stream.stream_name", "stream.role_arn"));
  EXPECT_EQ(datasets_.end_positions(), 0);
}

}  // namespace
}  // namespace tidemark::stream_config
