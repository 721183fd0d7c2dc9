// VolumeMaker: storage classes, volumes, claims, CSI objects, and pods that use them. Not thread
// safe.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "conformance/scheduler/dice.h"

namespace stowage::conformance {

class VolumeMaker {
 public:
  VolumeMaker(Dice& dice, std::size_t nodes) : dice_(dice), nodes_(nodes) {}

  // Adds the objects to the question, whose pods do not use any yet.
  void addObjects(nlohmann::json& question);
  // Gives the pod volumes of those objects.
  void use(nlohmann::json& pod);

 private:
  using json = nlohmann::json;

  json storageClass(const std::string& name, const std::string& provisioner, bool waits);
  void addVolume(json& question, const std::string& name);
  void addClaim(json& question, const std::string& ns, const std::string& name);
  void bind(json& question, json& claim);
  json source();
  json nodeAffinity();
  json csiNode(std::size_t node);
  json capacity(std::size_t number);
  json inlineVolume();
  std::string accessMode();
  std::string amount();

  Dice& dice_;
  const std::size_t nodes_;
  std::size_t bound_ = 0;
};

}  // namespace stowage::conformance
