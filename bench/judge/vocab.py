"""Writes the stems to train and their rarity, the most frequent first.

    vocab.py PAIRS.stems VOCABULARY

PAIRS.stems: a query and a passage a line, both as stems, "_" for a function word.
"""
import collections
import math
import sys

STEMS = 50_000
TEXTS_LEAST = 6


def main(pairs, vocabulary):
    texts_with = collections.Counter()
    count = 0
    with open(pairs, encoding='utf-8') as lines:
        for line in lines:
            count += 1
            for text in line.split('\t'):
                texts_with.update(set(text.split()))
    del texts_with['_']
    known = [(stem, texts) for stem, texts in texts_with.items()
             if texts >= TEXTS_LEAST and len(stem) > 1 and not stem.isdigit()]
    known.sort(key=lambda one: (-one[1], one[0]))
    with open(vocabulary, 'w', encoding='utf-8') as out:
        for stem, texts in known[:STEMS]:
            out.write(f'{stem} {math.log(1 + count / (texts + 1)):.4f}\n')


main(*sys.argv[1:])
