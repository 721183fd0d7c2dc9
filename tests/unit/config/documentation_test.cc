// What docs/configuration.md says is what the code does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/scheduler_config.h"
#include "stowage_paths.h"

namespace stowage::config {
namespace {

using ::testing::HasSubstr;

std::string documentation() {
  std::ifstream file(STOWAGE_SOURCE_DIR "/docs/configuration.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The first fenced block of that language.
std::string firstBlock(const std::string& text, const std::string& language) {
  const std::string fence = "```" + language + "\n";
  const std::size_t begin = text.find(fence);
  if (begin == std::string::npos) return {};
  const std::size_t end = text.find("```", begin + fence.size());
  return text.substr(begin + fence.size(), end - begin - fence.size());
}

TEST(Documentation, TheExampleLoads) {
  const auto config = loadSchedulerConfig(firstBlock(documentation(), "yaml"), "example.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  ASSERT_EQ(config->profiles.size(), 2U);
  EXPECT_EQ(config->profiles[0].scores().back().name, "Packing");
  EXPECT_EQ(config->profiles[1].args.fit.strategy, NodeResourcesFitArgs::Strategy::kMostAllocated);
}

TEST(Documentation, TheExtenderExampleLoadsAndEveryFieldIsNamed) {
  const std::string text = documentation();
  const std::string chapter = text.substr(text.find("## Extenders"));
  const auto config = loadSchedulerConfig(firstBlock(chapter, "yaml"), "example.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  ASSERT_EQ(config->extenders.size(), 1U);
  SchedulerConfig full = *config;
  full.extenders[0].tls.insecure = true;
  std::istringstream lines(schedulerConfigYaml(full));
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "extenders:") inside = true;
    if (line == "profiles:") inside = false;
    const std::size_t begin = line.find_first_not_of(" -");
    const std::size_t end = line.find(':');
    if (!inside || begin == std::string::npos || line[begin] == '{') continue;
    EXPECT_THAT(chapter, HasSubstr(line.substr(begin, end - begin))) << line;
  }
}

TEST(Documentation, NamesEveryPlugin) {
  const std::string text = documentation();
  for (const PluginInfo& plugin : pluginCatalogue())
    EXPECT_THAT(text, HasSubstr(std::string(plugin.name)));
}

TEST(Documentation, NamesEveryFieldThatIsWritten) {
  const std::string text = documentation();
  std::istringstream lines(defaultSchedulerConfigYaml());
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(" -");
    const std::size_t end = line.find(':');
    if (begin == std::string::npos || end == std::string::npos || line[begin] == '{') continue;
    EXPECT_THAT(text, HasSubstr(line.substr(begin, end - begin))) << line;
  }
}

}  // namespace
}  // namespace stowage::config
