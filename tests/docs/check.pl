# The rules that tests/docs/check.sh checks: what the documents list is what the code has. Runs in the
# root of the tree; needs nothing beyond perl-base.
use strict;
use warnings;

sub raw {
  my ($file) = @_;
  open(my $in, '<', $file) or return '';
  local $/;
  my $text = <$in>;
  return defined $text ? $text : '';
}

# Comments out, so that a name in a sentence is not taken for code.
sub code { my ($file) = @_; my $text = raw($file); $text =~ s{//[^\n]*}{}g; return $text; }

sub files_in {
  my ($pattern, @folders) = @_;
  my @found;
  while (defined(my $folder = shift @folders)) {
    opendir(my $dir, $folder) or next;
    for my $entry (sort grep { !/^\.\.?$/ } readdir $dir) {
      my $path = "$folder/$entry";
      if (-d $path) { push @folders, $path unless $entry eq 'node_modules'; }
      elsif ($path =~ $pattern) { push @found, $path; }
    }
  }
  return sort @found;
}

# The cells of every table row below the heading (up to the next heading of the same or a higher
# level), backquotes taken off. Without a heading: of the whole document.
sub rows {
  my ($document, $heading) = @_;
  my $text = raw($document);
  if (defined $heading) {
    $text =~ /^(#+) \Q$heading\E\n(.*?)(?=^#{1,2} |\z)/ms or return;
    $text = $2;
  }
  my @rows;
  for my $line (split /\n/, $text) {
    next if $line !~ /^\| / || $line =~ /^\| ?-/;
    my @cells = map { s/^\s+|\s+$//gr } split /(?<!\\)\|/, substr($line, 1);
    s/^`(.*)`$/$1/ for @cells;
    push @rows, \@cells;
  }
  return @rows;
}

# Both directions between what the code has and what a document lists.
sub compare {
  my ($in_code, $in_document, $document, $what) = @_;
  my @bad = map { "$document: no row for $what $_" } grep { !exists $in_document->{$_} } sort keys %$in_code;
  push @bad, map { "$document: $what $_ is not in the code" }
    grep { !exists $in_code->{$_} } sort keys %$in_document;
  for my $name (sort grep { exists $in_document->{$_} } keys %$in_code) {
    next if $in_code->{$name} eq $in_document->{$name};
    push @bad, "$document: $what $name is $in_code->{$name}, the document says $in_document->{$name}";
  }
  push @bad, "$document: the code's list of $what is empty" if !%$in_code;
  return @bad;
}

# --- errors --------------------------------------------------------------------------------------
sub check_error_codes {
  my (%code, %document);
  my $text = code('runtime/base/error.cc');
  $code{$1} = "$2, retry " . ($3 eq 'true' ? 'yes' : 'no')
    while $text =~ /ErrorInfo\{\w+,\s*"(\w+)",\s*(\d+),\s*(true|false)/g;
  $document{$_->[0]} = "$_->[1], retry $_->[2]" for grep { $_->[0] ne 'Code' } rows('docs/errors.md', 'HTTP');
  return compare(\%code, \%document, 'docs/errors.md', 'code');
}

sub check_close_codes {
  my (%code, %document);
  my $text = code('realtime/protocol/codes.cc');
  $code{$2} = $1 while $text =~ /CloseInfo\{\s*Close::\w+,\s*(\d+),\s*"(\w+)"/g;
  $document{$_->[1]} = $_->[0]
    for grep { $_->[0] ne 'Code' } rows('docs/errors.md', 'Websocket close codes');
  return compare(\%code, \%document, 'docs/errors.md', 'close reason');
}

sub check_sentences {
  my (%code, %document);
  my $text = code('realtime/protocol/codes.cc');
  while ($text =~ /CodeInfo\{\s*Code::\w+,\s*"(\w*)",\s*"([^"]*)"/g) {
    $code{$1 eq '' ? $2 : "$1: $2"} = '';
  }
  $document{$_->[0]} = '' for grep { $_->[0] ne 'Sentence' } rows('docs/errors.md', 'Realtime sentences');
  return compare(\%code, \%document, 'docs/errors.md', 'sentence');
}

# --- settings ------------------------------------------------------------------------------------
sub check_settings {
  my (%code, %document);
  my $text = join '', map { code($_) } 'runtime/base/config.cc', glob('runtime/base/*_settings.cc');
  $code{$1} = '' while $text =~ /(?:text|flag|one_of|number<\w+>)\("(\w+)"/g;
  for my $names ($text =~ /Names \w+\{([^}]*)\}/g) { $code{$1} = '' while $names =~ /"(\w+)"/g }
  $document{$_->[0]} = '' for grep { $_->[0] =~ /^[A-Z]+_/ } rows('docs/config.md', 'Settings');
  return compare(\%code, \%document, 'docs/config.md', 'setting');
}

sub check_env_file {
  my (%code, %document);
  my $text = code('runtime/home.cc') . code('runtime/commands.cc');
  $code{$1} = '' while $text =~ /values\["(\w+)"\]/g;
  $document{$_->[0]} = '' for grep { $_->[0] =~ /^[A-Z]+_/ } rows('docs/config.md', 'The env file');
  return compare(\%code, \%document, 'docs/config.md', 'name of the env file');
}

sub check_commands {
  my (%code, %document);
  my $text = code('runtime/main.cc');
  $code{$1} = '' while $text =~ /add_subcommand\("([\w-]+)"/g;
  $document{$_->[0]} = '' for grep { $_->[0] ne 'Command' } rows('docs/config.md', 'Commands');
  return compare(\%code, \%document, 'docs/config.md', 'command');
}

sub check_verbs {
  my (%code, %document);
  my ($verbs) = raw('dev') =~ /^case \$verb in\n(.*?)^esac/ms;
  $code{$1} = '' while ($verbs // '') =~ /^  ([a-z]+(?:-[a-z]+)*)(?: \| [^)]*)?\)/mg;
  delete $code{help};
  for my $row (rows('docs/hacking.md', 'The verbs of ./dev')) {
    $document{$1} = '' if $row->[0] =~ m{^\./dev ([a-z-]+)};
  }
  return compare(\%code, \%document, 'docs/hacking.md', 'verb');
}

# --- limits --------------------------------------------------------------------------------------
# A limit is a constant k...Max or k...Ms anywhere, or a member ..._max, ..._ms, ..._per_s, ..._bytes
# of a header's struct that starts with a value above zero.
my $product = qr{^(?!.*(?:_test\.cc|/testing\.h|test_\w+\.h|_shop\.h)$).*\.(?:cc|h)$};

sub limits_in_code {
  my (%found, %by_name);
  for my $file (files_in($product, 'runtime', 'realtime', 'functions')) {
    my $text = code($file);
    my @found;
    push @found, [$1, $2] while $text =~ /\bconstexpr [\w:]+ (k[A-Z]\w*(?:Max|Ms))\s*=\s*([^;]+);/g;
    if ($file =~ /\.h$/) {
      push @found, [$1, $2]
        while $text =~ /^\s+[\w:]+ (\w+_(?:max|ms|per_s|bytes)) = ([^;{)]+);/mg;
    }
    for my $entry (@found) {
      my ($name, $value) = @$entry;
      $value =~ s/(?<=\d)'(?=\d)//g;
      $value =~ s/(\d)_KiB/$1 * 1024/g;
      $value =~ s/(\d)(?:ULL|UL|U)\b/$1/g;
      $value = $by_name{$1} // '' if $value =~ /^\s*(k\w+)\s*$/;
      next if $value !~ /^[\d\s*+<()-]+$/;
      $value = eval $value;
      next if !defined $value || $value <= 0;
      $by_name{$name} //= $value;
      $found{"$name of $file"} = $value;
    }
  }
  return \%found;
}

sub check_limits {
  my %document;
  for my $row (rows('docs/limits.md', 'Limits in the program')) {
    next if $row->[0] eq 'Limit';
    my ($name, $value, $file) = @$row;
    ($value) = $value =~ /^([\d,]+)/ or next;
    $document{"$name of $file"} = $value =~ tr/,//dr;
  }
  return compare(limits_in_code(), \%document, 'docs/limits.md', 'limit');
}

sub check_sql_limits {
  my @bad;
  for my $row (rows('docs/limits.md', 'Limits in SQL')) {
    next if $row->[0] eq 'Limit';
    my ($name, $value, $file) = @$row;
    my ($number) = $value =~ /^([\d,]+)/ or next;
    $number =~ tr/,//d;
    push @bad, "docs/limits.md: $number ($name) is not in $file" if raw($file) !~ /(?<!\d)$number(?!\d)/;
  }
  return @bad;
}

# --- endpoints -----------------------------------------------------------------------------------
sub endpoints {
  my %found;
  for my $file (files_in($product, 'functions')) {
    next if $file =~ m{^functions/shared/} || $file !~ m{^functions/\w+/(\w+)\.cc$};
    (my $derived = "/functions/v1/$1") =~ tr/_/-/;
    my ($body) = code($file) =~ /^Endpoint endpoint\(\) \{\n(.*?)^\}/ms or next;
    my $method = $body =~ /\.method = http::Method::(\w+)/ ? uc($1) =~ s/^DEL$/DELETE/r : 'POST';
    my $path = $body =~ /\.path = "([^"]+)"/ ? $1 : $derived;
    my ($auth) = $body =~ /\.auth = ([^,\n]+),/;
    my $who = join ', ', map { s/api_key/API key/r } ($auth // 'Auth::user') =~ /Auth::(\w+)/g;
    my $bytes = $body =~ /\.body_bytes_max = (\d+)_([KM]iB)/ ? "$1 $2" : '64 KiB';
    my $rate = $body =~ /\.rate = per_(\w+)\((\d+), (\d+)\)/ ? "$2 in $3 s per $1" : 'none';
    my $deadline = $body =~ /\.deadline_ms = ([\d']+)/ ? $1 : '10000';
    $deadline =~ tr/'//d;
    $found{"$method $path"} = "$who; $bytes; $rate; " . $deadline / 1000 . ' s';
  }
  return \%found;
}

sub check_endpoints {
  my (%document, @bad);
  for my $row (rows('docs/api/functions.md', 'All endpoints'), rows('docs/api/pages.md', 'All pages')) {
    next if $row->[0] =~ /^(?:Endpoint|Page)$/;
    $document{$row->[0]} = join '; ', @{$row}[1 .. 4];
  }
  @bad = compare(endpoints(), \%document, 'docs/api', 'endpoint');
  my $chapters = join '', map { raw("docs/api/$_.md") } qw(functions agents chatbot-widget auth sign_in accounts billing chat conversations knowledge pages);
  for my $endpoint (sort keys %{endpoints()}) {
    push @bad, "docs/api: no chapter on $endpoint" if $chapters !~ /^## \Q$endpoint\E$/m;
  }
  return @bad;
}

sub check_metrics {
  my (%code, %document);
  my @files = (files_in($product, 'runtime'), files_in($product, 'functions'));
  for my $file (grep { m{^(?:runtime/(?:edge/)?|functions/shared/\w+/)\w+\.cc$} } @files) {
    my $text = code($file);
    $code{$1} = '' while $text =~ /"(?:# TYPE )?(chatpad_\w+)(?=["{ ])/g;
    while ($text =~ /"(chatpad_\w*)"\s*\+/g) { delete $code{$1}; }
  }
  delete $code{$_} for grep { /^chatpad_(?:ddl|events|owner|sql)/ } keys %code;
  delete $code{$_} for grep { /_(?:bucket|sum|count)$/ && exists $code{s/_(?:bucket|sum|count)$//r} } keys %code;
  $document{$_->[0]} = '' for grep { $_->[0] =~ /^chatpad_/ } rows('docs/metrics.md');
  return compare(\%code, \%document, 'docs/metrics.md', 'metric');
}

sub check_events {
  my (%code, %document);
  my ($list) = code('functions/shared/conversation/realtime_rule.cc') =~ /kReserved = \{(.*?)\};/s;
  $code{$1} = '' while ($list // '') =~ /"([\w.]+)"/g;
  $document{$_->[0]} = '' for grep { $_->[0] ne 'Event' && $_->[0] ne 'typing' } rows('docs/protocol.md', 'Events');
  return compare(\%code, \%document, 'docs/protocol.md', 'event');
}

# --- the documents themselves ----------------------------------------------------------------------
sub documents { return ('README.md', files_in(qr/\.md$/, 'docs')); }

sub check_links {
  my @bad;
  for my $document (documents()) {
    my $text = raw($document);
    my ($folder) = $document =~ m{^(.*/)};
    $folder //= '';
    while ($text =~ /\]\(([^)#\s]+)(?:#[^)]*)?\)/g) {
      my $target = $1;
      next if $target =~ m{^[a-z]+:};
      push @bad, "$document: the link to $target leads nowhere" if !-e "$folder$target";
    }
  }
  return @bad;
}

sub check_paths {
  my @bad;
  for my $document (documents()) {
    my $text = raw($document);
    my %seen;
    while ($text =~ m{(?<![\w/.-])((?:runtime|realtime|functions|sql|tests|docs|cmake)/[\w/.-]*\w\.(?:cc|h|sql|md|sh|mjs|pl|cmake|in|tsv))\b}g) {
      next if -e $1 || $seen{$1}++ || $text =~ /<!-- made up: [^>]*\Q$1\E/;
      push @bad, "$document: there is no $1";
    }
  }
  return @bad;
}

my @checks = (
  ['every error code has its row', \&check_error_codes],
  ['every close code has its row', \&check_close_codes],
  ['every realtime sentence has its row', \&check_sentences],
  ['every setting has its row', \&check_settings],
  ['every name of the env file has its row', \&check_env_file],
  ['every command has its row', \&check_commands],
  ['every verb of ./dev has its row', \&check_verbs],
  ['every limit has its row', \&check_limits],
  ['the limits in SQL are in SQL', \&check_sql_limits],
  ['every endpoint has its row and its chapter', \&check_endpoints],
  ['every metric has its row', \&check_metrics],
  ['every event has its row', \&check_events],
  ['links lead somewhere', \&check_links],
  ['named files exist', \&check_paths],
);
if (@ARGV && $ARGV[0] eq '--limits') {
  my $found = limits_in_code();
  print "$_ = $found->{$_}\n" for sort keys %$found;
  exit 0;
}
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
