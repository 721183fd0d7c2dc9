// In place: whether a living pod of one revision can become one of another without being made anew,
// and the writes that do it. Pure functions of both revisions as they are rendered for this very
// member: an override of another shard changes nothing here but the name of the revision.
//
// What the API server lets change on a living pod (pkg/apis/core/validation/validation.go,
// ValidatePodUpdate and ValidatePodResize, v1.36.3): labels and annotations, images, tolerations
// that come to those that are there, cpu and memory within the pod's QoS class. Not taken, although
// it would be let through, is what the pod would not notice: an init container's image, a label or
// an amount that a variable of a container was made from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "statefulgroup/render/pod_renderer.h"

namespace stowage::statefulgroup {

struct InPlaceChange {
  // Nothing of this set: the pods are the same, but for the revision's name.
  bool metadata = false;  // labels and annotations beside that name
  bool images = false;
  bool tolerations = false;
  bool resources = false;  // through pods/resize, which a node may put off or refuse
  // Containers are restarted by it, and the member is away meanwhile.
  bool restarts_containers = false;
  // The pod has to be made anew, because of this field ("spec.containers[main].command"); the first
  // one of several. Empty: all of it can be done in place.
  std::string recreate_field;

  [[nodiscard]] bool possible() const { return recreate_field.empty(); }
};

// `from.revision` is the one the pod was made of or last became.
InPlaceChange inPlaceChange(const PodInputs& from, const Revision& to);

// A JSON merge patch of the pod or of one of its subresources, with the uid and the version of the
// living pod it was made from: whatever happened to that in between refuses it.
struct PodPatch {
  std::string subresource;  // "resize", or empty
  std::string json;
};

// The next write that brings the living pod towards `to`: the resize first, then the rest together
// with the revision's name, so that a pod which carries the name has got all of it; nullopt when
// nothing is left. Asked again with the answer to each write, or after a crash with the pod as it
// is. An error: the pod is not one that this change was made for, and has to be made anew.
base::Result<std::optional<PodPatch>> nextInPlacePatch(const PodInputs& from, const Revision& to,
                                                       std::string_view live_pod);

}  // namespace stowage::statefulgroup
