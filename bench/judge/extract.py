"""Reads unpacked Debian packages and writes pairs of a query and a passage, one a line.

    extract.py PACKAGES TRANSLATION OUT

PACKAGES holds a folder for each package; TRANSLATION is the archive's file of descriptions
(Translation-en). A query is a heading, a term, a package's short description, or a sentence that
is taken out of its passage. Nobody wrote any of them as a question about the passage.
"""
import glob
import gzip
import hashlib
import os
import random
import re
import sys

from markup import plain

# The documents that tests/knowledge asks about are not trained on.
TESTED = ('debian-reference', 'debian-handbook', 'postgresql-doc', 'debian-faq', 'debian-policy',
          'doc-debian', 'python-policy')
FUNCTION_WORDS = set('the of to and a in is for that this it with as be are on or by if can not '
                     'you from an at will'.split())
FUNCTION_WORDS_SHARE = 0.12
QUERY_CHARS, PASSAGE_CHARS = 400, 1800
PASSAGE_WORDS = (60, 200)  # a passage ends at a paragraph between these
FILE_CHARS_MAX = 3_000_000
UNDERLINED = r'(?m)^(.{3,90})\n([=\-~^"*#+])\2{2,}\s*$'
OTHER_LANGUAGE = re.compile(r'\.(de|fr|es|ja|ko|tr|pt-br|zh-cn|da|ru)\b'
                            r'|/(de|fr|es|ja|it|pt|ru|zh|cs|nl|ko|pl)[^/]{0,5}/')

chance = random.Random(1)
seen = set()
out = None


def clean(text):
    return re.sub(r'\s+', ' ', text).strip()


def is_english(text):
    words = text.lower().split()
    return len(words) >= 8 and (
        sum(word in FUNCTION_WORDS for word in words) / len(words) > FUNCTION_WORDS_SHARE)


def is_new(text):
    digest = hashlib.md5(text[:300].lower().encode()).digest()
    if digest in seen:
        return False
    seen.add(digest)
    return True


def emit(query, passage):
    query, passage = clean(query), clean(passage)
    if query and len(passage) >= 40:
        out.write(f'{query[:QUERY_CHARS]}\t{passage[:PASSAGE_CHARS]}\n')


def sentences(text):
    return [one for one in re.split(r'(?<=[.!?])\s+(?=[A-Z"(])', text) if one]


def without_one(text, before, words_max, least):
    """A sentence of the text as the query, the rest as its passage."""
    every = sentences(text)
    good = [one for one in every if 5 <= len(one.split()) <= words_max]
    if len(every) >= least and good:
        query = chance.choice(good)
        emit(query, before + ' '.join(one for one in every if one is not query))


def passages_of(body):
    paragraphs = [one for one in map(clean, re.split(r'\n\s*\n', body)) if one]
    passage, words, passages = [], 0, []
    for one in paragraphs:
        count = len(one.split())
        if words + count > PASSAGE_WORDS[1] and words >= PASSAGE_WORDS[0]:
            passages.append(passage)
            passage, words = [], 0
        passage.append(one)
        words += count
    return passages + [passage] if passage else passages


def section(path, body):
    """The pairs of a section: its heading, a sentence of each passage, the paragraph before."""
    for i, paragraphs in enumerate(passages_of(body)):
        text = ' '.join(paragraphs)
        if not is_english(text) or not is_new(text):
            continue
        own = path[-1] if path else ''
        if own and i == 0 and len(text.split()) >= 12:
            is_clear = len(own.split()) > 2 or len(path) < 2
            for _ in range(2 if chance.random() < 0.3 else 1):
                emit(own if is_clear else path[-2] + ' ' + own, text)
        without_one(text, own + '. ' if own else '', 40, 3)
        whole = [one for one in paragraphs if len(one.split()) >= 15 and is_english(one)]
        if len(whole) >= 2 and chance.random() < 0.5:
            k = chance.randrange(len(whole) - 1)
            emit(chance.choice(sentences(whole[k])), whole[k + 1])


def read(path):
    opener = gzip.open if path.endswith(('.gz', '.dz')) else open
    try:
        with opener(path, 'rt', encoding='utf-8', errors='replace') as file:
            text = file.read()
    except OSError:
        return ''
    return text if len(text) <= FILE_CHARS_MAX else ''


