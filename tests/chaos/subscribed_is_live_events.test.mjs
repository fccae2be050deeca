// 100,000 writes, each issued on receipt of the ok of a join of its own: all arrive.
// CHATPAD_LIVE_WRITES asks for another number.
import { LIVE_WAYS, liveWrites } from '../lib/live_writes.mjs';

liveWrites([LIVE_WAYS[0]], Number(process.env.CHATPAD_LIVE_WRITES ?? 100_000));
