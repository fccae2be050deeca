// Both ends of provider.mjs: a stand-in for a language model that streams, and the clients who read
// what comes through. Each is one thread that waits in epoll, so that they measure whoever is
// between them and not themselves.
//
//   streams serve PORT
//     A chat completion whose text has "stream N M" is answered with N tokens, M a second, any
//     other with one token at once. Each token is a word that tells when it left, in letters
//     (digits would be held until it is known that they are no card's number).
//   streams ask PORT COUNT one|EVERY_MS < REQUEST
//     Sends the HTTP request COUNT times: one after the other, or all together, beginning EVERY_MS
//     apart. Prints one line of JSON: tokens, failed, and in ms how late tokens came (delayP50,
//     delayP99; steadyP50, steadyP99 of those that came while all were under way) and how long the
//     first token of each took (firstP50, firstP99).
#include <csignal>
#include <memory>
#include <optional>

#include "bench/load/websocket.h"

namespace {

constexpr double kUnit = 1e5;  // of a second: what a word counts in

double wall_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string word_of_now() {
  std::string word = std::to_string(static_cast<uint64_t>(wall_s() * kUnit));
  for (char& digit : word) digit = static_cast<char>('a' + (digit - '0'));
  return "w" + word + " ";
}

// --- the model ---------------------------------------------------------------------------------

struct Stream {
  int fd;
  std::string request;
  int left = 0;  // tokens
  double every_s = 0;
  double due_s = 0;
};

std::string as_chunk(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return std::string(size).append(bytes).append("\r\n");
}

std::string event(std::string_view content, std::string_view finish) {
  std::string text =
      R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"bench",)"
      R"("choices":[{"index":0,"delta":{"content":")";
  text.append(content).append(R"("},"logprobs":null,"finish_reason":)").append(finish);
  return text.append("}],\"usage\":null}\n\n");
}

std::string ending() {
  const std::string text =
      event("", "\"stop\"") +
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":10,"
      "\"total_tokens\":20}}\n\ndata: [DONE]\n\n";
  return as_chunk(text) + "0\r\n\r\n";
}

// Whether the whole request is there.
bool is_whole(const std::string& request) {
  const size_t head = request.find("\r\n\r\n");
  if (head == std::string::npos) return false;
  std::string lower = request.substr(0, head);
  for (char& letter : lower) letter = static_cast<char>(std::tolower(letter));
  const size_t length = lower.find("content-length:");
  if (length != std::string::npos) {
    return request.size() >= head + 4 + static_cast<size_t>(std::atol(&lower[length + 15]));
  }
  const bool chunked = lower.find("transfer-encoding: chunked") != std::string::npos;
  return !chunked || request.ends_with("0\r\n\r\n");
}

