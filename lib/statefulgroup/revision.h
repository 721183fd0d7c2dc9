// Revision: what the pods of a group are rendered from, once and for all: a pure function of it and
// of who a pod is makes the pod, so that neither a newer operator nor anything else but the user
// restarts one. Kept in the cluster as ControllerRevisions. Pure; Revision is an immutable value
// that shares its content, cheap to copy, and safe to read from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "kubeapi/controller_revision.h"
#include "kubeapi/stateful_group.h"

namespace stowage::statefulgroup {

using base::Result;
using base::Symbol;

// The rules of rendering. What revisions of a version are rendered to never changes: rules that
// make other pods get another version, and revisions of the old one keep theirs.
inline constexpr int kRenderVersion = 1;

// What decides how pods are rendered, as canonical JSON (canonical_template.h): the template,
// shardOverrides, the names of claim templates, rules of topology, restartTime and the render
// version. Not what has its own way of coming true without a restart: numbers of shards and
// replicas, sizes of volumes, Services, budgets, strategies.
std::string revisionData(const kubeapi::StatefulGroup& group, int render_version = kRenderVersion);

// Ten characters that fit into names and labels, the same on every machine and for ever.
// `collisions`: how many other hashes of this data were found taken.
std::string revisionHash(std::string_view data, int collisions);

struct RevisionContent;  // revision_content.h

class Revision {
 public:
  // Revision numbers end here; larger ones were not made by us.
  static constexpr std::int64_t kMaxNumber = std::int64_t{1} << 53;

  // An error is about this one object, which anybody with the right to may have made:
  // kUnsupported: made by a newer operator; kInvalidArgument: no data of ours.
  static Result<Revision> parse(const kubeapi::ControllerRevision& object);
  static Result<Revision> fromData(std::string name, std::int64_t number, std::string_view data);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::int64_t number() const { return number_; }
  [[nodiscard]] int renderVersion() const;
  // Canonical; two revisions of equal data make equal pods.
  [[nodiscard]] const std::string& data() const;
  // Names of claim templates, sorted.
  [[nodiscard]] const std::vector<std::string>& claimNames() const;

  // The same under another name or number.
  [[nodiscard]] Revision renumbered(std::int64_t number) const;

  [[nodiscard]] const RevisionContent& content() const { return *content_; }

 private:
  Revision(std::string name, std::int64_t number, std::shared_ptr<const RevisionContent> content);

  std::string name_;
  std::int64_t number_;
  std::shared_ptr<const RevisionContent> content_;  // never null
};

}  // namespace stowage::statefulgroup
