// Decoders of the API objects, and the small grammars below them.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "fuzz/fuzz_target.h"
#include "kubeapi/controller_revision.h"
#include "kubeapi/decode.h"
#include "kubeapi/event.h"
#include "kubeapi/extender.h"
#include "kubeapi/hooks.h"
#include "kubeapi/lease.h"
#include "kubeapi/member_pod.h"
#include "kubeapi/node.h"
#include "kubeapi/owned_service.h"
#include "kubeapi/pod.h"
#include "kubeapi/pod_group.h"
#include "kubeapi/policy.h"
#include "kubeapi/resources.h"
#include "kubeapi/selectors.h"
#include "kubeapi/stateful_group.h"
#include "kubeapi/storage.h"
#include "kubeapi/workloads.h"

namespace stowage {
namespace {

using kubeapi::Quantity;

void examine(const kubeapi::Pod& pod, std::string_view input) {
  for (const auto source : {kubeapi::RequestSource::kSpec, kubeapi::RequestSource::kSpecOrStatus}) {
    for (const auto& [name, amount] : kubeapi::podRequests(pod, source).amounts) {
      if (amount <= 0) fuzz::broken("a request is not positive", input);
    }
  }
  const auto ports = kubeapi::hostPorts(pod);
  for (const auto& port : ports) {
    if (!kubeapi::conflicts(port, port)) fuzz::broken("a port is free beside itself", input);
  }
}

void examine(const kubeapi::Node& node, std::string_view input) {
  for (const auto& [name, amount] : kubeapi::nodeAllocatable(node)) {
    if (amount < 0) fuzz::broken("allocatable is negative", input);
  }
}

void examine(const kubeapi::Lease& lease, std::string_view input) {
  kubeapi::Decoder<kubeapi::Lease> decoder;
  const auto back = decoder.object(kubeapi::encodeLease(lease));
  if (!back || (*back)->holder != lease.holder) fuzz::broken("a lease changed on its way", input);
}

// What is written reads as the same again.
void examine(const kubeapi::StatefulGroup& group, std::string_view input) {
  kubeapi::Decoder<kubeapi::StatefulGroup> decoder;
  const auto back = decoder.object(kubeapi::encodeStatusUpdate(group, group.status));
  if (!back) fuzz::broken("a group does not read back", input);
  if (kubeapi::encodeSpec((*back)->spec) != kubeapi::encodeSpec(group.spec)) {
    fuzz::broken("a group changed on its way", input);
  }
}

// Whatever times a pod has, available is ready, and for long enough is for shorter, too.
void examine(const kubeapi::MemberPod& pod, std::string_view input) {
  const base::WallTime now{std::chrono::hours(490'000)};
  if (kubeapi::isAvailable(pod, 60, now) && !kubeapi::isAvailable(pod, 30, now)) {
    fuzz::broken("available for 60 s and not for 30", input);
  }
  if (kubeapi::isAvailable(pod, 0, now) != kubeapi::isReady(pod)) {
    fuzz::broken("ready and available at once differ", input);
  }
  if (kubeapi::isReady(pod) && kubeapi::isTerminal(pod)) fuzz::broken("ended and ready", input);
}

// What is passed on is JSON still.
void examineRaw(const std::string& raw, std::string_view input) {
  if (!raw.empty() && !nlohmann::json::accept(raw)) fuzz::broken("raw JSON broke", input);
}
void examine(const kubeapi::ControllerRevision& revision, std::string_view input) {
  examineRaw(revision.data.text, input);
}
void examine(const kubeapi::OwnedService& service, std::string_view input) {
  examineRaw(service.spec.text, input);
}

template <typename T>
void examine(const T& object, std::string_view input) {
  if (object.meta.name.empty()) fuzz::broken("an object without a name", input);
}

// The bytes as an object, as a page and as a watch event.
template <typename T>
void decodeAll(std::string_view input) {
  static kubeapi::Decoder<T> decoder;
  if (const auto object = decoder.object(input)) {
    examine(**object, input);
    // What is an object alone is one in a page and in an event, too.
    const auto page = decoder.list("{\"items\":[" + std::string(input) + "]}");
    if (!page || page->items.size() != 1) fuzz::broken("an object is lost in a page", input);
    const auto event = decoder.event("{\"type\":\"ADDED\",\"object\":" + std::string(input) + "}");
    if (!event || event->object == nullptr) fuzz::broken("an object is lost in an event", input);
  } else if (object.error().message().size() > 4096) {
    fuzz::broken("an error message is too long", input);
  }
  if (const auto list = decoder.list(input)) {
    for (const auto& item : list->items) examine(*item, input);
  }
  if (const auto event = decoder.event(input); event && event->object) {
    examine(*event->object, input);
  }
}

STOWAGE_FUZZ_TARGET(decode_pod) { decodeAll<kubeapi::Pod>(input); }
STOWAGE_FUZZ_TARGET(decode_node) { decodeAll<kubeapi::Node>(input); }
STOWAGE_FUZZ_TARGET(decode_namespace) { decodeAll<kubeapi::Namespace>(input); }
STOWAGE_FUZZ_TARGET(decode_lease) { decodeAll<kubeapi::Lease>(input); }
STOWAGE_FUZZ_TARGET(decode_event) { decodeAll<kubeapi::Event>(input); }
STOWAGE_FUZZ_TARGET(decode_persistent_volume) { decodeAll<kubeapi::PersistentVolume>(input); }
STOWAGE_FUZZ_TARGET(decode_claim) { decodeAll<kubeapi::PersistentVolumeClaim>(input); }
STOWAGE_FUZZ_TARGET(decode_storage_class) { decodeAll<kubeapi::StorageClass>(input); }
STOWAGE_FUZZ_TARGET(decode_csi_node) { decodeAll<kubeapi::CsiNode>(input); }
STOWAGE_FUZZ_TARGET(decode_csi_driver) { decodeAll<kubeapi::CsiDriver>(input); }
STOWAGE_FUZZ_TARGET(decode_csi_capacity) { decodeAll<kubeapi::CsiStorageCapacity>(input); }
STOWAGE_FUZZ_TARGET(decode_volume_attachment) { decodeAll<kubeapi::VolumeAttachment>(input); }
STOWAGE_FUZZ_TARGET(decode_workload) {
  decodeAll<kubeapi::Service>(input);
  decodeAll<kubeapi::ReplicationController>(input);
  decodeAll<kubeapi::ReplicaSet>(input);
  decodeAll<kubeapi::StatefulSet>(input);
}
STOWAGE_FUZZ_TARGET(decode_disruption_budget) { decodeAll<kubeapi::PodDisruptionBudget>(input); }
STOWAGE_FUZZ_TARGET(decode_stateful_group) { decodeAll<kubeapi::StatefulGroup>(input); }
STOWAGE_FUZZ_TARGET(decode_member_pod) { decodeAll<kubeapi::MemberPod>(input); }
STOWAGE_FUZZ_TARGET(decode_controller_revision) { decodeAll<kubeapi::ControllerRevision>(input); }
STOWAGE_FUZZ_TARGET(decode_owned_service) { decodeAll<kubeapi::OwnedService>(input); }
STOWAGE_FUZZ_TARGET(decode_pod_group) { decodeAll<kubeapi::PodGroup>(input); }

STOWAGE_FUZZ_TARGET(decode_status) {
  const auto status = kubeapi::decodeStatus(input, 500);
  if (status.message.size() > 2048) fuzz::broken("a message is too long", input);
}

STOWAGE_FUZZ_TARGET(extender_answers) {
  (void)kubeapi::parseExtenderFilterResult(input);
  (void)kubeapi::parseExtenderScores(input);
  (void)kubeapi::parseExtenderVictims(input);
  (void)kubeapi::parseExtenderBindingResult(input);
}

STOWAGE_FUZZ_TARGET(hook_answers) {
  const std::string message = kubeapi::hooks::messageOf(input);
  if (message.size() > 512) fuzz::broken("a message is too long", input);
  // It goes into a status and into events as it is.
  if (kubeapi::hooks::messageOf(kubeapi::hooks::encodeMessage(message)) != message) {
    fuzz::broken("a message is not what was written", input);
  }
  if (const auto role = kubeapi::hooks::decodeRole(input)) {
    const auto again = kubeapi::hooks::decodeRole(kubeapi::hooks::encodeRole(*role));
    if (!again || again->role != role->role || again->term != role->term)
      fuzz::broken("a role is not what was written", input);
  }
  if (const auto request = kubeapi::hooks::decodeRequest(input)) {
    const auto again = kubeapi::hooks::decodeRequest(kubeapi::hooks::encodeRequest(*request));
    if (!again || again->operation_id != request->operation_id)
      fuzz::broken("a request is not what was written", input);
  }
}

STOWAGE_FUZZ_TARGET(quantity) {
  const auto first = Quantity::parse(input);
  if (!first) return;
  const std::string text = first->toString();
  const auto second = Quantity::parse(text);
  // Canonical text may be longer than what is accepted; then there is nothing to read back.
  if (!second) {
    if (text.size() <= 256) fuzz::broken("canonical text is refused", input);
    return;
  }
  // Without a suffix the text does not tell its format: 2812.5Ki prints 2880000, which reads as
  // decimal.
  if (second->format() == first->format() && second->toString() != text) {
    fuzz::broken("canonical text is not canonical", input);
  }
  if (*second != *first) fuzz::broken("canonical text is another amount", input);
  if (second->milliValue() != first->milliValue()) fuzz::broken("milli values differ", input);
  Quantity zero = *first;
  zero -= *first;
  if (!zero.isZero()) fuzz::broken("an amount less itself is not zero", input);
  Quantity twice = *first;
  twice += *first;
  if (first->isNegative() ? twice > *first : twice < *first) {
    fuzz::broken("twice an amount is less", input);
  }
}

STOWAGE_FUZZ_TARGET(label_selector) {
  const auto selector = kubeapi::parseLabelSelector(input);
  if (!selector) return;
  kubeapi::Labels labels;
  for (const auto& requirement : selector->requirements) {
    labels.set(requirement.key,
               requirement.values.empty() ? kubeapi::Symbol() : requirement.values.front());
  }
  for (const auto& requirement : selector->requirements) {
    const bool here = kubeapi::matches(requirement, labels);
    if (requirement.op == kubeapi::SelectorOperator::kExists && !here) {
      fuzz::broken("Exists does not see its key", input);
    }
    if (requirement.op == kubeapi::SelectorOperator::kDoesNotExist && here) {
      fuzz::broken("DoesNotExist does not see its key", input);
    }
  }
}

STOWAGE_FUZZ_TARGET(time_text) {
  const auto time = base::parseTime(input);
  if (!time) return;
  const auto again = base::parseTime(base::formatMicroTime(*time));
  if (!again || std::chrono::floor<std::chrono::microseconds>(*time) != *again) {
    fuzz::broken("a time changed on its way", input);
  }
}

STOWAGE_FUZZ_TARGET(json_string) {
  if (!nlohmann::json::accept(base::jsonString(input))) fuzz::broken("no JSON", input);
  const auto prefix = base::utf8Prefix(input, 10);
  if (prefix.size() > 10 || !input.starts_with(prefix)) fuzz::broken("no prefix", input);
}

}  // namespace
}  // namespace stowage