// What it has not written yet a client of this size takes at once: a full socket ends the bench.
void answer(Stream& stream) {
  load::write_all(stream.fd,
                  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n");
  int tokens = 0;
  int per_second = 0;
  const size_t asked = stream.request.rfind("stream ");
  const bool streams =
      asked != std::string::npos &&
      std::sscanf(&stream.request[asked], "stream %d %d", &tokens, &per_second) == 2;
  stream.request.clear();
  if (!streams || per_second < 1) {
    load::write_all(stream.fd, as_chunk(event(word_of_now(), "null")) + ending());
    return;
  }
  stream.left = tokens;
  stream.every_s = 1.0 / per_second;
  // Dealt over the milliseconds, so that the tokens of many do not leave together.
  stream.due_s = load::now_s() + stream.every_s * (std::rand() % 1000) / 1000;
}

[[noreturn]] void serve(int port) {
  const int listener = load::listen_on(port);
  const int on = 1;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event interest{EPOLLIN, {.ptr = nullptr}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &interest);
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<epoll_event> events(512);
  std::vector<char> buffer(1 << 16);
  double next_round_s = 0;
  for (;;) {
    const int n = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 1);
    for (int i = 0; i < n; ++i) {
      auto* stream = static_cast<Stream*>(events[static_cast<size_t>(i)].data.ptr);
      if (!stream) {
        const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        streams.push_back(std::make_unique<Stream>(Stream{fd, {}}));
        epoll_event readable{EPOLLIN, {.ptr = streams.back().get()}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &readable);
        continue;
      }
      const ssize_t size = read(stream->fd, buffer.data(), buffer.size());
      if (size > 0) {
        stream->request.append(buffer.data(), static_cast<size_t>(size));
        if (is_whole(stream->request)) answer(*stream);
      } else if (size == 0 || errno != EAGAIN) {
        close(stream->fd);
        std::erase_if(streams, [&](const auto& one) { return one.get() == stream; });
      }
    }
    const double now_s = load::now_s();
    if (now_s < next_round_s) continue;
    next_round_s = now_s + 0.001;
    for (const auto& stream : streams) {
      if (stream->every_s == 0 || stream->due_s > now_s) continue;
      stream->due_s += stream->every_s;
      if (stream->left-- > 0) {
        load::write_all(stream->fd, as_chunk(event(word_of_now(), "null")));
      } else {
        stream->every_s = 0;
        load::write_all(stream->fd, ending());
      }
    }
  }
}

// --- the clients -------------------------------------------------------------------------------

struct Delay {
  double at_s;
  double ms;
};

struct Seen {
  std::vector<Delay> delays;
  double all_since_s = 0;  // the last stream has had its first token
  double all_until_s = 0;  // the first one has ended
  std::vector<double> first_ms;
  int failed = 0;
};

struct Client {
  int fd = -1;
  double asked_s = 0;
  bool answered = false;  // the status has been looked at
  bool first = true;
  std::string rest;  // what was received and may go on
};

// The words in what was received; what may be the beginning of another is kept.
void read_words(Client& client, Seen& seen) {
  const double at = wall_s();
  size_t from = 0;
  for (size_t quote; (quote = client.rest.find("\"w", from)) != std::string::npos;) {
    size_t end = quote + 2;
    uint64_t units = 0;
    while (end < client.rest.size() && client.rest[end] >= 'a' && client.rest[end] <= 'j') {
      units = units * 10 + static_cast<uint64_t>(client.rest[end++] - 'a');
    }
    if (end == client.rest.size()) break;  // goes on with the next bytes
    from = end;
    if (client.rest[end] != ' ' || end < quote + 10) continue;
    seen.delays.push_back({at, (at - static_cast<double>(units) / kUnit) * 1e3});
    if (client.first) {
      seen.first_ms.push_back((at - client.asked_s) * 1e3);
      seen.all_since_s = at;
    }
    client.first = false;
  }
  const size_t keep = client.rest.find("\"w", from);
  const size_t tail = client.rest.size() < 8 ? 0 : client.rest.size() - 8;
  client.rest.erase(0, std::max(from, std::min(keep, tail)));
}

// Whether the answer has ended.
bool read_some(Client& client, Seen& seen, std::vector<char>& buffer) {
  const ssize_t size = read(client.fd, buffer.data(), buffer.size());
  if (size < 0 && errno == EAGAIN) return false;
  if (size <= 0) {
    ++seen.failed;
    return true;
  }
  const std::string_view bytes(buffer.data(), static_cast<size_t>(size));
  client.rest.append(bytes);
  if (!client.answered && client.rest.size() >= 12) {
    client.answered = true;
    if (client.rest.substr(9, 3) != "200") {
      std::fprintf(stderr, "%.200s\n", client.rest.c_str());
      ++seen.failed;
      return true;
    }
  }
  const bool ended = client.rest.ends_with("0\r\n\r\n");
  read_words(client, seen);
  return ended;
}

