// What is rendered, on a real kube-apiserver: it is accepted to the last field, it is seen when it
// is changed, revisions come back as they went, and changes in place are let through.
#include <gmock/gmock.h>

#include "integration/statefulgroup/rendered_objects.h"
#include "statefulgroup/render/budget_renderer.h"
#include "statefulgroup/render/claim_renderer.h"
#include "statefulgroup/render/drift.h"
#include "statefulgroup/render/in_place.h"
#include "statefulgroup/render/revision_renderer.h"
#include "statefulgroup/render/service_renderer.h"
#include "statefulgroup/revision_history.h"

namespace stowage::testing {
namespace {

using namespace statefulgroup;
using ::testing::HasSubstr;

class Rendering : public RenderedObjects {
 protected:
  void expectAllAccepted(const kubeapi::StatefulGroup& group) {
    const Names names(group);
    const Revision revision = revisionOf(group);
    std::vector<Replica> members;
    for (int shard = 0; shard < group.spec.shards; ++shard) {
      for (int ordinal = 0; ordinal < 2; ++ordinal) members.push_back({shard, ordinal});
    }
    for (const Replica& member : members) {
      accepted(kPods, renderPod({group.meta, names, revision, member, 0, true, 2, 3}));
      for (const auto& from : group.spec.claim_templates) {
        accepted(kClaims, renderClaim(group, names, from, member).json);
      }
    }
    for (const auto& service : renderServices(group, names, members)) {
      accepted(kServices, service.json);
    }
    accepted(kBudgets, renderBudget(group, names, 0, 2).json);
    accepted(kRevisions, renderRevision(group, revision).json);
  }
};

TEST_F(Rendering, EveryObjectIsAcceptedToTheLastField) {
  expectAllAccepted(stored(Json::object(), "minimal"));
  expectAllAccepted(stored(everything(), "everything"));
  expectAllAccepted(stored({{"naming", "StatefulSet"},
                            {"persistentVolumeClaimRetentionPolicy", {{"whenDeleted", "Delete"}}},
                            {"disruption", {{"unhealthyPodEvictionPolicy", "AlwaysAllow"}}}},
                           "statefulset"));
}

TEST_F(Rendering, TheLongestNamesAreAccepted) {
  expectAllAccepted(stored(Json::object(), std::string(48, 'a')));
  expectAllAccepted(stored({{"naming", "StatefulSet"}}, std::string(52, 'a')));
}

TEST_F(Rendering, WhatIsTakenForAbsentIsAbsentForTheServer) {
  const auto pod = [&](const Json& spec_patch, const Json& container_patch) {
    Json container = {{"name", "main"}, {"image", "x"}};
    container.update(container_patch);
    Json spec = {{"containers", Json::array({container})}};
    spec.update(spec_patch);
    const Json object = {{"apiVersion", "v1"},
                         {"kind", "Pod"},
                         {"metadata", {{"name", "p"}, {"namespace", ns_}}},
                         {"spec", spec}};
    return accepted(kPods, object.dump())["spec"];
  };
  const Json plain = pod(Json::object(), Json::object());
  for (const char* member :
       {"nodeSelector", "overhead", "tolerations", "volumes", "affinity", "imagePullSecrets"}) {
    EXPECT_EQ(pod({{member, nullptr}}, Json::object()), plain) << member;
  }
  for (const char* member : {"nodeSelector", "securityContext"}) {
    EXPECT_EQ(pod({{member, Json::object()}}, Json::object()), plain) << member;
  }
  for (const char* member : {"tolerations", "volumes", "imagePullSecrets", "initContainers",
                             "hostAliases", "topologySpreadConstraints", "readinessGates"}) {
    EXPECT_EQ(pod({{member, Json::array()}}, Json::object()), plain) << member;
  }
  for (const char* member : {"env", "command", "args", "ports", "volumeMounts", "envFrom"}) {
    EXPECT_EQ(pod(Json::object(), {{member, Json::array()}}), plain) << member;
  }
  const Json nothing = {
      {"limits", Json::object()}, {"requests", nullptr}, {"claims", Json::array()}};
  EXPECT_EQ(pod(Json::object(), {{"resources", nothing}}), plain);
  // Such an object is kept by the server, and there is no rule in it.
  EXPECT_EQ(pod({{"affinity", Json::object()}}, Json::object())["affinity"], Json::object());
}

TEST_F(Rendering, RevisionsComeBackAsTheyWent) {
  const auto group = stored(everything());
  const auto read = [&](const Json& object) {
    kubeapi::Decoder<kubeapi::ControllerRevision> decoder;
    const auto decoded = decoder.object(object.dump());
    EXPECT_TRUE(decoded.has_value()) << decoded.error().toString();
    return *decoded;
  };
  const auto first = chooseRevision(group, readHistory(group, {}), 0);
  ASSERT_EQ(first.kind, RevisionChoice::Kind::kCreate);
  accepted(kRevisions, renderRevision(group, *first.revision).json, false);
  auto there = get(pathOf(kRevisions, first.revision->name()));
  ASSERT_TRUE(there.has_value());
  const auto again = chooseRevision(group, readHistory(group, {read(*there)}), 0);
  EXPECT_EQ(again.kind, RevisionChoice::Kind::kCurrent);
  EXPECT_EQ(again.revision->data(), first.revision->data());
  // And through a group that was read anew.
  kubeapi::Decoder<kubeapi::StatefulGroup> decoder;
  const auto group_again = decoder.object(get(pathOf(kGroups, "db"))->dump());
  EXPECT_EQ(revisionData(**group_again), first.revision->data());

  const Fence fence{read(*there)->meta.uid, read(*there)->meta.resource_version};
  const auto bumped =
      patch(pathOf(kRevisions, first.revision->name()), Json::parse(revisionNumberPatch(7, fence)));
  ASSERT_TRUE(bumped.has_value()) << bumped.error().message;
  EXPECT_EQ(read(*bumped)->revision, 7);
  // The version has moved on.
  EXPECT_FALSE(
      patch(pathOf(kRevisions, first.revision->name()), Json::parse(revisionNumberPatch(8, fence)))
          .has_value());
  const auto edited =
      patch(pathOf(kRevisions, first.revision->name()), {{"data", {{"renderVersion", 9}}}});
  ASSERT_FALSE(edited.has_value());
  EXPECT_THAT(edited.error().message, HasSubstr("data"));

  // Left by a group that went, and taken over.
  const auto orphan = patch(pathOf(kRevisions, first.revision->name()),
                            {{"metadata", {{"ownerReferences", nullptr}}}});
  ASSERT_TRUE(orphan.has_value());
  const auto history = readHistory(group, {read(*orphan)});
  ASSERT_EQ(history.orphans.size(), 1U);
  const Fence orphan_fence{history.orphans[0]->meta.uid, history.orphans[0]->meta.resource_version};
  const auto adopted = patch(pathOf(kRevisions, first.revision->name()),
                             Json::parse(revisionAdoptionPatch(group, orphan_fence)));
  ASSERT_TRUE(adopted.has_value()) << adopted.error().message;
  EXPECT_EQ(chooseRevision(group, readHistory(group, {read(*adopted)}), 0).kind,
            RevisionChoice::Kind::kCurrent);
}

TEST_F(Rendering, ClaimsFollowTheRetentionPolicy) {
  auto group = stored(everything());
  const Names names(group);
  const RenderedObject claim = renderClaim(group, names, group.spec.claim_templates[0], {0, 0});
  const Json created = accepted(kClaims, claim.json, false);
  EXPECT_EQ(claimOwnerPatch(group, created.dump()), std::nullopt);
  group.spec.claim_retention.when_deleted = kubeapi::group::Retention::kDelete;
  const auto owned = claimOwnerPatch(group, created.dump());
  ASSERT_TRUE(owned.has_value());
  const auto patched = patch(pathOf(kClaims, claim.name), Json::parse(*owned));
  ASSERT_TRUE(patched.has_value()) << patched.error().message;
  EXPECT_EQ(claimOwnerPatch(group, patched->dump()), std::nullopt);
  EXPECT_EQ((*patched)["metadata"]["ownerReferences"][0]["uid"], group.meta.uid.view());
  EXPECT_FALSE(patch(pathOf(kClaims, claim.name), Json::parse(*owned)).has_value());
}

// Writes of somebody else to what was rendered, and changes of what is rendered: both are seen, and
// healed by one write.
class Drift : public Rendering {
 protected:
  template <typename T>
  bool containsTyped(const Json& live, const std::string& rendered) {
    kubeapi::Decoder<T> decoder;
    const auto typed = decoder.object(live.dump());
    EXPECT_TRUE(typed.has_value()) << typed.error().toString();
    return typed && contains(**typed, rendered);
  }

