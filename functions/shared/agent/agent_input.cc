#include "functions/shared/agent/agent_input.h"

#include "functions/shared/hours/schedule.h"
#include "functions/shared/leads/settings.h"
#include "functions/shared/safety/policy.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

void copy_text(wire::JsonWriter& out, const wire::Fields& f, const char* name, size_t chars_max) {
  if (f.present(name)) out.field(name, f.string(name, 0, chars_max));
}

void copy_flag(wire::JsonWriter& out, const wire::Fields& f, const char* name) {
  const auto flag = f.optional_boolean(name);
  if (flag) out.field(name, *flag);
}

// tone, responseStyle {length, emojiUsage, followUpQuestions, proactiveOffering},
// conversationFlow {escalationMessage, endConversationMessage}, language
void copy_personality(wire::JsonWriter& out, const wire::Fields& f) {
  out.object("personality");
  const auto tone = f.optional_choice("tone", {"professional", "friendly", "casual", "formal"});
  if (tone) out.field("tone", *tone);
  if (const auto language = f.optional_string("language", 35)) out.field("language", *language);
  if (const auto style = f.optional_object("responseStyle")) {
    out.object("responseStyle");
    const auto length = style->optional_choice("length", {"concise", "balanced", "detailed"});
    if (length) out.field("length", *length);
    const auto emoji =
        style->optional_choice("emojiUsage", {"none", "minimal", "moderate", "frequent"});
    if (emoji) out.field("emojiUsage", *emoji);
    copy_flag(out, *style, "followUpQuestions");
    copy_flag(out, *style, "proactiveOffering");
    out.end();
  }
  if (const auto flow = f.optional_object("conversationFlow")) {
    out.object("conversationFlow");
    copy_text(out, *flow, "escalationMessage", kAgentTextCharsMax);
    copy_text(out, *flow, "endConversationMessage", kAgentTextCharsMax);
    out.end();
  }
  out.end();
}

// https://shop.example, http://localhost:3000; nothing behind the host and port.
bool is_origin(const std::string& origin) {
  const size_t scheme = origin.starts_with("https://") ? 8 : origin.starts_with("http://") ? 7 : 0;
  if (scheme == 0 || origin.size() == scheme) return false;
  return origin.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]*", scheme) ==
         origin.npos;
}

void copy_origins(wire::JsonWriter& out, const wire::Fields& f) {
  out.array("allowedOrigins");
  for (std::string& origin : f.string_list("allowedOrigins", kAllowedOriginsMax, 300)) {
    while (!origin.empty() && origin.back() == '/') origin.pop_back();
    if (!is_origin(origin)) {
      wire::refuse_field("allowedOrigins", "must hold origins, such as https://shop.example");
    }
    out.value(origin);
  }
  out.end();
}

void copy_theme(wire::JsonWriter& out, const wire::Fields& f) {
  out.object("theme");
  for (const char* name : {"primaryColor", "textColor"}) {
    const auto color = f.optional_string(name, 20);
    if (!color) continue;
    const bool hex = color->size() == 7 && (*color)[0] == '#' &&
                     color->find_first_not_of("0123456789abcdefABCDEF", 1) == color->npos;
    if (!hex) wire::refuse_field(name, "must be a colour, such as #0f766e");
    out.field(name, *color);
  }
  if (const auto radius = f.optional_integer("radius", 0, 40)) out.field("radius", *radius);
  if (const auto mode = f.optional_choice("mode", {"light", "dark", "auto"})) {
    out.field("mode", *mode);
  }
  out.end();
}

void copy_flags(wire::JsonWriter& out, const wire::Fields& f, const char* object,
                std::initializer_list<const char*> names) {
  const auto flags = f.optional_object(object);
  if (!flags) return;
  out.object(object);
  for (const char* name : names) copy_flag(out, *flags, name);
  out.end();
}

}  // namespace

AgentInput AgentInput::read(const wire::Fields& f) {
  wire::JsonWriter out;
  out.object();
  if (f.present("name")) {
    const std::string name = f.string("name", 1, kAgentNameCharsMax);
    if (name.find_first_not_of(" \t\r\n") == name.npos)
      wire::refuse_field("name", "must have words");
    out.field("name", name);
  }
  copy_text(out, f, "greeting", kAgentTextCharsMax);
  copy_text(out, f, "fallbackMessage", kAgentTextCharsMax);
  copy_text(out, f, "instructions", kInstructionCharsMax);
  copy_text(out, f, "model", 200);
  // SQL knows its members (private.check_agent_ai).
  if (const auto ai = f.optional_object_text("ai", kAgentAiBytesMax)) out.raw_field("ai", *ai);
  copy_flag(out, f, "isActive");
  if (f.has("allowedOrigins")) copy_origins(out, f);
  const auto position = f.optional_choice(
      "position", {"bottom-right", "bottom-left", "top-right", "top-left", "inline"});
  if (position) out.field("position", *position);
  if (const auto theme = f.optional_object("theme")) copy_theme(out, *theme);
  copy_flags(out, f, "behavior", {"openOnLoad", "showSources"});
  copy_flags(out, f, "features", {"leadCapture", "poweredBy"});
  if (const auto personality = f.optional_object("personality"))
    copy_personality(out, *personality);
  if (const auto hours =
          f.optional_object_text("operatingHours", chatpad::hours::kScheduleBytesMax)) {
    if (const auto schedule = chatpad::hours::parse_schedule(*hours); !schedule) {
      Error error = schedule.error();
      error.details = "operatingHours." + error.details;
      raise(std::move(error));
    }
    out.raw_field("operatingHours", *hours);
  }
  if (const auto safety = f.optional_object_text("safety", safety::kSettingsBytesMax)) {
    safety::Policy::parse(*safety).or_raise();
    out.raw_field("safety", *safety);
  }
  if (const auto lead = f.optional_object_text("leadSettings", leads::kLeadSettingsBytesMax)) {
    leads::Settings::parse(*lead).or_raise();
    out.raw_field("leadSettings", *lead);
  }
  out.end();
  AgentInput input;
  input.json = std::move(out).str();
  return input;
}

}  // namespace chatpad::functions
