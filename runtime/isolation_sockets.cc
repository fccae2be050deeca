// Channels: nobody joins a private topic of another account, and no row change or durable event of
// another account reaches anybody, whatever was subscribed to.
#include <algorithm>
#include <memory>

#include "runtime/base/clock.h"
#include "runtime/base/uuid.h"
#include "runtime/isolation.h"
#include "runtime/isolation_http.h"
#include "runtime/wire/json.h"

namespace chatpad::isolation {
namespace {

constexpr int kReplyMs = 15'000;
// How long after the last control a frame that must not come is waited for.
constexpr int kQuietMs = 100;

class Channel {
 public:
  Channel(const World& world, const Persona& persona)
      : client_(world.port), token_(persona.credential) {
    open_ = client_.upgrade("/realtime/v1/websocket?vsn=1.0.0&apikey=" + world.anon_key);
  }
  bool open() const { return open_; }

  // The reply to a join, or empty. `config` is the JSON of its members.
  std::string join(const std::string& topic, const std::string& config) {
    const std::string ref = std::to_string(++ref_);
    wire::JsonWriter frame;
    frame.object().field("topic", "realtime:" + topic).field("event", "phx_join");
    frame.field("ref", ref).field("join_ref", ref);
    std::string payload = "{\"config\":{" + config + "}";
    if (!token_.empty()) payload += ",\"access_token\":\"" + token_ + "\"";
    frame.raw_field("payload", payload + "}").end();
    client_.send_text(frame.view());
    while (const auto text = client_.receive_text(kReplyMs)) {
      if (text->find("phx_reply") != std::string::npos ||
          text->find("phx_error") != std::string::npos) {
        return *text;
      }
    }
    return "";
  }
  std::optional<std::string> next(int wait_ms) { return client_.receive_text(wait_ms); }

