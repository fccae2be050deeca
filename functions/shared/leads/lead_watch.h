// Follows one running answer as a possible sale (journey.h): hears the visitor's message before it
// is answered, gives the question to ask behind the answer, and notes everything when it is
// finished.
//
//   LeadWatch watch(settings, state, heard);
//   watch.question()          // "\n\n" and the question, or nothing; from then on it waits
//   bool captured = co_await note_lead(context, claims, conversation_id, watch);
//
// A lead is made when the visitor has said how to reach them and the score is at leadCapture; one
// that exists is brought up to date. Conversations that say nothing of the kind cost no statement.
// Errors: those of the database, from note_lead.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/leads/journey.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

class LeadWatch {
 public:
  // Settings that cannot be read count as the default ones.
  LeadWatch(std::string_view settings_json, std::string_view state_json, bool has_lead,
            leads::Heard heard);
  std::string question();
  // What a model has read in the visitor's message, or in `earlier` ones; the names of what was
  // taken, which is what stands there.
  std::vector<std::string> capture(const leads::Entities& claimed, std::string_view earlier);
  bool worth_noting() const;
  bool captures() const;
  bool has_lead() const { return has_lead_; }
  const leads::Journey& journey() const { return journey_; }

 private:
  leads::Settings settings_;
  leads::Journey journey_;
  leads::Heard heard_;
  bool has_lead_;
};

// Whether the conversation has a lead now.
Task<bool> note_lead(edge::Context& context, pg::Claims claims, std::string conversation_id,
                     std::shared_ptr<LeadWatch> watch);

}  // namespace chatpad::functions
