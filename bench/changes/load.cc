// Load for row changes: subscribers on websockets, and writers that insert rows at a steady rate.
// Both are in one process, so that one clock times the way from the writer to the socket.
//
//   load FILE     FILE holds one setting per line, "name value":
//     mode supabase|plain   join as supabase-js does, or listen to a peer that sends at once
//     port, apikey, join    of the server; `join` is the payload with $TOKEN for the token
//     token TEXT            one subscriber, repeated; `plain` takes the number of lines only
//     conninfo, sql         of the writers; `sql` inserts row number $1
//     rate, seconds, warm   rows per second; how long; seconds before that which do not count
//     writers N             connections that insert, each a row and a commit at a time
//     per_row N             sockets that have to get a row
//     program, postmaster   whose CPU time counts (the writers' own backends apart)
//
// Prints one line of JSON. Times are from the moment before the INSERT is sent (`sent`) and from
// its acknowledged commit (`committed`) to the moment the frame has been read from the socket.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr size_t kBufferBytes = 1 << 18;
constexpr size_t kJoinsAtOnce = 64;
constexpr double kPatienceS = 20;  // for what is still on its way at the end
constexpr char kHeartbeat[] = R"([null,"9","phoenix","heartbeat",{}])";
constexpr double kHeartbeatS = 20;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "load: %s\n", why.c_str());
  std::_Exit(2);
}

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// ---- Settings -----------------------------------------------------------------------------------

std::map<std::string, std::string> settings;
std::vector<std::string> tokens;

void read_settings(const char* path) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    const size_t space = line.find(' ');
    const std::string name = line.substr(0, space);
    const std::string value = space == std::string::npos ? "" : line.substr(space + 1);
    if (name == "token") {
      tokens.push_back(value);
    } else {
      settings[name] = value;
    }
  }
}

double number(const char* name) { return std::atof(settings[name].c_str()); }

// ---- CPU ----------------------------------------------------------------------------------------

double first_number(const std::string& path) {
  std::ifstream file(path);
  double value = 0;
  file >> value;
  return value;
}

// Seconds on a core of every thread, by the scheduler's own nanoseconds.
double cpu_of(int pid) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  double ns = 0;
  DIR* dir = opendir(tasks.c_str());
  if (!dir) return 0;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] == '.') continue;
    ns += first_number(tasks + "/" + entry->d_name + "/schedstat");
  }
  closedir(dir);
  return ns / 1e9;
}

int parent_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t end = text.rfind(')');
  if (end == std::string::npos) return 0;
  int parent = 0;
  std::sscanf(text.c_str() + end + 2, "%*c %d", &parent);
  return parent;
}

using Cpu = std::map<int, double>;  // by process

Cpu cpu_now(int program, int postmaster) {
  Cpu cpu;
  DIR* dir = opendir("/proc");
  while (const dirent* entry = readdir(dir)) {
    const int pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    if (pid == program || pid == postmaster || parent_of(pid) == postmaster) cpu[pid] = cpu_of(pid);
  }
  closedir(dir);
  return cpu;
}

// ---- Sockets ------------------------------------------------------------------------------------

std::string masked(const std::string& payload) {
  std::string frame = "\x81";
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 0xff);
  }
  frame.append(4, '\0');  // a zero mask leaves the payload as it is
  return frame + payload;
}

void write_all(int fd, const std::string& bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t n = write(fd, bytes.data() + at, bytes.size() - at);
    if (n > 0) {
      at += static_cast<size_t>(n);
    } else if (errno != EAGAIN && errno != EINTR) {
      fail("a socket broke while it was written to");
    }
  }
}

struct Socket {
  int fd = -1;
  std::string pending;  // the beginning of a frame
};

Socket connect_one(const std::string& path) {
  Socket made;
  made.fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(number("port")));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(made.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    fail("the server takes no connection");
  }
  const int on = 1;
  setsockopt(made.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  write_all(made.fd,
            "GET " + path +
                " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Version: 13\r\n\r\n");
  std::string head;
  char c;
  while (head.find("\r\n\r\n") == std::string::npos && read(made.fd, &c, 1) == 1) head += c;
  if (head.find(" 101 ") == std::string::npos) fail("the handshake was answered with\n" + head);
  return made;
}

void read_until(const Socket& socket, const char* wanted) {
  std::string text;
  char bytes[4096];
  while (text.find(wanted) == std::string::npos) {
    const ssize_t n = read(socket.fd, bytes, sizeof bytes);
    if (n <= 0) fail("a socket closed before it was subscribed: " + text);
    text.append(bytes, static_cast<size_t>(n));
    if (text.find("\"status\":\"error\"") != std::string::npos) fail("refused: " + text);
  }
}

void replace(std::string& text, const std::string& what, const std::string& by) {
  const size_t at = text.find(what);
  if (at != std::string::npos) text.replace(at, what.size(), by);
}

