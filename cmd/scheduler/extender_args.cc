#include "cmd/scheduler/extender_args.h"

#include "base/text.h"

namespace stowage::scheduler_cmd {
namespace {

std::string begin(std::string_view pod) {
  std::string out = R"({"Pod":)";
  out += pod;
  return out;
}

void appendVictims(std::string& out, std::span<const VictimsArgs> nodes, bool uids) {
  out += '{';
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i > 0) out += ',';
    base::appendJsonString(out, nodes[i].node.view());
    out += R"(:{"Pods":[)";
    for (std::size_t k = 0; k < nodes[i].pods.size(); ++k) {
      if (k > 0) out += ',';
      if (uids) {
        out += R"({"UID":)";
        base::appendJsonString(out, nodes[i].pods[k]);
        out += '}';
      } else {
        out += nodes[i].pods[k];
      }
    }
    out += R"(],"NumPDBViolations":)" + std::to_string(nodes[i].violations) + '}';
  }
  out += '}';
}

}  // namespace

std::string nodesArgs(std::string_view pod, std::span<const std::string> nodes) {
  std::string out = begin(pod);
  out += R"(,"Nodes":{"metadata":{},"items":[)";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i > 0) out += ',';
    out += nodes[i];
  }
  out += R"(]},"NodeNames":null})";
  return out;
}

std::string nodeNamesArgs(std::string_view pod, std::span<const base::Symbol> names) {
  std::string out = begin(pod);
  out += R"(,"Nodes":null,"NodeNames":[)";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += ',';
    base::appendJsonString(out, names[i].view());
  }
  out += "]}";
  return out;
}

std::string victimsArgs(std::string_view pod, std::span<const VictimsArgs> nodes) {
  std::string out = begin(pod);
  out += R"(,"NodeNameToVictims":)";
  appendVictims(out, nodes, false);
  out += R"(,"NodeNameToMetaVictims":null})";
  return out;
}

std::string metaVictimsArgs(std::string_view pod, std::span<const VictimsArgs> nodes) {
  std::string out = begin(pod);
  out += R"(,"NodeNameToVictims":null,"NodeNameToMetaVictims":)";
  appendVictims(out, nodes, true);
  out += '}';
  return out;
}

std::string bindingArgs(const scheduling::BindRequest& request) {
  std::string out = R"({"PodName":)";
  base::appendJsonString(out, request.pod.name.view());
  out += R"(,"PodNamespace":)";
  base::appendJsonString(out, request.pod.ns.view());
  out += R"(,"PodUID":)";
  base::appendJsonString(out, request.pod.uid.view());
  out += R"(,"Node":)";
  base::appendJsonString(out, request.node.view());
  out += '}';
  return out;
}

}  // namespace stowage::scheduler_cmd
