// TempFolder: a folder of its own for one test, gone afterwards.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace stowage::k8sclient {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "stowage-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
  // Writes a file (folders are made) the way kubelet does: complete before it gets its name.
  std::string write(const std::string& name, const std::string& text) const {
    const std::string to = path(name);
    std::filesystem::create_directories(std::filesystem::path(to).parent_path());
    std::ofstream(to + ".new", std::ios::binary) << text;
    std::filesystem::rename(to + ".new", to);
    return to;
  }
  // An executable shell script.
  std::string script(const std::string& name, const std::string& body) const {
    const std::string to = write(name, "#!/bin/sh\n" + body);
    std::filesystem::permissions(to, std::filesystem::perms::owner_all);
    return to;
  }
  void remove(const std::string& name) const { std::filesystem::remove(path(name)); }

 private:
  std::string path_;
};

}  // namespace stowage::k8sclient
