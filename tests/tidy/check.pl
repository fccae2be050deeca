# The rules that tests/tidy/check.sh checks; reads the files' names from standard input, one a line,
# relative to the root it runs in. Needs nothing beyond perl-base.
use strict;
use warnings;

my $HEADER_LINES_MAX = 200;
my $SOURCE_LINES_MAX = 400;     # above it: a note
my $SOURCE_LINES_CEILING = 600; # above it: a violation
my $COLUMNS_MAX = 100;

chomp(my @files = <STDIN>);
my @cpp = grep { /\.(h|cc)$/ } @files;
my @ours = grep { m{^(runtime|realtime|functions|extract)/} } @cpp;    # what the program is made of
my @scripts = grep { m{^widget-assets/.*\.tsx?$} } @files;    # what browsers run
my @product = grep { !/_test\.cc$/ } @ours;
my (%raw, %code);

# Text as written, and text whose comments and literals are blanked, line breaks kept.
sub raw {
  my ($file) = @_;
  return $raw{$file} //= do {
    open(my $in, '<', $file) or die "$file: $!";
    local $/;
    my $text = <$in>;
    defined $text ? $text : '';
  };
}

sub blank { my ($text) = @_; $text =~ s/[^\n]/ /g; return $text; }

sub code {
  my ($file) = @_;
  return $code{$file} //= do {
    my $text = raw($file);
    $text =~ s{(R"([^\s()\\]{0,16})\(.*?\)\g{2}"
               |//[^\n]*
               |/\*.*?\*/
               |"(?:[^"\\\n]|\\.)*"
               |(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+')}
              {my $m = $1; $m =~ /^["R']/ ? '"' . blank(substr($m, 1)) : blank($m)}gsex;
    $text;
  };
}

sub line_of { my ($text, $at) = @_; return 1 + (substr($text, 0, $at) =~ tr/\n//); }

# --- rooms -------------------------------------------------------------------------------------
my @ranks = (
  ['runtime/base/', 10], ['runtime/coro/', 11], ['runtime/loop/', 20], ['runtime/wire/', 20],
  ['runtime/pg/', 30], ['runtime/http/', 30], ['realtime/protocol/', 30], ['runtime/jobs/', 31],
  ['runtime/edge/', 40], ['functions/shared/', 50], ['realtime/hub/', 50], ['extract/', 55],
  ['realtime/bus/', 60], ['realtime/changes/', 60], ['realtime/socket/', 60],
);

sub room_of {
  my ($path) = @_;
  for my $entry (@ranks) {
    return @$entry if index($path, $entry->[0]) == 0;
  }
  return ($1, 60) if $path =~ m{^(functions/[^/]+/)};
  return ('runtime/', 70) if $path =~ m{^runtime/[^/]+$};
  return;
}

sub check_rooms {
  my @bad;
  for my $file (@ours) {
    my ($room, $rank) = room_of($file);
    if (!defined $room) { push @bad, "$file: this folder is no room"; next; }
    my $text = raw($file);
    while ($text =~ /^\s*#\s*include\s+"([^"]+)"/mg) {
      my ($target, $at) = ($1, line_of($text, pos($text)));
      if ($target !~ m{^(runtime|realtime|functions|extract)/}) {
        push @bad, "$file:$at: include \"$target\" is not written from the root"
          if $target !~ m{^(tests|bench|generated)/};
        next;
      }
      my ($other, $other_rank) = room_of($target);
      if (!defined $other) { push @bad, "$file:$at: $target is in no room"; next; }
      next if $other eq $room;
      push @bad, "$file:$at: $room includes $target, which is not on a lower floor"
        if $other_rank >= $rank;
      my $sides = join(' ', sort map { m{^(functions|realtime)/} ? $1 : '-' } ($room, $other));
      push @bad, "$file:$at: functions and realtime never include each other"
        if $sides eq 'functions realtime';
    }
  }
  return @bad;
}

# --- coroutines --------------------------------------------------------------------------------
# Position of the statement's end: the first ';' from $from that is inside no parenthesis.
sub statement_end {
  my ($text, $from) = @_;
  my $depth = 0;
  for (my $i = $from; $i < length $text; ++$i) {
    my $c = substr($text, $i, 1);
    if ($c eq '(') { ++$depth; }
    elsif ($c eq ')') { --$depth; }
    elsif ($c eq ';' && $depth <= 0) { return $i; }
  }
  return length $text;
}

sub in_condition {
  my ($before) = @_;
  while ($before =~ /\b(if|while|switch)\b\s*(constexpr\s*)?\(/g) {
    my $rest = substr($before, pos($before));
    my $depth = 1 + ($rest =~ tr/(//) - ($rest =~ tr/)//);
    my $low = 1;
    my $open = 1;
    for my $c (split //, $rest) {
      $open += $c eq '(' ? 1 : $c eq ')' ? -1 : 0;
      $low = $open if $open < $low;
    }
    return 1 if $depth > 0 && $low > 0;
  }
  return 0;
}

sub opens_initializer {
  my ($before_brace) = @_;
  return 0 if $before_brace =~ /\b(else|do|try|const|noexcept|override|mutable)\s*$/;
  return 0 if $before_brace =~ /->\s*[\w:<>, ]+$/;    # a lambda's return type
  return $before_brace =~ /[\w>(,=\]]\s*$/ ? 1 : 0;
}

sub check_coroutines {
  my @bad;
  for my $file (@cpp) {
    my $text = code($file);
    while ($text =~ /\bco_await\b/g) {
      my $at = pos($text) - length 'co_await';
      next if substr($text, 0, $at) =~ /operator\s*$/;    # a declaration
      my $line = line_of($text, $at);
      my $head = substr($text, 0, $at);
      my ($start) = $head =~ /.*[;{}]/s ? $+[0] : 0;
      my $before = substr($text, $start, $at - $start);
      my $after = substr($text, pos($text), statement_end($text, pos($text)) - pos($text));
      my $brace = $start > 0 && substr($text, $start - 1, 1) eq '{'
        && opens_initializer(substr($text, 0, $start - 1));
      push @bad, "$file:$line: co_await in a condition" if in_condition($before);
      push @bad, "$file:$line: two co_await in one statement" if $after =~ /\bco_await\b/;
      push @bad, "$file:$line: co_await beside a brace, a bracket or a lambda"
        if $brace || "$before$after" =~ /[\[{]/;
      push @bad, "$file:$line: co_await beside a ternary" if "$before$after" =~ /\?/;
    }
    while ($text =~ /\[[^\[\]\n]+\]\s*(?:\([^()]*\))?\s*(?:mutable\s*)?->\s*(?:chatpad::)?Task\b/g) {
      my $line = line_of($text, $-[0]);
      push @bad, "$file:$line: a capturing lambda is a coroutine";
    }
  }
  return @bad;
}

# --- includes ----------------------------------------------------------------------------------
sub includers {
  my ($pattern) = @_;
  return grep { raw($_) =~ /^\s*#\s*include\s*[<"]$pattern[>"]/m } @ours;
}

sub check_websockets {
  return map { "$_: libwebsockets belongs to realtime/socket" }
    grep { !m{^realtime/socket/} } includers('libwebsockets\.h');
}

sub check_curl {
  my @outside = grep { !m{^runtime/http/} && !/_test\.cc$/ } includers('curl/curl\.h');
  my @bad = map { "$_: a header shows libcurl outside runtime/http" } grep { /\.h$/ } @outside;
  push @bad, map { "$_: more than one file outside runtime/http uses libcurl" } @outside
    if @outside > 1;
  return @bad;
}

sub check_json {
  # json.hpp costs seconds per file: codecs and shared code only, never a header.
  my $allowed = qr{^(runtime/wire|realtime/protocol|functions/shared/[^/]+|extract)/[^/]+\.cc$|_test\.cc$};
  return map { "$_: json.hpp is not for this file; use wire::Fields or wire::JsonWriter" }
    grep { $_ !~ $allowed } includers('nlohmann/json\.hpp');
}

sub check_jwt {
  # An empty key, a long token or a string as exp is enough (docs/decisions/0001-jwt.md).
  return map { "$_: libjwt is not used; runtime/wire/jwt.h verifies" } includers('jwt\.h');
}

sub check_llhttp {
  return map { "$_: llhttp belongs to runtime/http" }
    grep { !m{^runtime/http/} } includers('llhttp\.h');
}

# --- text --------------------------------------------------------------------------------------
sub check_columns {
  my @bad;
  for my $file (@cpp) {
    my $number = 0;
    for my $line (split /\n/, raw($file)) {
      ++$number;
      my $points = $line;
      utf8::decode($points);
      push @bad, "$file:$number: longer than $COLUMNS_MAX columns" if length $points > $COLUMNS_MAX;
    }
  }
  return @bad;
}

sub check_lengths {
  my @bad;
  for my $file (@ours) {
    my $lines = (raw($file) =~ tr/\n//);
    my $header = $file =~ /\.h$/;
    push @bad, "$file: $lines lines, a header has at most $HEADER_LINES_MAX"
      if $header && $lines > $HEADER_LINES_MAX;
    push @bad, "$file: $lines lines, a file has at most $SOURCE_LINES_CEILING"
      if !$header && $lines > $SOURCE_LINES_CEILING;
    print "note: $file: $lines lines, $SOURCE_LINES_MAX are the aim\n"
      if !$header && $file !~ /_test\.cc$/ && $lines > $SOURCE_LINES_MAX
      && $lines <= $SOURCE_LINES_CEILING;
  }
  return @bad;
}

sub matches {
  my ($files, $pattern, $why) = @_;
  my @bad;
  for my $file (@$files) {
    my $text = code($file);
    while ($text =~ /$pattern/g) {
      push @bad, "$file:" . line_of($text, $-[0]) . ": $why";
    }
  }
  return @bad;
}

sub check_threads {
  return matches(\@ours, qr/\bthread\w*\s*(?:\([^;]*\)|\{[^;]*\})?\s*(?:\.|->)\s*detach\s*\(|\bpthread_detach\b/,
                 'a detached thread');
}

sub check_clocks {
  my @files = grep { $_ ne 'runtime/base/clock.cc' } @product;
  return matches(\@files,
                 qr/\b(?:clock_gettime|gettimeofday)\s*\(|\b(?:system|steady|high_resolution)_clock\b|(?<![\w.>:])time\s*\(\s*(?:nullptr|NULL|0)\s*\)/,
                 'time comes from runtime/base/clock.h');
}

sub check_unsafe_calls {
  return matches(\@ours, qr/(?<![\w.>:])(?:std::)?(?:rand|srand|strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|tmpnam)\s*\(/,
                 'a function that is never right here');
}

sub check_left_overs {
  my @bad;
  my $words = join '|', 'TO' . 'DO', 'FIX' . 'ME', 'X' . 'XX', 'HA' . 'CK';
  for my $file (@files) {
    my $text = raw($file);
    while ($text =~ /\b(?:$words)\b/g) {
      push @bad, "$file:" . line_of($text, $-[0]) . ": left-over work";
    }
  }
  return @bad;
}

# --- scripts -----------------------------------------------------------------------------------
# What a visitor or an agent says becomes text nodes, never markup or code; the pages' policy would
# refuse it at run time, in one browser after the other.
my $SINKS = join '|', 'innerHTML', 'outerHTML', 'insertAdjacentHTML', 'dangerouslySetInnerHTML',
  'createContextualFragment', 'srcdoc', 'document\.write', 'eval\s*\(', 'new Function\b';

sub check_markup {
  my @bad;
  for my $file (@scripts) {
    (my $text = raw($file)) =~ s{(?<!:)//[^\n]*}{}g;
    while ($text =~ /(?<![\w.])(?:\w+\.)*\b($SINKS)/g) {
      push @bad, "$file:" . line_of($text, $-[1]) . ": $1 makes markup or code out of text";
    }
  }
  return @bad;
}

sub check_script_lengths {
  my @bad;
  for my $file (@scripts) {
    my $lines = (raw($file) =~ tr/\n//);
    push @bad, "$file: $lines lines, a script has at most $SOURCE_LINES_MAX"
      if $lines > $SOURCE_LINES_MAX;
    push @bad, "$file: a script opens with a comment that says what it is for"
      if raw($file) !~ m{^(?://|/\*)};
  }
  return @bad;
}

sub check_headers {
  my @bad;
  for my $file (grep { /\.h$/ } @ours) {
    my $text = raw($file);
    push @bad, "$file: a header opens with a comment that says what it is for" if $text !~ m{^//};
    push @bad, "$file: #pragma once is missing" if $text !~ /^#pragma once$/m;
    push @bad, "$file: using namespace in a header" if code($file) =~ /\busing\s+namespace\b/;
  }
  return @bad;
}

my @checks = (
  ['rooms include lower floors only', \&check_rooms],
  ['coroutines use the forms that work', \&check_coroutines],
  ['only realtime/socket uses libwebsockets', \&check_websockets],
  ['libcurl stays in runtime/http', \&check_curl],
  ['json.hpp stays in few files', \&check_json],
  ['libjwt is not used', \&check_jwt],
  ['llhttp stays in runtime/http', \&check_llhttp],
  ['lines fit 100 columns', \&check_columns],
  ['files are short', \&check_lengths],
  ['no detached threads', \&check_threads],
  ['one clock', \&check_clocks],
  ['no unsafe calls', \&check_unsafe_calls],
  ['nothing left over', \&check_left_overs],
  ['headers introduce themselves', \&check_headers],
  ['scripts make no markup', \&check_markup],
  ['scripts are short and introduce themselves', \&check_script_lengths],
);
my ($passed, $failed) = (0, 0);
for my $check (@checks) {
  my ($name, $run) = @$check;
  my @bad = $run->();
  print "$_\n" for @bad;
  print @bad ? 'FAIL' : 'ok', " $name\n";
  @bad ? ++$failed : ++$passed;
}
print "$passed passed, $failed failed\n";
exit($failed ? 1 : 0);