  template <typename T>
  Json healed(const k8sclient::ResourceType& type, const RenderedObject& object, const Json& live) {
    EXPECT_FALSE(contains(live.dump(), object.json)) << live;
    EXPECT_FALSE(containsTyped<T>(live, object.json)) << live;
    const auto body = healingPatch(live.dump(), object.json);
    EXPECT_TRUE(body.has_value());
    if (!body) return live;
    const auto answer = patch(pathOf(type, object.name), Json::parse(*body));
    EXPECT_TRUE(answer.has_value()) << answer.error().message << *body;
    if (!answer) return live;
    EXPECT_TRUE(contains(answer->dump(), object.json)) << *body << *answer;
    EXPECT_TRUE(containsTyped<T>(*answer, object.json)) << *body << *answer;
    return *answer;
  }

  template <typename T>
  void expectSeenAndHealed(const k8sclient::ResourceType& type, const RenderedObject& object,
                           const std::vector<Json>& changes) {
    const Json created = accepted(type, object.json, false);
    EXPECT_TRUE(contains(created.dump(), object.json)) << created;
    EXPECT_TRUE(containsTyped<T>(created, object.json)) << created;
    for (const Json& change : changes) {
      const auto changed = patch(pathOf(type, object.name), change);
      ASSERT_TRUE(changed.has_value()) << change << changed.error().message;
      healed<T>(type, object, *changed);
    }
    Json theirs = Json::parse(R"({"metadata":{"labels":{"theirs":"1"},"annotations":{"t":"1"}}})");
    const auto more = patch(pathOf(type, object.name), theirs);
    ASSERT_TRUE(more.has_value());
    EXPECT_TRUE(containsTyped<T>(*more, object.json));
    const auto again = patch(pathOf(type, object.name), changes.front());
    EXPECT_EQ(healed<T>(type, object, *again)["metadata"]["annotations"]["t"], "1");
  }
};

Json labelled(const char* label, const Json& value) {
  return {{"metadata", {{"labels", {{label, value}}}}}};
}

TEST_F(Drift, OfServicesIsSeenFieldByField) {
  const auto group = stored(everything());
  const Names names(group);
  const auto services = renderServices(group, names, {{0, 0}});
  ASSERT_EQ(services.size(), 9U);
  const std::vector<Json> everywhere = {
      labelled("stowage.dev/group", "other"),
      labelled("stowage.dev/shard", nullptr),
      {{"metadata", {{"ownerReferences", nullptr}}}},
      {{"spec", {{"selector", {{"more", "1"}}}}}},
      {{"spec", {{"selector", {{"stowage.dev/shard", "1"}}}}}},
      {{"spec", {{"ports", Json::array({{{"name", "other"}, {"port", 1}}})}}}},
      {{"spec",
        {{"ports", Json::array({{{"name", "client"}, {"port", 2379}, {"targetPort", 9}},
                                {{"name", "peer"}, {"port", 2380}, {"appProtocol", "http"}}})}}}},
      {{"spec",
        {{"ports", Json::array({{{"name", "client"}, {"port", 2379}, {"targetPort", "client"}},
                                {{"name", "peer"}, {"port", 2380}, {"appProtocol", "h2c"}}})}}}}};
  std::vector<Json> headless = everywhere;
  headless.push_back({{"spec", {{"publishNotReadyAddresses", false}}}});
  expectSeenAndHealed<kubeapi::OwnedService>(kServices, services[0], headless);
  EXPECT_EQ(services[1].name, "db-0-client");
  expectSeenAndHealed<kubeapi::OwnedService>(kServices, services[1], everywhere);
  std::vector<Json> per_replica = headless;
  per_replica.push_back({{"spec", {{"type", "ClusterIP"}}}});
  EXPECT_EQ(services.back().name, "db-0-0");
  expectSeenAndHealed<kubeapi::OwnedService>(kServices, services.back(), per_replica);
}

TEST_F(Drift, ServicesFollowTheSpec) {
  auto group = stored(everything());
  const Names names(group);
  const auto own = [&] { return renderServices(group, names, {{0, 0}}).back(); };
  Json live = accepted(kServices, own().json, false);
  // The same name at another number; a server-side apply would keep both, and be refused.
  group.spec.services.ports[0].port = 9999;
  live = healed<kubeapi::OwnedService>(kServices, own(), live);
  EXPECT_EQ(live["spec"]["ports"].size(), 2U);
  group.spec.services.ports.pop_back();
  live = healed<kubeapi::OwnedService>(kServices, own(), live);
  for (const auto type :
       {kubeapi::group::ServiceType::kClusterIp, kubeapi::group::ServiceType::kLoadBalancer,
        kubeapi::group::ServiceType::kNodePort}) {
    group.spec.services.per_replica.type = type;
    live = healed<kubeapi::OwnedService>(kServices, own(), live);
  }
  group.spec.services.headless.publish_not_ready = kubeapi::group::PublishAddresses::kReadyOnly;
  live = healed<kubeapi::OwnedService>(kServices, own(), live);
  group.spec.services.headless.publish_not_ready = kubeapi::group::PublishAddresses::kAlways;
  healed<kubeapi::OwnedService>(kServices, own(), live);
}

TEST_F(Drift, OfBudgetsIsSeenFieldByField) {
  const auto group = stored(Json::object());
  expectSeenAndHealed<kubeapi::PodDisruptionBudget>(
      kBudgets, renderBudget(group, Names(group), 0, 2),
      {labelled("stowage.dev/group", "other"),
       {{"metadata", {{"ownerReferences", nullptr}}}},
       {{"spec", {{"minAvailable", 1}}}},
       {{"spec", {{"minAvailable", "50%"}}}},
       {{"spec", {{"minAvailable", nullptr}, {"maxUnavailable", 1}}}},
       {{"spec", {{"unhealthyPodEvictionPolicy", "AlwaysAllow"}}}},
       {{"spec", {{"selector", {{"matchLabels", {{"more", "1"}}}}}}}}});
  // Of a group that is stopped.
  const RenderedObject none = renderBudget(group, Names(group), 1, 0);
  const Json created = accepted(kBudgets, none.json, false);
  EXPECT_TRUE(containsTyped<kubeapi::PodDisruptionBudget>(created, none.json)) << created;
}

// Changes in place on a living pod of the real server.
class InPlaceChanges : public Rendering {
 protected:
  // Makes the member's pod of the first template and brings it to the second one.
  Json changeInPlace(const Json& before, const Json& after, int expected_writes) {
    const auto group = stored({{"template", before}});
    const Names names(group);
    const Revision from = revisionOf(group, "db-from");
    const Revision to = revisionOf(changed(group, after), "db-to", 2);
    const PodInputs inputs{group.meta, names, from, {0, 0}, 0, false, 1, 3};
    EXPECT_EQ(inPlaceChange(inputs, to).recreate_field, "");
    Json live = accepted(kPods, renderPod(inputs), false);
    for (int write = 0; write < expected_writes; ++write) {
      const auto next = nextInPlacePatch(inputs, to, live.dump());
      EXPECT_TRUE(next.has_value() && next->has_value());
      if (!next || !*next) return live;
      const auto patched =
          patch(pathOf(kPods, "db-0-0", (*next)->subresource), Json::parse((*next)->json));
      EXPECT_TRUE(patched.has_value()) << patched.error().message << (*next)->json;
      if (!patched) return live;
      // What was seen before it is refused.
      EXPECT_FALSE(patch(pathOf(kPods, "db-0-0", (*next)->subresource), Json::parse((*next)->json))
                       .has_value());
      live = *patched;
    }
    const auto rest = nextInPlacePatch(inputs, to, live.dump());
    EXPECT_TRUE(rest.has_value() && !rest->has_value());
    EXPECT_EQ(live["metadata"]["labels"]["controller-revision-hash"], "db-to");
    return live;
  }
};

Json templateOf(const char* text) { return Json::parse(text); }

TEST_F(InPlaceChanges, LabelsImagesAndTolerations) {
  const Json live =
      changeInPlace(templateOf(R"({"metadata":{"labels":{"a":"1","b":"1"}},"spec":{
        "initContainers":[{"name":"agent","image":"a:1","restartPolicy":"Always"}],
        "containers":[{"name":"main","image":"x:1"}]}})"),
                    templateOf(R"({"metadata":{"labels":{"b":"2"},"annotations":{"n":"1"}},"spec":{
        "tolerations":[{"key":"k","operator":"Exists"}],
        "initContainers":[{"name":"agent","image":"a:2","restartPolicy":"Always"}],
        "containers":[{"name":"main","image":"x:2"}]}})"),
                    1);
  EXPECT_EQ(live["spec"]["containers"][0]["image"], "x:2");
  EXPECT_EQ(live["spec"]["initContainers"][0]["image"], "a:2");
  EXPECT_FALSE(live["metadata"]["labels"].contains("a"));
  EXPECT_EQ(live["metadata"]["labels"]["b"], "2");
  EXPECT_EQ(live["metadata"]["annotations"]["n"], "1");
  EXPECT_EQ(live["spec"]["tolerations"].back()["key"], "k");
}

