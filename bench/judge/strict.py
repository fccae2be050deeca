"""Leaves out the pairs that overlap with the documents that questions are asked about.

    strict.py PAIRS.stems OUT STEMMER FILE...

A pair goes when it has eight content stems in a row that a document (HTML, or PDF by pdftotext)
has too. STEMMER is retrieval_eval, which turns text into stems. Function words are dropped from
the pairs that stay.
"""
import re
import subprocess
import sys

from markup import plain

RUN = 8
# Lists of machine instructions, which say the same thing thousands of times.
REPEATED = ('unsaf fn', '_mm512', '_mm256')


def runs(stems):
    return (hash(tuple(stems[i:i + RUN])) for i in range(len(stems) - RUN + 1))


def text_of(path):
    if path.endswith('.pdf'):
        return subprocess.run(['pdftotext', '-enc', 'UTF-8', path, '-'], capture_output=True,
                              check=True, text=True).stdout
    with open(path, encoding='utf-8', errors='replace') as file:
        return plain(re.sub(r'(?is)<(script|style|head)\b.*?</\1>', ' ', file.read()))


def content(text):
    return [stem for stem in text.split() if stem != '_']


def main(pairs, to, stemmer, *documents):
    texts = '\n'.join(re.sub(r'\s+', ' ', text_of(path)) for path in documents)
    stems = subprocess.run([stemmer, '--stem'], input=texts, capture_output=True, check=True,
                           text=True).stdout
    tested = {run for line in stems.split('\n') for run in runs(content(line))}
    kept = dropped = 0
    with open(pairs, encoding='utf-8') as lines, open(to, 'w', encoding='utf-8') as out:
        for line in lines:
            query, tab, passage = line.partition('\t')
            if not tab or any(one in line for one in REPEATED):
                continue
            query, passage = content(query), content(passage)
            if not query or not passage:
                continue
            if any(run in tested for text in (query, passage) for run in runs(text)):
                dropped += 1
                continue
            kept += 1
            out.write(f"{' '.join(query)}\t{' '.join(passage)}\n")
    print(f'{kept} pairs, {dropped} left out')


main(*sys.argv[1:])
