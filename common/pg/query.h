#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/pg/types.h"

namespace tidemark::pg {

// A statement, as a constant with static storage: constexpr pg::Query kFindPool{"pool_find",
// "..."}.
struct Query {
  // Unique in the process: the name of the prepared statement, and a label of metrics and spans.
  const char* name;
  // One statement; parameters are $1, $2, ... and never part of the text.
  const char* sql;
};

// The values of a statement's parameters, in binary: Params(owner, "name", pg::Bytes{value},
// std::optional<absl::Time>()). For the types see types.h; char arrays are text. Owns a copy of
// all.
class Params {
 public:
  template <typename... Ts>
  explicit Params(const Ts&... values) {
    slots_.reserve(sizeof...(Ts));
    (Add(values), ...);
  }

  // Appends the next parameter.
  template <typename T>
  void Add(const T& value) {
    using Value = typename Nullable<std::decay_t<T>>::Value;
    slots_.push_back({Type<Value>::kOid, data_.size(), kNull});
    if (const Value* present = Present(value)) {
      Type<Value>::Encode(*present, data_);
      slots_.back().length = static_cast<std::int32_t>(data_.size() - slots_.back().offset);
    }
  }
  void Add(std::string_view text) { Add<std::string_view>(text); }
  void Add(const char* text) { Add<std::string_view>(text); }

  std::size_t size() const { return slots_.size(); }
  // Bytes that the values take.
  std::size_t bytes() const { return data_.size(); }

  Oid type(std::size_t i) const { return slots_[i].type; }
  bool is_null(std::size_t i) const { return slots_[i].length == kNull; }
  // Empty for null. Valid until the next Add.
  std::string_view value(std::size_t i) const {
    if (is_null(i)) return {};
    return std::string_view(data_).substr(slots_[i].offset,
                                          static_cast<std::size_t>(slots_[i].length));
  }

 private:
  static constexpr std::int32_t kNull = -1;

  struct Slot {
    Oid type;
    std::size_t offset;
    std::int32_t length;
  };

  template <typename T>
  static const typename Nullable<T>::Value* Present(const T& value) {
    return Nullable<T>::Get(value);
  }

  std::string data_;
  std::vector<Slot> slots_;
};

}  // namespace tidemark::pg
