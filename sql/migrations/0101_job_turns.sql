-- Since when whoever works on a job has had it: long ones let others have their turn.
alter table private.jobs add column claimed_at timestamptz;
