#include "realtime/hub/rights.h"

#include <algorithm>
#include <charconv>

#include "realtime/hub/recovery.h"

namespace chatpad::realtime {
namespace {

constexpr uint32_t kProbeTimeoutMs = 3000;

constexpr pg::Statement kPlace = {"realtime_place_probes",
                                  "select realtime.place_probes($1, $2::uuid, $3::uuid), "
                                  "a.account, a.limits, a.factor_wanted, "
                                  "pg_current_snapshot()::text "
                                  "from realtime.account_of_topic($1) a"};
// By the whole primary key, so that neither other partitions nor what earlier probes of the same
// topic have left behind is looked at.
constexpr pg::Statement kVisible = {"realtime_visible_probes",
                                    "select extension from realtime.messages "
                                    "where id in ($1::uuid, $2::uuid) "
                                    "and inserted_at = (now() at time zone 'utc')"};
constexpr pg::Statement kWrite = {"realtime_probe_write",
                                  "select realtime.probe_write($1, 'broadcast'), "
                                  "realtime.probe_write($1, 'presence')"};

}  // namespace

void RightsNews::note(std::string_view xid) {
  uint64_t value = 0;
  const auto [end, failure] = std::from_chars(xid.data(), xid.data() + xid.size(), value);
  if (failure != std::errc() || end != xid.data() + xid.size()) return;
  xids_.push_back(value);
  if (xids_.size() > kRightsNewsMax) xids_.pop_front();
}

bool RightsNews::shown_by(const std::string& snapshot) const {
  return snapshot.empty() || std::ranges::all_of(xids_, [&snapshot](uint64_t xid) {
           return snapshot_shows(snapshot, xid);
         });
}

Task<Rights> PgRights::probe(pg::Claims claims, std::string topic) {
  if (claims.role == pg::Role::service_role) co_return Rights::all();
  const Uuid broadcast = Uuid::random();
  const Uuid presence = Uuid::random();
  pg::Claims login = claims;
  login.role = pg::Role::none;
  std::vector<pg::Ask> asks{
      {login, kPlace, std::make_shared<const pg::Params>(topic, broadcast, presence)},
      {claims, kVisible, std::make_shared<const pg::Params>(broadcast, presence)},
      {claims, kWrite, std::make_shared<const pg::Params>(topic)}};
  const std::vector<pg::Rows> found = co_await pool_.dry_run(std::move(asks), kProbeTimeoutMs);
  const pg::Rows& placed = found[0];
  const pg::Rows& seen = found[1];
  const pg::Rows& writable = found[2];

  Rights rights;
  for (int row = 0; row < seen.size(); ++row) {
    if (seen.text(row, 0) == "broadcast") rights.read_broadcast = true;
    if (seen.text(row, 0) == "presence") rights.read_presence = true;
  }
  if (placed.size() == 1) {
    rights.account = placed.uuid(0, 1);
    rights.account_limits = placed.str(0, 2);
    rights.second_factor_wanted = placed.boolean(0, 3);
    rights.snapshot = placed.str(0, 4);  // the first of the three: what it shows, all of them show
  }
  rights.write_broadcast = writable.size() == 1 && writable.boolean(0, 0);
  rights.write_presence = writable.size() == 1 && writable.boolean(0, 1);
  co_return rights;
}

}  // namespace chatpad::realtime
