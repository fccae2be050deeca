"""Writes the table that the program reads, from what train.cc has written.

    export.py TRAINED VOCABULARY OUT [ROWS]

The format is described in functions/shared/knowledge/judge_words.h. The most frequent stems are
kept; a vector is rounded to bytes with a scale of its own.
"""
import array
import struct
import sys

DIMS = 96
VERSION = 1


def main(trained, vocabulary, to, rows='20000'):
    with open(vocabulary, encoding='utf-8') as lines:
        stems = [line.split()[0].encode() for line in lines]
    numbers = array.array('f')
    with open(trained, 'rb') as file:
        numbers.frombytes(file.read())
    order = sorted(range(min(int(rows), len(stems))), key=lambda i: stems[i])
    begins, scales, ratios = array.array('I', [0]), array.array('f'), array.array('f')
    vectors, letters = array.array('b'), b''
    for i in order:
        at = i * (DIMS + 2)
        in_query, in_passage = numbers[at + DIMS], numbers[at + DIMS + 1]
        vector = [value * in_passage for value in numbers[at:at + DIMS]]
        scale = max(map(abs, vector)) / 127 + 1e-12
        vectors.extend(round(value / scale) for value in vector)
        scales.append(scale)
        ratios.append(in_query / in_passage)
        letters += stems[i]
        begins.append(len(letters))
    with open(to, 'wb') as out:
        out.write(b'CPJW' + struct.pack('<IIII', VERSION, len(order), DIMS, len(letters)))
        for part in (begins, scales, ratios, vectors):
            part.tofile(out)
        out.write(letters)


main(*sys.argv[1:])