def do_html(path):
    text = re.sub(r'(?is)<(script|style|head|nav|footer)\b.*?</\1>', ' ', read(path))
    parts = re.split(r'(?is)<h([1-6])\b[^>]*>(.*?)</h\1>', text)
    headings = []
    for level, heading, body in zip(parts[1::3], parts[2::3], parts[3::3]):
        heading = clean(plain(heading).replace('¶', '').replace('#', ''))
        heading = re.sub(r'^[\d.\s]+', '', heading)
        heading = re.sub(r'^(Chapter|Appendix)\s+[\dA-Z]+\.?\s*', '', heading)
        headings = [one for one in headings if one[0] < level] + [(level, heading)]
        section([one[1] for one in headings], plain(body))
        terms = re.findall(r'(?is)<dt\b[^>]*>(.*?)</dt>\s*<dd\b[^>]*>(.*?)</dd>', body)
        for term, said in terms[:60]:
            said = clean(plain(said))
            if len(said.split()) >= 10 and is_english(said):
                emit(clean(plain(term)).replace('-', ' ').replace('_', ' '), said)


MAN_NOTHING = ('.\\"', "'\\\"", '.TH', '.Dd', '.Dt', '.Os', '.de', '.nr', '.ds', '.ft', '.hy',
               '.ad', '.if', '.ie', '.el', '.in', '.ta', '..')
MAN_BREAK = re.compile(r'\.\s*(PP|LP|P|TP|IP|Pp|It|sp|HP|RS|RE|br|nf|fi|EX|EE|Bl|El|TQ)\b')
MAN_MACRO = re.compile(r'\b(Ar|Fl|Cm|Nm|Xr|Pa|Ic|Sq|Dq|Pq|Ns|Ev|Dv|Op|Li|Em|Sy)\b ')
MAN_PLAIN_SECTIONS = ('DESCRIPTION', 'OPTIONS', 'SYNOPSIS', 'NOTES', 'BUGS', 'EXAMPLES',
                      'SEE ALSO', 'FILES', 'AUTHOR', 'COPYRIGHT', 'ERRORS', 'ENVIRONMENT',
                      'CAVEATS')


def man_line(line):
    line = re.sub(r'\\f(\[[^\]]*\]|\(..|.)', '', line)
    line = re.sub(r'\\\(bu|\\\*\(..|\\\*.|\\s[+-]?\d', '', line)
    for escaped, letter in (('\\-', '-'), ('\\(aq', "'"), ('\\(co', ''), ('\\&', ''),
                            ('\\e', '\\'), ('\\ ', ' '), ('\\', '')):
        line = line.replace(escaped, letter)
    return MAN_MACRO.sub('', line)


def man_sections(text):
    name, body = '', []
    for line in text.split('\n'):
        if line.startswith(MAN_NOTHING):
            continue
        begins = re.match(r'\.\s*(S[Hh]|S[Ss])\s+(.*)', line)
        if begins:
            yield name, '\n'.join(body)
            name, body = begins.group(2).strip('" '), []
            continue
        if MAN_BREAK.match(line):
            body.append('')
            line = re.sub(r'^\.\s*\w+\s*', '', line)
            if re.match(r'^[\d. \\(bu"]*$', line):
                continue
        elif line.startswith('.Nd'):
            line = '- ' + line[3:]
        elif line.startswith('.'):
            line = re.sub(r'^\.\s*\w+\s*', '', line)
        body.append(man_line(line))
    yield name, '\n'.join(body)


def do_man(path):
    text = read(path)
    if text.startswith('.so'):
        return
    about = ''
    for name, body in man_sections(text):
        upper = name.upper()
        if upper == 'NAME':
            about = re.split(r'\s+-+\s+', clean(body), maxsplit=1)[-1]
            continue
        if not body.strip():
            continue
        if upper == 'DESCRIPTION' and about:
            emit(about, body)
        headings = [about] if about else []
        section(headings if upper in MAN_PLAIN_SECTIONS else [about, name.capitalize()], body)


