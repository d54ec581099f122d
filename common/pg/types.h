#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/base/ids.h"
#include "common/pg/wire.h"

// How C++ values travel as PostgreSQL values, in binary.
namespace tidemark::pg {

// A bytea parameter: text parameters are plain strings. Does not own its bytes. (Results give both
// as std::string or std::string_view.)
struct Bytes {
  std::string_view data;
};

// A uuid: 16 bytes in network order.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  // "00112233-4455-6677-8899-aabbccddeeff", in lower case.
  std::string ToString() const;
  // The form above, hexadecimal digits in either case; absent for anything else.
  static std::optional<Uuid> Parse(std::string_view text);

  friend bool operator==(const Uuid&, const Uuid&) = default;
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

// Each type that a parameter or a column may have in C++ specializes Type<T>:
//   kOid, kArrayOid            what a parameter of this type is declared as
//   Encode(value, out)         appends the binary form
//   Accepts(oid)               whether a column of type `oid` can be read as a T
//   Decode(data)               absent if `data` is not the binary form of a T
// A type that lacks Encode (std::string_view has both) or Decode (Bytes) can't be used so.
template <typename T>
struct Type;

template <>
struct Type<bool> {
  static constexpr Oid kOid = 16, kArrayOid = 1000;
  static void Encode(bool value, std::string& out) { out.push_back(value ? '\1' : '\0'); }
  static bool Accepts(Oid oid) { return oid == kOid; }
  static std::optional<bool> Decode(std::string_view data) {
    if (data.size() != 1) return std::nullopt;
    return data[0] != 0;
  }
};

// Reads a column of its own size or of a smaller one.
template <typename T, Oid oid, Oid array_oid>
struct IntegerType {
  static constexpr Oid kOid = oid, kArrayOid = array_oid;
  static void Encode(T value, std::string& out) { AppendBigEndian(value, out); }
  static bool Accepts(Oid column) { return SizeOf(column) != 0 && SizeOf(column) <= sizeof(T); }
  static std::optional<T> Decode(std::string_view data) {
    if (data.size() > sizeof(T)) return std::nullopt;
    if (data.size() == 2) return FromBigEndian<std::int16_t>(data);
    if (data.size() == 4) return static_cast<T>(FromBigEndian<std::int32_t>(data));
    if (data.size() == 8) return static_cast<T>(FromBigEndian<std::int64_t>(data));
    return std::nullopt;
  }

