#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

// PostgreSQL's binary forms: integers in network order, and arrays.
namespace tidemark::pg {

// PostgreSQL's number for a type. Those of built-in types are fixed: catalog/pg_type.dat.
using Oid = unsigned int;

template <typename T>
void WriteBigEndian(T value, char* to) {
  auto bits = static_cast<std::make_unsigned_t<T>>(value);
  for (std::size_t i = sizeof(T); i-- > 0;) {
    to[i] = static_cast<char>(bits & 0xFF);
    bits = static_cast<std::make_unsigned_t<T>>(static_cast<std::uint64_t>(bits) >> 8);
  }
}

template <typename T>
void AppendBigEndian(T value, std::string& out) {
  char bytes[sizeof(T)];
  WriteBigEndian(value, bytes);
  out.append(bytes, sizeof(T));
}

// `data` has at least sizeof(T) bytes; the first ones count.
template <typename T>
T FromBigEndian(std::string_view data) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bits = bits << 8 | static_cast<unsigned char>(data[i]);
  }
  return static_cast<T>(static_cast<std::make_unsigned_t<T>>(bits));
}

// What stands before the elements of an array of at most one dimension. Each element follows as its
// length (-1 for null) and its bytes.
void AppendArrayHeader(std::size_t size, bool has_nulls, Oid element, std::string& out);

// Walks through an array of at most one dimension.
class ArrayReader {
 public:
  // Absent if `data` is not such an array.
  static std::optional<ArrayReader> Open(std::string_view data);

  std::size_t size() const { return size_; }
  Oid element() const { return element_; }  // type of the elements

  // Puts the next element, absent if null, into `element`; false if the array ends within it.
  bool Next(std::optional<std::string_view>& element);

 private:
  ArrayReader(std::string_view rest, std::size_t size, Oid element)
      : rest_(rest), size_(size), element_(element) {}

  std::string_view rest_;
  std::size_t size_;
  Oid element_;
};

// The type of the elements of array type `array`; 0 if it is not one that Type<> knows.
Oid ElementOf(Oid array);

}  // namespace tidemark::pg
