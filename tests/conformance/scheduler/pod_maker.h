// PodMaker: random pods for the generator, pending and placed. Not thread safe.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "conformance/scheduler/dice.h"
#include "conformance/scheduler/generator.h"

namespace stowage::conformance {

class PodMaker {
 public:
  PodMaker(Dice& dice, const GeneratorOptions& options, std::size_t nodes)
      : dice_(dice), options_(options), nodes_(nodes) {}

  json pending(const std::string& name);
  json placed(const std::string& name, const std::string& node);
  // {"matchLabels": ..., "matchExpressions": ...} over the labels that pods carry.
  json labelSelector(const json& own_labels);

 private:
  json pod(const std::string& name);
  json labels();
  json requests();
  json container(const std::string& name, bool ports);
  void resources(json& spec);
  void resizes(json& pod);
  void nodeAffinity(json& spec);
  json nodeTerm();
  json nodeRequirement();
  void tolerations(json& spec);
  void podAffinity(json& pod, unsigned percent);
  json affinityTerm(const json& pod);
  void spread(json& pod, unsigned percent);
  void declaredFeatures(json& spec);
  std::string nodeName();

  Dice& dice_;
  const GeneratorOptions& options_;
  const std::size_t nodes_;
};

}  // namespace stowage::conformance
