#pragma once

#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace tidemark::cli {

// Rows under headers, in aligned columns two spaces apart. Nothing is cut; trailing blanks are not
// written. Cells are UTF-8 and should be Printable().
class Table {
 public:
  struct Column {
    std::string header;
    bool number = false;  // numbers stand at the right
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns.
  void Add(std::vector<std::string> cells);

  void Print(std::ostream& out) const;

 private:
  const std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Names and values, a line each, aligned.
class Fields {
 public:
  void Add(std::string name, std::string value);

  void Print(std::ostream& out) const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace tidemark::cli
