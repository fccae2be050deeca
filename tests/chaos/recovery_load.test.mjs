// The tests of recovery with 30,000 rows under load.
process.env.CHATPAD_RECOVERY_ROWS ??= '30000';
await import('../realtime/recovery.test.mjs');
