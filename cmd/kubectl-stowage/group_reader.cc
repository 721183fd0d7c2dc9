#include "cmd/kubectl-stowage/group_reader.h"

#include <fmt/format.h>

#include <utility>

#include "kubeapi/decode.h"
#include "statefulgroup/labels.h"

namespace stowage::kubectl {

namespace {

const k8sclient::ResourceType kGroups{"stowage.dev", "v1alpha1", "statefulgroups"};
const k8sclient::ResourceType kPods{"", "v1", "pods"};
const k8sclient::ResourceType kRevisions{"apps", "v1", "controllerrevisions"};
const k8sclient::ResourceType kBudgets{"policy", "v1", "poddisruptionbudgets"};

k8sclient::CallOptions within(k8sclient::Query query = {}) {
  k8sclient::CallOptions options;
  options.timeout = std::chrono::seconds(30);
  options.query = std::move(query);
  return options;
}

template <typename T>
base::Status list(k8sclient::ApiClient& api, const k8sclient::ResourceType& type,
                  const std::string& ns, k8sclient::Query query,
                  std::vector<std::shared_ptr<const T>>& out) {
  const auto answer = api.get(k8sclient::resourcePath(type, ns), within(std::move(query)), {});
  if (!answer) return failed("listing " + type.plural, answer.error());
  auto decoded = kubeapi::Decoder<T>().list(*answer);
  if (!decoded) return decoded.error().withPrefix("listing " + type.plural);
  out = std::move(decoded->items);
  return {};
}

}  // namespace

std::string groupPath(const std::string& ns, const std::string& name) {
  return k8sclient::resourcePath(kGroups, ns, name);
}

base::Status failed(const std::string& what, const k8sclient::ApiError& error) {
  return {error.code, fmt::format("{}: {}", what, error.message)};
}

base::Result<ReadGroup> GroupReader::group(const std::string& name) {
  const auto answer = api_.get(groupPath(ns_, name), within(), {});
  if (!answer) {
    const k8sclient::ApiError& error = answer.error();
    if (error.code != base::Code::kNotFound)
      return base::fail(failed("reading group " + name, error));
    // Both are 404. Of a kind that it serves the server says NotFound, and names the object.
    const bool no_kind =
        error.reason != "NotFound" ||
        error.message.find("could not find the requested resource") != std::string::npos;
    return base::fail(error.code,
                      no_kind
                          ? std::string("the cluster does not know StatefulGroups: apply "
                                        "statefulgroups.stowage.dev.yaml first")
                          : fmt::format("there is no StatefulGroup {} in namespace {}", name, ns_));
  }
  ReadGroup read;
  auto decoded = kubeapi::Decoder<kubeapi::StatefulGroup>().object(*answer);
  if (!decoded) return base::fail(decoded.error().withPrefix("group " + name));
  read.json = *answer;
  read.observed.group = std::move(*decoded);
  return read;
}

base::Result<ReadGroup> GroupReader::everything(const std::string& name) {
  auto read = group(name);
  if (!read) return read;
  const k8sclient::Query of_group = {
      {"labelSelector", std::string(statefulgroup::kGroupLabel) + "=" + name}};
  base::Status status = list(api_, kPods, ns_, of_group, read->observed.pods);
  if (status.ok()) status = list(api_, kRevisions, ns_, of_group, read->observed.revisions);
  if (status.ok()) status = list(api_, kBudgets, ns_, {}, read->observed.budgets);
  if (!status.ok()) return base::fail(status);
  return read;
}

base::Result<kubeapi::MemberPodPtr> GroupReader::pod(const std::string& name) {
  const auto answer = api_.get(k8sclient::resourcePath(kPods, ns_, name), within(), {});
  if (!answer && answer.error().code == base::Code::kNotFound)
    return base::fail(base::Code::kNotFound,
                      fmt::format("there is no pod {} in namespace {}", name, ns_));
  if (!answer) return base::fail(failed("reading pod " + name, answer.error()));
  return kubeapi::Decoder<kubeapi::MemberPod>().object(*answer);
}

}  // namespace stowage::kubectl
