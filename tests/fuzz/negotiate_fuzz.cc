// Whatever a client says it accepts and has, it gets an asset in a coding that is there and that it
// did not refuse, and 304 only for the tag it named.
//
// The first line is Accept-Encoding, the rest If-None-Match.
//
// uses: runtime/edge/assets.cc runtime/edge/reply.cc runtime/http/request.cc
// uses: runtime/base/error.cc runtime/base/check.cc runtime/base/log.cc runtime/base/clock.cc
// links:
#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/edge/assets.h"

using namespace chatpad;
using namespace chatpad::edge;

namespace {

constexpr Asset kAssets[] = {
    {"gzip.css", AssetKind::plain, "text/css", "5d41402a", "identity", "gzip", ""},
    {"plain.png", AssetKind::own, "image/png", "7d793037", "identity", "", ""},
    {"widget-1a2b3c.js", AssetKind::hashed, "text/javascript", "9e107d9d", "identity", "gzip",
     "br"},
};
constexpr Coding kCodings[] = {Coding::identity, Coding::gzip, Coding::br};

bool has(const Asset& asset, Coding coding) {
  if (coding == Coding::br) return !asset.br.empty();
  return coding == Coding::identity || !asset.gzip.empty();
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string with_blanks(std::string_view text) {
  std::string out = " \t";
  for (const char c : text) {
    if (c == ',')
      out += "\t ,, ";
    else
      out += c;
  }
  return out + "\t";
}

void check_coding(const Asset& asset, const std::string& accept) {
  const Coding coding = choose_coding(asset, accept);
  CHECK(has(asset, coding), "what is not there is not sent");
  CHECK(choose_coding(asset, upper(accept)) == coding, "codings have no case");
  CHECK(choose_coding(asset, with_blanks(accept)) == coding, "blanks and empty items say nothing");
  CHECK(choose_coding(asset, accept + ",unknown;q=1") == coding, "unknown codings say nothing");
  CHECK(choose_coding(asset, accept + ",br;q=2,gzip;q=x,br;level=1") == coding,
        "items without a proper weight say nothing");
  CHECK(choose_coding(asset, accept + ",br;q=0,gzip;q=0.000") == Coding::identity,
        "what is refused is not sent");
  CHECK(choose_coding(asset, accept + ",identity;q=0,gzip;q=0,br;q=0.001") ==
            (has(asset, Coding::br) ? Coding::br : Coding::identity),
        "the only coding that is left is sent");
  const std::string loud = upper(accept);
  if (coding == Coding::br) {
    CHECK(loud.find("BR") != std::string::npos || loud.find('*') != std::string::npos,
          "brotli was asked for");
    CHECK(choose_coding(asset, accept + ",br;q=0") != Coding::br, "and can be refused");
  }
  if (coding == Coding::gzip) {
    CHECK(loud.find("GZIP") != std::string::npos || loud.find('*') != std::string::npos,
          "gzip was asked for");
  }
}

void check_tags(const Asset& asset, const std::string& if_none_match) {
  for (const Coding coding : kCodings) {
    const std::string tag = entity_tag(asset, coding);
    for (const Coding other : kCodings) {
      CHECK((entity_tag(asset, other) == tag) == (other == coding), "every coding has its tag");
    }
    for (const std::string& list : {tag, "W/" + tag, "\"x\", " + tag, tag + " , \"x\""}) {
      CHECK(none_match_names(list, tag), "lists that name a tag name it");
      CHECK(!none_match_names(list, "\"another\""), "and no other");
    }
    if (!none_match_names(if_none_match, tag)) continue;
    if (if_none_match.find('*') != std::string::npos) continue;
    const size_t at = if_none_match.find(tag);
    CHECK(at != std::string::npos, "only a tag that stands there is named");
  }
  // A tag of the client's own that is a part of ours, or has ours as a part, is another.
  const std::string tag = entity_tag(asset, Coding::identity);
  CHECK(!none_match_names(tag.substr(0, tag.size() - 1), tag), "a tag has its end");
  CHECK(!none_match_names("\"\\" + tag, tag), "a backslash quotes nothing in a tag");
}

void check_reply(const Asset& asset, std::string_view accept, std::string_view if_none_match) {
  http::Request request;
  request.headers = {{"accept-encoding", accept}, {"if-none-match", if_none_match}};
  const Reply reply = asset_reply(asset, request, kCacheShort);
  const Coding coding = choose_coding(asset, accept);
  const bool named = none_match_names(if_none_match, entity_tag(asset, coding));
  CHECK(reply.status == (named ? 304 : 200), "304 is for those who have it");
  CHECK(reply.bytes().empty() == named, "a body is for those who have it not");
  CHECK(reply.headers.find("ETag: " + entity_tag(asset, coding) + "\r\n") != std::string::npos,
        "every answer has its tag");
  const bool encoded = reply.headers.find("Content-Encoding: ") != std::string::npos;
  CHECK(encoded == (!named && coding != Coding::identity), "a coding is told with its bytes");
  const bool varies = reply.headers.find("Vary: Accept-Encoding\r\n") != std::string::npos;
  CHECK(varies == has(asset, Coding::gzip), "what depends on the client's wishes says so");
  CHECK(std::count(reply.headers.begin(), reply.headers.end(), '\n') <= 4,
        "nothing of the client's is in the headers");
}

}  // namespace

std::span<const Asset> chatpad::edge::asset_bundle() { return kAssets; }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(text.find('\n'), text.size());
  const std::string accept = text.substr(0, cut);
  const std::string if_none_match = text.substr(std::min(cut + 1, text.size()));
  for (const Asset& asset : kAssets) {
    check_coding(asset, accept);
    check_tags(asset, if_none_match);
    check_reply(asset, accept, if_none_match);
  }
  const Asset* found = find_asset(text);
  CHECK(found == nullptr || found->name == text, "an asset is found by its whole name");
  return 0;
}
