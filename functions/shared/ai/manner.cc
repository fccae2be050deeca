#include "functions/shared/ai/manner.h"

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace chatpad::functions::ai {
namespace {

using Words = std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string_view text_of(const wire::Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return {};
  return found->get_ref<const std::string&>();
}

bool is_on(const wire::Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

void add(std::string& manner, std::string_view value, Words words) {
  for (const auto& [name, sentence] : words) {
    if (name == value) manner.append(sentence).append(" ");
  }
}

bool is_language_tag(std::string_view text) {
  if (text.size() < 2 || text.size() > 35) return false;
  return text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == text.npos;
}

}  // namespace

std::string manner_of(const wire::Json& personality) {
  std::string manner;
  if (!personality.is_object()) return manner;
  add(manner, text_of(personality, "tone"),
      {{"professional", "Write in a professional tone."},
       {"friendly", "Write in a friendly tone."},
       {"casual", "Write casually."},
       {"formal", "Write formally."}});
  // The style stands beside the tone or, as agents are saved by the admin, in an object of its own.
  const auto nested = personality.find("responseStyle");
  const wire::Json& style =
      nested != personality.end() && nested->is_object() ? *nested : personality;
  std::string_view length = text_of(style, "length");
  if (length.empty()) length = text_of(personality, "communicationStyle");
  add(manner, length,
      {{"concise", "Keep answers short."},
       {"balanced", "Answer in a few sentences."},
       {"detailed", "Answer in detail."}});
  add(manner, text_of(style, "emojiUsage"),
      {{"none", "Use no emoji."},
       {"minimal", "Use an emoji only rarely."},
       {"moderate", "Use an emoji now and then."},
       {"frequent", "Use emoji often."}});
  if (is_on(style, "followUpQuestions")) {
    manner += "End with a short follow-up question where it helps. ";
  }
  if (is_on(style, "proactiveOffering")) {
    manner += "Offer what would help the visitor next. ";
  }
  const std::string_view language = text_of(personality, "language");
  if (is_language_tag(language)) {
    manner.append("Answer in the language with the tag ").append(language).append(". ");
  } else {
    manner += "Answer in the language of the question. ";
  }
  manner.pop_back();
  return manner;
}

}  // namespace chatpad::functions::ai
