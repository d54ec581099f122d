#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>
#include <ostream>

namespace tidemark::cli {

// In the order of insertion, so that documents have the order of the protos.
using Json = nlohmann::ordered_json;

// A message as a JSON object, for scripts: every field is there, under its name in the proto.
// Numbers are numbers (of 64 bits too), enums names without their prefix ("IN_PROGRESS"), times
// RFC 3339 in UTC. null stands for unset messages and optional fields, and for enums' value 0.
Json ToJson(const google::protobuf::Message& message);

// One document, indented, with a line end.
void PrintJson(const Json& json, std::ostream& out);
// On one line, for JSON Lines.
void PrintJsonLine(const Json& json, std::ostream& out);

}  // namespace tidemark::cli