def do_pod(path):
    def bare(text):
        text = re.sub(r'[A-Z]<+ ?([^<>]*?) ?>+', lambda m: m.group(1).split('|')[0], text)
        return re.sub(r'(?m)^=\w+.*$', '', text)
    parts = re.split(r'(?m)^=(head[1-4]|item)\s+(.*)$', read(path))
    headings = []
    for kind, heading, body in zip(parts[1::3], parts[2::3], parts[3::3]):
        if kind == 'item':
            headings = headings[:1] + [('5', bare(heading))]
        else:
            headings = [one for one in headings if one[0] < kind[4]] + [(kind[4], bare(heading))]
        section([one[1] for one in headings], bare(body))


def do_text(path):
    parts = re.split(UNDERLINED, read(path))
    section([], parts[0])
    for heading, body in zip(parts[1::3], parts[3::3]):
        section([clean(heading)], body)


def do_file(path):
    name = os.path.basename(path)
    if re.search(r'/man\d$', os.path.dirname(path)):
        do_man(path)
    elif re.search(r'\.(html|htm|xhtml)(\.en)?$', name):
        if not OTHER_LANGUAGE.search(path):
            do_html(path)
    elif name.endswith('.pod'):
        do_pod(path)
    elif name.endswith(('.page', '.xhp')):
        do_html(path)
    elif re.search(r'\.(rst|txt|md|info)(\.gz)?$', name):
        do_text(path)


def do_package(lines):
    """The first line is the short description, the others the long one."""
    short = re.sub(r'\s*\((documentation|development files|data files|debug.*?|common files)\)',
                   '', lines[0])
    body = '\n'.join('' if line == ' .' else line[1:] for line in lines[1:])
    text = clean(body)
    first = clean(re.split(r'\n\s*\n', body.strip())[0])
    if not first or not is_new(first) or not is_english(text):
        return
    emit(short, text)
    without_one(text, short + '. ', 35, 2)


def do_descriptions(path):
    unwanted = re.compile(r'(lib.*-(dev|dbg)|golang|librust|libghc|'
                          + '|'.join(TESTED) + ')')
    name, lines = '', []
    for line in read_lines(path):
        if line.startswith('Package: '):
            name = line[9:]
        elif line.startswith('Description-en: '):
            lines = [line[16:]]
        elif line.startswith(' ') and lines:
            lines.append(line)
        elif not line and lines:
            if not unwanted.match(name):
                do_package(lines)
            lines = []


def read_lines(path):
    with open(path, encoding='utf-8') as file:
        for line in file:
            yield line.rstrip('\n')


def do_wordnet(folder):
    for kind in ('noun', 'verb', 'adj', 'adv'):
        for line in read_lines(f'{folder}/data.{kind}'):
            if line.startswith('  '):
                continue
            head, _, said = line.partition(' | ')
            fields = head.split()
            words = [fields[4 + 2 * i].replace('_', ' ').split('(')[0]
                     for i in range(int(fields[3], 16))]
            if chance.random() >= 0.4:
                emit(' '.join(words), said)
            if len(words) > 1:
                emit(words[0], ' '.join(words[1:]) + ' ' + said)


def do_dictionary(path):
    for found in re.finditer(r'(?ms)^(\S[^\n]{1,60})\n((?:[ \n][^\n]*\n?)+)', read(path)):
        said = re.sub(r'<[^>]*>|\([\d-]+\)', '', re.sub(r'[{}]', '', found.group(2)))
        if is_english(said):
            emit(found.group(1), said)
            section([found.group(1)], said)


def main(packages, translation, to):
    global out
    with open(to, 'w', encoding='utf-8') as out:
        do_descriptions(translation)
        for folder in glob.glob(f'{packages}/*/usr/share/wordnet'):
            do_wordnet(folder)
        for path in sorted(glob.glob(f'{packages}/*/usr/share/dictd/*.dict.dz')):
            do_dictionary(path)
        for folder, inner, files in os.walk(packages):
            inner.sort()
            if any(one in folder for one in TESTED) or re.search(r'/man/(?!man\d)[a-z]', folder):
                continue
            for name in sorted(files):
                path = os.path.join(folder, name)
                if not os.path.islink(path):
                    do_file(path)


main(*sys.argv[1:])
