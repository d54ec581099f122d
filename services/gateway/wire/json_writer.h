#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>
#include <string_view>

// Writes JSON by appending to a string: answers are the gateway's hot path.
namespace tidemark::gateway {

// Appends `text` in quotes. Bytes that are not UTF-8 become U+FFFD.
void AppendJsonText(std::string_view text, std::string& out);

// Appends seconds since 1970 with three decimals (contract section 1), e.g. 1413231134.115.
void AppendJsonTime(const google::protobuf::Timestamp& time, std::string& out);

// One object; its closing brace is written when it dies.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_.push_back('{'); }
  ~ObjectWriter() { out_.push_back('}'); }

  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;

  // `name` needs no escaping. All members of Amazon's answers are there; absent ones are null.
  void Null(std::string_view name) { Begin(name).append("null"); }
  void Text(std::string_view name, std::string_view text) { AppendJsonText(text, Begin(name)); }
  void TextOrNull(std::string_view name, std::string_view text) {
    text.empty() ? Null(name) : Text(name, text);
  }
  void Bool(std::string_view name, bool truth) { Begin(name).append(truth ? "true" : "false"); }
  void Integer(std::string_view name, std::int64_t number) {
    Begin(name).append(std::to_string(number));
  }
  void Time(std::string_view name, const google::protobuf::Timestamp& time) {
    AppendJsonTime(time, Begin(name));
  }

  // A list; `append(item, out)` writes each item.
  template <typename Items, typename Append>
  void List(std::string_view name, const Items& items, Append append) {
    char separator = '[';
    Begin(name);
    for (const auto& item : items) {
      out_.push_back(separator);
      separator = ',';
      append(item, out_);
    }
    out_.append(separator == '[' ? "[]" : "]");
  }

  // Writes the name; what is appended to the result is the value.
  std::string& Begin(std::string_view name) {
    if (!first_) out_.push_back(',');
    first_ = false;
    return out_.append("\"").append(name).append("\":");
  }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace tidemark::gateway
