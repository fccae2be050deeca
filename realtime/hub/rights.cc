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
constexpr pg::Statement kBecome = {
    "realtime_become",
    "select set_config('request.jwt.claims', $2, true), set_config('realtime.topic', $3, true), "
    "set_config('role', $1, true)"};
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
  pg::Claims login;
  login.role = pg::Role::none;
  login.json = claims.json;
  pg::Params place(topic, broadcast, presence);
  pg::Params become(pg::role_name(claims.role), claims.json, topic);
  pg::Params visible(broadcast, presence);
  pg::Params write(topic);

  pg::Transaction transaction = co_await pool_.begin(login, kProbeTimeoutMs);
  const pg::Rows placed = co_await transaction.query(kPlace, place);
  const pg::Rows become_done = co_await transaction.query(kBecome, become);
  const pg::Rows seen = co_await transaction.query(kVisible, visible);
  const pg::Rows writable = co_await transaction.query(kWrite, write);

  Rights rights;
  for (int row = 0; row < seen.size(); ++row) {
    if (seen.text(row, 0) == "broadcast") rights.read_broadcast = true;
    if (seen.text(row, 0) == "presence") rights.read_presence = true;
  }
  if (placed.size() == 1) {
    rights.account = placed.uuid(0, 1);
    rights.account_limits = placed.str(0, 2);
    rights.second_factor_wanted = placed.boolean(0, 3);
    rights.snapshot = placed.str(0, 4);  // the first of the four: what it shows, all of them show
  }
  rights.write_broadcast = writable.size() == 1 && writable.boolean(0, 0);
  rights.write_presence = writable.size() == 1 && writable.boolean(0, 1);
  co_await transaction.rollback();
  co_return rights;
}

}  // namespace chatpad::realtime
