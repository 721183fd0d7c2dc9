#include "cmd/etcd-agent/data_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "k8sclient/config/client_config.h"
#include "serving/unique_fd.h"

namespace stowage::etcd_agent {

namespace fs = std::filesystem;
using serving::UniqueFd;

namespace {

constexpr const char* kNote = "stowage-note";
constexpr std::string_view kReadyNote = "ready\n";
constexpr std::string_view kJoiningNote = "joining ";

base::Status failed(const std::string& what, int error) {
  return {base::Code::kUnavailable, fmt::format("{}: {}", what, std::strerror(error))};
}

base::Status syncFolder(const std::string& path) {
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || ::fsync(folder.get()) != 0) return failed(path, errno);
  return {};
}

base::Status writeAll(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(fd) == 0 ? base::Status() : failed(path, errno);
}

// Whether etcd has begun a log there (server/storage/wal/util.go Exist, v3.6.8).
base::Result<bool> hasLog(const fs::path& member) {
  std::error_code error;
  fs::directory_iterator files(member / "wal", error);
  if (error == std::errc::no_such_file_or_directory) return false;
  for (; !error && files != fs::directory_iterator(); files.increment(error)) {
    if (files->path().extension() == ".wal") return true;
  }
  if (error) return base::fail(base::Code::kUnavailable, error.message());
  return false;
}

}  // namespace

std::string_view text(FolderState state) {
  switch (state) {
    case FolderState::kEmpty:
      return "empty";
    case FolderState::kReady:
      return "ready";
    case FolderState::kJoining:
      return "joining";
    case FolderState::kMember:
      break;
  }
  return "member";
}

base::Status writeDurably(const std::string& path, const std::string& content) {
  const std::string fresh = path + ".new";
  {
    const UniqueFd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file.valid()) return failed(fresh, errno);
    if (base::Status written = writeAll(file.get(), content, fresh); !written.ok()) return written;
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return failed(path, errno);
  const std::string folder = fs::path(path).parent_path().string();
  return syncFolder(folder.empty() ? "." : folder);
}

DataFolder::DataFolder(std::string path) : path_(std::move(path)) {}

base::Result<Folder> DataFolder::read() const {
  const fs::path member = fs::path(path_) / "member";
  const auto log = hasLog(member);
  if (!log) return base::fail(log.error().withPrefix(member.string()));
  if (*log) return Folder{FolderState::kMember, 0};
  const auto note = k8sclient::readFile((member / kNote).string(), 64);
  if (!note) {
    if (note.error().code() == base::Code::kNotFound) return Folder{};
    return base::fail(note.error());
  }
  if (*note == kReadyNote) return Folder{FolderState::kReady, 0};
  std::string_view rest = *note;
  Folder folder{FolderState::kJoining, 0};
  if (rest.starts_with(kJoiningNote) && rest.ends_with('\n')) {
    rest = rest.substr(kJoiningNote.size(), rest.size() - kJoiningNote.size() - 1);
    const auto [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), folder.joining_as);
    if (error == std::errc() && end == rest.data() + rest.size()) return folder;
  }
  return base::fail(base::Code::kInternal,
                    fmt::format("{}/{} is not a note of ours", member.string(), kNote));
}

base::Status DataFolder::note(const std::string& content) {
  const fs::path member = fs::path(path_) / "member";
  std::error_code error;
  fs::create_directories(member, error);
  if (error) return {base::Code::kUnavailable, member.string() + ": " + error.message()};
  // As etcd makes it.
  fs::permissions(member, fs::perms::owner_all, error);
  if (base::Status written = writeDurably((member / kNote).string(), content); !written.ok())
    return written;
  return syncFolder(path_);
}

base::Status DataFolder::noteReady() { return note(std::string(kReadyNote)); }

base::Status DataFolder::noteJoining(std::uint64_t id) {
  return note(fmt::format("{}{}\n", kJoiningNote, id));
}

base::Status DataFolder::setAside() {
  const fs::path member = fs::path(path_) / "member";
  const fs::path aside = fs::path(path_) / "member.removed";
  std::error_code error;
  fs::remove_all(aside, error);
  if (!error) fs::rename(member, aside, error);
  if (error) return {base::Code::kUnavailable, member.string() + ": " + error.message()};
  return syncFolder(path_);
}

}  // namespace stowage::etcd_agent
