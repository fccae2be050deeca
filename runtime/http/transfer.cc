#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "runtime/base/check.h"
#include "runtime/http/client_multi.h"

namespace chatpad::http {
namespace {

bool has_header(const std::vector<std::string>& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [name](const std::string& line) {
    return line.size() > name.size() && line[name.size()] == ':' &&
           std::equal(name.begin(), name.end(), line.begin(),
                      [](char a, char b) { return std::tolower(static_cast<uint8_t>(b)) == a; });
  });
}

std::string_view trim(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

}  // namespace

Transfer::Transfer(std::shared_ptr<ClientMulti> multi, ClientRequest request)
    : multi_(std::move(multi)), request_(std::move(request)) {}

Transfer::~Transfer() { release(); }

void Transfer::start() {
  for (const std::string& line : request_.headers) {
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      fail(Errc::internal, "a request header has a line break or NUL");
      return;
    }
  }
  easy_ = curl_easy_init();
  CHECK(easy_ != nullptr, "libcurl can make a transfer");
  add_headers();
  configure();
  multi_->add(*this);
  began_ms_ = last_byte_ms_ = multi_->loop.now_ms();
  watch_clock();
}

void Transfer::add_headers() {
  const auto add = [this](const char* line) {
    header_list_ = curl_slist_append(header_list_, line);
  };
  for (const std::string& line : request_.headers) add(line.c_str());
  // What libcurl would add by itself: a wait for 100 Continue, and a form's content type.
  add("Expect:");
  if (!has_header(request_.headers, "content-type")) add("Content-Type:");
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_);
}

void Transfer::configure() {
  const auto set = [this](CURLoption option, auto value) {
    CHECK(curl_easy_setopt(easy_, option, value) == CURLE_OK, "libcurl knows the option");
  };
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, curl_text_);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_NOSIGNAL, 1L);
  // Otherwise the end of a transfer waits for the resolver's thread.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_USERAGENT, "ChatPad");
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_ms));
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  if (request_.compression == Compression::accept) set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  if (multi_->options.resolve) stand_in_for_dns();
  if (!multi_->options.ca_file.empty()) set(CURLOPT_CAINFO, multi_->options.ca_file.c_str());
  if (request_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request_.method != "GET" || !request_.body.empty()) {
    set(CURLOPT_POSTFIELDS, request_.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

void Transfer::stand_in_for_dns() {
  CURLU* url = curl_url();
  char* host = nullptr;
  char* port = nullptr;
  if (curl_url_set(url, CURLUPART_URL, request_.url.c_str(), 0) == CURLUE_OK &&
      curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
      curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
    const std::string entry =
        std::string(host) + ":" + port + ":" + multi_->options.resolve(std::string(host));
    resolved_ = curl_slist_append(nullptr, entry.c_str());
    curl_easy_setopt(easy_, CURLOPT_RESOLVE, resolved_);
    // A name that has changed its address shows only when nothing is kept.
    curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 1L);
  }
  curl_free(host);
  curl_free(port);
  curl_url_cleanup(url);
}

curl_socket_t Transfer::on_open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto* transfer = static_cast<Transfer*>(self);
  const auto& allowed = transfer->multi_->options.address_allowed;
  if (allowed && !allowed(address->addr)) {
    transfer->refused_ = Error(Errc::validation_failed,
                               PublicText("The URL leads to an address that is not public."),
                               LogText("address not allowed"));
    transfer->refused_->details = "url";
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                address->protocol);
}

size_t Transfer::on_header(char* data, size_t size, size_t count, void* self) {
  const std::string_view line(data, size * count);
  return static_cast<Transfer*>(self)->take_header_line(line) ? line.size() : 0;
}

