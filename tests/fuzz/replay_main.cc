// Every target on its corpus, and on damaged copies of it: cut off at every place, bytes changed,
// pieces doubled. Deterministic. A target without a corpus is an error.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/rng.h"
#include "fuzz/fuzz_target.h"
#include "stowage_paths.h"

namespace stowage::fuzz {
namespace {

constexpr std::size_t kCuts = 300;  // per file
constexpr int kMutations = 400;     // per file

std::vector<std::string> corpusOf(const std::string& target) {
  std::vector<std::string> inputs;
  const std::filesystem::path folder =
      std::filesystem::path(STOWAGE_SOURCE_DIR "/tests/fuzz/corpus") / target;
  if (!std::filesystem::is_directory(folder)) return inputs;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry);
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return inputs;
}

std::string mutated(std::string input, base::Rng& rng) {
  using std::string_view_literals::operator""sv;
  constexpr std::string_view kBytes = "\"\\{}[]:,0-9eE.nul\xff\x00 \n\t/xi"sv;
  const std::uint64_t changes = 1 + rng.below(4);
  for (std::uint64_t i = 0; i < changes && !input.empty(); ++i) {
    const std::size_t at = rng.below(input.size());
    switch (rng.below(4)) {
      case 0:
        input[at] = kBytes[rng.below(kBytes.size())];
        break;
      case 1:
        input.erase(at, 1 + rng.below(8));
        break;
      case 2:
        input.insert(at, 1, kBytes[rng.below(kBytes.size())]);
        break;
      default:
        input.insert(rng.below(input.size()), input.substr(at, 1 + rng.below(64)));
        break;
    }
  }
  return input;
}

class Replay : public ::testing::TestWithParam<std::string> {};

TEST_P(Replay, SurvivesItsCorpusAndDamagedCopiesOfIt) {
  const std::vector<std::string> corpus = corpusOf(GetParam());
  ASSERT_FALSE(corpus.empty()) << "add seeds to tests/fuzz/corpus/" << GetParam();
  const Function function = targets().at(GetParam());
  base::Rng rng(1);
  function("");
  for (const std::string& input : corpus) {
    function(input);
    const std::size_t step = std::max<std::size_t>(1, input.size() / kCuts);
    for (std::size_t end = 0; end < input.size(); end += step) function(input.substr(0, end));
    for (int i = 0; i < kMutations; ++i) function(mutated(input, rng));
  }
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& [name, function] : targets()) all.push_back(name);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Replay, ::testing::ValuesIn(names()),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace stowage::fuzz

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
