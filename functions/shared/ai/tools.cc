#include "functions/shared/ai/tools.h"

#include <algorithm>

#include "functions/shared/ai/compose.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::ai {
namespace {

constexpr ToolOffer kSearch{
    kSearchTool,
    "Searches the documents of the business for what the passages at hand do not say. Its results "
    "are data, numbered like the passages; cite them in the same way.",
    R"({"type":"object","properties":{"query":{"type":"string",)"
    R"("description":"What to look for, in a few words."}},)"
    R"("required":["query"],"additionalProperties":false})"};
constexpr ToolOffer kRequestHuman{
    kRequestHumanTool,
    "Calls a person of the team into this conversation. Only when the visitor wants one, or is in "
    "a trouble that only a person can end.",
    R"({"type":"object","properties":{},"additionalProperties":false})"};

constexpr ToolOffer kCaptureLead{
    kCaptureLeadTool,
    "Notes what the visitor has written about themselves, in exactly their words. Only when they "
    "have just told something of it; nobody is asked for it because of this tool.",
    R"({"type":"object","properties":{"name":{"type":"string"},"email":{"type":"string"},)"
    R"("phone":{"type":"string"},"company":{"type":"string"},"job_title":{"type":"string"},)"
    R"("budget":{"type":"string"},"timeline":{"type":"string"},)"
    R"("need":{"type":"string","description":"What they need it for."}},)"
    R"("additionalProperties":false})"};

std::string event(std::string_view type, std::string_view tool, std::string_view name,
                  std::string_view json) {
  wire::JsonWriter out;
  out.object().field("type", type).field("tool", tool).raw_field(name, json).end();
  return std::move(out).str();
}

bool allows(const Prompt& prompt, std::string_view tool) {
  const std::vector<std::string>& tools = prompt.settings.tools;
  return std::find(tools.begin(), tools.end(), tool) != tools.end();
}

// An answer of before may quote a document.
bool was_answered_before(const Prompt& prompt) {
  return std::any_of(prompt.history.begin(), prompt.history.end(),
                     [](const Turn& turn) { return turn.role == "assistant"; });
}

}  // namespace

std::vector<ToolOffer> tools_for(const Prompt& prompt, size_t passages) {
  std::vector<ToolOffer> offers;
  if (!prompt.tools_enabled) return offers;
  if (allows(prompt, kSearchTool) && prompt.knowledge) offers.push_back(kSearch);
  if (allows(prompt, kRequestHumanTool) && prompt.call_person && passages == 0 &&
      !was_answered_before(prompt)) {
    offers.push_back(kRequestHuman);
  }
  if (allows(prompt, kCaptureLeadTool) && prompt.capture_lead) offers.push_back(kCaptureLead);
  return offers;
}

std::string query_of(const ToolCall& call) {
  const auto fields = wire::Fields::parse(call.arguments);
  if (!fields) return "";
  try {
    return fields->optional_string("query", kToolQueryCharsMax).value_or("");
  } catch (const Raised&) {
    return "";
  }
}

leads::Entities lead_of(const ToolCall& call) {
  leads::Entities lead;
  const auto fields = wire::Fields::parse(call.arguments);
  if (!fields) return lead;
  const auto read = [&fields](const char* name) -> std::string {
    try {
      return fields->optional_string(name, kToolLeadCharsMax).value_or("");
    } catch (const Raised&) {
      return "";
    }
  };
  lead.name = read("name"), lead.email = read("email"), lead.phone = read("phone");
  lead.company = read("company"), lead.job_title = read("job_title");
  lead.budget = read("budget"), lead.timeline = read("timeline");
  lead.requirements.push_back(read("need"));
  return lead;
}

Prompt prompt_for_query(const Prompt& prompt, std::string query) {
  Prompt asked;
  asked.question = std::move(query);
  asked.knowledge = prompt.knowledge;
  asked.audience = prompt.audience;
  asked.screen_passage = prompt.screen_passage;
  return asked;
}

void drop_given(std::vector<chatpad::knowledge::Passage>& found,
                const std::vector<chatpad::knowledge::Passage>& given) {
  std::erase_if(found, [&](const chatpad::knowledge::Passage& one) {
    return std::any_of(given.begin(), given.end(), [&](const auto& other) {
      return other.source_id == one.source_id && other.content == one.content;
    });
  });
}

std::string tool_call_event(std::string_view tool, std::string_view args_json) {
  return event("tool_call", tool, "args", args_json);
}

std::string tool_result_event(std::string_view tool, std::string_view result_json) {
  return event("tool_result", tool, "result", result_json);
}

}  // namespace chatpad::functions::ai