 private:
  HttpClient client_;
  std::string token_;
  int ref_ = 0;
  bool open_ = false;
};

bool let_in(const std::string& reply) {
  return reply.find("\"status\":\"ok\"") != std::string::npos;
}

std::string without(std::string text, const std::string& id) {
  for (size_t at = 0; (at = text.find(id, at)) != std::string::npos;)
    text.replace(at, id.size(), "<id>");
  return text;
}

void check_topics(const World& world, const Persona& persona, Report& report) {
  const char other = persona.account == 'b' ? 'a' : 'b';
  for (const auto& [topic, kind] :
       {std::pair{"conversation", "conversations"}, std::pair{"account", "accounts"},
        std::pair{"agent", "agents"}}) {
    const std::string subject = std::string("socket ") + topic + ":<id>";
    std::string replies[2];
    for (const bool foreign : {true, false}) {
      const std::string id = foreign ? world.id(kind, other) : Uuid::random().str();
      for (const std::string& name : {std::string(topic) + ":" + id, id}) {
        if (name == id && !foreign) continue;
        Channel channel(world, persona);
        report.tried(subject, persona.name);
        if (!channel.open()) continue;
        const std::string reply = channel.join(name, R"("private":true)");
        if (let_in(reply))
          report.hole(subject, persona.name, "joins " + std::string(topic) + " of another account");
        if (name != id) replies[foreign ? 0 : 1] = without(reply, id);
      }
    }
    if (replies[0] != replies[1]) {
      report.hole(subject, persona.name,
                  "a foreign id is told from an unknown one: " + replies[0].substr(0, 200));
    }
  }
}

// The platform's own join the private topics of each account.
void check_platform(const World& world, const Persona& persona, Report& report) {
  for (const auto& [topic, kind] :
       {std::pair{"conversation", "conversations"}, std::pair{"account", "accounts"}}) {
    const std::string subject = std::string("socket ") + topic + ":<id>";
    Channel channel(world, persona);
    report.tried(subject, persona.name);
    const std::string name = std::string(topic) + ":" + world.id(kind, persona.account);
    if (channel.open() && let_in(channel.join(name, R"("private":true)"))) {
      report.may(subject, persona.name);
    } else {
      report.hole(subject, persona.name, "does not join " + std::string(topic) + " of an account");
    }
  }
}

// Who must hear of account a's conversation, so that silence elsewhere means something.
bool is_control(const Persona& persona) {
  return persona.account == 'a' && persona.db_role == "authenticated";
}

struct Listener {
  const Persona* persona;
  std::unique_ptr<Channel> channel;
  bool heard_own = false;
};

std::vector<std::string> published(pg::Blocking& admin) {
  const pg::Rows rows =
      admin
          .run(
              "select tablename from pg_publication_tables where pubname = 'supabase_realtime' and "
              "schemaname = 'public' order by 1")
          .or_raise();
  std::vector<std::string> tables;
  for (int row = 0; row < rows.size(); ++row) tables.push_back(rows.str(row, 0));
  return tables;
}

std::string changes_config(const World& world, char other, const std::vector<std::string>& tables) {
  std::string list;
  for (const std::string& table : tables) {
    const std::string column = table == "accounts"       ? "id"
                               : table == "team_members" ? "owner_id"
                                                         : "user_id";
    for (const std::string& filter :
         {std::string(), ",\"filter\":\"" + column + "=eq." + world.id("accounts", other) + "\""}) {
      list += (list.empty() ? "" : ",") +
              std::string(R"({"event":"*","schema":"public","table":")") + table + "\"" + filter +
              "}";
    }
  }
  return "\"postgres_changes\":[" + list + "]";
}

// A message in account `whose`, through the tables, as the program's own functions write one.
void write_message(pg::Blocking& admin, const World& world, char whose, int number) {
  const std::string conversation = world.id("conversations", whose);
  admin
      .run(
          "with c as (update public.conversations set last_seq = last_seq + 1, message_count = "
          "message_count + 1 where id = '" +
          conversation +
          "' returning user_id, id, last_seq) insert into public.messages (user_id, "
          "conversation_id, seq, role, content) "
          "select user_id, id, last_seq, 'visitor', '" +
          marker_of(whose) + " " + std::to_string(number) + "' from c")
      .or_raise();
}

void check_changes(const World& world, Report& report) {
  const std::string subject = "socket postgres_changes";
  pg::Blocking admin = pg::Blocking::open(world.admin).or_raise();
  const std::vector<std::string> tables = published(admin);
  std::vector<Listener> listeners;
  for (const Persona& persona : world.personas) {
    if (persona.account == 'b') continue;
    Listener one{&persona, std::make_unique<Channel>(world, persona)};
    report.tried(subject, persona.name);
    if (!one.channel->open()) continue;
    const std::string reply = one.channel->join("isolation", changes_config(world, 'b', tables));
    if (let_in(reply)) listeners.push_back(std::move(one));
  }
  // The other account first: when its own change has come, the other one would have.
  for (int number = 1; number <= 3; ++number) write_message(admin, world, 'b', number);
  write_message(admin, world, 'a', 4);
  std::stable_partition(listeners.begin(), listeners.end(),
                        [](const Listener& one) { return is_control(*one.persona); });
  const uint64_t until = monotonic_ms() + kReplyMs;
  bool any = false;
  for (Listener& one : listeners) {
    const bool control = is_control(*one.persona);
    while (monotonic_ms() < until) {
      const auto text = one.channel->next(control && !one.heard_own ? kReplyMs : kQuietMs);
      if (!text) break;
      // Replies and notices repeat the filter; rows are what must not come.
      if (text->find("\"event\":\"postgres_changes\"") == std::string::npos) continue;
      if (text->find(marker_of('b')) != std::string::npos ||
          text->find(world.id("conversations", 'b')) != std::string::npos) {
        report.hole(subject, one.persona->name, "a row of another account was sent");
      }
      if (text->find(marker_of('a')) != std::string::npos) one.heard_own = any = true;
    }
    if (control && !one.heard_own) {
      report.hole(subject, one.persona->name,
                  "the own account's change did not come: the probe proves nothing");
    }
  }
  if (!any) report.hole(subject, "anybody", "nobody heard of any change: the probe proves nothing");
}

}  // namespace

void verify_sockets(const World& world, Report& report) {
  for (const Persona& persona : world.personas) check_topics(world, persona, report);
  for (const Persona& persona : world.platform) check_platform(world, persona, report);
  check_changes(world, report);
}

}  // namespace chatpad::isolation