 private:
  static constexpr std::size_t SizeOf(Oid column) {
    return column == 21 ? 2 : column == 23 ? 4 : column == 20 ? 8 : 0;
  }
};

template <>
struct Type<std::int16_t> : IntegerType<std::int16_t, 21, 1005> {};
template <>
struct Type<std::int32_t> : IntegerType<std::int32_t, 23, 1007> {};
template <>
struct Type<std::int64_t> : IntegerType<std::int64_t, 20, 1016> {};

// Parameters are text. Columns may be text, varchar, char(n), name, json, an untyped literal, or
// bytea. As a result, the view lives as long as the Result it came from.
template <>
struct Type<std::string_view> {
  static constexpr Oid kOid = 25, kArrayOid = 1009;
  static void Encode(std::string_view value, std::string& out) { out.append(value); }
  static bool Accepts(Oid oid);
  static std::optional<std::string_view> Decode(std::string_view data) { return data; }
};

template <>
struct Type<std::string> : Type<std::string_view> {
  static std::optional<std::string> Decode(std::string_view data) { return std::string(data); }
};

template <>
struct Type<const char*> : Type<std::string_view> {};

template <>
struct Type<Bytes> {
  static constexpr Oid kOid = 17, kArrayOid = 1001;
  static void Encode(Bytes value, std::string& out) { out.append(value.data); }
};

// In microseconds; InfiniteFuture and InfinitePast are PostgreSQL's infinity and -infinity.
template <>
struct Type<absl::Time> {
  static constexpr Oid kOid = 1184, kArrayOid = 1185;
  static void Encode(absl::Time value, std::string& out);
  static bool Accepts(Oid oid) { return oid == kOid; }
  static std::optional<absl::Time> Decode(std::string_view data);
};

template <>
struct Type<Uuid> {
  static constexpr Oid kOid = 2950, kArrayOid = 2951;
  static void Encode(const Uuid& value, std::string& out);
  static bool Accepts(Oid oid) { return oid == kOid; }
  static std::optional<Uuid> Decode(std::string_view data);
};

// Our own ids travel as what they hold.
template <typename T, typename Tag>
struct Type<Strong<T, Tag>> {
  static constexpr Oid kOid = Type<T>::kOid, kArrayOid = Type<T>::kArrayOid;
  static void Encode(const Strong<T, Tag>& id, std::string& out) {
    Type<T>::Encode(id.value(), out);
  }
  static bool Accepts(Oid oid) { return Type<T>::Accepts(oid); }
  static std::optional<Strong<T, Tag>> Decode(std::string_view data) {
    auto value = Type<T>::Decode(data);
    if (!value) return std::nullopt;
    return Strong<T, Tag>(*std::move(value));
  }
};

// SQL null, for a whole parameter or column and for elements of arrays.
template <typename T>
struct Nullable {
  using Value = T;
  static constexpr bool kIs = false;
  static const T* Get(const T& value) { return &value; }
};
template <typename T>
struct Nullable<std::optional<T>> {
  using Value = T;
  static constexpr bool kIs = true;
  static const T* Get(const std::optional<T>& value) { return value ? &*value : nullptr; }
};

// One-dimensional arrays: parameters are spans or vectors, results vectors. Elements may be
// std::optional; without it, a null element in a result is a mismatch.
template <typename E>
struct Type<std::span<const E>> {
  using Element = typename Nullable<E>::Value;
  static constexpr Oid kOid = Type<Element>::kArrayOid;

  static void Encode(std::span<const E> values, std::string& out) {
    bool nulls = false;
    for (const E& value : values) nulls = nulls || Nullable<E>::Get(value) == nullptr;
    AppendArrayHeader(values.size(), nulls, Type<Element>::kOid, out);
    for (const E& value : values) EncodeElement(value, out);
  }

 private:
  static void EncodeElement(const E& value, std::string& out) {
    const Element* element = Nullable<E>::Get(value);
    const std::size_t start = out.size();
    AppendBigEndian<std::int32_t>(-1, out);
    if (element == nullptr) return;
    Type<Element>::Encode(*element, out);
    WriteBigEndian(static_cast<std::int32_t>(out.size() - start - 4), out.data() + start);
  }
};

template <typename E>
struct Type<std::vector<E>> {
  using Element = typename Nullable<E>::Value;
  static constexpr Oid kOid = Type<Element>::kArrayOid;

  static void Encode(const std::vector<E>& values, std::string& out) {
    if constexpr (std::is_same_v<E, bool>) {  // A vector<bool> holds no bools to point at.
      AppendArrayHeader(values.size(), false, Type<bool>::kOid, out);
      for (const bool value : values) {
        AppendBigEndian<std::int32_t>(1, out);
        Type<bool>::Encode(value, out);
      }
    } else {
      Type<std::span<const E>>::Encode(values, out);
    }
  }

  static bool Accepts(Oid oid) { return Type<Element>::Accepts(ElementOf(oid)); }

  static std::optional<std::vector<E>> Decode(std::string_view data) {
    std::optional<ArrayReader> reader = ArrayReader::Open(data);
    if (!reader || (reader->size() > 0 && !Type<Element>::Accepts(reader->element()))) {
      return std::nullopt;
    }
    std::vector<E> values;
    values.reserve(reader->size());
    for (std::size_t i = 0; i < reader->size(); ++i) {
      std::optional<std::string_view> element;
      if (!reader->Next(element)) return std::nullopt;
      if (element) {
        auto value = Type<Element>::Decode(*element);
        if (!value) return std::nullopt;
        values.push_back(*std::move(value));
      } else if constexpr (Nullable<E>::kIs) {
        values.push_back(std::nullopt);
      } else {
        return std::nullopt;
      }
    }
    return values;
  }
};

}  // namespace tidemark::pg
