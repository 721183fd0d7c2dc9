// How fast API objects are read: a page of 3,000 pods as a busy cluster has them (managed fields,
// environment, volumes, statuses), decoded by ours and, for comparison in the same run, merely
// parsed by nlohmann-json and by simdjson. items_per_second is pods, bytes_per_second is JSON.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <string>

#include "kubeapi/decode.h"
#include "kubeapi/pod.h"
#include "kubeapi/resources.h"

namespace {

using namespace std::string_literals;
using stowage::kubeapi::Decoder;
using stowage::kubeapi::Pod;

constexpr int kPods = 3000;

// What the API server adds to every pod: who owns which field.
std::string managedFields() {
  std::string fields;
  for (int i = 0; i < 24; ++i) {
    fields += fmt::format(
        R"({}"f:field{}":{{".":{{}},"k:{{\"name\":\"main\"}}":{{"f:image":{{}},"f:name":{{}}}}}})",
        i == 0 ? "" : ",", i);
  }
  return R"([{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1",)"
         R"("time":"2026-11-21T03:04:05Z","fieldsType":"FieldsV1","fieldsV1":{)" +
         fields + "}}]";
}

std::string podJson(int i) {
  static const std::string managed = managedFields();
  const int deployment = i / 20;
  std::string env;
  for (int e = 0; e < 12; ++e) {
    env += fmt::format(R"({}{{"name":"VARIABLE_{}","value":"some value of a variable {}"}})",
                       e == 0 ? "" : ",", e, e);
  }
  return fmt::format(
      R"({{"metadata":{{"name":"web-{0}-{1}","generateName":"web-{0}-","namespace":"team-{2}",)"
      R"("uid":"6f1b1a52-0000-4000-8000-{1:012}","resourceVersion":"{3}",)"
      R"("creationTimestamp":"2026-11-21T03:04:05Z","labels":{{"app":"web-{0}",)"
      R"("pod-template-hash":"5d59d67564","team":"team-{2}"}},)"
      R"("annotations":{{"checksum/config":"0f343b0931126a20f133d67c2b018a3b5d0f6c4f"}},)"
      R"("ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-{0}",)"
      R"("uid":"11111111-0000-4000-8000-{0:012}","controller":true}}],"managedFields":{4}}},)"
      R"("spec":{{"volumes":[{{"name":"token","projected":{{"sources":[{{"configMap":)"
      R"({{"name":"kube-root-ca.crt","items":[{{"key":"ca.crt","path":"ca.crt"}}]}}}}]}}}}],)"
      R"("containers":[{{"name":"main","image":"registry.example.com/web:{0}","env":[{5}],)"
      R"("ports":[{{"containerPort":8080,"protocol":"TCP"}}],"resources":{{"limits":)"
      R"({{"cpu":"1","memory":"1Gi"}},"requests":{{"cpu":"250m","memory":"512Mi"}}}},)"
      R"("volumeMounts":[{{"name":"token","readOnly":true,"mountPath":"/var/run/secrets"}}],)"
      R"("livenessProbe":{{"httpGet":{{"path":"/healthz","port":8080}},"timeoutSeconds":1}}}}],)"
      R"("restartPolicy":"Always","nodeName":"node-{6}","schedulerName":"default-scheduler",)"
      R"("tolerations":[{{"key":"node.kubernetes.io/not-ready","operator":"Exists",)"
      R"("effect":"NoExecute","tolerationSeconds":300}},{{"key":)"
      R"("node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute",)"
      R"("tolerationSeconds":300}}],"priority":0,"preemptionPolicy":"PreemptLowerPriority"}},)"
      R"("status":{{"phase":"Running","conditions":[{{"type":"Initialized","status":"True",)"
      R"("lastTransitionTime":"2026-11-21T03:04:06Z"}},{{"type":"Ready","status":"True",)"
      R"("lastTransitionTime":"2026-11-21T03:04:09Z"}},{{"type":"PodScheduled","status":"True",)"
      R"("lastTransitionTime":"2026-11-21T03:04:05Z"}}],"podIP":"10.1.2.3",)"
      R"("startTime":"2026-11-21T03:04:05Z","containerStatuses":[{{"name":"main","state":)"
      R"({{"running":{{"startedAt":"2026-11-21T03:04:08Z"}}}},"ready":true,"restartCount":0,)"
      R"("allocatedResources":{{"cpu":"250m","memory":"512Mi"}},"resources":{{"requests":)"
      R"({{"cpu":"250m","memory":"512Mi"}}}}}}]}}}})",
      deployment, i, deployment % 10, 1'000'000 + i, managed, env, i % 150);
}

const std::string& page() {
  static const std::string json = [] {
    std::string text = R"({"kind":"PodList","metadata":{"resourceVersion":"9"},"items":[)";
    for (int i = 0; i < kPods; ++i) text += (i == 0 ? ""s : ","s) + podJson(i);
    return text + "]}";
  }();
  return json;
}

void count(benchmark::State& state, std::size_t pods, std::size_t bytes) {
  const auto iterations = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(iterations * static_cast<std::int64_t>(pods));
  state.SetBytesProcessed(iterations * static_cast<std::int64_t>(bytes));
}

void decodeList(benchmark::State& state) {
  Decoder<Pod> decoder;
  for (auto _ : state) {
    auto list = decoder.list(page());
    if (!list || list->items.size() != kPods || !list->bad.empty()) {
      state.SkipWithError("the page did not decode");
      break;
    }
    benchmark::DoNotOptimize(list);
  }
  count(state, kPods, page().size());
}
BENCHMARK(decodeList)->Unit(benchmark::kMillisecond);

// With all earlier pods still alive, as in a cache: interned texts are found, not made.
void decodeListIntoWarmCache(benchmark::State& state) {
  Decoder<Pod> decoder;
  const auto kept = decoder.list(page());
  for (auto _ : state) benchmark::DoNotOptimize(decoder.list(page()));
  count(state, kPods, page().size());
}
BENCHMARK(decodeListIntoWarmCache)->Unit(benchmark::kMillisecond);

void decodeWatchEvent(benchmark::State& state) {
  Decoder<Pod> decoder;
  const std::string line = R"({"type":"MODIFIED","object":)" + podJson(1) + "}\n";
  for (auto _ : state) benchmark::DoNotOptimize(decoder.event(line));
  count(state, 1, line.size());
}
BENCHMARK(decodeWatchEvent)->Unit(benchmark::kMicrosecond);

void simdjsonParseOnly(benchmark::State& state) {
  simdjson::dom::parser parser;
  for (auto _ : state) benchmark::DoNotOptimize(parser.parse(page()).error());
  count(state, kPods, page().size());
}
BENCHMARK(simdjsonParseOnly)->Unit(benchmark::kMillisecond);

void nlohmannParseOnly(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(nlohmann::json::parse(page()));
  count(state, kPods, page().size());
}
BENCHMARK(nlohmannParseOnly)->Unit(benchmark::kMillisecond);

void requestsOfAPod(benchmark::State& state) {
  Decoder<Pod> decoder;
  const auto pod = decoder.object(podJson(1));
  for (auto _ : state) {
    benchmark::DoNotOptimize(podRequests(**pod, stowage::kubeapi::RequestSource::kSpecOrStatus));
  }
  count(state, 1, 0);
}
BENCHMARK(requestsOfAPod)->Unit(benchmark::kNanosecond);

void parseQuantity(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(stowage::kubeapi::Quantity::parse("512Mi"));
  count(state, 1, 0);
}
BENCHMARK(parseQuantity)->Unit(benchmark::kNanosecond);

}  // namespace

BENCHMARK_MAIN();
