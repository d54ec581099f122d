#include "cli/output/message_json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/reflection.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "cli/output/format.h"

namespace tidemark::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kIndent = 2;

Json EnumJson(const FieldDescriptor& field, int number) {
  std::string name = EnumName(*field.enum_type(), number);
  return name.empty() ? Json(nullptr) : Json(std::move(name));
}

// Element `i` of a repeated field.
Json ElementJson(const Message& message, const FieldDescriptor& field, int i) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetRepeatedString(message, &field, i);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(reflection.GetRepeatedMessage(message, &field, i));
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumJson(field, reflection.GetRepeatedEnumValue(message, &field, i));
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetRepeatedInt32(message, &field, i);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.GetRepeatedInt64(message, &field, i);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetRepeatedUInt32(message, &field, i);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetRepeatedUInt64(message, &field, i);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetRepeatedBool(message, &field, i);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.GetRepeatedDouble(message, &field, i);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection.GetRepeatedFloat(message, &field, i);
  }
  return nullptr;
}

Json SingleJson(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.has_presence() && !reflection.HasField(message, &field)) return nullptr;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(reflection.GetMessage(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumJson(field, reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection.GetFloat(message, &field);
  }
  return nullptr;
}

// Maps of the protos go from text to text; sorted, as their own order is nobody's.
Json MapJson(const Message& message, const FieldDescriptor& field) {
  nlohmann::json sorted = nlohmann::json::object();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    const auto& type = *field.message_type();
    sorted[SingleJson(entry, *type.map_key()).get<std::string>()] =
        SingleJson(entry, *type.map_value());
  }
  return sorted;
}

Json ListJson(const Message& message, const FieldDescriptor& field) {
  Json list = Json::array();
  const int size = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < size; ++i) list.push_back(ElementJson(message, field, i));
  return list;
}

Json FieldJson(const Message& message, const FieldDescriptor& field) {
  if (field.is_map()) return MapJson(message, field);
  if (field.is_repeated()) return ListJson(message, field);
  return SingleJson(message, field);
}

}  // namespace

Json ToJson(const Message& message) {
  if (const auto* timestamp =
          google::protobuf::DynamicCastToGenerated<google::protobuf::Timestamp>(&message)) {
    return Rfc3339(*TimeOf(true, *timestamp));
  }
  Json json = Json::object();
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    json[type.field(i)->name()] = FieldJson(message, *type.field(i));
  }
  return json;
}

void PrintJson(const Json& json, std::ostream& out) {
  out << json.dump(kIndent, ' ', false, Json::error_handler_t::replace) << '\n';
}

void PrintJsonLine(const Json& json, std::ostream& out) {
  out << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace tidemark::cli
