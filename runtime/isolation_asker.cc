#include "runtime/isolation_asker.h"

#include <algorithm>

#include "runtime/base/uuid.h"

namespace chatpad::isolation {
namespace {

constexpr const char* kMethods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};

// "…$agents…" with the ids put in. `sent` are those that are not the asker's own.
struct Filled {
  std::string text;
  std::vector<std::string> sent;
};

bool is_name(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

size_t places_in(std::string_view text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '$'));
}

std::string formed(const std::string& id, Form form) {
  std::string text = id;
  if (form == Form::upper) {
    for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  return text;
}

// The place number `at` (or every one) gets an id that is `whose`, the others the asker's own.
Filled fill(std::string_view text, const World& world, char asker, Whose whose, size_t at,
            Form form) {
  Filled filled;
  const char other = asker == 'b' ? 'a' : 'b';
  size_t place = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      filled.text += text[i];
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && is_name(text[end])) ++end;
    const std::string kind(text.substr(i + 1, end - i - 1));
    const bool meant = at == std::string::npos || place == at;
    ++place;
    i = end - 1;
    if (!meant || whose == Whose::own) {
      filled.text += world.id(kind, asker == 'b' ? 'b' : 'a');
      continue;
    }
    const std::string id =
        formed(whose == Whose::foreign ? world.id(kind, other) : Uuid::random().str(), form);
    filled.sent.push_back(id);
    // ["id"] where "id" stands.
    const bool quoted =
        form == Form::array && end < text.size() && text[end] == '"' && filled.text.ends_with('"');
    if (quoted) {
      filled.text.insert(filled.text.size() - 1, "[");
      filled.text += id + "\"]";
      i = end;
    } else {
      filled.text += id;
    }
  }
  return filled;
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

// What must be the same for an id of somebody else and one of nobody.
std::string comparable(const HttpAnswer& answer, const std::vector<std::string>& sent) {
  std::string text = std::to_string(answer.status) + " " + answer.body;
  for (const std::string& id : sent) replace_all(text, id, "<id>");
  const size_t error_id = text.find("\"error_id\"");
  if (error_id != std::string::npos) text.erase(error_id);
  return text;
}

}  // namespace

bool may_call(const edge::Endpoint& endpoint, const Persona& persona) {
  using edge::Auth;
  if (endpoint.auth == Auth::anyone) return true;
  if (persona.db_role == "authenticated") return edge::allows(endpoint.auth, Auth::user);
  if (persona.db_role == "visitor") return edge::allows(endpoint.auth, Auth::visitor);
  if (persona.db_role == "api_key") return edge::allows(endpoint.auth, Auth::api_key);
  if (persona.db_role == "service_role") return edge::allows(endpoint.auth, Auth::service);
  return false;
}

void Asker::attack() {
  const size_t places = places_in(target_.probe->body) + places_in(path());
  if (places == 0) return once(Whose::own, std::string::npos, Form::plain);
  for (size_t at = 0; at < places; ++at) compare(at, Form::plain);
  if (places > 1) compare(std::string::npos, Form::plain);
  if (depth_ == Depth::quick) return;
  compare(std::string::npos, Form::upper);
  compare(std::string::npos, Form::array);
}

int Asker::use() {
  std::string body = own_body();
  if (body.ends_with('}')) {
    body.pop_back();
    const char other = persona_.account == 'b' ? 'a' : 'b';
    for (const char* name : {"user_id", "account_id", "owner_id", "userId", "tenantId"}) {
      body += (body.ends_with('{') ? "\"" : ",\"") + std::string(name) + "\":\"" +
              world_.id("accounts", other) + "\"";
    }
    body += "}";
  }
  const auto answer = ask(target_.method, own_path(), body);
  if (!answer) return 0;
  judge(*answer, {});
  return answer->status;
}

void Asker::every_method() {
  // With ids of the other account: one of the methods may delete.
  const Filled target =
      fill(path(), world_, persona_.account, Whose::foreign, std::string::npos, Form::plain);
  for (const char* method : kMethods) {
    if (method == target_.method) continue;
    const auto answer = ask(method, target.text, "");
    if (answer) judge(*answer, target.sent);
  }
}

std::string_view Asker::path() const {
  return target_.probe->target.empty() ? std::string_view(target_.route->path)
                                       : target_.probe->target;
}

std::string Asker::own_path() const {
  return fill(path(), world_, persona_.account, Whose::own, 0, Form::plain).text;
}

std::string Asker::own_body() const {
  return fill(target_.probe->body, world_, persona_.account, Whose::own, 0, Form::plain).text;
}

std::optional<HttpAnswer> Asker::ask(const std::string& method, const std::string& target,
                                     const std::string& body) {
  std::string headers;
  if (!persona_.credential.empty()) {
    headers = "Authorization: Bearer " + persona_.credential + "\r\n";
  }
  auto answer = client_.send({method, target, headers, body});
  report_.tried(target_.subject, persona_.name);
  if (!answer) hole("the connection was closed without an answer");
  return answer;
}

// What no answer may hold, whatever was asked.
void Asker::judge(const HttpAnswer& answer, const std::vector<std::string>& sent) {
  if (answer.status >= 500 && answer.status != 501) {
    hole("it answers " + std::to_string(answer.status));
  }
  const bool allowed = may_call(target_.route->endpoint, persona_);
  if (!allowed && answer.status < 400 && answer.status != 204) {
    hole("this caller is let in (" + std::to_string(answer.status) + ")");
  }
  // To the platform itself no account is another one.
  if (persona_.kind == PersonaKind::platform || target_.probe->reach == Reach::open) return;
  const char other = persona_.account == 'b' ? 'a' : 'b';
  if (answer.body.find(marker_of(other)) != std::string::npos) {
    hole("the answer holds texts of the other account");
  }
  for (const auto& [kind, id] : other == 'b' ? world_.ids_b : world_.ids_a) {
    if (std::find(sent.begin(), sent.end(), id) != sent.end()) continue;
    if (answer.body.find(id) != std::string::npos) {
      hole("the answer holds an id of the other account (" + kind + ")");
    }
  }
}

void Asker::once(Whose whose, size_t at, Form form) {
  const Filled body = fill(target_.probe->body, world_, persona_.account, whose, at, form);
  const auto answer = ask(target_.method, own_path(), body.text);
  if (answer) judge(*answer, body.sent);
}

void Asker::compare(size_t at, Form form) {
  std::string texts[2];
  const size_t before = places_in(target_.probe->body);
  for (const Whose whose : {Whose::foreign, Whose::unknown}) {
    const size_t none = before + places_in(path());
    const size_t in_body = at == std::string::npos || at < before ? at : none;
    const size_t in_path = at == std::string::npos ? at : at < before ? none : at - before;
    Filled body = fill(target_.probe->body, world_, persona_.account, whose, in_body, form);
    const Filled target = fill(path(), world_, persona_.account, whose, in_path, form);
    body.sent.insert(body.sent.end(), target.sent.begin(), target.sent.end());
    const auto answer = ask(target_.method, target.text, body.text);
    if (!answer) return;
    judge(*answer, body.sent);
    texts[whose == Whose::unknown ? 1 : 0] = comparable(*answer, body.sent);
  }
  if (texts[0] != texts[1] && target_.probe->reach != Reach::open) {
    hole("a foreign id is told from an unknown one: " + texts[0].substr(0, 200) + " instead of " +
         texts[1].substr(0, 200));
  }
}

}  // namespace chatpad::isolation
