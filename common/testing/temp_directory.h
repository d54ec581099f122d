#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace tidemark::testing {

// A directory of its owner's alone, removed with all that it holds. Tests run side by side, each in
// a process of its own: a fixed name below TempDir() would be the others' as well.
class TempDirectory {
 public:
  // Aborts if the system gives none.
  TempDirectory() : path_(::testing::TempDir() + "tidemark.XXXXXX") {
    if (mkdtemp(path_.data()) != nullptr) return;
    std::perror(path_.c_str());
    std::abort();
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }

  // Where a file of that name stands, or would stand.
  std::string File(std::string_view name) const { return path_ + "/" + std::string(name); }

  // Writes the file, in the place of an older one of that name; its path.
  std::string Write(std::string_view name, std::string_view content) const {
    std::string file = File(name);
    std::ofstream(file) << content;
    return file;
  }

 private:
  std::string path_;
};

}  // namespace tidemark::testing
