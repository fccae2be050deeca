// event_row: a row of realtime.messages, as the WAL has it, to the event it stands for. Pure.
//
// nullopt for rows that are not for delivery: another extension than broadcast, no event name, or
// columns that are not there. Values come in PostgreSQL's text form.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/edge/publisher.h"
#include "runtime/pg/pgoutput.h"

namespace chatpad::realtime {

std::optional<edge::DurableEvent> event_of_row(const pg::pgoutput::Relation& relation,
                                               const pg::pgoutput::Tuple& row);

// {a,"b c",NULL} without nesting; nullopt when it is no such literal. NULL elements are left out.
std::optional<std::vector<std::string>> parse_text_array(std::string_view literal);
// \x0aff...; nullopt when it is no such literal.
std::optional<std::string> parse_bytea(std::string_view literal);

}  // namespace chatpad::realtime
