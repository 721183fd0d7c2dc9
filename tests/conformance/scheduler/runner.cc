#include "conformance/scheduler/runner.h"

#include <stdexcept>
#include <vector>

#include "conformance/apimachinery_oracle.h"
#include "conformance/scheduler/shrinker.h"
#include "conformance/scheduler/subject.h"

namespace stowage::conformance {
namespace {

constexpr std::uint64_t kBatch = 64;

json ourAnswer(const json& question, std::uint64_t history) {
  try {
    return askSubject(question, history);
  } catch (const std::exception& error) {
    return {{"error", error.what()}};
  }
}

}  // namespace

Runner::Runner() : oracle_(buildOracle("scheduler")) {}

std::optional<Difference> Runner::compareAll(const json& question, const json& ours,
                                             const json& upstream) {
  if (upstream.contains("error") || ours.contains("error")) {
    return Difference{"question", "upstream: " + upstream.value("error", "fine") +
                                      "; ours: " + ours.value("error", "fine")};
  }
  const std::size_t pods = question["pods"].size();
  for (std::size_t i = 0; i < pods; ++i) {
    const Mask mask = maskOfPod(question, question["pods"][i]);
    if (mask.scope == Mask::Scope::kPod) continue;
    const bool preemption =
        mask.scope != Mask::Scope::kPreemption && question.value("preempt", false);
    if (auto found = compareAnswers(upstream["pods"][i], ours["pods"][i], preemption)) {
      found->detail =
          question["pods"][i]["metadata"]["name"].get<std::string>() + ", " + found->detail;
      return found;
    }
  }
  return std::nullopt;
}

void Runner::count(const json& question, const json& answers) {
  json compared = json::array();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Mask mask = maskOfPod(question, question["pods"][i]);
    if (mask.scope != Mask::Scope::kNothing) statistics_.countMasked(mask, 1);
    if (mask.scope == Mask::Scope::kPod) continue;
    compared.push_back(answers[i]);
    if (mask.scope == Mask::Scope::kPreemption) compared.back().erase("preemption");
  }
  statistics_.countCase(compared);
  statistics_.countVerdicts(question["nodes"].size() * compared.size());
}

std::optional<Difference> Runner::compareOne(const json& question, std::uint64_t history) {
  oracle_.send({question.dump()});
  const json ours = ourAnswer(question, history);
  return compareAll(question, ours, json::parse(oracle_.receive()));
}

Runner::Finding Runner::madeSmall(std::uint64_t index, json question, Difference difference) {
  const json smallest = shrink(std::move(question), [&](const json& candidate) {
    if (maskOfCase(candidate).scope != Mask::Scope::kNothing) return false;
    const auto found = compareOne(candidate, index);
    return found.has_value() && found->kind == difference.kind;
  });
  return {index, compareOne(smallest, index).value_or(difference), smallest};
}

std::optional<Runner::Finding> Runner::run(std::uint64_t seed, std::uint64_t first,
                                           std::uint64_t number, const GeneratorOptions& options) {
  for (std::uint64_t begin = first; begin < first + number; begin += kBatch) {
    const std::uint64_t end = std::min(begin + kBatch, first + number);
    std::vector<json> questions;
    std::vector<std::string> lines;
    std::vector<std::uint64_t> indices;
    for (std::uint64_t index = begin; index < end; ++index) {
      json question = makeCase(seed, index, options);
      if (const Mask mask = maskOfCase(question); mask.scope != Mask::Scope::kNothing) {
        statistics_.countMasked(mask, question["pods"].size());
        continue;
      }
      lines.push_back(question.dump());
      questions.push_back(std::move(question));
      indices.push_back(index);
    }
    oracle_.send(std::move(lines));
    std::vector<json> ours;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      ours.push_back(ourAnswer(questions[i], indices[i]));
    }
    std::vector<json> upstream;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      upstream.push_back(json::parse(oracle_.receive()));
    }
    for (std::size_t i = 0; i < questions.size(); ++i) {
      if (auto found = compareAll(questions[i], ours[i], upstream[i])) {
        return madeSmall(indices[i], std::move(questions[i]), std::move(*found));
      }
      count(questions[i], upstream[i]["pods"]);
    }
  }
  return std::nullopt;
}

}  // namespace stowage::conformance
