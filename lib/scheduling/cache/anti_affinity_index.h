// AntiAffinityIndex: required anti-affinity terms of the pods that occupy nodes, asked the other
// way round: does any of them keep this incoming pod away? Equal terms of equal namespaces are held
// once, found by namespace, so the cost follows the number of workloads and not of pods.
// Single-threaded. Source of the semantics: kube-scheduler plugins/interpodaffinity, v1.36.3.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kubeapi/node.h"
#include "kubeapi/pod.h"

namespace stowage::scheduling {

using base::Symbol;

class AntiAffinityIndex {
 public:
  // A pod came to or left a node. Returns true when it has required anti-affinity terms.
  bool add(const kubeapi::Pod& pod);
  bool remove(const kubeapi::Pod& pod);

  // Labels of a namespace, for terms that select namespaces. True when they differ from before.
  bool setNamespace(const kubeapi::NamespacePtr& ns);
  bool removeNamespace(const Symbol& name);

  // Some pod whose required anti-affinity matches `incoming`; nullopt when there is none. Labels of
  // an unknown namespace match every namespace selector: in doubt the pod waits.
  struct Owner {
    Symbol ns;
    Symbol name;
  };
  [[nodiscard]] std::optional<Owner> match(const kubeapi::Pod& incoming) const;
  [[nodiscard]] std::size_t terms() const { return groups_.size(); }

 private:
  struct Group {
    Symbol owner_ns;
    kubeapi::PodAffinityTerm term;
    std::vector<std::pair<Symbol, Symbol>> owners;  // uid, name
  };
  struct Hash {
    std::size_t operator()(const Group* group) const noexcept;
  };
  struct Equal {
    bool operator()(const Group* a, const Group* b) const noexcept;
  };
  void link(Group* group);
  void unlink(Group* group);
  [[nodiscard]] bool selectsNamespace(const Group& group, const Symbol& ns) const;

  std::unordered_map<const Group*, std::unique_ptr<Group>, Hash, Equal> groups_;
  std::unordered_map<Symbol, std::vector<Group*>> by_namespace_;
  std::vector<Group*> by_selector_;  // terms with a namespaceSelector
  std::unordered_map<Symbol, kubeapi::NamespacePtr> namespaces_;
};

}  // namespace stowage::scheduling
