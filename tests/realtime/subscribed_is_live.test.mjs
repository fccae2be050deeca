// Writes issued on receipt of a join's ok arrive: the short form of tests/chaos/subscribed_is_live_*.
import { LIVE_WAYS, liveWrites } from '../lib/live_writes.mjs';

liveWrites(LIVE_WAYS, 500);