std::vector<double> between(const Seen& seen, double from_s, double until_s) {
  std::vector<double> delays_ms;
  for (const Delay& delay : seen.delays) {
    if (delay.at_s >= from_s && delay.at_s < until_s) delays_ms.push_back(delay.ms);
  }
  return delays_ms;
}

double at_share(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at = static_cast<size_t>(static_cast<double>(values.size()) * share);
  return values[std::min(values.size() - 1, at)];
}

void ask(int port, int count, std::optional<int> every_ms, const std::string& request) {
  Seen seen;
  std::vector<Client> clients(static_cast<size_t>(every_ms ? count : 1));
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<char> buffer(1 << 16);
  std::vector<epoll_event> events(512);
  int begun = 0;
  int ended = 0;
  const auto begin = [&](Client& client, uint32_t number) {
    if (client.fd < 0) {
      client.fd = load::begin_connect(port, static_cast<int>(number));
      epoll_event interest{EPOLLIN, {.u32 = number}};
      epoll_ctl(epoll, EPOLL_CTL_ADD, client.fd, &interest);
      while (true) {  // until it is connected: on loopback at once
        int error = 0;
        socklen_t size = sizeof error;
        sockaddr_in peer{};
        socklen_t peer_size = sizeof peer;
        getsockopt(client.fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) load::fail("connect");
        if (getpeername(client.fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0) break;
      }
    }
    client.answered = false;
    client.first = true;
    client.rest.clear();
    client.asked_s = wall_s();
    load::write_all(client.fd, request);
    ++begun;
  };
  const double from = load::now_s();
  double quiet_since = from;
  while (ended < count) {
    if (!every_ms && begun == ended) begin(clients[0], 0);
    while (every_ms && begun < count && load::now_s() >= from + begun * *every_ms / 1e3) {
      begin(clients[static_cast<size_t>(begun)], static_cast<uint32_t>(begun));
    }
    const int n =
        epoll_wait(epoll, events.data(), static_cast<int>(events.size()), begun < count ? 1 : 1000);
    if (n > 0) quiet_since = load::now_s();
    if (load::now_s() - quiet_since > 30) load::fail("no token for half a minute");
    for (int i = 0; i < n; ++i) {
      Client& client = clients[events[static_cast<size_t>(i)].data.u32];
      if (!read_some(client, seen, buffer)) continue;
      if (++ended == 1) seen.all_until_s = wall_s();
      if (every_ms) {
        close(client.fd);
        client.fd = -1;
      }
    }
    if (seen.failed > 0 && !every_ms) break;
  }
  if (seen.delays.empty()) seen.failed = count;
  std::vector<double> all = between(seen, 0, wall_s() + 1);
  std::vector<double> steady = between(seen, seen.all_since_s, seen.all_until_s);
  std::printf(
      "{\"tokens\":%zu,\"failed\":%d,\"delayP50\":%.3f,\"delayP99\":%.3f,\"steady\":%zu,"
      "\"steadyP50\":%.3f,\"steadyP99\":%.3f,\"firstP50\":%.3f,\"firstP99\":%.3f}\n",
      all.size(), seen.failed, at_share(all, 0.5), at_share(all, 0.99), steady.size(),
      at_share(steady, 0.5), at_share(steady, 0.99), at_share(seen.first_ms, 0.5),
      at_share(seen.first_ms, 0.99));
}

}  // namespace

int main(int argc, char** argv) {
  load::allow_files();
  std::signal(SIGPIPE, SIG_IGN);
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "serve" && argc == 3) serve(std::atoi(argv[2]));
  if (mode != "ask" || argc != 5) return 2;
  std::string request;
  for (int c; (c = std::getchar()) != EOF;) request += static_cast<char>(c);
  const bool one = std::strcmp(argv[4], "one") == 0;
  ask(std::atoi(argv[2]), std::atoi(argv[3]),
      one ? std::nullopt : std::optional<int>(std::atoi(argv[4])), request);
  return 0;
}
