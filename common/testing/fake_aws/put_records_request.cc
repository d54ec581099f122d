#include "common/testing/fake_aws/put_records_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tidemark::fake_aws {
namespace {

using nlohmann::json;

// Walks through JSON text. After the first thing that is not as expected `ok` is false, and nothing
// it returns means anything.
class Cursor {
 public:
  Cursor(std::string_view text, std::deque<std::string>& unescaped)
      : text_(text), unescaped_(unescaped) {}

  bool ok() const { return ok_; }

  // Calls member(name) for each member of the object that starts here; it must take the value.
  template <typename Member>
  void Object(const Member& member) {
    Expect('{');
    if (Take('}')) return;
    do {
      const std::string_view name = String();
      Expect(':');
      if (ok_) member(name);
    } while (ok_ && Take(','));
    Expect('}');
  }

  // Calls item() for each item of the array that starts here; it must take the item.
  template <typename Item>
  void Array(const Item& item) {
    Expect('[');
    if (Take(']')) return;
    do {
      if (ok_) item();
    } while (ok_ && Take(','));
    Expect(']');
  }

  std::string_view String() {
    Expect('"');
    const std::size_t start = at_;
    const std::size_t end = EndOfString();
    if (!ok_) return {};
    at_ = end + 1;
    const std::string_view raw = text_.substr(start, end - start);
    return raw.find('\\') == std::string_view::npos ? raw : Unescape(raw);
  }

  // Passes over the value that starts here.
  void Skip() {
    switch (Peek()) {
      case '"':
        String();
        return;
      case '{':
        return Object([this](std::string_view) { Skip(); });
      case '[':
        return Array([this] { Skip(); });
      default:
        return Scalar();
    }
  }

  // Whether nothing but white space is left.
  bool AtEnd() {
    Space();
    return at_ == text_.size();
  }

 private:
  void Space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  char Peek() {
    Space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }

  void Expect(char c) { ok_ = Take(c) && ok_; }

  // Where the string that starts at `at_` ends: a quote behind an even number of backslashes.
  std::size_t EndOfString() {
    std::size_t from = at_;
    while (true) {
      const std::size_t quote = text_.find('"', from);
      if (quote == std::string_view::npos) {
        ok_ = false;
        return text_.size();
      }
      std::size_t backslashes = 0;
      while (quote - backslashes > at_ && text_[quote - backslashes - 1] == '\\') ++backslashes;
      if (backslashes % 2 == 0) return quote;
      from = quote + 1;
    }
  }

  std::string_view Unescape(std::string_view raw) {
    std::string quoted = "\"";
    quoted.append(raw).push_back('"');
    const json value = json::parse(quoted, nullptr, /*allow_exceptions=*/false);
    ok_ = ok_ && value.is_string();
    return ok_ ? unescaped_.emplace_back(value.get<std::string>()) : std::string_view();
  }

  void Scalar() {
    const std::size_t end = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    ok_ = ok_ && json::accept(text_.substr(at_, end - at_));
    at_ = end;
  }

  const std::string_view text_;
  std::deque<std::string>& unescaped_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace

absl::StatusOr<PutRecordsRequest> ParsePutRecords(std::string_view body) {
  PutRecordsRequest request;
  request.entries.reserve(500);
  Cursor cursor(body, request.unescaped);
  const auto entry = [&] {
    PutRecordsRequest::Entry& last = request.entries.emplace_back();
    cursor.Object([&](std::string_view name) {
      if (name == "Data") {
        last.data = cursor.String();
      } else if (name == "PartitionKey") {
        last.partition_key = cursor.String();
      } else {
        cursor.Skip();
      }
    });
  };
  cursor.Object([&](std::string_view name) {
    if (name == "StreamName" || name == "StreamARN") {
      request.stream = cursor.String();
    } else if (name == "Records") {
      cursor.Array(entry);
    } else {
      cursor.Skip();
    }
  });
  if (!cursor.ok() || !cursor.AtEnd()) {
    return absl::InvalidArgumentError("not a PutRecords request");
  }
  return request;
}

}  // namespace tidemark::fake_aws