bool Transfer::take_header_line(std::string_view line) {
  last_byte_ms_ = multi_->loop.now_ms();
  header_bytes_ += line.size();
  if (header_bytes_ > kHeaderBytesMax) {
    error_ = Error(Errc::upstream_failed, PublicText(), LogText("response headers are too large"));
    return false;
  }
  if (head_complete_) return true;  // trailers
  if (line.starts_with("HTTP/")) {
    head_ = ResponseHead();
    return true;
  }
  const std::string_view text = trim(line);
  if (text.empty()) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) return true;  // an interim answer
    head_.status = static_cast<int>(status);
    head_complete_ = true;
    news();
    return true;
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return true;
  std::string name(text.substr(0, colon));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<uint8_t>(c)));
  std::string value(trim(text.substr(colon + 1)));
  head_.headers.push_back(ResponseHeader{std::move(name), std::move(value)});
  return true;
}

size_t Transfer::on_body(char* data, size_t size, size_t count, void* self) {
  return static_cast<Transfer*>(self)->take_body({data, size * count});
}

size_t Transfer::take_body(std::string_view bytes) {
  if (buffer_.size() >= request_.buffer_bytes_max) {
    paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  last_byte_ms_ = multi_->loop.now_ms();
  body_bytes_ += bytes.size();
  if (body_bytes_ > request_.response_bytes_max) {
    error_ = Error(Errc::upstream_failed, PublicText(), LogText("the response is too large"));
    return 0;
  }
  buffer_.append(bytes);
  news();
  return bytes.size();
}

void Transfer::news() {
  if (waiter_ready()) multi_->wake_at_turn_end(shared_from_this());
}

ResponseHead Transfer::take_head() {
  if (!head_complete_) {
    CHECK(error_.has_value(), "a transfer without a head has failed");
    raise(*error_);
  }
  return head_;
}

std::optional<std::string> Transfer::take_chunk() {
  if (buffer_.empty()) {
    CHECK(done_, "a chunk is taken when there is one");
    if (error_) raise(*error_);
    return std::nullopt;
  }
  std::string chunk = std::exchange(buffer_, {});
  if (paused_ && easy_ != nullptr) {
    paused_ = false;
    last_byte_ms_ = multi_->loop.now_ms();
    // What libcurl has kept meanwhile comes at once, and may be too much.
    const CURLcode went_on = curl_easy_pause(easy_, CURLPAUSE_CONT);
    if (went_on != CURLE_OK && !done_) fail(Errc::upstream_failed, curl_easy_strerror(went_on));
  }
  return chunk;
}

void Transfer::finish(CURLcode result) {
  // The first thing that went wrong is the one to tell; libcurl's word for it is a consequence.
  if (result != CURLE_OK) {
    const std::string text = curl_text_[0] != '\0' ? curl_text_ : curl_easy_strerror(result);
    const bool late = result == CURLE_OPERATION_TIMEDOUT;
    if (!error_) error_ = refused_;
    fail(late ? Errc::deadline_exceeded : Errc::upstream_failed, text);
    return;
  }
  done_ = true;
  news();
  release();
}

void Transfer::fail(Errc errc, std::string why) {
  if (!error_) error_ = Error(errc, PublicText(), LogText(std::move(why)));
  done_ = true;
  news();
  release();
}

void Transfer::abort() {
  done_ = true;
  waiter = nullptr;
  release();
}

// Both ends of our patience, which libcurl would look up at every byte. The timer is not moved by
// every byte; it looks when the last one came.
void Transfer::watch_clock() {
  const uint64_t now = multi_->loop.now_ms();
  if (paused_) last_byte_ms_ = now;
  const uint64_t idle_due = last_byte_ms_ + request_.idle_ms;
  const uint64_t total_due = began_ms_ + request_.total_ms;
  const uint64_t due = std::min(idle_due, total_due);
  if (due > now) {
    clock_.start(multi_->loop, due - now, [this] { watch_clock(); });
  } else {
    fail(Errc::deadline_exceeded,
         total_due <= now ? "it took longer than total_ms" : "nothing came for idle_ms");
  }
}

void Transfer::release() {
  clock_.stop();
  if (easy_ == nullptr) return;
  multi_->remove(*this);
  curl_easy_cleanup(std::exchange(easy_, nullptr));
  curl_slist_free_all(std::exchange(header_list_, nullptr));
  curl_slist_free_all(std::exchange(resolved_, nullptr));
}

}  // namespace chatpad::http
