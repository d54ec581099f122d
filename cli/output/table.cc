#include "cli/output/table.h"

#include <algorithm>
#include <cassert>
#include <string_view>

#include "common/base/characters.h"

namespace tidemark::cli {
namespace {

constexpr std::size_t kGap = 2;

// Each character is taken to be one column wide.
std::size_t WidthOf(std::string_view text) { return CountCharacters(text); }

// Writes a line's cells; blanks only before what follows them.
void PrintLine(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
               const std::vector<bool>& right, std::ostream& out) {
  std::size_t blanks = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t padding = widths[i] - WidthOf(cells[i]);
    if (right[i]) blanks += padding;
    if (!cells[i].empty()) {
      out << std::string(blanks, ' ') << cells[i];
      blanks = 0;
    }
    blanks += (right[i] ? 0 : padding) + kGap;
  }
  out << '\n';
}

}  // namespace

void Table::Add(std::vector<std::string> cells) {
  assert(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

void Table::Print(std::ostream& out) const {
  std::vector<std::string> headers;
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  for (const Column& column : columns_) {
    headers.push_back(column.header);
    widths.push_back(WidthOf(column.header));
    right.push_back(column.number);
  }
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], WidthOf(row[i]));
  }
  PrintLine(headers, widths, right, out);
  for (const auto& row : rows_) PrintLine(row, widths, right, out);
}

void Fields::Add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Fields::Print(std::ostream& out) const {
  std::size_t width = 0;
  for (const auto& [name, value] : fields_) width = std::max(width, WidthOf(name));
  for (const auto& [name, value] : fields_) {
    PrintLine({name, value}, {width, WidthOf(value)}, {false, false}, out);
  }
}

}  // namespace tidemark::cli
