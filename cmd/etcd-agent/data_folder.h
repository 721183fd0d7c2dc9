// DataFolder: what the folder that etcd keeps its data in says about the member, and the note that
// a member leaves there before its etcd has ever run. The note lies beside etcd's own files, in
// DATA/member: who takes those away takes it with them.
// Thread safety: read() from any thread and process; the rest from one. Nothing is kept in memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace stowage::etcd_agent {

enum class FolderState : std::uint8_t {
  kEmpty,    // etcd has never run on it, and nothing was decided
  kReady,    // the same; and all founders have been heard to be as empty, at one time
  kJoining,  // etcd has never run on it; the member was added to the cluster by an id
  kMember,   // etcd has run on it
};
std::string_view text(FolderState state);

struct Folder {
  FolderState state = FolderState::kEmpty;
  std::uint64_t joining_as = 0;
};

class DataFolder {
 public:
  explicit DataFolder(std::string path);

  // An error when it cannot be known.
  [[nodiscard]] base::Result<Folder> read() const;
  // Each is there after a crash of the machine once it has returned.
  base::Status noteReady();
  base::Status noteJoining(std::uint64_t id);
  // DATA/member becomes DATA/member.removed; what was there before under that name goes.
  base::Status setAside();

 private:
  base::Status note(const std::string& content);

  const std::string path_;
};

// Writes the whole file or nothing, and makes it last.
base::Status writeDurably(const std::string& path, const std::string& content);

}  // namespace stowage::etcd_agent