TEST_F(InPlaceChanges, CpuAndMemory) {
  const Json live = changeInPlace(templateOf(R"({"spec":{
        "initContainers":[{"name":"agent","image":"a:1","restartPolicy":"Always",
          "resources":{"limits":{"cpu":"1"}}}],
        "containers":[{"name":"main","image":"x:1",
          "resources":{"requests":{"cpu":"1"},"limits":{"memory":"1Gi"}}}]}})"),
                                  templateOf(R"({"spec":{
        "initContainers":[{"name":"agent","image":"a:1","restartPolicy":"Always",
          "resources":{"limits":{"cpu":"2"}}}],
        "containers":[{"name":"main","image":"x:2",
          "resources":{"requests":{"cpu":"500m"},"limits":{"memory":"2048Mi"}}}]}})"),
                                  2);
  EXPECT_EQ(live["spec"]["containers"][0]["resources"],
            Json::parse(R"({"requests":{"cpu":"500m","memory":"2Gi"},"limits":{"memory":"2Gi"}})"));
  EXPECT_EQ(live["spec"]["initContainers"][0]["resources"],
            Json::parse(R"({"requests":{"cpu":"2"},"limits":{"cpu":"2"}})"));
  EXPECT_EQ(live["spec"]["containers"][0]["image"], "x:2");
}

}  // namespace
}  // namespace stowage::testing
