#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/pg/types.h"

struct pg_result;  // libpq's PGresult

namespace tidemark::pg {

struct ResultDeleter {
  void operator()(pg_result* result) const noexcept;
};
using ResultHandle = std::unique_ptr<pg_result, ResultDeleter>;

// One row of a Result, which must outlive it. Columns count from 0. Reading a column as a type that
// it does not have, or a null as a type that is not std::optional, is INTERNAL, not a crash.
class Row {
 public:
  // All columns; there must be as many as types: row.Parse<std::string, std::optional<int64_t>>().
  template <typename... Ts>
  absl::StatusOr<std::tuple<Ts...>> Parse() const;

  // One column. Cheap: a success allocates no more than T does (std::string_view, nothing).
  template <typename T>
  absl::StatusOr<T> Get(int column) const;

 private:
  friend class Result;
  Row(const pg_result* result, int row) : result_(result), row_(row) {}

  // Puts a column into `value`; an error if it does not fit.
  template <typename T>
  absl::Status Read(int column, T& value) const;
  template <typename... Ts, std::size_t... I>
  absl::Status ReadAll(std::tuple<Ts...>& values, std::index_sequence<I...>) const;

  // The bytes of a column, absent if null. `column` exists.
  std::optional<std::string_view> Data(int column) const;
  Oid TypeOf(int column) const;  // 0 if there is no such column
  absl::Status Mismatch(int column, std::string_view problem) const;
  absl::Status CheckColumns(std::size_t expected) const;

  const pg_result* result_;
  int row_;
};

// What a statement gave back. Movable; not safe for use by several threads at once.
class Result {
 public:
  explicit Result(ResultHandle handle);

  int size() const;  // rows
  bool empty() const { return size() == 0; }
  // 0 <= row < size().
  Row operator[](int row) const { return {handle_.get(), row}; }
  // Rows that an INSERT, UPDATE or DELETE touched, 0 for other statements.
  std::int64_t affected() const;
  // The command that was run and its counts: "INSERT 0 1", "COMMIT".
  std::string_view command() const;

  // Every row, in order.
  template <typename... Ts>
  absl::StatusOr<std::vector<std::tuple<Ts...>>> ParseAll() const;
  // The only row; INTERNAL if there are none or several.
  template <typename... Ts>
  absl::StatusOr<std::tuple<Ts...>> ParseOnly() const;

  class Iterator {
   public:
    Row operator*() const { return (*result_)[row_]; }
    Iterator& operator++() {
      ++row_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return row_ != other.row_; }

   private:
    friend class Result;
    Iterator(const Result* result, int row) : result_(result), row_(row) {}
    const Result* result_;
    int row_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

 private:
  absl::Status CheckOnly() const;

  ResultHandle handle_;
};

template <typename T>
absl::Status Row::Read(int column, T& value) const {
  using Value = typename Nullable<T>::Value;
  const Oid type = TypeOf(column);
  if (!Type<Value>::Accepts(type)) return Mismatch(column, "is of another type");
  const std::optional<std::string_view> data = Data(column);
  if (!data) {
    if constexpr (Nullable<T>::kIs) {
      value = std::nullopt;
      return absl::OkStatus();
    }
    return Mismatch(column, "is null");
  }
  auto decoded = Type<Value>::Decode(*data);
  if (!decoded) return Mismatch(column, "can't be decoded");
  value = *std::move(decoded);
  return absl::OkStatus();
}

template <typename T>
absl::StatusOr<T> Row::Get(int column) const {
  T value{};
  if (absl::Status status = Read(column, value); !status.ok()) return status;
  return value;
}

template <typename... Ts, std::size_t... I>
absl::Status Row::ReadAll(std::tuple<Ts...>& values, std::index_sequence<I...>) const {
  absl::Status status;
  // Stops at the first column that does not fit.
  static_cast<void>(
      ((status = Read(static_cast<int>(I), std::get<I>(values)), status.ok()) && ...));
  return status;
}

template <typename... Ts>
absl::StatusOr<std::tuple<Ts...>> Row::Parse() const {
  if (absl::Status status = CheckColumns(sizeof...(Ts)); !status.ok()) return status;
  std::tuple<Ts...> values;
  absl::Status status = ReadAll(values, std::index_sequence_for<Ts...>());
  if (!status.ok()) return status;
  return values;
}

template <typename... Ts>
absl::StatusOr<std::vector<std::tuple<Ts...>>> Result::ParseAll() const {
  std::vector<std::tuple<Ts...>> rows;
  rows.reserve(static_cast<std::size_t>(size()));
  for (const Row row : *this) {
    absl::StatusOr<std::tuple<Ts...>> values = row.Parse<Ts...>();
    if (!values.ok()) return std::move(values).status();
    rows.push_back(*std::move(values));
  }
  return rows;
}

template <typename... Ts>
absl::StatusOr<std::tuple<Ts...>> Result::ParseOnly() const {
  if (absl::Status status = CheckOnly(); !status.ok()) return status;
  return (*this)[0].Parse<Ts...>();
}

}  // namespace tidemark::pg
