// A lead as a client sends it, and its score as the database stores it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/wire/fields.h"

namespace chatpad::functions {

struct LeadFields {
  std::optional<std::string> name;
  std::optional<std::string> email;
  std::optional<std::string> phone;
  std::optional<std::string> company;
  std::optional<std::string> job_title;
  std::optional<std::string> message;
  std::string json;  // the same and customFields, as the jsonb parameter of the SQL function

  // Raises validation_failed naming the field; at least one field must say how to reach the person.
  static LeadFields read(const wire::Fields& fields);
};

struct ScoredLead {
  int score = 0;
  std::string reasons_json;  // [{"criterion","points","note"}]
};
// `visitor_text` is what the visitor wrote in the conversation, one message a line.
ScoredLead score(const LeadFields& lead, std::string_view visitor_text, int64_t message_count);

}  // namespace chatpad::functions