std::vector<Socket> connect_all() {
  const bool joins = settings["mode"] == "supabase";
  const std::string path =
      joins ? "/realtime/v1/websocket?vsn=2.0.0&apikey=" + settings["apikey"] : "/";
  std::vector<Socket> sockets;
  for (size_t i = 0; i < tokens.size(); i += kJoinsAtOnce) {
    const size_t end = std::min(i + kJoinsAtOnce, tokens.size());
    for (size_t k = i; k < end; ++k) {
      sockets.push_back(connect_one(path));
      std::string payload = settings["join"];
      replace(payload, "$TOKEN", tokens[k]);
      if (joins) {
        write_all(sockets[k].fd, masked(R"(["1","1","realtime:rows","phx_join",)" + payload + "]"));
      }
    }
    for (size_t k = i; k < end; ++k) {
      if (joins) read_until(sockets[k], settings["joined"].c_str());
      fcntl(sockets[k].fd, F_SETFL, O_NONBLOCK);
    }
  }
  return sockets;
}

// ---- Writers ------------------------------------------------------------------------------------

struct Row {
  double sent = 0, committed = 0;
};
std::vector<Row> rows;  // each written by one writer; read when all of them have ended
std::atomic<size_t> next_row{0};
std::atomic<size_t> written_rows{0};
std::atomic<double> worst_late_s{0};

void write_rows(PGconn* pg, double begin, double rate) {
  for (;;) {
    const size_t n = next_row.fetch_add(1);
    if (n >= rows.size()) return;
    const double due = begin + static_cast<double>(n) / rate;
    const double wait = due - now_s();
    if (wait > 0) std::this_thread::sleep_for(std::chrono::duration<double>(wait));
    const std::string id = std::to_string(n);
    const char* values[] = {id.c_str()};
    rows[n].sent = now_s();
    if (rows[n].sent - due > worst_late_s) worst_late_s = rows[n].sent - due;
    PGresult* result = PQexecPrepared(pg, "row", 1, values, nullptr, nullptr, 0);
    rows[n].committed = now_s();
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(PQerrorMessage(pg));
    PQclear(result);
    ++written_rows;
  }
}

// ---- Receiving ----------------------------------------------------------------------------------

struct Arrival {
  uint32_t row;
  double at;
};
std::vector<Arrival> arrivals;

void take_frame(std::string_view text, double now) {
  static const std::string kBefore = "\"record\":{\"id\":";
  const size_t at = text.find(kBefore);
  if (at == std::string_view::npos) {
    if (text.find("phx_error") != std::string_view::npos) fail("lost: " + std::string(text));
    return;
  }
  const char* digits = text.data() + at + kBefore.size();
  arrivals.push_back(Arrival{static_cast<uint32_t>(std::strtoul(digits, nullptr, 10)), now});
}

// Whole frames of `bytes` are taken; gives how many bytes that were.
size_t take_frames(std::string_view bytes, double now) {
  size_t at = 0;
  for (;;) {
    if (bytes.size() - at < 2) return at;
    size_t head = 2;
    size_t size = static_cast<uint8_t>(bytes[at + 1]) & 127;
    if (size >= 126) {
      const size_t width = size == 126 ? 2 : 8;
      head += width;
      if (bytes.size() - at < head) return at;
      size = 0;
      for (size_t i = 0; i < width; ++i) size = size << 8 | static_cast<uint8_t>(bytes[at + 2 + i]);
    }
    if (bytes.size() - at < head + size) return at;
    if ((bytes[at] & 15) == 8) fail("the server closed a socket");
    take_frame(bytes.substr(at + head, size), now);
    at += head + size;
  }
}

void receive(Socket& socket, std::vector<char>& buffer) {
  const ssize_t n = read(socket.fd, buffer.data(), buffer.size() - 1);
  if (n == 0 || (n < 0 && errno != EAGAIN)) fail("a socket broke");
  if (n < 0) return;
  const double now = now_s();
  buffer[static_cast<size_t>(n)] = '\0';
  if (socket.pending.empty()) {
    const std::string_view bytes(buffer.data(), static_cast<size_t>(n));
    socket.pending.assign(bytes.substr(take_frames(bytes, now)));
  } else {
    socket.pending.append(buffer.data(), static_cast<size_t>(n));
    socket.pending.erase(0, take_frames(socket.pending, now));
  }
}

// ---- Figures ------------------------------------------------------------------------------------

double at_share(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto place =
      std::min(values.size() - 1, static_cast<size_t>(static_cast<double>(values.size()) * share));
  std::nth_element(values.begin(), values.begin() + static_cast<long>(place), values.end());
  return values[place] * 1000;
}

void print_times(const char* name, std::vector<double>& values) {
  std::printf("\"%s\":{\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"max\":%.3f},", name,
              at_share(values, 0.5), at_share(values, 0.95), at_share(values, 0.99),
              at_share(values, 1));
}

