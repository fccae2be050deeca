// render: the `data` object of a postgres_changes event. Pure.
//
// `columns` says, by place, which of the table's columns may and shall be shown. With a problem the
// records are empty (Supabase's errors 400 and 401); a row over the size limit keeps its small
// values (413). Times are UTC with milliseconds.
#pragma once

#include <string>
#include <vector>

#include "realtime/changes/change_batch.h"

namespace chatpad::realtime {

enum class OldShown : uint8_t { key, identity };
enum class Problem : uint8_t { none, no_key, unauthorized };

std::string render_change(const ChangeBatch& batch, const Change& change,
                          const std::vector<bool>& columns, OldShown old, Problem problem);

// "2026-11-20T10:11:12.345Z"
std::string iso_ms(int64_t unix_us);

}  // namespace chatpad::realtime
