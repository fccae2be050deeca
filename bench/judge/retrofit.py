"""Draws the words of a list of near words together, and notes the nearest rows of each.

    retrofit.py TABLE NEAR_WORDS STEMMER OUT

TABLE is what export.py has written. NEAR_WORDS has a group of words a line, the first of which is near
each of the others; akin.cc and paraphrase.cc are read in the same way. STEMMER is retrieval_eval. A vector moves
towards the mean of its neighbours and keeps its length (Faruqui et al., "Retrofitting Word Vectors to
Semantic Lexicons", 2015). Needs NumPy (python3-numpy).
"""
import re
import struct
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy

DIMS = 96
NEIGHBOURS = 8
VERSION = 2
NO_ROW = 65535
# How much the mean of the neighbours counts beside the word's own vector, and how often it is drawn.
PULL = 2
ROUNDS = 4
# The least cosine of a neighbour that is noted.
NEAR = 0.6
KNOWLEDGE = Path(__file__).resolve().parents[2] / 'functions/shared/knowledge'


def read_table(path):
    data = Path(path).read_bytes()
    assert data[:4] == b'CPJW'
    _, rows, dims, letter_count = struct.unpack('<IIII', data[4:20])
    assert dims == DIMS
    at = 20
    begins = numpy.frombuffer(data, '<u4', rows + 1, at)
    at += begins.nbytes
    scales = numpy.frombuffer(data, '<f4', rows, at)
    at += scales.nbytes
    ratios = numpy.frombuffer(data, '<f4', rows, at)
    at += ratios.nbytes
    numbers = numpy.frombuffer(data, 'i1', rows * DIMS, at).reshape(rows, DIMS)
    letters = data[len(data) - letter_count:]
    return begins, ratios, numbers * scales[:, None], letters


def groups_of(source, begin, end):
    text = (KNOWLEDGE / source).read_text(encoding='utf-8')
    part = text[text.index(begin):text.index(end)]
    return re.findall(r'^\s+"([a-z0-9 -]+)\\n"', part, re.M)


def neighbours_in(lines, stemmer, row_of):
    out = subprocess.run([stemmer, '--stem'], input='\n'.join(lines) + '\n', check=True,
                         capture_output=True, text=True).stdout
    near = defaultdict(set)
    for line in out.split('\n'):
        rows = [row_of.get(stem) for stem in line.split()]
        for other in rows[1:]:
            if None in (rows[0], other) or other == rows[0]:
                continue
            near[rows[0]].add(other)
            near[other].add(rows[0])
    return {row: sorted(others) for row, others in near.items()}


def drawn_together(units, near):
    now = units
    for _ in range(ROUNDS):
        moved = now.copy()
        for row, others in near.items():
            vector = units[row] + PULL * now[others].mean(0)
            moved[row] = vector / numpy.linalg.norm(vector)
        now = moved
    return now


def nearest_rows(units):
    nearest = numpy.full((len(units), NEIGHBOURS), NO_ROW, '<u2')
    for first in range(0, len(units), 1000):
        cosines = units[first:first + 1000] @ units.T
        for i, row in enumerate(cosines):
            row[first + i] = -1
            best = numpy.argpartition(-row, NEIGHBOURS)[:NEIGHBOURS]
            best = [k for k in sorted(best, key=lambda k: (-row[k], k)) if row[k] > NEAR]
            nearest[first + i, :len(best)] = best
    return nearest


def main(table, near_words, stemmer, to):
    begins, ratios, vectors, letters = read_table(table)
    stems = [letters[begins[i]:begins[i + 1]].decode() for i in range(len(ratios))]
    lines = Path(near_words).read_text(encoding='utf-8').split('\n')
    lines += groups_of('akin.cc', 'kEnglishAkin', '}  // namespace')
    lines += groups_of('paraphrase.cc', 'kEnglishGroups', 'kGermanGroups')
    near = neighbours_in([line for line in lines if line and not line.startswith('#')], stemmer,
                         {stem: row for row, stem in enumerate(stems)})
    lengths = numpy.linalg.norm(vectors, axis=1)[:, None] + 1e-12
    units = drawn_together((vectors / lengths).astype(numpy.float32), near)
    moved = units * lengths
    scales = (numpy.abs(moved).max(1) / 127 + 1e-12).astype('<f4')
    rounded = numpy.rint(moved / scales[:, None]).astype('i1')
    with open(to, 'wb') as out:
        out.write(b'CPJW' + struct.pack('<IIII', VERSION, len(stems), DIMS, len(letters)))
        for part in (begins, scales, ratios, rounded, nearest_rows(units)):
            out.write(part.tobytes())
        out.write(letters)
    print(f'{len(near)} words of {len(stems)} have near ones in the lists')


main(*sys.argv[1:])