double used(const Cpu& before, const Cpu& after, const std::set<int>& which, bool inside) {
  double seconds = 0;
  for (const auto& [pid, cpu] : after) {
    if ((which.count(pid) > 0) != inside) continue;
    const auto found = before.find(pid);
    seconds += cpu - (found == before.end() ? 0 : found->second);
  }
  return seconds;
}

double own_cpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  read_settings(argv[1]);
  const rlimit files{20000, 20000};
  setrlimit(RLIMIT_NOFILE, &files);
  const double rate = number("rate");
  const double warm = number("warm");
  const double seconds = number("seconds");
  const int program = static_cast<int>(number("program"));
  const int postmaster = static_cast<int>(number("postmaster"));
  const auto warm_rows = static_cast<size_t>(rate * warm);
  rows.resize(warm_rows + static_cast<size_t>(rate * seconds));
  const auto per_row = static_cast<size_t>(number("per_row"));
  const size_t expected = rows.size() * per_row;
  arrivals.reserve(expected + 1024);

  std::vector<Socket> sockets = connect_all();
  const int epoll = epoll_create1(0);
  for (Socket& socket : sockets) {
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.ptr = &socket;
    epoll_ctl(epoll, EPOLL_CTL_ADD, socket.fd, &interest);
  }
  std::vector<char> buffer(kBufferBytes);
  std::vector<epoll_event> events(1024);
  const auto turn = [&](int wait_ms) {
    const int n = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), wait_ms);
    for (int i = 0; i < n; ++i) {
      receive(*static_cast<Socket*>(events[static_cast<size_t>(i)].data.ptr), buffer);
    }
  };
  for (const double until = now_s() + 0.5; now_s() < until;) turn(20);
  arrivals.clear();

  std::vector<PGconn*> connections;
  std::set<int> writers;
  for (int i = 0; rate > 0 && i < static_cast<int>(number("writers")); ++i) {
    PGconn* pg = PQconnectdb(settings["conninfo"].c_str());
    if (PQstatus(pg) != CONNECTION_OK) fail(PQerrorMessage(pg));
    PGresult* prepared = PQprepare(pg, "row", settings["sql"].c_str(), 1, nullptr);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK) fail(PQerrorMessage(pg));
    PQclear(prepared);
    connections.push_back(pg);
    writers.insert(PQbackendPID(pg));
  }
  const double begin = now_s() + 0.1;
  std::vector<std::thread> threads;
  for (PGconn* pg : connections) threads.emplace_back(write_rows, pg, begin, rate);

  const double from = begin + warm;
  const double end = from + seconds;
  double beat = now_s() + kHeartbeatS;
  Cpu before;
  double own_before = 0;
  double measured_from = 0;
  double patience = 0;
  for (;;) {
    turn(10);
    const double now = now_s();
    if (before.empty() && now >= from) {
      before = cpu_now(program, postmaster);
      own_before = own_cpu();
      measured_from = now;
    }
    if (settings["mode"] == "supabase" && now > beat) {
      for (const Socket& socket : sockets) write_all(socket.fd, masked(kHeartbeat));
      beat = now + kHeartbeatS;
    }
    if (now < end || written_rows < rows.size()) continue;
    if (arrivals.size() >= expected) break;
    if (patience == 0) patience = now + kPatienceS;
    if (now > patience) break;
  }
  const double measured = now_s() - measured_from;
  const Cpu after = cpu_now(program, postmaster);
  const double own = own_cpu() - own_before;
  for (std::thread& thread : threads) thread.join();
  for (PGconn* pg : connections) PQfinish(pg);

  std::vector<double> sent, committed;
  double last = 0;
  for (const Arrival& arrival : arrivals) {
    if (arrival.row < warm_rows || arrival.row >= rows.size()) continue;
    const Row& row = rows[arrival.row];
    sent.push_back(arrival.at - row.sent);
    committed.push_back(arrival.at - row.committed);
    last = std::max(last, arrival.at);
  }
  std::set<int> program_only{program};
  std::set<int> not_postgres = writers;
  not_postgres.insert(program);
  const size_t counted = rows.size() - warm_rows;
  std::printf("{\"rows\":%zu,\"deliveries\":%zu,\"missing\":%ld,\"took_s\":%.3f,", counted,
              sent.size(), static_cast<long>(expected) - static_cast<long>(arrivals.size()),
              sent.empty() ? measured : last - rows[warm_rows].sent);
  print_times("sent", sent);
  print_times("committed", committed);
  std::printf(
      "\"measured_s\":%.3f,\"program_s\":%.6f,\"postgres_s\":%.6f,\"writers_s\":%.6f,"
      "\"load_s\":%.3f,\"worst_late_ms\":%.2f}\n",
      measured, used(before, after, program_only, true), used(before, after, not_postgres, false),
      used(before, after, writers, true), own, worst_late_s * 1000);
  return 0;
}
